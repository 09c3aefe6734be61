import { expect } from 'chai';
import type { DialplanTask, TaskReport } from '../../lib/simulator/index.ts';
import { answers, busy, rings, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** What others do on the caller's channel beside the router: answers, sounds, schedules, names. None of it is the router's. */

const LATER: Pick<Scenario, 'scheme'> = { scheme: { forwardingTimeoutSeconds: 20 } };
const TRY_NEXT: Scenario['scheme'] = {
  forwardingTimeoutSeconds: 2,
  fallback: { onNoAnswer: [{ dial: '202' }] },
};

/** The callee picks up late enough for something else to have happened, and hangs up. */
const picksUp = (afterMs = 150, talkMs = 80) =>
  ({ kind: 'answer', afterMs, talkMs, hangup: 'callee' }) as const;

/** The answer is the callee's, when he has given it, and the talk is theirs. */
function checkAnswered({ record }: Outcome, notBeforeMs: number): void {
  expect(record).to.include({ end: 'bridged', reason: 'answered', answeredBy: '201', hungUpBy: 'callee' });
  expect(record.answeredMs).to.be.above(notBeforeMs);
  expect((record.endedMs ?? 0) - (record.answeredMs ?? Infinity)).to.be.above(50);
  expect(record.moves).to.deep.equal([]);
}

/** Nobody answered the first bridge, whatever else was answered: the next of the list was tried. */
function checkNext({ record, dialled }: Outcome): void {
  expect(dialled).to.deep.equal(['user/201@pbx.example', 'user/202@pbx.example']);
  expect(record.bridges.map(({ outcome }) => outcome)).to.deep.equal(['no_answer', 'answered']);
  expect(record.bridges[0]).to.include({ cause: 'NO_ANSWER', answeredBy: null });
  expect(record).to.include({ end: 'bridged', via: 'fallback', answeredBy: '202' });
}

const ringback = ({ report }: Outcome): boolean[] =>
  report.commands
    .filter(({ text }) => text.includes('hangup_after_bridge=true'))
    .map(({ text }) => text.includes('transfer_ringback='));

const answersOfOthers: Scenario[] = [
  {
    ...LATER,
    title: 'uuid_answer while the CRM is asked: the callee’s answer is seen all the same',
    reply: { json: { destination: '201' }, delayMs: 120 },
    call: { moves: [{ at: 'connected', afterMs: 30, kind: 'answer' }], callee: () => picksUp() },
    check: (outcome) => {
      checkAnswered(outcome, 250);
      expect(ringback(outcome)).to.deep.equal([true]);
    },
  },
  {
    title: 'uuid_answer while the CRM is asked, and nobody picks up: the next is tried',
    scheme: TRY_NEXT,
    reply: { json: { destination: '201' }, delayMs: 120 },
    call: { moves: [{ at: 'connected', afterMs: 30, kind: 'answer' }] },
    callees: { '201': rings },
    check: checkNext,
  },
  {
    ...LATER,
    title: 'uuid_answer while it rings is not the callee’s answer',
    call: { moves: [{ at: 'ringing', afterMs: 30, kind: 'answer' }], callee: () => picksUp(200) },
    check: (outcome) => {
      checkAnswered(outcome, 190);
    },
  },
  {
    title: 'uuid_answer while it rings, and nobody picks up: the next is tried, with ringing tones',
    scheme: TRY_NEXT,
    call: { moves: [{ at: 'ringing', afterMs: 30, kind: 'answer' }] },
    callees: { '201': rings },
    check: (outcome) => {
      checkNext(outcome);
      expect(ringback(outcome)).to.deep.equal([false, true]);
    },
  },
  {
    ...LATER,
    title: 'the late CHANNEL_ANSWER of an IVR in front is not the callee’s answer',
    call: { lateAnswer: true, callee: () => picksUp(200) },
    check: (outcome) => {
      checkAnswered(outcome, 190);
    },
  },
  {
    title: 'the late CHANNEL_ANSWER of an IVR in front, and nobody picks up: the next is tried',
    scheme: TRY_NEXT,
    call: { lateAnswer: true },
    callees: { '201': rings },
    check: checkNext,
  },
];

const broadcasts: Scenario[] = [
  ...(['asked', 'ringing', 'talking'] as const).map((from): Scenario => ({
    ...LATER,
    title: `uuid_broadcast while ${from} is not a move, and no end of anything`,
    reply: { json: { destination: '201' }, delayMs: 150 },
    call: {
      moves: [
        {
          at: ({ asked: 'connected', ringing: 'ringing', talking: 'answered' } as const)[from],
          afterMs: 20,
          kind: 'broadcast',
          talkMs: 40,
        },
      ],
      callee: () => picksUp(150, 200),
    },
    check: (outcome) => {
      checkAnswered(outcome, 250);
      expect(outcome.report.end).to.include({ kind: 'answered', hangupBy: 'callee' });
    },
  })),
];

/** What the dialplan has scheduled for itself, and what became of it; the router never deletes any. */
function foreign({ report }: Outcome): readonly TaskReport[] {
  const tasks = report.tasks.filter(({ guard }) => !guard);
  for (const task of tasks) expect(task.deletedBy, task.description).not.to.equal('router');
  return tasks;
}

/** The dialplan's guard, and each that the router has set instead, is deleted by the router. */
function checkGuards({ report }: Outcome, count: number): void {
  const guards = report.tasks.filter(({ guard }) => guard);
  expect(guards).to.have.length(count);
  for (const guard of guards) expect(guard).to.include({ outcome: 'deleted', deletedBy: 'router' });
}

/** Late enough for a busy machine to have come to the talk by then: 2 s of the simulation. */
const limit: DialplanTask = { application: 'sched_hangup', seconds: 20 };

const schedules: Scenario[] = [
  ...[false, true].flatMap((behindGuard) =>
    [true, false].map((tellsGuardId): Scenario => ({
      title: `a limit of the dialplan ${behindGuard ? 'behind' : 'in front of'} the guard ends the talk${tellsGuardId ? '' : ', though it does not say which task is the guard'}`,
      call: {
        schedules: [{ ...limit, behindGuard }],
        tellsGuardId,
        callee: () => answers(5000),
      },
      check: (outcome) => {
        const { report, record } = outcome;
        expect(foreign(outcome)).to.have.length(1);
        expect(foreign(outcome)[0]).to.include({ outcome: 'fired' });
        checkGuards(outcome, 2);
        expect(report.end).to.include({ kind: 'answered', hangupBy: 'switch' });
        expect(record).to.include({
          end: 'bridged',
          hangupCause: 'ALLOTTED_TIMEOUT',
          hungUpBy: 'switch',
        });
        const untold = record.notes.filter((note) => note.includes('esl_router_guard_id is not set'));
        expect(untold).to.have.length(tellsGuardId ? 0 : 1);
        const shows = report.commands.filter(({ text }) => text === 'api show tasks as json\n\n');
        if (tellsGuardId) expect(shows).to.deep.equal([]);
        else expect(shows).not.to.deep.equal([]);
      },
    })),
  ),
  {
    title: 'a notice of the dialplan is played into the talk',
    call: { schedules: [{ application: 'sched_broadcast', seconds: 10 }], callee: () => picksUp(5, 1500) },
    check: (outcome) => {
      expect(foreign(outcome).map(({ outcome }) => outcome)).to.deep.equal(['fired']);
      checkGuards(outcome, 2);
      expect(outcome.record).to.include({ end: 'bridged', hungUpBy: 'callee' });
    },
  },
  {
    title: 'a limit of the dialplan outlives a call that was given back',
    reply: { status: 204 },
    call: { schedules: [{ ...limit, seconds: 80 }] },
    check: (outcome) => {
      expect(outcome.report.end.kind).to.equal('dialplan');
      // By the `sched_cancel` of the fallback extension, and not before.
      expect(foreign(outcome).map(({ deletedBy }) => deletedBy)).to.deep.equal(['dialplan']);
      checkGuards(outcome, 1);
    },
  },
  {
    title: 'a limit of the dialplan goes with a caller who is moved',
    scheme: { webhook: { timeoutSeconds: 8 } },
    reply: { hang: true },
    call: {
      schedules: [limit],
      moves: [{ at: 'connected', afterMs: 40, kind: 'transfer', talkMs: 5000 }],
    },
    check: (outcome) => {
      expect(foreign(outcome).map(({ outcome }) => outcome)).to.deep.equal(['fired']);
      checkGuards(outcome, 1);
      expect(outcome.record).to.include({
        end: 'moved',
        hangupCause: 'ALLOTTED_TIMEOUT',
        hungUpBy: 'switch',
      });
    },
  },
  {
    title: 'a limit of the dialplan ends a call that rings',
    scheme: { forwardingTimeoutSeconds: 40 },
    call: { schedules: [{ ...limit, seconds: 15 }], callee: () => rings },
    check: (outcome) => {
      foreign(outcome);
      expect(outcome.record).to.include({
        end: 'switch_hangup',
        reason: 'switch_hung_up',
        hangupCause: 'ALLOTTED_TIMEOUT',
        hungUpBy: 'switch',
      });
    },
  },
];

/** The guard is what FreeSWITCH has scheduled, and not what a variable says of it. */
const oldDialplans: Scenario[] = (
  [
    [
      'does not say which task is the guard',
      { tellsGuardId: false },
      /esl_router_guard_id is not set: add </,
    ],
    [
      'writes "8s" for its seconds',
      { variables: { esl_router_guard: '8s' } },
      /esl_router_guard is "8s", and a sched_transfer runs: add </,
    ],
    [
      'says nothing of its guard',
      { variables: { esl_router_guard: '' }, tellsGuardId: false },
      /esl_router_guard is not set, and a sched_transfer runs: add </,
    ],
  ] as const
).flatMap(([what, call, note]): Scenario[] => {
  const checkNoted = ({ record }: Outcome): void => {
    expect(record.notes.filter((text) => note.test(text))).to.have.length(1);
  };
  return [
    {
      title: `a dialplan that ${what}: it is lifted when they talk`,
      call: { ...call, callee: () => answers(400) },
      check: (outcome) => {
        checkNoted(outcome);
        checkGuards(outcome, 2);
        expect(outcome.report.end).to.include({ kind: 'answered', hangupBy: 'caller' });
        expect(outcome.record).to.include({ end: 'bridged', hungUpBy: 'caller' });
      },
    },
    {
      title: `a dialplan that ${what}: nobody is there, and the call is given back`,
      reply: { status: 204 },
      call,
      check: (outcome) => {
        checkNoted(outcome);
        checkGuards(outcome, 1);
        expect(outcome.report.end.kind).to.equal('dialplan');
      },
    },
  ];
});

const odd: Scenario[] = [
  {
    title: 'a switch that refuses uuid_ring_ready bridges all the same',
    call: { refuses: ['uuid_ring_ready'] },
    check: ({ report, record, dialled }) => {
      expect(dialled).to.have.length(1);
      expect(report.end.kind).to.equal('answered');
      expect(record).to.include({ end: 'bridged', reason: 'answered', result: 'routed' });
      expect(record.notes).to.deep.equal(['FreeSWITCH refused uuid_ring_ready: -ERROR']);
    },
  },
  {
    title: '70 KB of variables are served like any others',
    call: { variables: { junk: 'x'.repeat(70_000) } },
    check: ({ report, record, requests }) => {
      expect(requests).to.have.length(1);
      expect(report.end.kind).to.equal('answered');
      expect(record).to.include({ end: 'bridged', reason: 'answered' });
      expect(record.notes).to.deep.equal([]);
    },
  },
  {
    title: 'a callee who is gone at once leaves the caller to the guard while the next CRM hangs',
    scheme: {
      webhook: { timeoutSeconds: 8 },
      fallback: { onNoAnswer: [{ webhook: 'CRM/backup' }, { dial: '202' }] },
    },
    reply: { route: { json: { destination: '201' } }, backup: { hang: true } },
    call: { guardSeconds: 12 },
    callees: { '201': { kind: 'gone', afterMs: 5 } },
    check: ({ report, record, dialled }) => {
      expect(dialled).to.deep.equal(['user/201@pbx.example']);
      expect(report.end.kind).to.equal('guard');
      expect(record).to.include({ end: 'guard', reason: 'guard_fired' });
      expect(record.requests.map(({ answer }) => answer)).to.deep.equal(['found', 'abandoned']);
      // The dialplan's own, the one for the bridge, and the one for the question behind it.
      expect(report.tasks.map(({ outcome }) => outcome)).to.deep.equal(['deleted', 'deleted', 'fired']);
    },
  },
];

/** Call-IDs as they were seen in the wild; the second one could be two arguments of an API command, or more. */
const UUIDS: readonly (readonly [string, boolean])[] = [
  ['420009675@206.0.2.', true],
  ['u{cX820%bek@host', false],
];
let serial = 0;

const names: Scenario[] = UUIDS.flatMap(([text, nameable]) => {
  const row = (title: string, scenario: Omit<Scenario, 'title'>): Scenario => {
    const uuid = `${text}${++serial}`;
    return {
      ...scenario,
      title: `a call named ${uuid}: ${title}`,
      readAs: uuid.replace('%be', '\u00be'),
      call: { ...scenario.call, uuid },
      check: async (outcome) => {
        const { report, record } = outcome;
        expect(report.uuid).to.equal(uuid);
        const named = report.commands.filter(({ text }) => text.startsWith('api ') && text.includes(uuid));
        if (!nameable) expect(named, 'no command of which it could be two arguments').to.deep.equal([]);
        else expect(named).not.to.deep.equal([]);
        expect(record.notes).to.deep.equal([]);
        await scenario.check(outcome);
      },
    };
  };
  return [
    row('bridged and lifted', {
      call: { callee: () => answers(400) },
      check: (outcome) => {
        checkGuards(outcome, 2);
        expect(outcome.record).to.include({ end: 'bridged', reason: 'answered', hungUpBy: 'caller' });
      },
    }),
    row('no answer, and the next step', {
      scheme: TRY_NEXT,
      callees: { '201': rings },
      check: (outcome) => {
        checkNext(outcome);
        checkGuards(outcome, 3);
      },
    }),
    row('given back', {
      reply: { status: 204 },
      check: (outcome) => {
        expect(outcome.report.end.kind).to.equal('dialplan');
        expect([outcome.marker('result'), outcome.marker('reason')]).to.deep.equal([
          'no_route',
          'no_content',
        ]);
        checkGuards(outcome, 1);
      },
    }),
    row('given back behind a bridge', {
      callees: { '201': busy },
      check: (outcome) => {
        expect(outcome.report.end.kind).to.equal('dialplan');
        expect([outcome.marker('result'), outcome.marker('reason')]).to.deep.equal(['no_answer', 'busy']);
        checkGuards(outcome, 2);
      },
    }),
    row('hung up', {
      reply: { json: { destination: { hangup: 'USER_BUSY' } } },
      check: (outcome) => {
        expect(outcome.report.end).to.deep.equal({ kind: 'hangup', cause: 'USER_BUSY', sipCode: 486 });
        expect(outcome.record).to.include({ end: 'hangup', hungUpBy: 'router' });
        checkGuards(outcome, 1);
      },
    }),
    row('moved while they talk', {
      call: {
        moves: [{ at: 'answered', afterMs: 60, kind: 'transfer', talkMs: 80 }],
        callee: () => answers(5000),
      },
      check: (outcome) => {
        expect(outcome.record).to.include({ end: 'moved', reason: 'answered', hungUpBy: 'caller' });
        expect(outcome.record.moves[0]).to.include({ by: 'transfer', from: 'talking', to: '700 public' });
        checkGuards(outcome, 2);
      },
    }),
  ];
});

scenarios('answers that are not the callee’s', answersOfOthers);
scenarios('sounds of others', broadcasts);
scenarios('schedules of the dialplan', [...schedules, ...oldDialplans]);
scenarios('odd calls', [...odd, ...names]);
