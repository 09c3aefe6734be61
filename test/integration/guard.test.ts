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

/** The ids of the dialplan's guard and of those that the router has set instead, in their order. */
const guards = ({ report }: Outcome): number[] =>
  report.tasks.filter(({ guard }) => guard).map(({ id }) => id);

/** The dialplan's own is deleted by its id, once, before what it makes room for; and nothing else is scheduled. */
function checkLifted(outcome: Outcome, before: string): void {
  const [id = 0, ...others] = guards(outcome);
  expect(others).to.deep.equal([]);
  const [lift = Infinity] = indexes(outcome, `api sched_del ${id}\n\n`);
  expect(indexes(outcome, ' sched_')).to.deep.equal([lift]);
  expect(indexes(outcome, before)[0]).to.be.above(lift);
  expect(outcome.record.notes).to.deep.equal([]);
}

/**
 * Before each bridge a new guard is set, by the bridge's timeout and the dialplan's seconds, and the one before is deleted.
 * What is on the callee's leg and on the caller's deletes the new one, should the router be dead by then.
 */
function checkPushedBack(outcome: Outcome, seconds: readonly number[]): void {
  const { report, record } = outcome;
  const bridges = indexes(outcome, 'app-name: bridge');
  const ids = guards(outcome);
  expect(bridges).to.have.length(seconds.length);
  expect(ids).to.have.length(seconds.length + 1);
  for (const [n, bridge] of bridges.entries()) {
    const [old = 0, id = 0] = ids.slice(n);
    const before = report.commands.slice(n === 0 ? 0 : bridges[n - 1], bridge).map(({ text }) => text);
    expect(before.filter((text) => text.startsWith('api sched_'))).to.deep.equal([
      `api sched_api +${seconds[n] ?? 0} ${report.uuid} uuid_transfer ${report.uuid} esl_router_fallback XML public\n\n`,
      `api sched_del ${old}\n\n`,
    ]);
    expect(report.legs[n]?.variables.get('api_before_bridge')).to.equal(`sched_del ${id}`);
    const variables = before.find((text) => text.startsWith('api uuid_setvar_multi ')) ?? '';
    for (const assignment of [
      `esl_router_guard_id=${id}`,
      `api_before_bridge_esl_router=sched_del ${id}`,
      `execute_on_blind_transfer_esl_router=sched_cancel ${id}`,
    ])
      expect(variables.trim().split(/[ ;](?=\w+=)/)).to.include(assignment);
  }
  expect(record.notes).to.deep.equal([]);
}

