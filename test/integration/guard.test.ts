import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import { startCrm } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { RawSwitch } from '../support/raw-switch.ts';
import { answers, busy, rings, scenarios, type Outcome, type Scenario } from '../support/scenario.ts';

/** The dialplan's guard: lifted in time, obeyed when it has fired. */

const HANGS = { hang: true } as const;

const indexes = ({ report }: Outcome, text: string): number[] =>
  report.commands.flatMap((command, index) => (command.text.includes(text) ? [index] : []));

/** `sched_del` once, before what it makes room for. */
function checkLifted(outcome: Outcome, before: string): void {
  const lifts = indexes(outcome, 'api sched_del ');
  expect(lifts).to.have.length(1);
  expect(indexes(outcome, before)[0]).to.be.above(lifts[0] ?? Infinity);
  expect(indexes(outcome, 'sched_transfer')).to.deep.equal([]);
  expect(outcome.record.notes).to.deep.equal([]);
}

/** Each bridge has its own `sched_del` and `sched_transfer` in front, by its timeout and the guard's own seconds. */
function checkPushedBack(outcome: Outcome, seconds: readonly number[]): void {
  const { report, record } = outcome;
  const bridges = indexes(outcome, 'app-name: bridge');
  expect(bridges).to.have.length(seconds.length);
  for (const [n, bridge] of bridges.entries()) {
    const before = report.commands.slice(n === 0 ? 0 : bridges[n - 1], bridge).map(({ text }) => text);
    const guard = before.filter((text) => /^api sched_/.test(text));
    expect(guard).to.deep.equal([
      `api sched_del ${report.uuid}\n\n`,
      `api sched_transfer +${seconds[n] ?? 0} ${report.uuid} esl_router_fallback XML public\n\n`,
    ]);
  }
  for (const leg of report.legs)
    expect(leg.variables.get('api_on_answer')).to.equal(`sched_del ${report.uuid}`);
  expect(record.notes).to.deep.equal([]);
}

