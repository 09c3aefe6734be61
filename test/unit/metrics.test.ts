import { expect } from 'chai';
import { apply, newRecord, type CallEvent, type CallRecord } from '../../lib/call/record.ts';
import { newTraceId } from '../../lib/call/trace.ts';
import { systemClock } from '../../lib/clock.ts';
import { Metrics } from '../../lib/metrics/metrics.ts';
import { REASONS } from '../../lib/reasons/index.ts';
import type { DeliveryCount } from '../../lib/metrics/state.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { NOTHING } from '../support/metrics.ts';
import { askedOf, queries } from '../support/promql.ts';
import { parseScrape, sumOf, type Page } from '../support/scrape.ts';

/** Metrics at their worst: very many schemes, hostile names, a store that hangs, many who ask. */

const OPTIONS = { ...NOTHING, clock: systemClock, version: 'test' };

/** What may happen on the way, with this answer. */
function everyEvent(answer: string): CallEvent[] {
  const phases = { dns: 1, connect: 2, tunnel: 3, tls: 4, firstByte: 20, total: 21 };
  const recalled = { atMs: 1, scheme: 'sales', ageSeconds: 1, status: 200, body: '' };
  const ends = [
    'answered',
    'cancelled',
    'moved',
    'released',
    'no_answer',
    'busy',
    'rejected',
    'unreachable',
  ] as const;
  return [
    { type: 'retry', reason: 'connect_failed', detail: '' },
    { type: 'reply', status: 200, headers: {}, body: '', phases },
    { type: 'answer', answer, detail: '' },
    { type: 'recalled', recalled: { ...recalled, stale: true } },
    { type: 'recalled', recalled: { ...recalled, stale: false } },
    ...ends.map((outcome) => ({ type: 'bridge_end', atMs: 1, outcome, cause: null }) as const),
  ];
}

function everyEnd(): CallRecord[] {
  const results = ['routed', 'no_route', 'error', 'no_answer', 'refused', 'abandoned'] as const;
  const gone = ['caller_hangup', 'switch_hangup', 'guard', 'moved', 'released', 'switch_lost'] as const;
  const ends = ['bridged', 'transferred', 'hangup', 'dialplan', ...gone] as const;
  const scheme = { name: 'sales', revision: '1', chosenBy: 'test' };
  return [
    ...results.map((result) => ({ result })),
    ...ends.flatMap((end) => (['primary', 'fallback'] as const).map((via) => ({ end, via }))),
    ...Object.keys(REASONS).map((reason) => ({ reason: reason as CallRecord['reason'], scheme: null })),
  ].map((more) => Object.assign(newRecord(newTraceId(new Date()), new Date()), { scheme }, more));
}

function callOf(metrics: Metrics, scheme: string, between: readonly CallEvent[] = []): CallRecord {
  const record = newRecord(newTraceId(new Date()), new Date());
  const hear = (event: CallEvent): void => {
    apply(record, event);
    metrics.observer.noted?.(record, event);
  };
  const phases = { dns: 1, connect: 2, firstByte: 20, total: 21 };
  const empty = { webhookId: '', method: 'POST', url: 'http://crm/', headers: {}, body: null, proxy: null };
  const open = { retries: [], reply: null, phases: null, answer: null, detail: null };
  hear({ type: 'scheme', name: scheme, revision: '1', chosenBy: 'test' });
  hear({ type: 'request', request: { atMs: 1, attempt: 1, scheme, ...empty, ...open } });
  hear({ type: 'reply', status: 200, headers: {}, body: '', phases });
  hear({ type: 'answer', answer: 'found', detail: '' });
  for (const event of between) hear(event);
  const decision = {
    atMs: 25,
    scheme,
    via: 'primary',
    result: 'routed',
    reason: 'routed',
    detail: '',
  } as const;
  hear({ type: 'decision', decision: { ...decision, steps: [] } });
  metrics.observer.decided?.(record, '');
  const over = { atMs: 30, hangupCause: null, hungUpBy: null, recording: '' };
  hear({ type: 'end', end: 'bridged', ...over });
  metrics.observer.ended?.(record, '');
  return record;
}