const lifted: Scenario[] = [
  {
    title: 'pushed back before the bridge, and lifted once more when the callee has answered',
    call: { callee: () => answers(150) },
    check: (outcome) => {
      checkPushedBack(outcome, [102]);
      const [own, pushed = 0] = guards(outcome);
      const [before = Infinity, ...after] = indexes(outcome, 'api sched_del ');
      expect([before, ...after].map((index) => outcome.report.commands[index]?.text)).to.deep.equal([
        `api sched_del ${own ?? 0}\n\n`,
        `api sched_del ${pushed}\n\n`,
      ]);
      const [bridge = Infinity] = indexes(outcome, 'app-name: bridge');
      expect(before).to.be.below(bridge);
      expect(after[0]).to.be.above(bridge);
    },
  },
  {
    title: 'pushed back before each of several bridges, and lifted before the call is given back',
    reply: { json: { destination: [{ destination: '201', timeout: 3 }, '202', '203'] } },
    callees: { '201': busy, '202': rings, '203': busy },
    check: (outcome) => {
      checkPushedBack(outcome, [103, 102, 102]);
      const [last] = indexes(outcome, `api sched_del ${guards(outcome)[3] ?? 0}\n\n`);
      expect(last).to.be.above(indexes(outcome, 'app-name: bridge')[2] ?? Infinity);
      expect(last).to.be.below(indexes(outcome, 'exit')[0] ?? 0);
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
    check: (outcome) => {
      const note =
        'esl_router_guard is "30", and the dialplan has scheduled nothing: add a sched_transfer before socket, or remove esl_router_guard';
      expect(outcome.record.notes).to.deep.equal([note]);
      expect(outcome.report.end.kind).to.equal('answered');
      expect(indexes(outcome, 'sched_')).to.deep.equal([]);
    },
  },
  {
    title: 'nonsense in esl_router_guard, and none scheduled, is no guard',
    guard: null,
    call: { variables: { esl_router_guard: '8s' } },
    check: (outcome) => {
      const note =
        'esl_router_guard is "8s", and the dialplan has scheduled nothing: add a sched_transfer before socket, or remove esl_router_guard';
      expect(outcome.record.notes).to.deep.equal([note]);
      expect(outcome.report.end.kind).to.equal('answered');
      expect(indexes(outcome, 'sched_')).to.deep.equal([]);
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
      expect(report.commands.filter(({ text }) => text.startsWith('sendmsg'))).to.deep.equal([]);
      // Its socket is held to the channel's end, and all that is said to it is the deletion of what has fired already.
      expect(report.commands.map(({ text }) => text).slice(-2)).to.deep.equal([
        `api sched_del ${report.tasks[0]?.id ?? 0}\n\n`,
        'exit\n\n',
      ]);
    },
  },
  {
    title: 'fired while he hears ringing already',
    scheme: { webhook: { timeoutSeconds: 8 }, waiting: { ringAfterMs: 0 } },
    reply: HANGS,
    call: { guardSeconds: 12 },
    check: ({ report, record }) => {
      expect(report.end.kind).to.equal('guard');
      expect(record).to.include({ end: 'guard', reason: 'guard_fired' });
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
    check: ({ record, dialled }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect(record.decidedMs).to.be.within(980, 8000);
      expect(record.requests[0]).to.include({ answer: 'webhook_timeout' });
    },
  },
  ...[1, 2].map((guardSeconds): Scenario => ({
    title: `a guard of ${guardSeconds} s leaves no time to ask: the fallback at once, for a reason of its own`,
    scheme: { fallback: { onError: [{ dial: '900' }] } },
    call: { guardSeconds },
    check: ({ record, dialled, requests }) => {
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect(requests).to.deep.equal([]);
      expect(record.decisions[0]).to.include({ result: 'error', reason: 'guard_too_short' });
      expect(record).to.include({ end: 'bridged', reason: 'guard_too_short' });
    },
  })),
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
    check: ({ record }) => {
      expect(record.decidedMs).to.be.within(480, 5500);
    },
  },
];

scenarios('the guard', [...lifted, ...fired]);
scenarios('the guard and the budget', budgets, { switch: { secondMs: 1000 } });

/** As FreeSWITCH says it of the guard on a router's socket. */
const FIRED = {
  Application: 'socket',
  'Answer-State': 'ringing',
  'Channel-State': 'CS_EXECUTE',
  'Caller-Transfer-Source': '1795662087:6838763b:bl_xfer:esl_router_fallback/public/XML',
} as const;

/** The guard's event has come: the router deletes what is left, and holds the socket until the channel ends. */
async function leavesToGuard(daemon: Daemon, peer: RawSwitch, id: number, deleted: number): Promise<void> {
  await peer.heard(new RegExp(`api sched_del ${id}\n\n`));
  peer.api(`+OK Deleted: ${deleted}\n`);
  await delay(100);
  expect(peer.said).not.to.include('exit');
  peer.hangUp('NORMAL_CLEARING');
  await peer.heard(/exit\n\n/);
  peer.destroy();
  expect(await daemon.record(peer.uuid)).to.include({ end: 'guard', reason: 'guard_fired' });
}

/** A router that knows the guard to have fired does nothing to the leg; the number of its pass does no harm. */
const HARMS = /sendmsg|sched_(?!del)|uuid_setvar_multi \S+ (?!esl_router_pass=\S+\n\n)/;

describe('the guard and a standstill of the router', function () {
  this.timeout(60_000);

  it('asks whether the leg is still its own before it does anything to it', async () => {
    // 100 ms more than the second before the guard of 3 s, when the router cannot be sure any more.
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
      peer.greet('slow', { variable_esl_router_guard: '3', variable_esl_router_guard_id: '7' });
      await peer.heard(/api uuid_exists/);
      // The number of the pass, if it was said before the standstill or behind it, is answered first.
      if (peer.said.includes('uuid_setvar_multi')) peer.api('+OK\n');
      peer.event('CHANNEL_EXECUTE_COMPLETE', FIRED);
      peer.api('true');
      await leavesToGuard(daemon, peer, 7, 0);
      expect(peer.said).not.to.match(HARMS);
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
        peer.greet('late', { variable_esl_router_guard: '8', variable_esl_router_guard_id: '7' });
        peer.event('CHANNEL_EXECUTE_COMPLETE', FIRED);
      });
      await leavesToGuard(daemon, peer, 7, 0);
      expect(peer.said).not.to.match(HARMS);
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
      peer.greet('now', {
        variable_esl_router_guard: '8',
        variable_esl_router_guard_id: '7',
        'Caller-Context': 'public',
      });
      await peer.heard(/api sched_api \+38 /);
      peer.api('+OK Added: 9\n');
      await peer.located();
      await peer.heard(/app-name: bridge/);
      expect(peer.said).to.match(
        /api sched_del 7\n\n[^]*app-name: bridge[^]*api_before_bridge='?sched_del 9/,
      );
      // sched_del of the old one, the variables, ring_ready and bridge, all of them behind the guard.
      for (const reply of ['+OK Deleted: 0\n', '+OK\n', '+OK\n']) peer.api(reply);
      peer.event('CHANNEL_EXECUTE_COMPLETE', FIRED);
      peer.ok();
      // Whether the old one was deleted in time nobody can say: both are lifted.
      await peer.heard(/api sched_del 7\n\napi sched_del 9\n\n/);
      peer.api('+OK Deleted: 0\n');
      await leavesToGuard(daemon, peer, 9, 1);
    } finally {
      await crm.close();
      await daemon.stop();
    }
  });
});
