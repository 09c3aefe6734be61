import { expect } from 'chai';
import { backoffMs, RetryBudget, retryAfterMs } from '../../../lib/upstream/retry.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('retries', () => {
  it('are a tenth of the requests, beside ten to begin with', () => {
    const budget = new RetryBudget(new ManualClock());
    let retries = 0;
    for (let n = 0; n < 5_000; n++) {
      budget.earn();
      if (budget.spend()) retries++;
    }
    expect(retries).to.be.within(509, 511);
  });

  it('come back for a webhook that is seldom asked: one in ten seconds', () => {
    const clock = new ManualClock();
    const budget = new RetryBudget(clock);
    while (budget.spend());
    clock.advance(9_900);
    expect(budget.spend()).to.equal(false);
    clock.advance(100);
    expect(budget.spend()).to.equal(true);
    clock.advance(3_600_000);
    let saved = 0;
    while (budget.spend()) saved++;
    expect(saved, 'and are not saved up beyond ten').to.equal(10);
  });

  it('wait from 100 ms on, twice as long each time, with jitter', () => {
    expect([0, 0.5, 1].map((random) => backoffMs(0, random))).to.deep.equal([50, 100, 150]);
    expect([0, 1, 2, 3, 4].map((retry) => backoffMs(retry, 0.5))).to.deep.equal([100, 200, 400, 800, 1600]);
  });

  it('read Retry-After as seconds and as a date', () => {
    const now = new Date('2026-11-22T10:00:00Z');
    expect(retryAfterMs('30', now)).to.equal(30_000);
    expect(retryAfterMs('Sun, 22 Nov 2026 10:00:05 GMT', now)).to.equal(5_000);
    expect(retryAfterMs('Sun, 22 Nov 2026 09:00:00 GMT', now)).to.equal(0);
    for (const wrong of [undefined, '', 'soon', '-5', '1e3x'])
      expect(retryAfterMs(wrong, now)).to.equal(null);
  });
});
