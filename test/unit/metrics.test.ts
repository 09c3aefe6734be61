import { expect } from 'chai';
import { apply, newRecord, type CallEvent, type CallRecord } from '../../lib/call/record.ts';
import { newTraceId } from '../../lib/call/trace.ts';
import { systemClock } from '../../lib/clock.ts';
import { Metrics } from '../../lib/metrics/metrics.ts';
import { NOTHING } from '../support/metrics.ts';
import { parseScrape, sumOf, type Page } from '../support/scrape.ts';

/** Metrics at their worst: very many schemes, hostile names, a store that hangs, many who ask. */

const OPTIONS = { ...NOTHING, clock: systemClock, version: 'test' };

function callOf(metrics: Metrics, scheme: string): CallRecord {
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
    expect(labels.size).to.equal(102);
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
    expect([...labels]).to.have.members(['(others)', 'night', undefined]);
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
    const breakers = () =>
      [...urls, ...many].map((name) => ({ name, state: { kind: 'forced', open: true } as const }));
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

  it('names counters and nothing else `_total`, also those of Node', async () => {
    const { types } = parseScrape(await new Metrics(OPTIONS).text());
    for (const [name, type] of types) expect(name.endsWith('_total'), name).to.equal(type === 'counter');
    expect(types.get('nodejs_active_handles')).to.equal('gauge');
  });
});
