import { expect } from 'chai';
import { sideBySide } from '../support/wait.ts';
import { ROWS } from './rows/index.ts';
import { runRow, type Result } from './runner.ts';

/** Each row of the fault programme in a few seconds; `npm run test:faults` plays them in full, and their controls. */

const SEED = 20_240;
const MOST_MS = 300_000;
/** Of the generator: on a machine that is busier than this nothing is measured, and the row is pending. */
const MOST_LAG_MS = 100;
/** Half of them wait for time-outs most of the time. */
const AT_ONCE = 3;

/**
 * Rows that are not played here, and why. Most are about speed: what they find depends on the machine and on who else is using it,
 * so that here they would fail for no fault of the router's. `npm run test:faults` plays them.
 */
const LEFT_OUT: Readonly<Record<string, string>> = {
  overload:
    'It measures how many calls a second the machine can route just now, and places five times as many.',
  drip: 'Its figure is by how many milliseconds a decision misses its deadline.',
  'events-shared': 'It waits for half a minute, as `events` does, which has one router in place of two.',
};

const PLAYED = ROWS.filter(({ name }) => !Object.hasOwn(LEFT_OUT, name));

describe('faults, in short', function () {
  this.timeout(MOST_MS);
  let results: Promise<Result>[] = [];

  before(() => {
    const signal = AbortSignal.timeout(MOST_MS);
    const options = { scale: 'short', seed: SEED, mostLagMs: MOST_LAG_MS, signal, bare: true } as const;
    results = sideBySide(PLAYED, (row) => runRow(row, options), AT_ONCE);
  });

  for (const [index, row] of PLAYED.entries()) {
    it(`${row.name}: ${row.fault}`, async function () {
      const result = (await results[index]) as Result;
      if (result.reached === null) this.skip();
      expect(result.reached, result.figure).to.equal(true);
    });
  }

  it('leaves out no row that is not there', () => {
    expect(ROWS.map(({ name }) => name)).to.include.members(Object.keys(LEFT_OUT));
  });

  after(() => Promise.allSettled(results));
});
