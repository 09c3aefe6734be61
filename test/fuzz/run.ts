/**
 * `npm run fuzz -- [parser | readings | redact | api] --count N --seed S`: by default the parser, a million of each and a seed of the
 * day, which is printed.
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzzApi } from './api.ts';
import { fuzzParser } from './parser.ts';
import { runReadings } from './readings.ts';
import { runRedact } from './redact.ts';

/** A leak of ten bytes a stream would show as this. */
const MOST_GROWTH_BYTES = 8 * 1_048_576;

const { values, positionals } = parseArgs({
  options: { count: { type: 'string' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const [programme = 'parser', ...others] = positionals;
const count = Number(values.count ?? 1_000_000);
const seed = Number(values.seed ?? Math.floor(Date.now() / 86_400_000));
const programmes: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
  parser,
  readings,
  redact,
  api,
};
const run = others.length === 0 ? programmes[programme] : undefined;
if (run === undefined || !Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  console.error(
    'usage: npm run fuzz -- [parser | readings | redact | api] [--count N] [--seed S]   (whole numbers)',
  );
  process.exit(2);
}

try {
  if (!(await run())) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

function parser(): boolean {
  setFlagsFromString('--expose-gc');
  globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction;
  console.log(`fuzz: ${count} streams, seed ${seed}`);
  const start = performance.now();
  const report = fuzzParser(count, seed, progress);
  const seconds = (performance.now() - start) / 1_000;
  console.log(
    `${report.messages} messages read alike, ${report.broken} streams refused alike, ` +
      `slowest ${report.slowestMs.toFixed(1)} ms, memory ${(report.grownBytes / 1_024).toFixed(0)} KiB up, ${seconds.toFixed(1)} s`,
  );
  const hasGrown = report.grownBytes > MOST_GROWTH_BYTES;
  if (hasGrown) console.error('memory has grown');
  return !hasGrown;
}

function readings(): boolean {
  console.log(`fuzz: ${count} numbers, seed ${seed}`);
  return runReadings(count, seed, progress);
}

async function api(): Promise<boolean> {
  console.log(`fuzz: ${count} requests, seed ${seed}`);
  const { statuses, faults } = await fuzzApi(count, seed, progress);
  console.log(JSON.stringify(Object.fromEntries(statuses)));
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}

function redact(): Promise<boolean> {
  console.log(`fuzz: ${count} log lines, records and faults, seed ${seed}`);
  return runRedact(count, seed, progress);
}

function progress(done: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${done}`);
}
