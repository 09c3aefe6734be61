import { expect } from 'chai';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon, type LogLine } from '../support/daemon.ts';
import { eventually } from '../support/wait.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Calls that are not served: `connect` first, then back to the dialplan, with a warning that names the cure. */

describe('a call that is not served', () => {
  let crm: SimulatedCrm;
  let daemon: Daemon | undefined;
  let seed = 7000;

  const place = (script: Partial<CallScript> = {}): Promise<CallReport> =>
    new SimulatedFreeSwitch({
      routers: [daemon!.address],
      secondMs: 100,
      seed: ++seed,
      maxCallMs: 8000,
    }).call({
      caller: CALLER,
      did: DID,
      callee: () => answers(),
      ...script,
    });

  const start = async (settings: Record<string, string>): Promise<void> => {
    daemon = await Daemon.start({
      schemes: [{ name: 'default', webhook: { url: `${crm.url}/hang`, timeoutSeconds: 3 } }],
      settings,
    });
  };

  /** What came back, and the one warning. */
  async function checkGivenBack(report: CallReport, reason: string, setting: string): Promise<LogLine> {
    expect(report.end.kind).to.equal('dialplan');
    expect(report.lost).to.equal(null);
    expect(report.commands[0]?.text).to.equal('connect\n\n');
    expect(report.commands.at(-1)?.text).to.equal('exit\n\n');
    const line = await daemon!.line(report.uuid);
    expect(line).to.include({ level: 'warn', reason, result: 'error', end: 'dialplan' });
    expect(JSON.stringify(line)).to.include(setting);
    return line;
  }

  before(async () => {
    crm = await startCrm({ '/hang': { hang: true } });
  });

  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
  });

  after(() => crm.close());

  it('its FreeSWITCH is not on the allow-list', async () => {
    await start({ ALLOW: '10.0.0.0/8,::1' });
    const report = await place({ guardSeconds: 50 });
    const line = await checkGivenBack(report, 'peer_not_allowed', 'ESL_ROUTER_ALLOW');
    expect(line).to.include({ peer: '127.0.0.1' });
    expect(report.violations).to.deep.equal([]);
    expect(report.variables.get('esl_router_reason')).to.equal('peer_not_allowed');
    expect(crm.requests).to.deep.equal([]);
  });

  it('there are too many calls already; the next one is served again', async () => {
    await start({ MAX_CALLS: '1' });
    const first = place({ guardSeconds: 50 });
    await eventually('a request', () => crm.requests.length > 0);
    const second = await place({ guardSeconds: 50 });
    await checkGivenBack(second, 'over_capacity', 'ESL_ROUTER_MAX_CALLS');
    expect(second.violations).to.deep.equal([]);
    expect(second.variables.get('esl_router_reason')).to.equal('over_capacity');
    expect((await first).variables.get('esl_router_reason')).to.equal('webhook_timeout');
    const third = await place({ guardSeconds: 50, hangupAfterMs: 50, hangupAt: 'connected' });
    expect((await daemon!.record(third.uuid)).reason).to.equal('caller_hung_up');
  });

  it('socket is called without "async", "full", or both', async () => {
    await start({});
    for (const [async, full] of [
      [false, true],
      [true, false],
      [false, false],
    ] as const) {
      const report = await place({ socketArgs: { async, full } });
      await checkGivenBack(report, 'socket_application', 'async full');
      expect(report.violations).to.deep.equal([]);
      // Without "full" FreeSWITCH takes no api command, and the markers stay unset.
      expect(report.variables.get('esl_router_reason')).to.equal(full ? 'socket_application' : undefined);
    }
  });
});
