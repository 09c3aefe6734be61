import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import { SimulatedFreeSwitch, startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { startCollector, type Collector, type ReceivedSpan } from '../support/otlp.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Traces, as a collector receives them, held against the record of the call and what the CRM was told. */

describe('traces', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let collector: Collector;
  let daemon: Daemon | undefined;
  let seed = 88_000;
  const told: (string | undefined)[] = [];

  const start = async (url = collector.url): Promise<Daemon> => {
    const scheme = (name: string) => ({
      name,
      webhook: { url: `${crm.url}/${name}`, timeoutSeconds: 2 },
      fallback: { onError: [{ dial: '900' }], onNoRoute: [{ dial: '901' }] },
    });
    return (daemon = await Daemon.start({
      schemes: ['sales', 'nobody', 'refused', 'broken'].map(scheme),
      settings: { OTLP_URL: url },
    }));
  };
  const place = async (path: string): Promise<CallRecord> => {
    const freeswitch = new SimulatedFreeSwitch({ routers: [daemon!.address], secondMs: 500, seed: ++seed });
    const report = await freeswitch.call({
      caller: CALLER,
      did: DID,
      path,
      guardSeconds: 40,
      callee: () => answers(),
    });
    expect(report.lost).to.equal(null);
    return daemon!.record(report.uuid);
  };
  const ms = (nano: string): number => Number(BigInt(nano) / 1000n) / 1000;
  const attribute = (span: ReceivedSpan | undefined, key: string): unknown =>
    Object.values(span?.attributes.find((one) => one.key === key)?.value ?? {})[0];

  before(async () => {
    crm = await startCrm(({ url, headers }) => {
      told.push(headers['traceparent']);
      if (url === '/sales') return { status: 200, body: '{"destination":"201"}', delayMs: 40 };
      if (url === '/refused') return { status: 200, body: '{"destination":"201.5"}' };
      return url === '/nobody' ? { status: 200, body: '{}' } : { status: 500 };
    });
    collector = await startCollector();
  });
  afterEach(async () => {
    await daemon?.stop();
    collector.mode = 'take';
    told.splice(0);
  });
  after(async () => {
    await collector.close();
    await crm.close();
  });

  it('has a span for the call, the question, the reading and the bridge, with their parents and times', async () => {
    await start();
    const record = await place('sales');
    const spans = await collector.until(record.id, 4);
    const by = (name: string) => spans.find((span) => span.name === name);
    const [call, question, reading, bridge] = ['call', 'question', 'reading', 'bridge'].map(by);
    expect(spans).to.have.length(4);
    expect([...new Set(collector.paths)]).to.deep.equal(['/v1/traces']);
    expect(told).to.deep.equal([`00-${record.id}-${question?.spanId ?? ''}-01`]);
    expect([
      call?.parentSpanId ?? '',
      question?.parentSpanId,
      reading?.parentSpanId,
      bridge?.parentSpanId,
    ]).to.deep.equal(['', call?.spanId, question?.spanId, call?.spanId]);
    expect(spans.map(({ name, kind }) => `${name} ${kind}`).sort()).to.deep.equal([
      'bridge 1',
      'call 2',
      'question 3',
      'reading 1',
    ]);
    const zero = Date.parse(record.startedAt);
    const [request] = record.requests;
    const [rang] = record.bridges;
    const times = (span: ReceivedSpan | undefined): [number, number] => [
      ms(span?.startTimeUnixNano ?? '0') - zero,
      ms(span?.endTimeUnixNano ?? '0') - zero,
    ];
    const near = (measured: number, wanted: number | null | undefined): void => {
      expect(measured).to.be.closeTo(wanted ?? NaN, 0.01);
    };
    near(times(call)[0], 0);
    near(times(call)[1], record.endedMs);
    near(times(question)[0], request?.atMs);
    near(times(bridge)[0], rang?.atMs);
    near(times(bridge)[1], rang?.endedMs);
    const took = times(question)[1] - times(question)[0];
    expect(took).to.be.at.least(request?.phases?.total ?? NaN);
    expect(took).to.be.at.least(39);
    expect(times(reading)[0]).to.equal(times(question)[1]);
    expect(times(reading)[1]).to.be.at.most(record.decidedMs ?? 0);
    expect(attribute(question, 'http.response.status_code')).to.be.oneOf([200, '200']);
    expect(attribute(bridge, 'esl_router.outcome')).to.equal('answered');
    expect(attribute(call, 'esl_router.scheme')).to.equal('sales');
    for (const secret of [CALLER, DID, record.call?.uuid ?? '?'])
      expect(JSON.stringify(spans)).to.not.include(secret);
  });

  it('says what failed: the reading, or the call', async () => {
    await start();
    const refused = await place('refused');
    const reading = (await collector.until(refused.id, 4)).find(({ name }) => name === 'reading');
    expect(reading?.status).to.deep.include({ code: 2, message: refused.reason });
    const broken = await place('broken');
    const call = (await collector.until(broken.id, 4)).find(({ name }) => name === 'call');
    expect(call?.status).to.deep.include({ code: 2, message: 'http_status' });
    const nobody = await place('nobody');
    const spans = await collector.until(nobody.id, 4);
    expect(spans.map(({ name }) => name).sort()).to.deep.equal(['bridge', 'call', 'question', 'reading']);
  });

  for (const mode of ['hang', 'fail'] as const)
    it(`costs no call anything when the collector is there to ${mode}, and warns once`, async () => {
      collector.mode = mode;
      const router = await start();
      const requests = collector.requests;
      const first = await place('sales');
      await router.until(({ message }) => message === 'traces are not accepted; calls go on');
      expect(collector.requests).to.be.greaterThan(requests);
      for (let n = 0; n < 5; n++) await place('sales');
      collector.mode = 'take';
      const next = await place('sales');
      await collector.until(next.id, 4);
      await router.until(({ message }) => message === 'traces are accepted again');
      const warnings = router.lines.filter(({ message }) => message.startsWith('traces are not accepted'));
      expect(warnings).to.have.length(1);
      expect((first.decidedMs ?? Infinity) < 1_900).to.equal(true);
    });

  it('starts, routes and stops where nobody listens', async () => {
    const router = await start('http://127.0.0.1:9');
    await place('sales');
    await router.until(({ message }) => message === 'traces are not accepted; calls go on');
  });
});
