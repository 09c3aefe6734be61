import { expect } from 'chai';
import { Minutes } from '../../../lib/call/minutes.ts';
import { newRecord, type CallRecord, type Result } from '../../../lib/call/record.ts';

describe('minutes', () => {
  let now = new Date('2026-11-25T12:00:30.000Z');
  const record = (result: Result, ...times: number[]): CallRecord => ({
    ...newRecord('1', now),
    result,
    requests: times.map((total) => ({ phases: { total }, reply: {} })) as unknown as CallRecord['requests'],
  });

  it('count calls by result and tell how long CRMs took', () => {
    const minutes = new Minutes(() => now);
    for (let ms = 1; ms <= 1000; ms++) minutes.ended(record('routed', ms));
    minutes.ended(record('error'));
    now = new Date('2026-11-25T12:02:00.000Z');
    minutes.ended(record('no_route', 20, 40));
    const [first, second, third] = minutes.list(3);
    expect(first).to.deep.include({ at: '2026-11-25T12:00:00.000Z' });
    expect(first?.byResult).to.include({ routed: 1000, error: 1, no_route: 0 });
    expect(first?.crm.answers).to.equal(1000);
    for (const [name, ms] of [
      ['p50', 500],
      ['p95', 950],
      ['p99', 990],
    ] as const)
      expect(first?.crm[name], name).to.be.closeTo(ms, ms * 0.07);
    expect(second?.crm).to.deep.equal({ answers: 0, p50: null, p95: null, p99: null });
    expect(third?.byResult.no_route).to.equal(1);
  });

  it('are kept for two hours', () => {
    const minutes = new Minutes(() => now);
    minutes.ended(record('routed'));
    now = new Date(now.getTime() + 119 * 60_000);
    expect(minutes.list()[0]?.byResult.routed).to.equal(1);
    minutes.ended(record('routed'));
    now = new Date(now.getTime() + 60_000);
    expect(minutes.list()).to.have.length(120);
    expect(
      minutes
        .list()
        .map(({ byResult }) => byResult.routed)
        .filter((count) => count > 0),
    ).to.deep.equal([1]);
  });

  it('take what is below and beyond as the shortest and the longest', () => {
    const minutes = new Minutes(() => now);
    minutes.ended(record('routed', 0, 0.2, 1e9));
    const { crm } = minutes.list(1)[0]!;
    expect(crm.p50).to.be.lessThan(2);
    expect(crm.p99).to.be.greaterThan(50_000);
  });
});
