import { expect } from 'chai';
import {
  SimulatedFreeSwitch,
  type CalleeBehaviour,
  type CallReport,
  type CallScript,
  type SwitchOptions,
} from '../../../lib/simulator/index.ts';
import { sideBySide } from '../../support/wait.ts';
import {
  greet,
  kindOf,
  labCallee,
  listen,
  messageOf,
  recording,
  type Message,
  type RecordedLine,
  type Wire,
} from './support.ts';

/**
 * The controller's side of a recording is played to the simulation, and what the simulation says is held against what
 * FreeSWITCH said: the same kinds of messages in the same order, and the same decisive headers in each.
 */

/** Their presence or place varies from run to run on the real one too: see the recordings' own differences. */
const VARIES = new Set(['CHANNEL_PARK', 'notice linger', 'CHANNEL_CREATE', 'CHANNEL_EXECUTE socket']);

const DECISIVE = [
  'Answer-State',
  'Channel-State',
  'Channel-Call-State',
  'Hangup-Cause',
  'Application-Data',
  'Application-Response',
  'Content-Type',
  'Socket-Mode',
  'Control',
  'variable_originate_disposition',
  'variable_DIALSTATUS',
  'variable_originate_failed_cause',
  'variable_originate_causes',
  'variable_last_bridge_hangup_cause',
  'variable_last_bridge_proto_specific_hangup_cause',
  'variable_sip_invite_failure_status',
  'variable_sip_invite_failure_phrase',
  'variable_bridge_hangup_cause',
  'variable_endpoint_disposition',
  'variable_dialed_user',
  'variable_hangup_cause',
  'variable_hangup_cause_q850',
  'variable_proto_specific_hangup_cause',
  'variable_sip_hangup_disposition',
];

