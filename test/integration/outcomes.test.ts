import { expect } from 'chai';
import type { CalleeBehaviour } from '../../lib/simulator/index.ts';
import { answers, busy, fails, rings, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** What FreeSWITCH says of a bridge -> the outcome in the record, the list that is taken, the markers. */

interface Row {
  readonly title: string;
  readonly callee: CalleeBehaviour;
  readonly cause: string;
  readonly outcome: 'no_answer' | 'busy' | 'rejected' | 'unreachable';
  readonly scheme?: Scenario['scheme'];
  readonly reply?: string;
  readonly switch?: Scenario['switch'];
}

const sip = (sipCode: number): CalleeBehaviour => ({ kind: 'fail', cause: '', sipCode, afterMs: 10 });

const ROWS: readonly Row[] = [
  { title: 'timeout', callee: rings, cause: 'NO_ANSWER', outcome: 'no_answer' },
  {
    title: 'early media for ever',
    callee: { kind: 'early-media', afterMs: 5 },
    cause: 'NO_ANSWER',
    outcome: 'no_answer',
  },
  { title: '486', callee: sip(486), cause: 'USER_BUSY', outcome: 'busy' },
  { title: '600', callee: sip(600), cause: 'USER_BUSY', outcome: 'busy' },
  { title: '404', callee: sip(404), cause: 'UNALLOCATED_NUMBER', outcome: 'unreachable' },
  { title: '603', callee: sip(603), cause: 'CALL_REJECTED', outcome: 'rejected' },
  { title: '480', callee: sip(480), cause: 'NO_USER_RESPONSE', outcome: 'no_answer' },
  { title: '500', callee: sip(500), cause: 'NORMAL_TEMPORARY_FAILURE', outcome: 'unreachable' },
  { title: '503', callee: sip(503), cause: 'NORMAL_TEMPORARY_FAILURE', outcome: 'unreachable' },
  { title: '502', callee: sip(502), cause: 'NETWORK_OUT_OF_ORDER', outcome: 'unreachable' },
  { title: '302', callee: { kind: 'redirect' }, cause: 'REQUESTED_CHAN_UNAVAIL', outcome: 'unreachable' },
  {
    title: 'a user who is not registered',
    callee: answers(),
    cause: 'USER_NOT_REGISTERED',
    outcome: 'unreachable',
    switch: { users: (login) => (login === '201' ? 'unregistered' : 'registered') },
  },
  {
    title: 'a user whom nobody knows',
    callee: answers(),
    cause: 'SUBSCRIBER_ABSENT',
    outcome: 'unreachable',
    switch: { users: (login) => (login === '201' ? 'unknown' : 'registered') },
  },
  {
    title: 'a gateway that nobody knows',
    callee: answers(),
    cause: 'INVALID_GATEWAY',
    outcome: 'unreachable',
    reply: '380501234567',
    switch: { gateways: ['another'] },
  },
  {
    title: 'a gateway that stays silent',
    callee: { kind: 'silent' },
    cause: 'PROGRESS_TIMEOUT',
    outcome: 'unreachable',
    reply: '380501234567',
    scheme: { bridge: { progressTimeoutSeconds: 2 }, forwardingTimeoutSeconds: 20 },
  },
];

const LISTS = {
  onNoAnswer: [{ dial: '301' }],
  onBusy: [{ dial: '302' }],
  onRejected: [{ dial: '303' }],
  onUnreachable: [{ dial: '304' }],
};
const TAKEN = { no_answer: '301', busy: '302', rejected: '303', unreachable: '304' };

/** Markers as they were in the command before each bridge; those of the guard name the one that is set then. */
function markersBefore({ report }: Outcome): Record<string, string>[] {
  const bridges = report.commands.flatMap(({ text }, index) =>
    text.includes('app-name: bridge') ? [index] : [],
  );
  return bridges.map((bridge) => {
    const set = report.commands.slice(0, bridge).findLast(({ text }) => text.includes('uuid_setvar_multi'));
    const pairs = [...(set?.text ?? '').matchAll(/(?<=[ ;])esl_router_(\w+)=([^;\n]*)/g)];
    return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
  });
}

/** What each set of markers says besides: the number of the pass, and the n-th guard that the router has set. */
function alsoSaid({ record, report, name }: Outcome, n: number): Record<string, string> {
  const guards = report.tasks.filter(({ guard, owner }) => guard && owner === 'router');
  return {
    scheme: name,
    trace: record.id,
    pass: `1:${record.id}`,
    guard_id: String(guards[n]?.id ?? 'none'),
  };
}

const failed = ROWS.map(({ title, callee, cause, outcome, reply = '201', ...row }): Scenario => ({
  title: `${title}: ${cause}, ${outcome}`,
  scheme: { ...row.scheme, fallback: LISTS },
  ...(row.switch && { switch: row.switch }),
  reply: { json: { destination: reply } },
  call: { callee: ({ user }) => (user === reply ? callee : answers()) },
  check: (result) => {
    const { record, report, line } = result;
    expect(record.bridges[0]).to.include({ cause, outcome });
    expect(line['rang']).to.deep.equal([`${outcome} (${cause})`, 'answered (NORMAL_CLEARING)']);
    expect(report.end).to.have.nested.property('leg.user', TAKEN[outcome]);
    expect(markersBefore(result)).to.deep.equal([
      { result: 'routed', reason: 'routed', destination: reply, ...alsoSaid(result, 0) },
      { result: 'no_answer', reason: outcome, destination: TAKEN[outcome], ...alsoSaid(result, 1) },
    ]);
    expect(record).to.include({ via: 'fallback', end: 'bridged', result: 'no_answer', reason: outcome });
  },
}));

const others: Scenario[] = [
  {
    title: 'answered: the markers, the record, who hung up',
    scheme: { fallback: LISTS },
    callees: { '201': { kind: 'answer', afterMs: 60, talkMs: 60, hangup: 'callee' } },
    check: (result) => {
      const { record, report, line } = result;
      expect(markersBefore(result)).to.deep.equal([
        { result: 'routed', reason: 'routed', destination: '201', ...alsoSaid(result, 0) },
      ]);
      expect(report.end).to.include({ kind: 'answered', hangupBy: 'callee' });
      expect(record).to.include({
        end: 'bridged',
        via: 'primary',
        result: 'routed',
        reason: 'answered',
        destination: '201',
        hangupCause: 'NORMAL_CLEARING',
        hungUpBy: 'callee',
        answeredBy: '201',
      });
      expect(line['answeredBy']).to.equal('201');
      expect(record.bridges[0]?.answeredBy).to.equal('201');
      expect(record.answeredMs).to.be.above(record.decidedMs ?? Infinity);
      expect(record.endedMs).to.be.above(record.answeredMs ?? Infinity);
      expect(line).to.include({ level: 'info', message: 'ended', status: 200, answer: 'found' });
    },
  },
  {
    title: 'answered, and the caller hangs up',
    check: ({ record }) => {
      expect(record).to.include({ end: 'bridged', hungUpBy: 'caller', hangupCause: 'NORMAL_CLEARING' });
    },
  },
  ...(['onBusy', 'onRejected', 'onUnreachable'] as const).map((list): Scenario => {
    const cause = { onBusy: 'USER_BUSY', onRejected: 'CALL_REJECTED', onUnreachable: 'UNALLOCATED_NUMBER' }[
      list
    ];
    return {
      title: `${list} is onNoAnswer when it is not there`,
      scheme: { fallback: { onNoAnswer: [{ dial: '301' }] } },
      callees: { '201': fails(cause) },
      check: ({ dialled }) => {
        expect(dialled).to.deep.equal(['user/201@pbx.example', 'user/301@pbx.example']);
      },
    };
  }),
  {
    title: 'the list is that of the last outcome when the CRM named several',
    scheme: { fallback: LISTS },
    reply: { json: { destination: ['201', '202'] } },
    callees: { '201': fails('USER_BUSY'), '202': fails('CALL_REJECTED') },
    check: ({ dialled }) => {
      expect(dialled.at(-1)).to.equal('user/303@pbx.example');
    },
  },
  {
    title: 'a list that is used up ends in the dialplan, with the first outcome in the markers',
    scheme: { fallback: { onBusy: [{ dial: '302' }] } },
    callees: { '201': fails('USER_BUSY'), '302': fails('CALL_REJECTED') },
    check: ({ report, marker, record }) => {
      expect(report.end.kind).to.equal('dialplan');
      expect([marker('result'), marker('reason'), marker('destination') ?? '']).to.deep.equal([
        'no_answer',
        'busy',
        '',
      ]);
      expect(record).to.include({ end: 'dialplan', via: 'fallback', result: 'no_answer', reason: 'busy' });
    },
  },
];

const NUMBER = '380501234567';
const down = fails('NORMAL_TEMPORARY_FAILURE');
const causes = ({ record }: Outcome): (string | null)[] => record.bridges.map(({ cause }) => cause);

/** A number and a user who ring together, where the number can go through two gateways. */
const group = (
  title: string,
  destinations: readonly string[],
  at: Readonly<Record<string, CalleeBehaviour>>,
  check: Scenario['check'],
  forwardingTimeoutSeconds = 10,
): Scenario => ({
  title: `rung together: ${title}`,
  scheme: { gateway: ['first', 'second'], forwardingTimeoutSeconds, fallback: LISTS },
  reply: { json: { destination: [destinations] } },
  call: { callee: ({ gateway, user }) => at[gateway ?? user] ?? answers() },
  check,
});

const groups: Scenario[] = [
  ...[
    [NUMBER, '201'],
    ['201', NUMBER],
  ].map((order) =>
    group(
      `the number's gateway fails and the user is busy: the number alone is tried again (${order.join(', ')})`,
      order,
      { first: down, '201': busy },
      (outcome) => {
        const { dialled, record, report } = outcome;
        expect(dialled.filter((endpoint) => endpoint.startsWith('user/'))).to.have.length(1);
        expect(dialled.at(-1)).to.equal(`sofia/gateway/second/${NUMBER}`);
        expect(dialled).to.have.length(3);
        expect(report.end).to.have.nested.property('leg.gateway', 'second');
        expect(record).to.include({ end: 'bridged', via: 'primary', result: 'routed', destination: NUMBER });
        expect(causes(outcome)).to.deep.equal(['USER_BUSY', 'NORMAL_CLEARING']);
      },
    ),
  ),
  group(
    'no gateway reaches the number and the user was busy: busy',
    [NUMBER, '201'],
    { first: down, second: down, '201': busy },
    (outcome) => {
      expect(causes(outcome)).to.deep.equal(['USER_BUSY', 'NORMAL_TEMPORARY_FAILURE', 'NORMAL_CLEARING']);
      expect(outcome.dialled.at(-1)).to.equal('user/302@pbx.example');
      expect(outcome.record.reason).to.equal('busy');
    },
  ),
  group(
    'a number that was busy is not tried again',
    [NUMBER, '201'],
    { first: busy, '201': fails('CALL_REJECTED') },
    (outcome) => {
      expect(outcome.dialled).to.deep.equal([
        `sofia/gateway/first/${NUMBER}`,
        'user/201@pbx.example',
        'user/302@pbx.example',
      ]);
    },
  ),
  group(
    'of two numbers the one whose gateway failed',
    [NUMBER, '380509876543'],
    { first: down },
    (outcome) => {
      expect(outcome.dialled).to.deep.equal([
        `sofia/gateway/first/${NUMBER}`,
        'sofia/gateway/first/380509876543',
        `sofia/gateway/second/${NUMBER}`,
        'sofia/gateway/second/380509876543',
      ]);
    },
  ),
  {
    ...group(
      'the user rings to the end while the gateway has failed: the record says that the number was not tried again',
      [NUMBER, '201'],
      { first: down, '201': rings },
      (outcome) => {
        expect(causes(outcome)[0]).to.equal('NO_ANSWER');
        expect(outcome.record.notes.join()).to.include(
          `${NUMBER}: no time is left to try the gateway second`,
        );
        expect(outcome.dialled.at(-1)).to.equal('user/301@pbx.example');
      },
      2,
    ),
    // The router's own clock counts the time that is left.
    switch: { secondMs: 1000 },
  },
  {
    title: 'the last gateway may be silent to the end: a slow number has all the time',
    scheme: { gateway: ['first', 'second'], forwardingTimeoutSeconds: 10, fallback: LISTS },
    reply: { json: { destination: NUMBER } },
    call: {
      callee: ({ gateway }) =>
        gateway === null ? answers() : gateway === 'first' ? down : { kind: 'silent' },
    },
    check: (outcome) => {
      expect(causes(outcome)).to.deep.equal(['NORMAL_TEMPORARY_FAILURE', 'NO_ANSWER', 'NORMAL_CLEARING']);
      expect(outcome.dialled.at(-1)).to.equal('user/301@pbx.example');
    },
  },
  {
    title: 'a short time is shared: the next gateway has half of it',
    scheme: { gateway: ['first', 'second'], forwardingTimeoutSeconds: 6 },
    reply: { json: { destination: NUMBER } },
    call: { callee: ({ gateway }) => (gateway === 'first' ? { kind: 'silent' } : answers()) },
    check: (outcome) => {
      expect(causes(outcome)).to.deep.equal(['PROGRESS_TIMEOUT', 'NORMAL_CLEARING']);
    },
  },
];

scenarios('outcomes of a bridge', [...failed, ...others, ...groups]);
