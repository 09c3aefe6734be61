import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seconds } from './journal.ts';
import { ROWS } from './rows/index.ts';
import type { Row } from './row.ts';
import { Stage } from './stage.ts';
import { findSwitch } from './switch.ts';
import { World, type Stops } from './world.ts';

/**
 * `npm run test:live`: a real FreeSWITCH with the files of freeswitch/, real SIP callers and callees, a CRM and the
 * daemon. One line per row. Exit code 0 all passed, 1 something failed, 2 wrong usage, 77 no FreeSWITCH here.
 */

const SKIPPED = 77;
const ROW_SECONDS = 60;
/** Rows at the same time. More of them only lengthen each other's times on a small machine. */
const AT_ONCE = 6;

interface Result {
  readonly row: Row;
  readonly tookMs: number;
  readonly figures: string;
  /** null when it passed. */
  readonly failure: { readonly message: string; readonly report: readonly string[] } | null;
}

interface Options {
  /** Names of rows; none: all of them. */
  readonly only: readonly string[];
  /** Leave the folder with configuration and logs. */
  readonly keep: boolean;
}

function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: { only: { type: 'string', multiple: true }, keep: { type: 'boolean', default: false } },
    });
    return { only: (values.only ?? []).flatMap((names) => names.split(',')), keep: values.keep };
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return null;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    print('usage: npm run test:live -- [--only ROW[,ROW...]] [--keep]');
    return 2;
  }
  const { only, keep } = options;
  const unknown = only.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) {
    print(`no such row: ${unknown.join(', ')}; there are: ${ROWS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const binary = findSwitch(process.env);
  if (binary === null) {
    print('SKIPPED: no FreeSWITCH on PATH, nor in FREESWITCH_BIN');
    return SKIPPED;
  }
  const rows = ROWS.filter(({ name }) => only.length === 0 || only.includes(name));
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-live-'));
  const stops: Stops = [];
  const state = { interrupted: false };
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
    if (keep) print(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      state.interrupted = true;
      print(`${signal}: stopping`);
      void stop().finally(() => process.exit(130));
    });
  }
  try {
    const startedMs = performance.now();
    const world = await World.start({ binary, folder, rows }, stops);
    print(`FreeSWITCH ${await world.freeswitch.version()}, ${rows.length} rows`);
    const results = await runAll(world, rows);
    const strays = world.strays();
    for (const stray of strays) print(`FAIL ${stray}`);
    const failed = results.filter(({ failure }) => failure !== null).length + strays.length;
    print(
      `${results.length + strays.length - failed} passed, ${failed} failed in ${seconds(performance.now() - startedMs)}`,
    );
    return failed === 0 ? 0 : 1;
  } finally {
    if (!state.interrupted) await stop();
  }
}

async function runAll(world: World, rows: readonly Row[]): Promise<Result[]> {
  const queue = [...rows.entries()];
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, row] = next;
      const result = await runRow(world, row, index);
      results.push(result);
      show(result);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function runRow(world: World, row: Row, index: number): Promise<Result> {
  const stage = new Stage(world, row, index);
  const limit = row.seconds ?? ROW_SECONDS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not over after ${limit} s`));
    }, limit * 1000);
  });
  const play = async (): Promise<string> => {
    stage.routers.push(...(await world.startRouters(row)));
    return row.run(stage);
  };
  let figures = '';
  let failure: Result['failure'] = null;
  try {
    figures = await Promise.race([play(), late]);
  } catch (error) {
    failure = { message: error instanceof Error ? error.message : String(error), report: stage.report() };
  } finally {
    clearTimeout(timer);
    await stage.close();
  }
  return { row, tookMs: performance.now() - stage.startedMs, figures, failure };
}

function show({ row, tookMs, figures, failure }: Result): void {
  const verdict = failure === null ? 'PASS' : 'FAIL';
  print(
    `${verdict} ${row.name.padEnd(24)} ${seconds(tookMs).padStart(8)}  ${row.title}: ${failure?.message ?? figures}`,
  );
  for (const line of failure?.report ?? []) print(`     | ${line}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
