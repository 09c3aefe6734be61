import { expect } from 'chai';
import { rollingUpgrade } from '../support/rolling.ts';

/** A machine that is busy with other tests may stand still for a second, whoever is being upgraded. */
const TRIES = 3;

describe('a rolling upgrade, two routers restarted in turn under load', function () {
  this.timeout(150_000);

  it('loses no call, and gives none back', async () => {
    for (let nth = 1; nth <= TRIES; nth++) {
      const report = await rollingUpgrade({ calls: 300, callsPerSecond: 50, seed: 77 + nth });
      expect(report.lostExamples).to.deep.equal([]);
      expect(report.violationExamples).to.deep.equal([]);
      const stalled = report.unanswered.filter((text) => text.includes('router_stalled'));
      expect(report.unanswered).to.have.members(stalled);
      // Both were replaced while calls came in.
      expect(report.restartMs).to.have.length(2);
      expect(report.restartMs.reduce((sum, ms) => sum + ms)).to.be.below(report.durationMs);
      if (stalled.length > 0) continue;
      expect(report.ends).to.deep.equal({ answered: report.calls });
      return;
    }
    throw new Error(`this machine stood still in each of ${TRIES} runs: nothing is shown`);
  });
});
