/** `npm run fuzz -- readings`: a million numbers as people write them, and a tenth as many texts that are none. */
import { fuzzNumbers } from './numbers.ts';
import type { Tally } from './tally.ts';
import { fuzzTwoValues } from './two-values.ts';

/** @returns whether nothing was misread */
export function runReadings(count: number, seed: number, progress: (done: number) => void): boolean {
  const start = performance.now();
  const numbers = fuzzNumbers(count, seed, progress);
  console.log(`\nNumbers: ${count}\n${numbers.lines().join('\n')}`);
  const texts = fuzzTwoValues(Math.ceil(count / 10), seed, progress);
  console.log(`\nTwo values, or no number at all: ${texts.count}\n${texts.lines().join('\n')}`);
  console.log(`\n${((performance.now() - start) / 1_000).toFixed(1)} s`);
  const isNumbersFine = isNothingIn(numbers.faults, `numbers misread, seed ${seed}`);
  return isNothingIn(texts.faults, `other texts misread, seed ${seed}`) && isNumbersFine;
}

function isNothingIn(faults: Tally, title: string): boolean {
  if (faults.total === 0) return true;
  console.error(`\n${faults.total} ${title}:\n${faults.report().join('\n')}`);
  return false;
}
