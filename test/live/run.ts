import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seconds } from './journal.ts';
import { ROWS } from './rows/index.ts';
import { runRows, type Result } from './runner.ts';
import { findSwitch } from './switch.ts';
import { World, type Stops } from './world.ts';

/**
 * `npm run test:live`: a real FreeSWITCH with the files of freeswitch/, real SIP callers and callees, a CRM and the
 * daemon. One line per row. Exit code 0 all passed, 1 something failed, 2 wrong usage, 77 no FreeSWITCH here.
 */

const PASSED = 0;
const FAILED = 1;
const USAGE = 2;
const SKIPPED = 77;
const INTERRUPTED = 130;

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
    return USAGE;
  }
  const unknown = options.only.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) {
    print(`no such row: ${unknown.join(', ')}; there are: ${ROWS.map(({ name }) => name).join(', ')}`);
    return USAGE;
  }
  const binary = findSwitch(process.env);
  if (binary === null) {
    print('SKIPPED: no FreeSWITCH on PATH, nor in FREESWITCH_BIN');
    return SKIPPED;
  }
  return play(binary, options);
}

async function play(binary: string, { only, keep }: Options): Promise<number> {
  const rows = ROWS.filter(({ name }) => only.length === 0 || only.includes(name));
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-live-'));
  const stops: Stops = [];
  const interrupt = interrupted();
  try {
    const startedMs = performance.now();
    const world = await World.start({ binary, folder, rows }, stops);
    print(`FreeSWITCH ${await world.freeswitch.version()}, ${rows.length} rows`);
    const results = await runRows(world, rows, interrupt, show);
    if (results === null) return INTERRUPTED;
    const strays = world.strays();
    for (const stray of strays) print(`FAIL ${stray}`);
    const passed = results.filter(({ failure }) => failure === null).length;
    const failed = results.length - passed + strays.length;
    print(`${passed} passed, ${failed} failed in ${seconds(performance.now() - startedMs)}`);
    return failed === 0 ? PASSED : FAILED;
  } catch (error) {
    print(`FAIL ${error instanceof Error ? error.message : String(error)}`);
    return FAILED;
  } finally {
    for (const end of stops.reverse()) await end();
    if (keep) print(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

/** Aborted by Ctrl-C or SIGTERM: everything is stopped in order. A second one does not wait for that. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      print(`${signal}: stopping`);
      controller.abort();
    });
  }
  return controller.signal;
}

function show({ row, tookMs, figures, failure }: Result): void {
  const verdict = failure === null ? 'PASS' : 'FAIL';
  const took = seconds(tookMs).padStart(8);
  print(`${verdict} ${row.name.padEnd(22)} ${took}  ${row.title}: ${failure?.message ?? figures}`);
  for (const line of failure?.report ?? []) print(`     | ${line}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exit(await main());
