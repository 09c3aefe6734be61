import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { CallRecord } from '../../../lib/call/record.ts';
import { ReplyRoom } from '../../../lib/call/room.ts';
import { Cancellation } from '../../../lib/cancel.ts';
import { systemClock } from '../../../lib/clock.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { Limits } from '../../../lib/decide/limits.ts';
import { AnswerMemory } from '../../../lib/decide/memory.ts';
import { Connection } from '../../../lib/esl/connection.ts';
import { Passes } from '../../../lib/leg/pass.ts';
import { routeCall, type CallContext } from '../../../lib/leg/story.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { RawSwitch } from '../../support/raw-switch.ts';
import { eventually } from '../../support/wait.ts';

/** A CRM that never answers. */
const silence: CallContext['send'] = async (_, { signal }) => {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  throw signal.reason;
};

/** A scheme whose CRM never answers within its 4 s, and a fallback that hangs up. */
function contextOf(changes: Partial<CallContext> = {}): CallContext {
  const config = loadConfig({ file: null, env: {}, argv: {}, readSecretFile: () => '' });
  if (!config.ok) throw new Error(config.faults.join('\n'));
  const secrets = { has: () => true, read: () => '' };
  const json = {
    name: 'hangs',
    webhook: { url: 'https://crm.example.com/', timeoutSeconds: 4 },
    fallback: { onError: [{ hangup: 'USER_BUSY' }] },
  };
  const loaded = assembleSchemes([{ name: 'hangs', json, text: '' }], config.config, secrets);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  return {
    config: config.config,
    schemes: loaded.set,
    secrets,
    send: silence,
    memory: new AnswerMemory(),
    replies: new ReplyRoom(),
    clock: systemClock,
    limits: new Limits(systemClock),
    version: '0.0.0',
    stopping: new Cancellation(),
    passes: new Passes(),
    shadows: { ask: () => undefined },
    observer: { noted: () => undefined, decided: () => undefined },
    otherPorts: () => new Map(),
    onDialplanFault: () => undefined,
    ...changes,
  };
}

/** Routes a call of a FreeSWITCH that the test speaks for. Resolves to its record, once the peer is gone. */
async function routed(
  { waitedMs = 0, ...changes }: Partial<CallContext> & { readonly waitedMs?: number },
  speak: (peer: RawSwitch) => Promise<void>,
): Promise<CallRecord> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const arrival = once(server, 'connection') as Promise<[Socket]>;
  const peer = await RawSwitch.dial({ host: '127.0.0.1', port }, '00000000-0000-4000-8000-000000000003');
  const [socket] = await arrival;
  try {
    const admission = { refusal: null, waitedMs, stalledMs: 0 };
    const told = routeCall(new Connection(socket), admission, contextOf(changes));
    await peer.heard(/^connect\n\n/);
    peer.greet('hangs');
    await speak(peer);
    peer.destroy();
    return await told;
  } finally {
    peer.destroy();
    socket.destroy();
    server.close();
  }
}

describe('a call that waited to be served', () => {
  it('has the rest of its time to be decided, and says how long it waited', async () => {
    const clock = new ManualClock();
    let asked = false;
    const send: CallContext['send'] = (request, options) => {
      asked = true;
      return silence(request, options);
    };
    const { requests, notes } = await routed({ waitedMs: 3_900, clock, send }, async (peer) => {
      await eventually('the question', () => asked);
      // Of its 4 s this is left.
      clock.advance(100);
      await peer.heard(/uuid_setvar_multi/);
    });
    expect(requests[0]?.answer).to.equal('webhook_timeout');
    expect(notes.join('\n')).to.match(/waited 3900 ms to be served/);
  });

  it('says nothing of it where it was too short to be heard', async () => {
    const { notes } = await routed({ waitedMs: 40 }, async (peer) => {
      await peer.heard(/linger/);
    });
    expect(notes.join('\n')).not.to.match(/to be served/);
  });
});

describe('the record of a call', () => {
  it('holds a large reply for as long as the call lasts, and gives its room back', async () => {
    const replies = new ReplyRoom();
    const body = `{"destination":{"hangup":"USER_BUSY"},"x":"${'x'.repeat(60_000)}"}`;
    const send = async () => Promise.resolve({ status: 200, headers: {}, body, phases: { total: 1 } });
    const { requests } = await routed({ replies, send }, async (peer) => {
      await peer.heard(/crm_hangup/);
      expect(replies.bytes).to.be.above(60_000);
    });
    expect(requests[0]?.reply?.body).to.equal(body);
    expect(replies.bytes).to.equal(0);
  });
});
