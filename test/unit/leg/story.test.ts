import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
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
import { RawSwitch } from '../../support/raw-switch.ts';

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
    send: async (_, { signal }) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      throw signal.reason;
    },
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

describe('a call that waited to be served', function () {
  // A machine that stands still for a second meanwhile is a reason of its own.
  this.retries(3);

  it('has the rest of its time to be decided, and says how long it waited', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    const peer = await RawSwitch.dial({ host: '127.0.0.1', port }, '00000000-0000-4000-8000-000000000003');
    const [socket] = await arrival;
    try {
      const told = routeCall(
        new Connection(socket),
        { refusal: null, waitedMs: 3_900, stalledMs: 0 },
        contextOf(),
      );
      await peer.heard(/^connect\n\n/);
      peer.greet('hangs');
      // Of 4 s a tenth of a second is left; without what it waited this would take all of them.
      const began = performance.now();
      await peer.heard(/uuid_setvar_multi/);
      expect(performance.now() - began).to.be.below(2_000);
      peer.destroy();
      const { requests, notes } = await told;
      expect(requests[0]?.answer).to.equal('webhook_timeout');
      expect(notes.join('\n')).to.match(/waited 3900 ms to be served/);
    } finally {
      peer.destroy();
      socket.destroy();
      server.close();
    }
  });

  it('says nothing of it where it was too short to be heard', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    const peer = await RawSwitch.dial({ host: '127.0.0.1', port }, '00000000-0000-4000-8000-000000000003');
    const [socket] = await arrival;
    try {
      const how = { refusal: null, waitedMs: 40, stalledMs: 0 };
      const told = routeCall(new Connection(socket), how, contextOf());
      await peer.heard(/^connect\n\n/);
      peer.greet('hangs');
      await peer.heard(/linger/);
      peer.destroy();
      expect((await told).notes.join('\n')).not.to.match(/to be served/);
    } finally {
      peer.destroy();
      socket.destroy();
      server.close();
    }
  });
});

describe('the record of a call', () => {
  it('holds a large reply for as long as the call lasts, and gives its room back', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    const peer = await RawSwitch.dial({ host: '127.0.0.1', port }, '00000000-0000-4000-8000-000000000004');
    const [socket] = await arrival;
    const replies = new ReplyRoom();
    const body = `{"destination":{"hangup":"USER_BUSY"},"x":"${'x'.repeat(60_000)}"}`;
    const send = async () => Promise.resolve({ status: 200, headers: {}, body, phases: { total: 1 } });
    try {
      const admission = { refusal: null, waitedMs: 0, stalledMs: 0 };
      const told = routeCall(new Connection(socket), admission, contextOf({ replies, send }));
      await peer.heard(/^connect\n\n/);
      peer.greet('hangs');
      await peer.heard(/crm_hangup/);
      expect(replies.bytes).to.be.above(60_000);
      peer.destroy();
      expect((await told).requests[0]?.reply?.body).to.equal(body);
      expect(replies.bytes).to.equal(0);
    } finally {
      peer.destroy();
      socket.destroy();
      server.close();
    }
  });
});
