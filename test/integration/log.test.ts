import { expect } from 'chai';
import { sentenceOf } from '../../lib/errors.ts';
import { SimulatedFreeSwitch, startCrm } from '../../lib/simulator/index.ts';
import { Daemon, type LogLine } from '../support/daemon.ts';

/** What an operator reads of calls. */
describe('the log of calls', () => {
  let daemon: Daemon;
  let crm: Awaited<ReturnType<typeof startCrm>>;
  let freeswitch: SimulatedFreeSwitch;
  let isDown = false;

  before(async () => {
    crm = await startCrm(() =>
      isDown ? { status: 503, body: 'down' } : { status: 200, body: '{"destination":"201"}' },
    );
    daemon = await Daemon.start({
      schemes: [{ name: 'sales', webhook: { url: crm.url, retries: 0 } }],
      settings: { DEFAULT_SCHEME: 'sales', LOG_LEVEL: 'info' },
    });
    freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address] });
  });

  after(async () => {
    await freeswitch.close();
    await daemon.stop();
    await crm.close();
  });

  const place = async (): Promise<readonly LogLine[]> => {
    const { uuid } = await freeswitch.call({
      caller: '380441112233',
      did: '15005550100',
      guardSeconds: 8,
      callee: () => ({ kind: 'answer', afterMs: 20, talkMs: 50, hangup: 'caller' }),
    });
    await daemon.line(uuid);
    return daemon.lines.filter((line) => line['uuid'] === uuid);
  };

  it('has two lines a call, found by uuid and by trace', async () => {
    const lines = await place();
    const [decided, ended] = lines;
    expect(lines.map(({ message }) => message)).to.deep.equal(['decided', 'ended']);
    expect(decided).to.include({ level: 'info', to: '201', reason: 'routed', why: sentenceOf('routed') });
    expect(decided?.['decidedMs']).to.be.at.least(0);
    expect(ended).to.include({ end: 'bridged', reason: 'answered', why: sentenceOf('answered') });
    expect(ended?.['trace'])
      .to.equal(decided?.['trace'])
      .and.match(/^[0-9a-f]{32}$/);
  });

  it('has reason and trace in every line', () => {
    for (const line of daemon.lines)
      expect(line).to.include.all.keys('timestamp', 'level', 'reason', 'trace');
  });

  it('warns of a CRM that fails, once, and not for each call', async () => {
    isDown = true;
    const [failed, decided] = await place();
    expect(failed).to.include({
      level: 'warn',
      message: 'the CRM failed',
      scheme: 'sales',
      reason: 'http_status',
    });
    expect(decided).to.include({ level: 'info', message: 'decided', to: 'dialplan', reason: 'http_status' });
    const again = await place();
    expect(again.map(({ message }) => message)).to.deep.equal(['decided', 'ended']);
  });

  it('has debug lines from one SIGUSR2 to the next', async () => {
    const records = (): number => daemon.lines.filter(({ message }) => message === 'record').length;
    await place();
    expect(records()).to.equal(0);
    daemon.signal('SIGUSR2');
    await daemon.until(({ message }) => message.startsWith('log level is debug now'));
    await place();
    await daemon.until(({ message }) => message === 'record');
    daemon.signal('SIGUSR2');
    await daemon.until(({ message }) => message.startsWith('log level is info now'));
    await place();
    expect(records()).to.equal(1);
  });
});
