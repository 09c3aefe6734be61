import { setTimeout as delay } from 'node:timers/promises';
import { RawSwitch } from '../../support/raw-switch.ts';
import type { Outcome, Row } from '../row.ts';
import type { Health } from '../probe.ts';
import type { Router } from '../router.ts';
import { answeredBy, call, WANTED, type Stage } from '../stage.ts';

/** FreeSWITCH's side of the socket ends in every way, in every state of a call. */

/** In short few at once: on a busy machine a hundred would not be answered within their seconds. */
const AT_ONCE = { full: 100, quick: 100, short: 16 } as const;
const RINGING_SECONDS = 2;
const REPLY_SECONDS = 2;
const HEARTBEAT_SECONDS = 1;
/** Within this after the last of them nothing may be left: the longest is a bridge that rings and is never over. */
const GONE_MS = (RINGING_SECONDS + 5 + REPLY_SECONDS + HEARTBEAT_SECONDS + 5) * 1000;

const CONTROL_RESETS = 10;
const CONTROL_ASKS_MS = 100;

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
  'bridge sent': (peer) => peer.sentBridge('now'),
  ringing: async (peer) => {
    const eventUuid = await peer.sentBridge('now');
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
    peer.reset();
  },
  'half-closes': (peer) => {
    peer.end();
  },
  'is silent': () => undefined,
};

/** What is left of all the calls when their time is over; empty for nothing. */
async function leftBehind(router: Router, calls: number, before: Health): Promise<string> {
  const deadline = performance.now() + GONE_MS;
  let left: string;
  do {
    await delay(200);
    const { resources, objects } = await router.health({ objects: router.calls >= calls });
    const more = (kind: string): number => (resources[kind] ?? 0) - (before.resources[kind] ?? 0);
    left = Object.entries({
      records: calls - router.calls,
      // The pool of connections to the CRM keeps sockets and a timer for its own four seconds.
      timers: more('Timeout'),
      sockets: more('TCPSocketWrap'),
      ...objects,
    })
      .filter(([, count]) => count !== 0)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ');
  } while (left !== '' && performance.now() < deadline);
  return left;
}

async function run(stage: Stage): Promise<Outcome> {
  const crm = await stage.crm(({ url }) =>
    url.startsWith('/slow') ? { hang: true } : { status: 200, body: `{"destination":"${WANTED}"}` },
  );
  const open = new Map<string, string>();
  const router = await stage.router({
    schemes: [
      { name: 'now', webhook: { url: `${crm.url}/now` }, forwardingTimeoutSeconds: RINGING_SECONDS },
      // Of its own, so that its failures shut no breaker before the others.
      { name: 'slow', webhook: { url: `${crm.url}/slow`, timeoutSeconds: 2 } },
    ],
    settings: { ESL_REPLY_TIMEOUT: String(REPLY_SECONDS), ESL_HEARTBEAT: String(HEARTBEAT_SECONDS) },
    onCall: (line) => open.delete(String(line['uuid'])),
  });
  const before = { ...(await router.health()), open: router.sockets };
  const times = stage.count(500, 100, 8);
  const cases = shuffled(stage, times);
  let unreached = 0;
  const play = async (n: number): Promise<void> => {
    const { state, fault } = cases[n] as Case;
    const peer = await RawSwitch.dial(router.address, uuidOf(n));
    open.set(peer.uuid, `${state}, ${fault}`);
    try {
      await STATES[state]?.(peer);
    } catch {
      unreached++;
    }
    FAULTS[fault]?.(peer);
  };
  const atOnce = stage.count(AT_ONCE.full, AT_ONCE.quick, AT_ONCE.short);
  for (let done = 0; done < cases.length && !stage.signal.aborted; done += atOnce) {
    const some = Math.min(atOnce, cases.length - done);
    await Promise.all(Array.from({ length: some }, (_, n) => play(done + n)));
  }
  const left = await leftBehind(router, cases.length, before);
  const opened = router.sockets - before.open;
  return {
    figure:
      `${cases.length} calls, ${Object.keys(STATES).length} states x ${Object.keys(FAULTS).length} faults x ${times}; ` +
      `left: ${left === '' ? 'nothing' : `${left} (${[...open.values()].slice(0, 3).join('; ')})`}, ${opened} sockets more than at the start` +
      (unreached > 0 ? `; ${unreached} did not reach their state` : ''),
    reached: left === '' && opened <= 0 && unreached === 0 && router.calls === cases.length,
  };
}

interface Case {
  readonly state: string;
  readonly fault: string;
}

/** Every state with every fault so many times, in an order of chance. */
function shuffled({ random }: Stage, times: number): Case[] {
  const cases = Object.keys(STATES).flatMap((state) =>
    Object.keys(FAULTS).flatMap((fault) => Array.from({ length: times }, () => ({ state, fault }))),
  );
  return cases
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
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
  control: {
    what: 'modesl 1.2.1, reset while it asks, and a sound call behind each',
    run: async (stage) => {
      const crm = await stage.crm(() => ({
        status: 200,
        body: `{"destination":"${WANTED}"}`,
        delayMs: CONTROL_ASKS_MS,
      }));
      const control = await stage.control('controls/modesl.ts', { CRM_URL: crm.url });
      const freeswitch = stage.freeswitch({ routers: [control], maxCallMs: 8000 });
      const check = answeredBy(WANTED);
      const { guardSeconds: _, ...sound } = call('now');
      // Else a control that serves nobody would look like one that fails.
      const before = check(await freeswitch.call(sound));
      if (before !== null) throw new Error(`the control serves no sound call: ${before}`);
      const astray: string[] = [];
      for (let n = 0; n < CONTROL_RESETS; n++) {
        const peer = await RawSwitch.dial(control, uuidOf(n)).catch(() => null);
        await peer?.heard(/connect\n\n/);
        peer?.greet('now');
        await peer?.heard(/linger/).catch(() => undefined);
        peer?.reset();
        const why = check(await freeswitch.call(sound));
        if (why !== null) astray.push(why);
      }
      return {
        figure: `${astray.length} of ${CONTROL_RESETS} sound calls were not served${astray[0] === undefined ? '' : ` (${astray[0]})`}`,
        reached: astray.length === 0,
      };
    },
  },
};
