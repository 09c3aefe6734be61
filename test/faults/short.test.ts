import { expect } from 'chai';
import { sideBySide } from '../support/wait.ts';
import { ROWS } from './rows/index.ts';
import { runRow, type Result } from './runner.ts';

/** Each row of the fault programme in a few seconds; `npm run test:faults` plays them in full. */

const SEED = 20_240;
/** The longest of them waits for time-outs of its own. */
const MOST_MS = 60_000;

describe('faults, in short', function () {
  this.timeout(MOST_MS);
  let results: Promise<Result>[] = [];

  before(() => {
    const signal = AbortSignal.timeout(MOST_MS);
    results = sideBySide(ROWS, (row) =>
      runRow(row, { scale: 'short', seed: SEED, mostLagMs: Infinity, signal }),
    );
  });

  for (const [index, row] of ROWS.entries()) {
    it(`${row.name}: ${row.fault}`, async () => {
      const result = (await results[index]) as Result;
      expect(result.reached, result.figure).to.equal(true);
      expect(result.controlFailed, `control: ${result.control ?? ''}`).to.not.equal(false);
    });
  }

  after(() => Promise.allSettled(results));
});
