import { expect } from 'chai';
import { answers, busy, rings, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** The dialplan's guard: lifted in time, obeyed when it has fired. */

const HANGS = { hang: true } as const;

/** `sched_del` once, before and in one write with what it makes room for. */
function checkLifted({ report, record }: Outcome, before: string): void {
  const { commands } = report;
  const lifted = commands.flatMap(({ text }, index) => (text.startsWith('api sched_del ') ? [index] : []));
  expect(lifted).to.have.length(1);
  const decided = commands.findIndex(({ text }) => text.includes(before));
  expect(decided).to.be.above(lifted[0] ?? Infinity);
  expect(record.notes).to.deep.equal([]);
}

const lifted: Scenario[] = [
  {
    title: 'lifted before the bridge',
    check: (outcome) => {
      checkLifted(outcome, 'app-name: bridge');
    },
  },
  {
    title: 'lifted once for several bridges',
    reply: { json: { destination: ['201', '202', '203'] } },
    callees: { '201': busy, '202': rings },
    check: (outcome) => {
      checkLifted(outcome, 'app-name: bridge');
      expect(outcome.report.bridges).to.have.length(3);
    },
  },
  {
    title: 'lifted before a transfer',
    reply: { json: { destination: '201' } },
    scheme: { extensions: 'dialplan' },
    check: (outcome) => {
      checkLifted(outcome, 'app-name: transfer');
    },
  },
  {
    title: 'lifted before the call is given back',
    reply: { status: 204 },
    check: (outcome) => {
      checkLifted(outcome, 'exit');
    },
  },
  {
    title: 'lifted before a hang-up',
    reply: { json: { destination: { hangup: 'USER_BUSY' } } },
    check: (outcome) => {
      checkLifted(outcome, 'call-command: hangup');
    },
  },
  {
    title: 'none is there, and nothing is said of it',
    guard: null,
    check: ({ report }) => {
      expect(report.commands.some(({ text }) => text.includes('sched_del'))).to.equal(false);
    },
  },
  {
    title: 'the dialplan told of one that it never set: a note, and the call goes on',
    guard: null,
    call: { variables: { esl_router_guard: '30' } },
    check: ({ record, report }) => {
      expect(record.notes).to.deep.equal(['the guard was not lifted: +OK Deleted: 0']);
      expect(report.end.kind).to.equal('answered');
    },
  },
  {
    title: 'nonsense in esl_router_guard is no guard',
    guard: null,
    call: { variables: { esl_router_guard: '8s' } },
    check: ({ report }) => {
      expect(report.end.kind).to.equal('answered');
    },
  },
];

const fired: Scenario[] = [
  {
    title: 'fired before the decision: the call is left alone',
    scheme: { webhook: { timeoutSeconds: 8 }, fallback: { onError: [{ dial: '900' }] } },
    reply: HANGS,
    call: { guardSeconds: 12 },
    check: ({ report, record, requests }) => {
      expect(report.end.kind).to.equal('guard');
      expect(record).to.include({ end: 'guard', reason: 'guard_fired' });
      expect(requests).to.have.length(1);
      expect(record.requests[0]?.answer).to.equal('abandoned');
      expect(record.bridges).to.deep.equal([]);
      const said = report.commands.map(({ text }) => text.split(/[ \n]/)[0]);
      expect(said.filter((word) => word === 'sendmsg')).to.deep.equal([]);
      expect(said.at(-1)).to.equal('exit');
    },
  },
  {
    title: 'fired while he hears ringing already',
    scheme: { webhook: { timeoutSeconds: 8 }, waiting: { ringAfterMs: 0 } },
    reply: HANGS,
    call: { guardSeconds: 12 },
    check: ({ report, record }) => {
      expect(report.end.kind).to.equal('guard');
      expect(record.end).to.equal('guard');
    },
  },
  {
    title: 'an answered call outlives it',
    call: { guardSeconds: 15, callee: () => answers(2000) },
    check: ({ report, record }) => {
      expect(report.end).to.include({ kind: 'answered', hangupBy: 'caller' });
      expect((record.endedMs ?? 0) - (record.answeredMs ?? 0)).to.be.above(1900);
    },
  },
  {
    title: 'a long hunt outlives it',
    scheme: { forwardingTimeoutSeconds: 10 },
    reply: { json: { destination: ['201', '202', '203'] } },
    call: { guardSeconds: 15 },
    callees: { '201': rings, '202': rings },
    check: ({ report }) => {
      expect(report.end).to.have.nested.property('leg.user', '203');
    },
  },
];

/** In real seconds: the daemon's clock knows no others. */
const budgets: readonly Scenario[] = [
  {
    title: 'the budget is never longer than the guard less 2 s',
    scheme: { webhook: { timeoutSeconds: 20 }, fallback: { onError: [{ dial: '900' }] } },
    reply: HANGS,
    call: { guardSeconds: 3 },
    check: ({ report, record, dialled }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect(report.timings.firstDecisionMs).to.be.within(980, 1900);
      expect(record.requests[0]).to.include({ answer: 'webhook_timeout' });
    },
  },
  {
    title: 'a guard of 2 s leaves no time to ask: the fallback at once',
    scheme: { fallback: { onError: [{ dial: '900' }] } },
    call: { guardSeconds: 2 },
    check: ({ report, dialled, requests }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect(requests).to.deep.equal([]);
      expect(report.timings.firstDecisionMs).to.be.below(900);
    },
  },
  {
    title: 'a short scheme keeps its own budget under a long guard',
    scheme: { webhook: { timeoutSeconds: 0.5 }, fallback: { onError: [{ dial: '900' }] } },
    reply: HANGS,
    call: { guardSeconds: 8 },
    check: ({ report }) => {
      expect(report.timings.firstDecisionMs).to.be.within(480, 1400);
    },
  },
];

scenarios('the guard', [...lifted, ...fired]);
scenarios('the guard and the budget', budgets, { switch: { secondMs: 1000 } });
