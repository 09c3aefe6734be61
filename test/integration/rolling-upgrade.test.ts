import { expect } from 'chai';
import { rollingUpgrade } from '../support/rolling.ts';

describe('a rolling upgrade, two routers restarted in turn under load', function () {
  this.timeout(60_000);

  it('loses no call, and gives none back', async () => {
    const report = await rollingUpgrade({ calls: 300, callsPerSecond: 50, seed: 77 });
    expect(report.unanswered).to.deep.equal([]);
    expect(report.lostExamples).to.deep.equal([]);
    expect(report.violationExamples).to.deep.equal([]);
    expect(report.ends).to.deep.equal({ answered: 300 });
    // Both were replaced while calls came in.
    expect(report.restartMs).to.have.length(2);
    expect(report.restartMs.reduce((sum, ms) => sum + ms)).to.be.below(report.durationMs);
  });
});
