import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { RawSwitch } from '../support/raw-switch.ts';
import { answers, CALLER, DID, rings } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

/** SIGTERM with calls in every state; a daemon that hangs or dies. */

describe('SIGTERM', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let seed = 11_000;

  const place = (script: Partial<CallScript>): Promise<CallReport> =>
    new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 500, seed: ++seed }).call({
      caller: CALLER,
      did: DID,
      guardSeconds: 40,
      callee: () => answers(),
      ...script,
    });
  const asked = (path: string): number => crm.requests.filter(({ url }) => url === `/${path}`).length;
  /** A call whose CRM question is on its way. */
  const waiting = async (
    path: string,
    script: Partial<CallScript> = {},
  ): Promise<{ report: Promise<CallReport> }> => {
    const before = asked(path);
    const report = place({ path, ...script });
    await eventually(`a request for ${path}`, () => asked(path) > before);
    return { report };
  };

  before(async () => {
    const reply = { status: 200, body: '{"destination":"201"}' };
    crm = await startCrm({
      '/now': reply,
      '/slow': { ...reply, delayMs: 1200 },
      '/nobody': { status: 204, delayMs: 1200 },
    });
  });

  beforeEach(async () => {
    const schemes = ['now', 'slow', 'nobody'].map((name) => ({
      name,
      webhook: { url: `${crm.url}/${name}`, timeoutSeconds: 30 },
      forwardingTimeoutSeconds: 4,
      fallback: { onNoAnswer: [{ dial: '999999' }] },
    }));
    daemon = await Daemon.start({ schemes, settings: { ESL_HEARTBEAT: '0.1' } });
  });

  afterEach(async () => {
    if (!daemon.exited) await daemon.kill();
  });

  after(() => crm.close());

  it('a waiting call gets its decision, a ringing one and a bridged one are released; exit code 0', async () => {
    const talking = await RawSwitch.dial(daemon.address, '00000000-0000-4000-8000-00000000a11c');
    await talking.bridged('now');
    let rang = false;
    const ringing = place({
      path: 'now',
      callee: () => {
        rang = true;
        return { kind: 'answer', afterMs: 1500, talkMs: 100, hangup: 'callee' };
      },
    });
    const decided = await waiting('slow', { callee: () => rings });
    const nobody = await waiting('nobody');
    await eventually('ringing', () => rang);
    // The heartbeat shows that the answer has arrived.
    await talking.heard(/uuid_exists/);
    const stopped = daemon.stop();
    await talking.heard(/exit\n\n/);
    talking.destroy();
    const reports = await Promise.all([ringing, decided.report, nobody.report]);
    await stopped;
    const ends = [talking, ...reports].map(({ uuid }) => {
      const line = daemon.lines.find((line) => line.message === 'ended' && line['uuid'] === uuid);
      return [line?.['end'], line?.['result'], line?.['rang'], line?.['answeredBy']];
    });
    expect(ends).to.deep.equal([
      // How the bridge ended by then: they talk, it rings, it rings.
      ['released', 'routed', ['answered'], '201'],
      ['released', 'routed', ['released'], undefined],
      ['released', 'routed', ['released'], undefined],
      ['dialplan', 'no_route', [], undefined],
    ]);
    expect(reports.map(({ end }) => end.kind)).to.deep.equal(['answered', 'dialplan', 'dialplan']);
    for (const { violations, lost } of reports) expect([violations, lost]).to.deep.equal([[], null]);
    expect(daemon.lines.map(({ message }) => message)).to.include.members(['stopping', 'stopped']);
  });

  it('a call that comes while it stops is served or finds nobody, as later ones do', async () => {
    const { report } = await waiting('nobody');
    const { address } = daemon;
    daemon.signal('SIGTERM');
    await daemon.until(({ message }) => message === 'stopping');
    const late = await place({ path: 'now' });
    expect(late.end.kind).to.be.oneOf(['answered', 'no-router']);
    expect((await report).end.kind).to.equal('dialplan');
    await daemon.stop();
    const socket = connect(address);
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });

  it('without calls it ends at once', async () => {
    const began = performance.now();
    await daemon.stop();
    // Calls would have 30 s to be decided.
    expect(performance.now() - began).to.be.below(20_000);
  });

  it('a second SIGTERM, and a SIGHUP meanwhile, change nothing', async () => {
    const { report } = await waiting('nobody');
    daemon.signal('SIGTERM');
    await daemon.until(({ message }) => message === 'stopping');
    daemon.signal('SIGHUP');
    daemon.signal('SIGTERM');
    expect((await report).end.kind).to.equal('dialplan');
    await daemon.stop();
  });
});

/** A router that is stopped by SIGSTOP hangs: its sockets stay open, and nobody answers. */
describe('a router that hangs or dies while a callee rings', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;

  before(async () => {
    crm = await startCrm(() => ({ status: 200, body: '{"destination":"201"}' }));
  });

  after(() => crm.close());

  const CASES = [
    ['hangs, and nobody picks up: the guard', 'SIGSTOP', Infinity, 'guard'],
    ['hangs, and the callee picks up: they talk beyond the guard', 'SIGSTOP', 200, 'answered'],
    ['is killed, and nobody picks up: the dialplan', 'SIGKILL', Infinity, 'dialplan'],
    ['is killed, and the callee picks up: they talk', 'SIGKILL', 200, 'answered'],
  ] as const;
  let reports: Promise<CallReport>[] = [];

  const place = async (signal: NodeJS.Signals, afterMs: number): Promise<CallReport> => {
    const daemon = await Daemon.start({
      schemes: [{ name: 'now', webhook: { url: crm.url }, forwardingTimeoutSeconds: 5 }],
    });
    try {
      const freeswitch = new SimulatedFreeSwitch({
        routers: [daemon.address],
        secondMs: 100,
        maxCallMs: 8000,
      });
      return await freeswitch.call({
        caller: CALLER,
        did: DID,
        path: 'now',
        guardSeconds: 20,
        dialplanSetsBridgeVariables: true,
        callee: () => {
          daemon.signal(signal);
          return afterMs === Infinity ? rings : { kind: 'answer', afterMs, talkMs: 3200, hangup: 'callee' };
        },
      });
    } finally {
      await daemon.kill();
    }
  };

  // Side by side: each waits most of its time.
  before(() => {
    reports = CASES.map(([, signal, afterMs]) => place(signal, afterMs));
    for (const report of reports) report.catch(() => undefined);
  });

  for (const [index, [title, , , end]] of CASES.entries()) {
    it(title, async () => {
      const report = (await reports[index]) as CallReport;
      expect(report.end.kind).to.equal(end);
      expect(report.lost).to.equal(null);
    });
  }
});