const lifted: Scenario[] = [
  {
    title: 'pushed back before the bridge, and lifted once more when the callee has answered',
    call: { callee: () => answers(150) },
    check: (outcome) => {
      const [, ...after] = indexes(outcome, 'api sched_del ');
      expect(after).to.have.length(1);
      expect(after[0]).to.be.above(indexes(outcome, 'app-name: bridge')[0] ?? Infinity);
      checkPushedBack(outcome, [102]);
    },
  },
  {
    title: 'pushed back before each of several bridges, and lifted before the call is given back',
    reply: { json: { destination: [{ destination: '201', timeout: 3 }, '202', '203'] } },
    callees: { '201': busy, '202': rings, '203': busy },
    check: (outcome) => {
      checkPushedBack(outcome, [103, 102, 102]);
      expect(indexes(outcome, 'api sched_del ').at(-1)).to.be.above(
        indexes(outcome, 'app-name: bridge')[2] ?? Infinity,
      );
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
    check: (outcome) => {
      expect(indexes(outcome, 'sched_')).to.deep.equal([]);
      expect(outcome.dialled).to.have.length(1);
    },
  },
  {
    title: 'the dialplan told of one that it never set: a note, and the call goes on',
    guard: null,
    call: { variables: { esl_router_guard: '30' } },
    check: ({ record, report }) => {
      expect(record.notes).to.include('the guard was not lifted: +OK Deleted: 0');
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
    title: 'the fresh budget of a webhook after a bridge is never longer either',
    scheme: {
      webhook: { timeoutSeconds: 8 },
      fallback: { onNoAnswer: [{ webhook: 'CRM/backup' }, { dial: '900' }] },
    },
    reply: { route: { json: { destination: '201' } }, backup: HANGS },
    call: { guardSeconds: 3 },
    switch: { parkedMs: 3000 },
    callees: { '201': rings },
    check: ({ dialled, record }) => {
      expect(record.end).to.equal('bridged');
      expect(dialled).to.deep.equal(['user/201@pbx.example', 'user/900@pbx.example']);
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

/** The guard's event has come: the router takes its leave, and its record says why. */
async function leavesToGuard(daemon: Daemon, peer: RawSwitch): Promise<void> {
  await peer.heard(/exit\n\n/);
  peer.destroy();
  expect(await daemon.record(peer.uuid)).to.include({ end: 'guard', reason: 'guard_fired' });
}

describe('the guard and a standstill of the router', function () {
  this.timeout(20_000);

  it('asks whether the leg is still its own before it does anything to it', async () => {
    // 100 ms more than the second before the guard of 3 s, when the router can not be sure any more.
    const standstill = async (): Promise<void> => {
      daemon.signal('SIGSTOP');
      await delay(2_100);
      daemon.signal('SIGCONT');
    };
    const crm = await startCrm(async () => {
      await standstill();
      return { status: 200, body: '{"destination":"201"}' };
    });
    const daemon = await Daemon.start({
      schemes: [{ name: 'slow', webhook: { url: crm.url }, waiting: { ringAfterMs: null } }],
    });
    try {
      const peer = await RawSwitch.dial(daemon.address, '00000000-0000-4000-8000-000000000001');
      await peer.heard(/^connect\n\n/);
      peer.greet('slow', { variable_esl_router_guard: '3' });
      await peer.heard(/api uuid_exists/);
      peer.event('CHANNEL_EXECUTE_COMPLETE', { Application: 'socket', 'Answer-State': 'ringing' });
      peer.api('true');
      await leavesToGuard(daemon, peer);
      expect(peer.said).not.to.match(/sendmsg|sched_|uuid_setvar/);
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });
});

describe('a guard that fires in the moment of the connection', () => {
  it('is heard of, though its event comes with the reply to connect', async () => {
    const crm = await startCrm(() => ({ status: 200, body: '{"destination":"201"}', delayMs: 200 }));
    const daemon = await Daemon.start({ schemes: [{ name: 'late', webhook: { url: crm.url } }] });
    try {
      const peer = await RawSwitch.dial(daemon.address, '00000000-0000-4000-8000-000000000003');
      await peer.heard(/^connect\n\n/);
      peer.inOneWrite(() => {
        peer.greet('late', { variable_esl_router_guard: '8' });
        peer.event('CHANNEL_EXECUTE_COMPLETE', { Application: 'socket', 'Answer-State': 'ringing' });
      });
      await leavesToGuard(daemon, peer);
      expect(peer.said).not.to.match(/sendmsg|sched_|uuid_setvar/);
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });
});

describe('a guard that fires while it is pushed back', () => {
  it('leaves nothing scheduled that would take the caller out of the fallback later', async () => {
    const crm = await startCrm(() => ({ status: 200, body: '{"destination":"201"}' }));
    const daemon = await Daemon.start({ schemes: [{ name: 'now', webhook: { url: crm.url } }] });
    try {
      const peer = await RawSwitch.dial(daemon.address, '00000000-0000-4000-8000-000000000002');
      await peer.heard(/^connect\n\n/);
      peer.greet('now', { variable_esl_router_guard: '8', 'Caller-Context': 'public' });
      await peer.heard(/app-name: bridge/);
      expect(peer.said).to.match(/api sched_transfer \+38 /);
      // sched_del, sched_transfer, the variables, ring_ready and bridge, all of them behind the guard.
      for (const reply of ['+OK Deleted: 0\n', '+OK Added: 2\n', '+OK\n', '+OK\n']) peer.api(reply);
      peer.event('CHANNEL_EXECUTE_COMPLETE', { Application: 'socket', 'Answer-State': 'ringing' });
      peer.ok();
      const [, behind = ''] = await peer.heard(/app-name: bridge([^]*api sched_del \S+\n\n)/);
      expect(behind).not.to.include('exit');
      peer.api('+OK Deleted: 1\n');
      await leavesToGuard(daemon, peer);
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });
});