const read = async (metrics: Metrics): Promise<Page> => parseScrape(await metrics.text());

describe('metrics at their worst', () => {
  it('has series for 100 of 10,000 schemes, and counts all of their calls', async () => {
    const metrics = new Metrics(OPTIONS);
    const names = Array.from({ length: 10_000 }, (_, n) => `scheme-${n}`);
    await metrics.follow(names);
    for (const name of names) callOf(metrics, name);
    const page = await read(metrics);
    const labels = new Set(page.samples.map((sample) => sample.labels['scheme']));
    expect(labels.size).to.equal(103);
    expect(sumOf(page, 'esl_router_calls_total')).to.equal(10_000);
    expect(sumOf(page, 'esl_router_calls_total', { scheme: '(others)' })).to.equal(9_900);
    expect(page.samples.length).to.be.below(10_000);
  });

  it('forgets a scheme that is gone, whatever its last calls do, and has room for another', async () => {
    const metrics = new Metrics(OPTIONS);
    await metrics.follow(['sales', 'night']);
    for (const name of ['sales', 'night']) callOf(metrics, name);
    await metrics.follow(['night']);
    callOf(metrics, 'sales');
    const page = await read(metrics);
    const labels = new Set(page.samples.map((sample) => sample.labels['scheme']));
    expect([...labels]).to.have.members(['(none)', '(others)', 'night', undefined]);
    expect(sumOf(page, 'esl_router_calls_total', { scheme: '(others)' })).to.equal(1);
    expect(sumOf(page, 'esl_router_webhook_seconds_count', { scheme: 'night' })).to.equal(1);
  });

  it('writes any name so that it stays one label of one line', async () => {
    const metrics = new Metrics(OPTIONS);
    const names = ['a"} 1\nup{x="', '\\', '__proto__', 'constructor', '\u202e', '}', 'x,y="z"'];
    await metrics.follow(names);
    for (const name of names) callOf(metrics, name);
    const page = await read(metrics);
    for (const name of names) expect(sumOf(page, 'esl_router_calls_total', { scheme: name })).to.equal(1);
  });

  it('shows no key of a webhook, and not more than 200 of them', async () => {
    const urls = ['https://u:p@crm.example.com/rest/1/k3yk3yk3y/find?key=s3cret', 'http://10.0.0.1:8080'];
    const many = Array.from({ length: 1_000 }, (_, n) => `http://host-${n}.example.com`);
    const breakers = () => [...urls, ...many].map((name) => ({ name, holdsBack: true }));
    const page = await read(new Metrics({ ...OPTIONS, breakers }));
    const shown = page.samples.filter(({ name }) => name === 'esl_router_circuit_breaker_open');
    expect(shown.map(({ labels }) => labels['webhook']).slice(0, 2)).to.deep.equal([
      'https://crm.example.com/rest/1/***/find',
      'http://10.0.0.1:8080',
    ]);
    expect(shown).to.have.length(201);
  });

  it('answers while the store hangs, without what only the store knows', async () => {
    const hung = new Metrics({ ...OPTIONS, deliveries: () => new Promise(() => undefined) });
    const page = await read(hung);
    expect(page.samples.some(({ name }) => name === 'esl_router_deliveries')).to.equal(false);
    expect(sumOf(page, 'esl_router_ready')).to.equal(1);
  });

  it('shows what a slow store said last while it is asked again, and nothing after five minutes of silence', async () => {
    const clock = new ManualClock();
    const asked: ((parked: number) => void)[] = [];
    const oldest = clock.date().toISOString();
    const deliveries = () =>
      new Promise<DeliveryCount[]>((resolve) => {
        asked.push((count) => {
          resolve([{ state: 'parked', count, oldest }]);
        });
      });
    const metrics = new Metrics({ ...OPTIONS, clock, deliveries });
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    /** The store takes longer than a scrape waits, and answers before the next one. */
    const scraped = async (answer?: number): Promise<(number | string)[]> => {
      const page = read(metrics);
      await turn();
      clock.advance(500);
      const { samples } = await page;
      if (answer !== undefined) asked.pop()?.(answer);
      await turn();
      clock.advance(12_000);
      return samples
        .filter(({ name }) => name.startsWith('esl_router_deliveries'))
        .map(({ labels, value }) =>
          labels['state'] === 'parked' ? value : `${labels['state'] ?? ''} ${value}`,
        );
    };
    // The age is counted from the router's own clock, not from when the store was read.
    expect(await scraped(3)).to.deep.equal([]);
    expect(await scraped(4)).to.deep.equal(['waiting 0', 3, 13]);
    expect(await scraped(5)).to.deep.equal(['waiting 0', 4, 25.5]);
    for (let n = 0; n < 22; n++) expect((await scraped()).slice(0, 2)).to.deep.equal(['waiting 0', 5]);
    for (let n = 0; n < 3; n++) await scraped();
    expect(await scraped(6)).to.deep.equal([]);
    expect((await scraped()).slice(0, 2)).to.deep.equal(['waiting 0', 6]);
    expect(asked).to.have.length(1);
  });

  it('reads the store once for fifty who ask at once', async () => {
    let reads = 0;
    const deliveries = () => {
      reads++;
      return Promise.resolve([{ state: 'waiting', count: 3, oldest: new Date().toISOString() }]);
    };
    const metrics = new Metrics({ ...OPTIONS, deliveries });
    const pages = await Promise.all(Array.from({ length: 50 }, () => read(metrics)));
    expect(pages.map((page) => sumOf(page, 'esl_router_deliveries'))).to.deep.equal(pages.map(() => 3));
    expect(reads).to.equal(1);
  });

  it('has every counter before it counts, with all that the alerts and the dashboard ask for', async () => {
    const metrics = new Metrics(OPTIONS);
    await metrics.follow(['sales']);
    const page = await read(metrics);
    const { panels, rules } = await queries();
    const counted = [...panels, ...rules].flatMap((query) => [
      ...query.matchAll(/\b(?:rate|increase)\((\w+(?:\{[^}]*\})?)\[/g),
    ]);
    expect(counted.length).to.be.greaterThan(25);
    for (const [, series = ''] of counted)
      for (const { metric, values } of askedOf(series)) {
        expect(
          page.samples.map(({ name }) => name),
          series,
        ).to.include(metric);
        for (const [label, texts] of Object.entries(values))
          for (const text of texts) {
            const one = page.samples.filter(
              (sample) => sample.name === metric && sample.labels[label] === text,
            );
            expect(
              one.map(({ value }) => value),
              `${metric} ${text}`,
            ).to.deep.equal(one.map(() => 0));
            expect(one, `${metric} ${text}`).to.not.have.length(0);
          }
      }
  });

  it('has no series that an event gives birth to: Prometheus would not see the growth', async () => {
    const metrics = new Metrics(OPTIONS);
    await metrics.follow(['sales']);
    const seriesOf = ({ samples }: Page): string[] =>
      samples
        .filter(({ name }) => name.startsWith('esl_router_'))
        .map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    const before = seriesOf(await read(metrics));
    for (const answer of Object.keys(REASONS)) callOf(metrics, 'sales', everyEvent(answer));
    for (const record of everyEnd()) metrics.observer.ended?.(record, '');
    expect(seriesOf(await read(metrics))).to.have.members(before);
  });

  it('names counters and nothing else `_total`, also those of Node', async () => {
    const { types } = parseScrape(await new Metrics(OPTIONS).text());
    for (const [name, type] of types) expect(name.endsWith('_total'), name).to.equal(type === 'counter');
    expect(types.get('nodejs_active_handles')).to.equal('gauge');
  });
});
