/** `npm run test:faults [-- [--row NAME...] [--quick | --short] [--seed N] [--lag MS] [--json FILE]]`: takes the better part of an hour. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stopAll } from '../../bench/child.ts';
import { MOST_LAG_MS } from './load.ts';
import { passed, toJson, toLine, toTable } from './report.ts';
import { ROWS } from './rows/index.ts';
import type { Scale } from './row.ts';
import { runRow, type Result } from './runner.ts';

const PASSED = 0;
const FAILED = 1;
const USAGE = 2;
const INTERRUPTED = 130;

interface Options {
  readonly rows: readonly string[];
  readonly scale: Scale;
  readonly seed: number;
  readonly mostLagMs: number;
  readonly json: string | undefined;
}

function readOptions(): Options | null {
  try {
    const { values, positionals } = parseArgs({
      // Rows may follow one another: --row a b c
      allowPositionals: true,
      options: {
        row: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        short: { type: 'boolean', default: false },
        seed: { type: 'string' },
        // On a machine that others use too: the figures say how late the generator was.
        lag: { type: 'string' },
        json: { type: 'string' },
      },
    });
    const rows = [...(values.row ?? []), ...positionals].flatMap((names) => names.split(','));
    const unknown = rows.filter((name) => !ROWS.some((row) => row.name === name));
    const seed = Number(values.seed ?? Math.floor(Date.now() / 86_400_000));
    const mostLagMs = Number(values.lag ?? MOST_LAG_MS);
    if (unknown.length === 0 && Number.isSafeInteger(seed) && mostLagMs > 0)
      return {
        rows,
        scale: values.short ? 'short' : values.quick ? 'quick' : 'full',
        seed,
        mostLagMs,
        json: values.json,
      };
    if (unknown.length > 0)
      print(`no such row: ${unknown.join(', ')}; there are: ${ROWS.map(({ name }) => name).join(', ')}`);
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
  }
  print(
    'usage: npm run test:faults -- [--row NAME...] [--quick | --short] [--seed N] [--lag MS] [--json FILE]',
  );
  return null;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return USAGE;
  const { scale, seed, mostLagMs, json } = options;
  const rows = ROWS.filter(({ name }) => options.rows.length === 0 || options.rows.includes(name));
  const signal = interrupted();
  print(`${rows.length} rows, seed ${seed}`);
  const results: Result[] = [];
  for (const row of rows) {
    if (signal.aborted) break;
    const result = await runRow(row, {
      scale,
      seed,
      mostLagMs,
      signal,
      say: print,
    });
    results.push(result);
    print(toLine(result));
    if (!passed(result)) {
      print(
        `${' '.repeat(33)}again: npm run test:faults -- --row ${row.name} --seed ${seed}${scale === 'full' ? '' : ` --${scale}`}`,
      );
    }
    if (json !== undefined) writeFileSync(json, toJson(results));
  }
  print(`\n${toTable(results)}`);
  if (signal.aborted) return INTERRUPTED;
  return results.every(passed) ? PASSED : FAILED;
}

/** Aborted by Ctrl-C or SIGTERM: the row that runs ends what it has started. A second one does not wait for that. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        stopAll();
        process.exit(INTERRUPTED);
      }
      print(`${signal}: stopping`);
      controller.abort();
    });
  }
  return controller.signal;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(await main());
