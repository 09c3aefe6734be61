/** `npm run fuzz -- --count N --seed S`: by default a million streams and a seed of the day, which is printed. */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzzParser } from './parser.ts';

/** A leak of ten bytes a stream would show as this. */
const MOST_GROWTH_BYTES = 8 * 1_048_576;

const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } });
const count = Number(values.count ?? 1_000_000);
const seed = Number(values.seed ?? Math.floor(Date.now() / 86_400_000));
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run fuzz -- [--count N] [--seed S]   (whole numbers)');
  process.exit(2);
}

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;
console.log(`fuzz: ${count} streams, seed ${seed}`);
const start = performance.now();
try {
  const report = fuzzParser(count, seed, (done) => {
    if (process.stdout.isTTY) process.stdout.write(`\r${done}`);
  });
  const seconds = (performance.now() - start) / 1_000;
  console.log(
    `${report.messages} messages read alike, ${report.broken} streams refused alike, ` +
      `slowest ${report.slowestMs.toFixed(1)} ms, memory ${(report.grownBytes / 1_024).toFixed(0)} KiB up, ${seconds.toFixed(1)} s`,
  );
  if (report.grownBytes > MOST_GROWTH_BYTES) {
    console.error('memory has grown');
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
