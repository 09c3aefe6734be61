import { expect } from 'chai';
import type { CallScript, Move } from '../../lib/simulator/index.ts';
import { answers, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/**
 * Others take the caller elsewhere, in every way and at every stage. The simulation finds whoever tears him out of his new
 * place, leaves a guard behind him or closes his socket; here it is said what the record makes of it.
 */

type From = 'asked' | 'ringing' | 'talking';
type Kind = Extract<Move['kind'], 'transfer' | 'refer-by-callee' | 'park' | 'bridge' | 'attended' | 'pickup'>;

/** How long he was where he was before, and how long he stays in his new place. */
const BEFORE_MS = 80;
const STAY_MS = 300;
/** From the connection to the CRM's having been asked: a busy machine takes its time. */
const ASKED_MS = 500;
/** Long enough that nothing but the move ends the ringing: 2 s of the simulation. */
const RINGS_SECONDS = 20;

const AT = { asked: 'connected', ringing: 'ringing', talking: 'answered' } as const;

/** As the record tells them. */
const SHOWN: Readonly<Record<Kind, { readonly by: string; readonly to: string }>> = {
  transfer: { by: 'transfer', to: '700 public' },
  'refer-by-callee': { by: 'transfer', to: '700 public' },
  park: { by: 'park', to: '' },
  bridge: { by: 'bridge', to: '700' },
  attended: { by: 'bridge', to: '700' },
  pickup: { by: 'bridge', to: '700' },
};

/** CRM, callee and move for one that is taken out of `from`. */
function taken(from: From, move: Omit<Move, 'at' | 'afterMs'>, call: Partial<CallScript> = {}): Scenario {
  return {
    title: '',
    scheme: { webhook: { timeoutSeconds: 8 }, forwardingTimeoutSeconds: RINGS_SECONDS },
    reply: from === 'asked' ? { hang: true } : { json: { destination: '201' } },
    call: {
      moves: [{ at: AT[from], afterMs: from === 'asked' ? ASKED_MS : BEFORE_MS, talkMs: STAY_MS, ...move }],
      callee: () => (from === 'ringing' ? { kind: 'ring' } : answers(5000)),
      ...call,
    },
    check: () => undefined,
  };
}

/** What the router had done by then is in the record, and nothing that it would have done later. */
function checkBefore({ record }: Outcome, from: From): void {
  const [bridge] = record.bridges;
  const [move] = record.moves;
  switch (from) {
    case 'asked':
      expect(record.requests.map(({ answer }) => answer)).to.deep.equal(['abandoned']);
      expect(record.bridges).to.deep.equal([]);
      expect(record).to.include({ answeredMs: null, answeredBy: null, reason: 'moved' });
      break;
    case 'ringing':
      expect(bridge).to.include({ outcome: 'moved', answeredBy: null });
      expect(record).to.include({ answeredMs: null, answeredBy: null, reason: 'moved' });
      break;
    case 'talking':
      // They talked until he was moved, and not until he hung up.
      expect(bridge).to.include({ outcome: 'answered', answeredBy: '201', endedMs: move?.atMs });
      expect((move?.atMs ?? 0) - (record.answeredMs ?? Infinity)).to.be.within(0, 8000);
      expect(record).to.include({ answeredBy: '201', reason: 'answered' });
  }
  expect(record.bridges.length).to.be.below(2);
}

/** Every guard, the dialplan's and the router's own, was deleted by the router. */
function checkGuards({ report }: Outcome): void {
  const guards = report.tasks.filter(({ guard }) => guard);
  expect(guards).not.to.deep.equal([]);
  for (const guard of guards) expect(guard).to.include({ outcome: 'deleted', deletedBy: 'router' });
}

function checkMoved(outcome: Outcome, from: From, shown: { readonly by: string; readonly to: string }): void {
  const { report, record, line } = outcome;
  expect(report.end.kind).to.equal('moved');
  expect(record.moves.map(({ by, to, from }) => ({ by, to, from }))).to.deep.equal([{ ...shown, from }]);
  const to = shown.to === '' ? '' : ` to ${shown.to}`;
  expect(line['moves']).to.deep.equal([`${shown.by} while ${from}${to}`]);
  expect(record.end).to.equal('moved');
  // The record goes on to the hang-up.
  expect((record.endedMs ?? 0) - (record.moves[0]?.atMs ?? Infinity)).to.be.within(1, 8000);
  checkBefore(outcome, from);
  checkGuards(outcome);
  expect(record.notes).to.deep.equal([]);
}

const KINDS = Object.keys(SHOWN) as readonly Kind[];
const STATES: readonly From[] = ['asked', 'ringing', 'talking'];

/** Who was never answered can't be joined to anybody: FreeSWITCH hangs him up. */
const needsAnswer = (kind: Kind, from: From): boolean =>
  (kind === 'bridge' || kind === 'attended') && from !== 'talking';

const hungUpByCaller = KINDS.flatMap((kind) =>
  STATES.map((from): Scenario => {
    const answered = needsAnswer(kind, from);
    return {
      ...taken(from, { kind, to: '700' }, answered ? { answered } : {}),
      title: `${kind} while ${from}, and the caller hangs up there`,
      check: (outcome) => {
        checkMoved(outcome, from, SHOWN[kind]);
        const { report, record } = outcome;
        expect(report.end).to.deep.include({ by: kind, endedBy: 'caller' });
        // A caller who was never answered cancels.
        const parkedUnanswered = kind === 'park' && from !== 'talking';
        const hangupCause = parkedUnanswered ? 'ORIGINATOR_CANCEL' : 'NORMAL_CLEARING';
        expect(record).to.include({ hungUpBy: 'caller', hangupCause });
      },
    };
  }),
);

const endedByOthers: Scenario[] = [
  ...KINDS.map((kind): Scenario => ({
    ...taken('talking', { kind, to: '700', hangup: 'hupall' }),
    title: `${kind} while talking, and all calls are ended`,
    check: (outcome) => {
      checkMoved(outcome, 'talking', SHOWN[kind]);
      expect(outcome.record).to.include({ hungUpBy: 'switch', hangupCause: 'MANAGER_REQUEST' });
    },
  })),
  ...(['bridge', 'attended', 'pickup'] as const).flatMap((kind) =>
    STATES.map((from): Scenario => ({
      ...taken(from, { kind, to: '700', hangup: 'other' }, needsAnswer(kind, from) ? { answered: true } : {}),
      title: `${kind} while ${from}, and the other one hangs up`,
      check: (outcome) => {
        checkMoved(outcome, from, SHOWN[kind]);
        expect(outcome.record).to.include({ hungUpBy: 'callee', hangupCause: 'NORMAL_CLEARING' });
      },
    })),
  ),
  ...(['asked', 'ringing'] as const).map((from): Scenario => ({
    ...taken(from, { kind: 'bridge', to: '700' }),
    title: `bridge while ${from} of a caller who was never answered: FreeSWITCH hangs him up`,
    check: ({ report, record }) => {
      expect(report.end).to.deep.include({ kind: 'moved', endedBy: 'switch' });
      expect(record).to.include({
        end: 'moved',
        reason: 'moved',
        hungUpBy: 'switch',
        hangupCause: 'DESTINATION_OUT_OF_ORDER',
      });
      expect(record.moves).to.have.length(1);
      expect(record.moves[0]).to.include({ by: 'bridge', from, to: '700' });
    },
  })),
];

/** By variables, when the callee hangs up. */
const afterBridge = (
  [
    ['transfer-after-bridge', { by: 'transfer', to: '700 public' }],
    ['park-after-bridge', { by: 'park', to: '' }],
  ] as const
).map(([kind, shown]): Scenario => ({
  ...taken(
    'talking',
    { kind, to: '700' },
    {
      moves: [{ at: 'connected', afterMs: 0, kind, to: '700', talkMs: STAY_MS }],
      callee: () => ({ kind: 'answer', afterMs: 60, talkMs: BEFORE_MS, hangup: 'callee' }),
    },
  ),
  title: `${kind}, when the callee has hung up`,
  check: (outcome) => {
    checkMoved(outcome, 'talking', shown);
    expect(outcome.record).to.include({ hungUpBy: 'caller' });
  },
}));

const again: Scenario[] = [
  {
    ...taken(
      'talking',
      { kind: 'park' },
      {
        moves: [
          { at: 'answered', afterMs: BEFORE_MS, kind: 'park', talkMs: 4000 },
          { at: 'moved', afterMs: 80, kind: 'bridge', to: '800', talkMs: STAY_MS, hangup: 'other' },
        ],
      },
    ),
    title: 'parked while talking, and picked up from there by another call',
    check: (outcome) => {
      const { record, line } = outcome;
      expect(record).to.include({ end: 'moved', reason: 'answered', hungUpBy: 'callee' });
      expect(line['moves']).to.deep.equal(['park while talking', 'bridge while moved to 800']);
      checkBefore(outcome, 'talking');
      checkGuards(outcome);
    },
  },
  {
    ...taken(
      'ringing',
      { kind: 'transfer' },
      {
        moves: [
          { at: 'ringing', afterMs: BEFORE_MS, kind: 'transfer', to: '700', talkMs: 4000 },
          { at: 'moved', afterMs: 80, kind: 'transfer', to: '701/office', talkMs: STAY_MS },
        ],
      },
    ),
    title: 'transferred while it rings, and from there once more',
    check: (outcome) => {
      const { record, line } = outcome;
      expect(record).to.include({ end: 'moved', reason: 'moved', hungUpBy: 'caller' });
      expect(line['moves']).to.deep.equal([
        'transfer while ringing to 700 public',
        'transfer while moved to 701 office',
      ]);
      checkBefore(outcome, 'ringing');
      checkGuards(outcome);
    },
  },
  {
    ...taken('asked', { kind: 'transfer' }, { moves: [] }),
    title: 'a sched_transfer of the dialplan that is not a guard moves it while the CRM is asked',
    call: { schedules: [{ application: 'sched_transfer', seconds: 8, argument: '701' }] },
    check: (outcome) => {
      const { report, record } = outcome;
      expect(report.end).to.include({ kind: 'moved', by: 'sched_transfer', endedBy: 'caller' });
      expect(record).to.include({ end: 'moved', reason: 'moved', hungUpBy: 'caller' });
      expect(record.moves[0]).to.include({ by: 'transfer', from: 'asked', to: '701 public' });
      expect(report.tasks.map(({ guard, outcome }) => [guard, outcome])).to.deep.equal([
        [false, 'fired'],
        [true, 'deleted'],
      ]);
    },
  },
  {
    ...taken('asked', { kind: 'transfer', to: 'nope' }),
    title: 'transferred by others to an extension that does not exist: moved, and ended by the switch',
    switch: { extensions: ['700'] },
    check: ({ record }) => {
      expect(record).to.include({
        end: 'moved',
        reason: 'moved',
        hungUpBy: 'switch',
        hangupCause: 'NO_ROUTE_DESTINATION',
      });
      expect(record.moves[0]).to.include({ by: 'transfer', to: 'nope public' });
    },
  },
];

/** Ended by others, and not moved. */
interface EndRow {
  readonly kind: Move['kind'];
  readonly from: From;
  readonly end: string;
  readonly reason: string;
  readonly hungUpBy: string;
  readonly hangupCause: string;
}

const ENDS: readonly EndRow[] = [
  ...(['asked', 'ringing'] as const).flatMap((from): EndRow[] => {
    const common = { from, end: 'switch_hangup', reason: 'switch_hung_up', hungUpBy: 'switch' } as const;
    return [
      { ...common, kind: 'kill', hangupCause: 'NORMAL_CLEARING' },
      { ...common, kind: 'hupall', hangupCause: 'MANAGER_REQUEST' },
    ];
  }),
  {
    kind: 'pickup-callee',
    from: 'ringing',
    end: 'switch_hangup',
    reason: 'switch_hung_up',
    hungUpBy: 'switch',
    hangupCause: 'PICKED_OFF',
  },
  ...(
    [
      ['kill', 'switch', 'NORMAL_CLEARING'],
      ['kill-callee', 'switch', 'NORMAL_CLEARING'],
      ['hupall', 'switch', 'MANAGER_REQUEST'],
      ['refer-by-caller', 'caller', 'NORMAL_CLEARING'],
    ] as const
  ).map(([kind, hungUpBy, hangupCause]): EndRow => ({
    kind,
    from: 'talking',
    end: 'bridged',
    reason: 'answered',
    hungUpBy,
    hangupCause,
  })),
];

const ended = ENDS.map(({ kind, from, ...expected }): Scenario => ({
  ...taken(from, { kind }),
  title: `${kind} while ${from}: ${expected.end}, by ${expected.hungUpBy}`,
  check: ({ record, line }) => {
    expect(record).to.include(expected);
    expect(record.moves).to.deep.equal([]);
    expect(line).not.to.have.property('moves');
    const outcome = { asked: [], ringing: ['cancelled'], talking: ['answered'] }[from];
    expect(record.bridges.map((bridge) => bridge.outcome)).to.deep.equal(outcome);
  },
}));

const calleeTaken: Scenario = {
  ...taken('ringing', { kind: 'transfer-callee' }),
  title: 'the ringing callee is taken elsewhere: the caller is still ours, and the next is tried',
  scheme: { forwardingTimeoutSeconds: RINGS_SECONDS, fallback: { onNoAnswer: [{ dial: '202' }] } },
  call: {
    moves: [{ at: 'ringing', afterMs: BEFORE_MS, kind: 'transfer-callee' }],
    callee: ({ user }) => (user === '201' ? { kind: 'ring' } : answers()),
  },
  check: ({ record, dialled }) => {
    expect(dialled).to.deep.equal(['user/201@pbx.example', 'user/202@pbx.example']);
    expect(record).to.include({ end: 'bridged', via: 'fallback', hungUpBy: 'caller', answeredBy: '202' });
    expect(record.bridges[0]).to.include({ cause: 'ORIGINATOR_CANCEL', answeredBy: null });
    expect(record.moves).to.deep.equal([]);
  },
};

scenarios('a caller who is moved', [...hungUpByCaller, ...afterBridge, ...again]);
scenarios('a caller who is moved, and whom others end there', endedByOthers);
scenarios('what others do to a call, other than to move it', [...ended, calleeTaken]);
