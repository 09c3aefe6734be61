import { setTimeout as delay } from 'node:timers/promises';
import { RawSwitch } from '../../support/raw-switch.ts';
import type { Row } from '../row.ts';
import type { Router } from '../router.ts';
import { WANTED, type Stage } from '../stage.ts';

/** FreeSWITCH's side of the socket ends in every way, in every state of a call. */

const AT_ONCE = 50;
const REPLY_SECONDS = 1;
const HEARTBEAT_SECONDS = 1;
/** Within this after the last of them nothing may be left: the heartbeat, the reply to it, and the farewell. */
const GONE_MS = (REPLY_SECONDS + HEARTBEAT_SECONDS) * 1000 + 4000;

/** Where a call stands when its FreeSWITCH fails. */
const STATES: Readonly<Record<string, (peer: RawSwitch) => Promise<unknown>>> = {
  accepted: (peer) => peer.heard(/connect\n\n/),
  'half a reply': async (peer) => {
    await peer.heard(/connect\n\n/);
    peer.write(`Event-Name: CHANNEL_DATA\nUnique-ID: ${peer.uuid}\nCaller-`);
  },
  asking: async (peer) => {
    await peer.heard(/connect\n\n/);
    peer.greet('slow');
    // The commands behind `connect` are answered: the CRM is being asked now.
    await delay(20);
  },
  'bridge sent': async (peer) => {
    await peer.heard(/connect\n\n/);
    peer.greet('now');
    await peer.heard(/execute-app-name: bridge/);
  },
  ringing: async (peer) => {
    await peer.heard(/connect\n\n/);
    peer.greet('now');
    const [, eventUuid = ''] = await peer.heard(/execute-app-name: bridge\nevent-uuid: (\S+)/);
    peer.api('+OK\n');
    peer.api('+OK\n');
    peer.ok();
    peer.event('CHANNEL_EXECUTE', { Application: 'bridge', 'Application-UUID': eventUuid });
  },
  bridged: (peer) => peer.bridged('now'),
  'half an event': async (peer) => {
    await peer.bridged('now');
    peer.write('Content-Length: 500\nContent-Type: text/event-plain\n\nEvent-Name: CHANNEL_HANG');
  },
  'hung up': async (peer) => {
    await peer.bridged('now');
    peer.event('CHANNEL_HANGUP', { 'Hangup-Cause': 'NORMAL_CLEARING' });
  },
  leaving: async (peer) => {
    await peer.bridged('now');
    peer.event('CHANNEL_HANGUP_COMPLETE', { 'Hangup-Cause': 'NORMAL_CLEARING' });
    await peer.heard(/exit\n\n/);
  },
};

const FAULTS: Readonly<Record<string, (peer: RawSwitch) => void>> = {
  resets: (peer) => {
    peer.destroy();
  },
  'half-closes': (peer) => {
    peer.end();
  },
  'is silent': () => undefined,
};

interface Left {
  readonly records: number;
  readonly what: string;
}

/** What is left of all the calls when their time is over; empty for nothing. */
async function leftBehind(router: Router, calls: number): Promise<Left> {
  const deadline = performance.now() + GONE_MS;
  let left: Left;
  do {
    await delay(100);
    const { resources, objects } = await router.health({ objects: router.calls >= calls });
    const rest = [
      ...Object.entries(objects ?? {}).map(([name, count]) => [name, count] as const),
      // The pool of connections to the CRM may keep one timer and some sockets: those are no call's.
      ['Timeout', resources['Timeout'] ?? 0] as const,
      ['TCPSocketWrap', resources['TCPSocketWrap'] ?? 0] as const,
    ].filter(([, count]) => count > 0);
    left = { records: router.calls, what: rest.map(([name, count]) => `${count} ${name}`).join(', ') };
  } while ((left.records < calls || left.what !== '') && performance.now() < deadline);
  return left;
}

async function run(stage: Stage): Promise<{ figure: string; reached: boolean }> {
  const crm = await stage.crm(({ url }) =>
    url.startsWith('/slow') ? { hang: true } : { status: 200, body: `{"destination":"${WANTED}"}` },
  );
  const router = await stage.router({
    schemes: [
      { name: 'now', webhook: { url: `${crm.url}/now` } },
      { name: 'slow', webhook: { url: `${crm.url}/slow`, timeoutSeconds: 2 } },
    ],
    settings: { ESL_REPLY_TIMEOUT: String(REPLY_SECONDS), ESL_HEARTBEAT: String(HEARTBEAT_SECONDS) },
  });
  const times = stage.count(500, 100, 8);
  let calls = 0;
  let sockets = 0;
  const failures: string[] = [];
  for (const [state, reach] of Object.entries(STATES)) {
    for (const [fault, fail] of Object.entries(FAULTS)) {
      for (let done = 0; done < times && !stage.signal.aborted; done += AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, times - done) }, () => ++calls);
        const peers = await Promise.all(
          some.map(async (n) => {
            const peer = await RawSwitch.dial(router.address, uuidOf(n));
            await reach(peer);
            fail(peer);
            return peer;
          }),
        );
        void Promise.all(peers.map(({ closed }) => closed));
      }
      const left = await leftBehind(router, calls);
      if (left.records !== calls || left.what !== '') {
        failures.push(`${state}, ${fault}: ${calls - left.records} records open, left: ${left.what}`);
        stage.say(`  ${failures.at(-1) ?? ''}`);
        calls = router.calls;
      }
      sockets = router.sockets;
    }
  }
  const cases = Object.keys(STATES).length * Object.keys(FAULTS).length;
  return {
    figure: `${calls} calls in ${cases} cases, ${failures.length} cases left something${failures.length > 0 ? `, e.g. ${failures[0] ?? ''}` : ''}; ${sockets} sockets at the end`,
    reached: failures.length === 0,
  };
}

function uuidOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

export const states: Row = {
  name: 'states',
  fault: 'FreeSWITCH side resets, half-closes or falls silent at each state of a call, 500 times each',
  target: 'every record closed, no timer, socket or call object left',
  seconds: 900,
  run,
};
