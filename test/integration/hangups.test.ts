import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import { SimulatedFreeSwitch, type CallReport, type CallScript } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { PatientCrm } from '../support/patient-crm.ts';
import { answers, busy, DID, rings } from '../support/scenario.ts';

/** The caller hangs up, at every stage of his call. */

interface Stage {
  readonly title: string;
  readonly script: Omit<Partial<CallScript>, 'caller'>;
  readonly check: (report: CallReport, record: CallRecord, asked: string | undefined) => void;
}

/** Reached for the first time when ringing begins: the hang-up comes so long after it. */
const STAGES: readonly Stage[] = [
  {
    title: 'while the CRM is asked: the request is aborted',
    script: { path: 'never', hangupAt: 'connected', hangupAfterMs: 250 },
    check: (report, record, asked) => {
      expect(report.end).to.deep.equal({ kind: 'caller-hangup', at: 'waiting' });
      expect(asked).to.equal('aborted');
      expect(record.result).to.equal('abandoned');
      expect(record.requests[0]).to.include({ answer: 'abandoned', reply: null });
      expect(record.bridges).to.deep.equal([]);
    },
  },
  {
    title: 'while the CRM is asked and he hears ringing already',
    script: { path: 'never-and-rings', hangupAt: 'ringing', hangupAfterMs: 100 },
    check: (report, record, asked) => {
      expect(report.end.kind).to.equal('caller-hangup');
      expect(asked).to.equal('aborted');
      expect(record.bridges).to.deep.equal([]);
    },
  },
  {
    title: 'while the callee rings',
    script: { path: 'now', callee: () => rings, hangupAt: 'ringing', hangupAfterMs: 200 },
    check: (report, record) => {
      expect(report.end).to.deep.equal({ kind: 'caller-hangup', at: 'ringing' });
      expect(record.result).to.equal('routed');
      expect(record.bridges[0]).to.include({ outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' });
      expect(report.legs).to.have.length(1);
    },
  },
  {
    title: 'while several ring, and none of the fallback is tried',
    script: { path: 'now-together', callee: () => rings, hangupAt: 'ringing', hangupAfterMs: 200 },
    check: (report, record) => {
      expect(report.end).to.deep.equal({ kind: 'caller-hangup', at: 'ringing' });
      expect(record.bridges).to.have.length(1);
    },
  },
  {
    title: 'between two steps, while the backup is asked',
    script: { path: 'now-then-backup', callee: () => busy, hangupAt: 'ringing', hangupAfterMs: 350 },
    check: (report, record) => {
      expect(report.end).to.deep.equal({ kind: 'caller-hangup', at: 'waiting' });
      expect(record.bridges[0]).to.include({ outcome: 'busy' });
      expect(record.requests.map(({ answer }) => answer)).to.deep.equal(['found', 'abandoned']);
      expect(report.legs).to.have.length(1);
    },
  },
  {
    title: 'while the fallback rings',
    script: {
      path: 'now',
      callee: ({ user }) => (user === '201' ? busy : rings),
      hangupAt: 'ringing',
      hangupAfterMs: 300,
    },
    check: (report, record) => {
      expect(report.end).to.deep.equal({ kind: 'caller-hangup', at: 'ringing' });
      expect(record.bridges.map(({ outcome }) => outcome)).to.deep.equal(['busy', 'cancelled']);
    },
  },
];

describe('the caller hangs up', () => {
  let crm: PatientCrm;
  let daemon: Daemon;
  let callers = 380441110000;

  const place = async (script: Omit<Partial<CallScript>, 'caller'>): Promise<[CallReport, string]> => {
    const caller = String(++callers);
    const freeswitch = new SimulatedFreeSwitch({
      routers: [daemon.address],
      secondMs: 200,
      seed: callers,
      maxCallMs: 9000,
    });
    const report = await freeswitch.call({
      caller,
      did: DID,
      guardSeconds: 100,
      callee: () => answers(),
      ...script,
    });
    expect(report.violations).to.deep.equal([]);
    expect(report.lost).to.equal(null);
    return [report, caller];
  };

  before(async () => {
    crm = await PatientCrm.start();
    const fallback = { onBusy: [{ dial: '202' }], onNoAnswer: [{ dial: '203' }], onError: [{ dial: '204' }] };
    const scheme = (name: string, more = {}) => ({
      name,
      webhook: { url: `${crm.url}/${name}/{{caller}}`, timeoutSeconds: 8 },
      forwardingTimeoutSeconds: 20,
      waiting: { ringAfterMs: null },
      fallback,
      ...more,
    });
    daemon = await Daemon.start({
      schemes: [
        scheme('never'),
        scheme('never-and-rings', { waiting: { ringAfterMs: 0 } }),
        scheme('now'),
        scheme('now-together', {
          webhook: { url: `${crm.url}/now`, responseName: ['destination'], map: { '201': '205' } },
        }),
        scheme('now-then-backup', {
          fallback: { onBusy: [{ webhook: `${crm.url}/backup` }, { dial: '206' }] },
        }),
      ],
    });
  });

  for (const { title, script, check } of STAGES) {
    it(title, async () => {
      const [report, caller] = await place(script);
      const record = await daemon.record(report.uuid);
      expect(record).to.include({
        end: 'caller_hangup',
        reason: 'caller_hung_up',
        hungUpBy: 'caller',
        hangupCause: 'ORIGINATOR_CANCEL',
      });
      check(report, record, await crm.ends.get(`/${script.path ?? ''}/${caller}`));
    });
  }

  // Before or while the reply to `connect` is on its way, in either order.
  for (const [hangupAt, hangupAfterMs] of [
    ['began', 0],
    ['began', 1],
    ['began', 3],
    ['connected', 0],
    ['connected', 2],
  ] as const) {
    it(`at once: ${hangupAfterMs} ms after it ${hangupAt}`, async () => {
      const [report] = await place({
        path: 'now',
        callee: () => rings,
        hangupAfterMs,
        ...(hangupAt === 'began' ? {} : { hangupAt }),
      });
      expect(report.end.kind).to.equal('caller-hangup');
      // He was so quick that no router was asked.
      if (report.commands.length === 0) return;
      const record = await daemon.record(report.uuid);
      expect(record, JSON.stringify(record)).to.include({ end: 'caller_hangup', reason: 'caller_hung_up' });
      expect(record.bridges.every(({ outcome }) => outcome === 'cancelled')).to.equal(true);
    });
  }

  it('after the callee has answered', async () => {
    const [report] = await place({
      path: 'now',
      hangupAt: 'answered',
      hangupAfterMs: 50,
      callee: () => answers(5000),
    });
    expect(report.end).to.include({ kind: 'answered', hangupBy: 'caller' });
    expect(await daemon.record(report.uuid)).to.include({
      end: 'bridged',
      hungUpBy: 'caller',
      reason: 'answered',
    });
  });

  it('a caller who is on an answered leg, while the callee rings', async () => {
    const [report] = await place({
      path: 'now',
      answered: true,
      callee: () => rings,
      hangupAt: 'connected',
      hangupAfterMs: 300,
    });
    expect(report.end.kind).to.equal('caller-hangup');
    expect(await daemon.record(report.uuid)).to.include({ end: 'caller_hangup', hungUpBy: 'caller' });
  });

  it('many at every moment: each call has its one end', async function () {
    this.timeout(60_000);
    const moments = Array.from({ length: 40 }, (_, index) => index * 6);
    const reports = await Promise.all(
      moments.map((hangupAfterMs, index) =>
        place({
          path: 'now',
          hangupAfterMs,
          ...(index % 2 === 0 ? { hangupAt: 'connected' } : {}),
          callee: ({ user }) => (user === '201' ? busy : answers(100)),
        }),
      ),
    );
    const served = reports.filter(([{ timings }]) => timings.connectReplyMs !== null);
    expect(served.length).to.be.above(9);
    for (const [report] of served) {
      const { end } = await daemon.record(report.uuid);
      expect(end).to.equal(report.end.kind === 'answered' ? 'bridged' : 'caller_hangup');
    }
    const lines = daemon.lines.filter(({ message, uuid }) => message === 'ended' && uuid !== '');
    expect(lines).to.have.length(new Set(lines.map(({ uuid }) => uuid)).size);
  });

  after(async () => {
    await crm.close();
    await daemon.stop();
  });
});