/** What tells a move from a hang-up, beside the above. */
const DECISIVE_OF_MOVES = [
  ...DECISIVE,
  'Caller-Destination-Number',
  'Caller-Context',
  'Caller-Profile-Index',
  'Caller-Transfer-Source',
  'Other-Type',
  'Bridge-A-Unique-ID',
  'Bridge-B-Unique-ID',
  'variable_transfer_disposition',
  'variable_transfer_destination',
  'variable_signal_bond',
];

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function describeMessage(message: Message, decisive: readonly string[]): string {
  const kind = kindOf(message)
    .replace(UUID, '<uuid>')
    .replace(/^api UP [\s\S]*/, 'api <status>');
  if (kind.startsWith('api Event-Name')) return 'api <dump>';
  const values = decisive.flatMap((name) => {
    const value = message.headers.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  // The uuid that the controller chose must come back; FreeSWITCH's own differ.
  const chosen = message.headers.get('Application-UUID');
  if (chosen?.startsWith('b0b0b0b0') || chosen?.startsWith('p')) values.push(`Application-UUID=${chosen}`);
  return [kind, ...values]
    .join(' ')
    .replace(UUID, '<uuid>')
    .replace(/127\.0\.0\.1:\d+/g, '<router>')
    .replace(/\d{10}:<uuid>/g, '<when>:<uuid>')
    .replace(/Added: \d+/, 'Added: <id>');
}

function heard(lines: readonly RecordedLine[]): Message[] {
  return lines
    .filter(({ dir }) => dir === 'fs>')
    .map(({ data }) => messageOf(data))
    .filter((m) => !VARIES.has(kindOf(m)));
}

function steady(messages: readonly Message[]): Message[] {
  return messages.filter((message) => !VARIES.has(kindOf(message)));
}

/** A recorder's note. */
const FIRST_CLOSES = '>>> the first socket closes';

/**
 * Sends each command once all has come that FreeSWITCH had said before it. What the recorder sent within one poll,
 * with nothing but replies between, goes in one write: on a busy machine the poll would else fall in between.
 */
async function play(wire: Wire, lines: readonly RecordedLine[], first?: Wire): Promise<void> {
  const uuid =
    /\nUnique-ID: (.*)/.exec(lines.find(({ data }) => data.includes('\nUnique-ID: '))?.data ?? '')?.[1] ?? '';
  let heardSoFar = 0;
  let batch = '';
  let awaited = 0;
  const flush = async (): Promise<void> => {
    await wire.until(() => steady(wire.messages).length >= awaited);
    wire.send(batch.replaceAll(uuid, wire.messages[0]?.headers.get('Unique-ID') ?? ''));
    batch = '';
  };
  for (const { dir, data } of lines) {
    const message = dir === 'fs>' ? messageOf(data) : null;
    if (message !== null && !VARIES.has(kindOf(message))) {
      // The first reply tells the uuid, which some commands name.
      if (batch !== '' && (message.isEvent || heardSoFar === 0)) await flush();
      heardSoFar++;
    }
    if (data === FIRST_CLOSES) {
      await flush();
      await wire.until(() => steady(wire.messages).length >= heardSoFar);
      first?.socket.end();
    }
    if (dir !== '>fs') continue;
    if (batch === '') awaited = heardSoFar;
    batch += data;
  }
  if (batch !== '') await flush();
  if (lines.some(({ data }) => data === 'exit\n\n')) return;
  // The recorder closed its side, and FreeSWITCH said goodbye to it; not in the recordings of moves.
  const goodbye = lines.some(({ data }) => data.includes('Content-Disposition: disconnect')) ? 1 : 0;
  await wire.until(() => steady(wire.messages).length >= heardSoFar - goodbye);
  wire.socket.end();
}

async function replay(
  lines: readonly RecordedLine[],
  script: Partial<CallScript>,
  options: Partial<SwitchOptions> = {},
): Promise<[Message[], CallReport]> {
  const wires: Wire[] = [];
  // A recording of the second socket on a channel has the end of the first one in it.
  const isSecond = lines.some(({ data }) => data === FIRST_CLOSES);
  const router = await listen((wire) => {
    wires.push(wire);
    const story = isSecond && wires.length === 1 ? greet(wire) : play(wire, lines, wires[0]);
    story.catch(() => wire.socket.destroy());
  });
  const freeswitch = new SimulatedFreeSwitch({
    routers: [{ host: '127.0.0.1', port: router.port }],
    // Linger notices and lost events are drawn: this seed loses none.
    seed: 8,
    secondMs: 40,
    maxCallMs: 8000,
    gateways: ['crm'],
    domains: ['pbx.test'],
    ...options,
  });
  try {
    const caller = { caller: '15551230001', callerName: 'Lab Caller', did: '15005550100' };
    const report = await freeswitch.call({ ...caller, callee: labCallee, ...script });
    await Promise.all(wires.map((wire) => wire.closed));
    return [steady(wires.at(-1)?.messages ?? []), report];
  } finally {
    await freeswitch.close();
    await router.close();
  }
}

/** Leaves a command that is not simulated, and its replies, out of a recording. */
function without(lines: readonly RecordedLine[], word: string): RecordedLine[] {
  return lines.filter(({ dir, data }, i) => {
    const before = dir === 'fs>' ? lines[i - 1] : undefined;
    return !data.includes(word) && !(before?.dir === '>fs' && before.data.includes(word));
  });
}

const cancels = { hangupAt: 'ringing', hangupAfterMs: 60 } as const;
const givesUp = { hangupAt: 'connected', hangupAfterMs: 60 } as const;

const RECORDINGS: readonly (readonly [name: string, script?: Partial<CallScript>])[] = [
  ['01-answered-caller-hangs-up'],
  ['02-answered-callee-hangs-up'],
  ['03-no-answer-originate_timeout'],
  ['03d-leg_timeout'],
  ['03e-leg_timeout-sequential-advances'],
  ['03f-originate_timeout-sequential-stops'],
  ['03h-originate_continue_on_timeout'],
  ['03i-progress_timeout-no-response'],
  ['04-busy-486-continue_on_fail'],
  ['04b-busy-486-without-continue_on_fail'],
  ['05-not-found-404'],
  ['05-reject-603'],
  ['05-unavail-480'],
  ['07-unregistered-user'],
  ['07b-unknown-user'],
  ['07c-unknown-gateway'],
  ['09-caller-cancels-while-ringing', cancels],
  ['08-abandon-before-command-linger', givesUp],
  ['10-fallback-second-bridge'],
  ['10b-two-bridges-queued-at-once'],
  ['10c-second-bridge-without-event-lock-runs-inside-the-first'],
  ['11-failed-bridge-then-socket-closed-async'],
  ['11b-failed-bridge-then-exit-async'],
  ['11e-close-while-bridge-rings'],
  ['11g-sync-close-after-failed-bridge', { socketArgs: { async: false, full: true } }],
  ['12-sync-mode', { socketArgs: { async: false, full: true } }],
  ['13-async-not-full', { socketArgs: { async: true, full: false } }],
  ['14-garbage-and-invalid-commands'],
  ['14b-invalid-application'],
  ['16c-simultaneous-all-fail'],
  ['17-ring_ready-answer-playback-hangup'],
  ['17b-respond-486'],
  ['17c-hangup-USER_BUSY-unanswered'],
  ['17d-sendmsg-hangup-CALL_REJECTED'],
  ['18-api-bgapi-on-outbound'],
  ['22r-empty-bridge-arg'],
  ['24-controller-hangs-up-while-ringing'],
  ['24c-hangup-app-queued-with-event-lock-bridge-ringing'],
  ['31a-early-media-183-forever-originate_timeout-not-applied', cancels],
  ['31b-ignore_early_media-true'],
  ['33-user-no-answer-originate_timeout'],
  ['38-302-outbound_redirect_fatal'],
  ['39b-respond-after-failed-bridge'],
];

/** Two or three at a time: more would put the polls of one into the waits of another. */
const AT_ONCE = 3;

interface Replayed {
  readonly lines: readonly RecordedLine[];
  readonly said: readonly Message[];
}

/** Starts the replays of a table; each is awaited by its own test. */
function replayed<Row>(rows: readonly Row[], play: (row: Row) => Promise<Replayed>): Promise<Replayed>[] {
  const all = sideBySide(rows, play, AT_ONCE);
  for (const one of all) one.catch(() => undefined);
  return all;
}

describe('the simulation, held against the recordings', () => {
  let all: Promise<Replayed>[] = [];
  before(() => {
    all = replayed(RECORDINGS, async ([name, script = {}]) => {
      const lines = without(recording(name), 'sofia_contact');
      const [said] = await replay(lines, script);
      return { lines, said };
    });
  });
  for (const [index, [name]] of RECORDINGS.entries()) {
    it(name, async () => {
      const { lines, said } = (await all[index]) as Replayed;
      const described = (messages: readonly Message[]): string[] =>
        messages.map((each) => describeMessage(each, DECISIVE));
      expect(described(said)).to.deep.equal(described(heard(lines)));
    });
  }
});

/** A moment of the lab's calls, in the time of the simulation. */
const soon = { afterMs: 100, talkMs: 300, hangup: 'hupall' } as const;
const rings = (): CalleeBehaviour => ({ kind: 'ring' });
const talks = (): CalleeBehaviour => ({ kind: 'answer', afterMs: 40, talkMs: 3000, hangup: 'callee' });
const saysGoodbye = (): CalleeBehaviour => ({ kind: 'answer', afterMs: 120, talkMs: 60, hangup: 'callee' });

/** Who moved the call, and how its end was brought about. FreeSWITCH 1.11.1. */
const MOVES: readonly (readonly [
  name: string,
  script: Partial<CallScript>,
  options?: Partial<SwitchOptions>,
])[] = [
  ['m-transfer-asked', { moves: [{ ...soon, at: 'connected', kind: 'transfer' }] }],
  ['m-transfer-ringing', { callee: rings, moves: [{ ...soon, at: 'ringing', kind: 'transfer' }] }],
  ['m-transfer-talking', { callee: talks, moves: [{ ...soon, at: 'answered', kind: 'transfer' }] }],
  [
    'm-transfer-to-nowhere-asked',
    { moves: [{ ...soon, at: 'connected', kind: 'transfer', to: 'nope' }] },
    { extensions: ['700'] },
  ],
  ['m-park-ringing', { callee: rings, moves: [{ ...soon, at: 'ringing', kind: 'park' }] }],
  ['m-park-talking', { callee: talks, moves: [{ ...soon, at: 'answered', kind: 'park' }] }],
  ['m-bridge-ringing', { callee: rings, moves: [{ ...soon, at: 'ringing', kind: 'bridge' }] }],
  [
    'm-bridge-talking',
    { callee: talks, moves: [{ ...soon, at: 'answered', kind: 'bridge', hangup: 'other' }] },
  ],
  [
    'm-bridge-talking-caller-hangs-up',
    { did: '103', callee: talks, moves: [{ ...soon, at: 'answered', kind: 'bridge', hangup: 'caller' }] },
  ],
  [
    'm-pickup-ringing',
    { callee: rings, moves: [{ ...soon, at: 'ringing', kind: 'pickup', hangup: 'other' }] },
  ],
  [
    'm-attended-talking',
    { callee: talks, moves: [{ ...soon, at: 'answered', kind: 'attended', hangup: 'other' }] },
  ],
  [
    'm-refer-by-callee-talking',
    { callee: talks, moves: [{ ...soon, at: 'answered', kind: 'refer-by-callee' }] },
  ],
  [
    'm-refer-by-caller-talking',
    { callee: talks, moves: [{ ...soon, at: 'answered', kind: 'refer-by-caller' }] },
  ],
  [
    'm-transfer-after-bridge-talking',
    { callee: saysGoodbye, moves: [{ ...soon, at: 'ringing', afterMs: 0, kind: 'transfer-after-bridge' }] },
  ],
  [
    'm-park-after-bridge-talking',
    { callee: saysGoodbye, moves: [{ ...soon, at: 'ringing', afterMs: 0, kind: 'park-after-bridge' }] },
  ],
  [
    'm-transfer-callee-ringing',
    {
      callee: rings,
      moves: [
        { at: 'ringing', afterMs: 60, kind: 'transfer-callee' },
        { at: 'ringing', afterMs: 400, kind: 'hupall' },
      ],
    },
  ],
  [
    'm-pickup-callee-ringing',
    { callee: rings, moves: [{ at: 'ringing', afterMs: 60, kind: 'pickup-callee' }] },
  ],
  ['m-kill-callee-talking', { callee: talks, moves: [{ at: 'answered', afterMs: 60, kind: 'kill-callee' }] }],
  ['m-hupall-talking', { callee: talks, moves: [{ at: 'answered', afterMs: 60, kind: 'hupall' }] }],
  [
    'm-answer-ringing',
    {
      callee: rings,
      moves: [
        { at: 'ringing', afterMs: 60, kind: 'answer' },
        { at: 'ringing', afterMs: 400, kind: 'hupall' },
      ],
    },
  ],
  [
    'm-broadcast-ringing',
    {
      callee: rings,
      moves: [
        { at: 'ringing', afterMs: 60, kind: 'broadcast', talkMs: 300 },
        { at: 'ringing', afterMs: 460, kind: 'hupall' },
      ],
    },
  ],
  ['m-gone-ringing', { callee: () => ({ kind: 'gone', afterMs: 60 }) }],
  ['m-guard-asked', { guardSeconds: 90 }],
  [
    'm-two-sockets-asked',
    { did: '103', moves: [{ at: 'connected', afterMs: 20, kind: 'transfer', to: { socket: true } }] },
  ],
];

describe('the simulation, held against the recordings of moves', () => {
  let all: Promise<Replayed>[] = [];
  before(() => {
    all = replayed(MOVES, async ([name, script, options]) => {
      const lines = recording(name);
      const lab = { did: '100', context: 'inbound', dialplanSetsBridgeVariables: true };
      const [said] = await replay(lines, { ...lab, ...script }, options);
      return { lines, said };
    });
  });
  for (const [index, [name]] of MOVES.entries()) {
    it(name, async () => {
      const { lines, said } = (await all[index]) as Replayed;
      const recorded = heard(lines).map((message) => describeMessage(message, DECISIVE_OF_MOVES));
      const simulated = said.map((message) => describeMessage(message, DECISIVE_OF_MOVES));
      // Some recordings end before their call.
      expect(simulated.slice(0, recorded.length)).to.deep.equal(recorded);
    });
  }
});
