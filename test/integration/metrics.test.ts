import { expect } from 'chai';
import { REASONS } from '../../lib/reasons/index.ts';
import { SimulatedFreeSwitch, startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, busy, CALLER, DID } from '../support/scenario.ts';
import { askedOf, queries } from '../support/promql.ts';
import { scrape, sumOf, type Page } from '../support/scrape.ts';

/** What Prometheus reads of a router that has calls: exact counts, over real sockets. */

describe('metrics', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let port: number;
  let seed = 77_000;

  const scheme = (name: string, path: string) => ({
    name,
    webhook: {
      ...{ url: `${crm.url}/${path}`, timeoutSeconds: 2, retries: 1, retryStatuses: [503 as const] },
      ...(name === 'kept' ? { lastGoodSeconds: 60 } : {}),
      ...(name === 'withheld' ? { withheld: 'send' as const } : {}),
    },
    ...(name === 'sales'
      ? { events: [{ on: ['ended' as const], webhook: { url: `${crm.url}/events` } }] }
      : {}),
    fallback: { onError: [{ dial: '900' }], onNoRoute: [{ hangup: 'NO_ANSWER' as const }] },
  });
  const place = async (path: string): Promise<void> => {
    const report = await new SimulatedFreeSwitch({
      routers: [daemon.address],
      secondMs: 500,
      seed: ++seed,
    }).call({
      caller: CALLER,
      // Its scheme may see the number all the same: a second word about the call, and no second call.
      privacy: path === 'withheld',
      did: DID,
      path,
      guardSeconds: 40,
      callee: ({ user }) => (user === '203' ? busy : answers()),
    });
    expect(report.lost).to.equal(null);
    await daemon.line(report.uuid);
  };

  /** An event is in the store before it is sent. */
  let told: () => void = () => undefined;
  const isTold = new Promise<void>((resolve) => (told = resolve));

  before(async () => {
    let tries = 0;
    let kept = 0;
    crm = await startCrm(({ url }) => {
      if (url === '/events') told();
      if (url === '/kept' && kept++ === 0) return { status: 200, body: '{"destination":"201"}' };
      if (url === '/sales' || url === '/withheld') return { status: 200, body: '{"destination":"201"}' };
      if (url === '/busy') return { status: 200, body: '{"destination":"203"}' };
      if (url === '/nobody') return { status: 200, body: '{}' };
      if (url === '/flaky' && ++tries % 2 === 0) return { status: 200, body: '{"destination":"202"}' };
      return { status: url === '/flaky' ? 503 : 500 };
    });
    daemon = await Daemon.start({
      schemes: ['sales', 'busy', 'nobody', 'flaky', 'broken', 'kept', 'withheld'].map((name) =>
        scheme(name, name),
      ),
      settings: { HEALTH_PORT: '0', STORE_URL: 'sqlite:calls.db' },
    });
    port = Number((await daemon.until(({ message }) => message === 'health'))['port']);
  });
  after(async () => {
    await daemon.stop();
    await crm.close();
  });

  describe('after some calls', () => {
    let page: Page;
    before(async () => {
      for (const [path, times] of [
        ['sales', 3],
        ['busy', 1],
        ['nobody', 2],
        ['flaky', 1],
        ['broken', 2],
        ['kept', 2],
        ['withheld', 4],
        ['no-such-scheme', 1],
      ] as const)
        for (let n = 0; n < times; n++) await place(path);
      await isTold;
      page = await scrape(port);
    });

    const rows: [string, Record<string, string>, number][] = [
      ['calls_received_total', {}, 16],
      ['calls_total', {}, 16],
      ['calls_total', { scheme: 'sales', result: 'routed' }, 3],
      ['calls_total', { scheme: 'nobody', result: 'no_route' }, 2],
      ['calls_total', { scheme: 'flaky', result: 'routed' }, 1],
      ['calls_total', { scheme: 'broken', result: 'error' }, 2],
      ['calls_total', { scheme: '(none)' }, 1],
      ['call_ends_total', {}, 16],
      ['call_ends_total', { end: 'bridged', via: 'primary' }, 10],
      ['call_ends_total', { end: 'bridged', via: 'fallback' }, 2],
      ['call_ends_total', { end: 'hangup', via: 'fallback' }, 2],
      ['call_reasons_total', {}, 16],
      ['call_reasons_total', { reason: 'http_status' }, 2],
      ['decision_seconds_count', { scheme: 'sales' }, 3],
      ['decision_seconds_count', { scheme: 'broken' }, 2],
      ['webhook_requests_total', { scheme: 'sales' }, 3],
      ['webhook_requests_total', { scheme: 'flaky' }, 1],
      ['webhook_requests_total', {}, 15],
      ['webhook_seconds_count', {}, 15],
      ['webhook_phase_seconds_count', { phase: 'wait' }, 15],
      ['webhook_phase_seconds_count', { phase: 'body' }, 15],
      ['webhook_failures_total', { scheme: 'broken', reason: 'http_status' }, 2],
      ['webhook_failures_total', {}, 3],
      ['webhook_retries_total', { scheme: 'flaky' }, 1],
      ['webhook_retries_total', {}, 1],
      ['bridges_total', { outcome: 'answered' }, 12],
      ['bridges_total', { outcome: 'busy' }, 1],
      ['live_calls', {}, 0],
      ['schemes', {}, 7],
      ['answers_recalled_total', { scheme: 'kept', kind: 'last_good' }, 1],
      ['ready', {}, 1],
      ['store_up', {}, 1],
      ['store_lost_records_total', {}, 0],
      ['events_lost_total', {}, 0],
      ['circuit_breaker_open', {}, 0],
      ['build_info', {}, 1],
    ];
    for (const [name, labels, value] of rows)
      it(`${name} ${JSON.stringify(labels)} is ${value}`, () => {
        const metric = `esl_router_${name}`;
        expect(page.samples.map((sample) => sample.name)).to.include(metric);
        expect(sumOf(page, metric, labels)).to.equal(value);
      });

    it('shows the process, and its event loop', () => {
      const names = new Set(page.samples.map(({ name }) => name));
      expect(names).to.include.keys(
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'nodejs_eventloop_lag_p99_seconds',
        'esl_router_event_loop_lag_seconds',
      );
    });

    it('has help for all, and no number, uuid or trace in a label', () => {
      for (const name of page.types.keys()) expect(page.help.get(name), name).to.match(/\S/);
      const own = page.samples.filter(({ name }) => name.startsWith('esl_router_'));
      const values = own.flatMap(({ labels }) => Object.values({ ...labels, le: '' }));
      for (const value of new Set(values)) {
        expect(value).to.not.match(/\d{7}|[0-9a-f]{8}-|[0-9a-f]{32}/i);
      }
    });

    it('answers each query of the dashboard and of the alerts', async () => {
      const { panels, rules } = await queries();
      const own = new Set(page.samples.map(({ name }) => name));
      const asked = new Set<string>();
      for (const query of [...panels, ...rules])
        for (const { metric, labels, values } of askedOf(query)) {
          if (metric === 'up') continue;
          expect(own, query).to.include(metric);
          asked.add(metric.replace(/_(bucket|sum|count)$/, ''));
          const series = page.samples.filter(({ name }) => name === metric);
          const known = new Set(['job', 'instance', ...series.flatMap((one) => Object.keys(one.labels))]);
          for (const label of labels) expect(known, query).to.include(label);
          for (const [label, texts] of Object.entries(values))
            for (const text of texts) expect(isValue(label, text, series), `${label} ${text}`).to.equal(true);
        }
      const ours = [...page.types.keys()].filter((name) => name.startsWith('esl_router_'));
      expect(ours.filter((name) => !asked.has(name))).to.deep.equal(['esl_router_schemes']);
    });
  });
});

/** A value that there is, or may be: of states and reasons the closed list counts. */
function isValue(label: string, text: string, series: Page['samples']): boolean {
  if (label === 'reason') return Object.hasOwn(REASONS, text);
  if (label === 'state' && ['waiting', 'delivered', 'parked'].includes(text)) return true;
  return label === 'job' ? text === 'esl-router' : series.some(({ labels }) => labels[label] === text);
}
