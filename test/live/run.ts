import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seconds } from './journal.ts';
import { moves, type MovesOptions } from './moves.ts';
import { TARGET as MOVES_TARGET } from './moves/report.ts';
import { ROWS } from './rows/index.ts';
import { runRows, type Result } from './runner.ts';
import { soak, type SoakOptions } from './soak.ts';
import { TARGET, type SoakResult } from './soak/report.ts';
import { findSwitch } from './switch.ts';
import { World, type Stops } from './world.ts';

/**
 * `npm run test:live`: a real FreeSWITCH with the files of freeswitch/, real SIP callers and callees, a CRM and the
 * daemon. One line per row; with `--soak` (soak.ts) or `--moves` (moves.ts) many calls for minutes instead. Exit code 0 all passed, 1 something failed, 2 wrong usage, 77 no FreeSWITCH here.
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
  /** Both null: the rows. */
  readonly soak: (SoakOptions & { readonly json: string | undefined }) | null;
  readonly moves: (MovesOptions & { readonly json: string | undefined }) | null;
}

const SOAK_SECONDS = 300;
const SOAK_RATE = 20;
/** The control is about one SIGSTOP. */
const CONTROL_SECONDS = 60;

function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        keep: { type: 'boolean', default: false },
        soak: { type: 'boolean', default: false },
        moves: { type: 'boolean', default: false },
        control: { type: 'boolean', default: false },
        debug: { type: 'boolean', default: false },
        seconds: { type: 'string' },
        rate: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'string' },
      },
    });
    const { keep, control, debug, json } = values;
    const seconds = Number(values.seconds ?? (control ? CONTROL_SECONDS : SOAK_SECONDS));
    const rate = Number(values.rate ?? SOAK_RATE);
    const seed = Number(values.seed ?? Math.floor(Date.now() / 86_400_000));
    // Shorter, a stop that outlasts the guard has no room in a soak.
    const least = values.moves ? 5 : 30;
    if (!(seconds >= least && rate > 0 && Number.isSafeInteger(seed)))
      throw new Error(`--seconds is ${least} or more, --rate more than 0, --seed a whole number`);
    if (values.moves && values.soak) throw new Error('--moves or --soak, not both');
    return {
      only: (values.only ?? []).flatMap((names) => names.split(',')),
      keep,
      soak: values.soak ? { seconds, rate, seed, control, debug, json } : null,
      moves: values.moves ? { seconds, rate, seed, json } : null,
    };
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return null;
  }
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    print('usage: npm run test:live -- [--only ROW[,ROW...]] [--keep]');
    print(
      '       npm run test:live -- --soak [--control] [--seconds N] [--rate N] [--seed N] [--json FILE] [--keep [--debug]]',
    );
    print('       npm run test:live -- --moves [--seconds N] [--rate N] [--seed N] [--json FILE] [--keep]');
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
  const interrupt = interrupted();
  try {
    if (options.moves !== null) return await playMoves(binary, options.moves, options.keep, interrupt);
    return await (options.soak === null
      ? playRows(binary, options, interrupt)
      : playSoak(binary, options.soak, options.keep, interrupt));
  } catch (error) {
    if (interrupt.aborted) return INTERRUPTED;
    print(`FAIL ${error instanceof Error ? error.message : String(error)}`);
    return FAILED;
  }
}

/** Ends everything that was started, whatever becomes of it. */
async function inFolder<T>(keep: boolean, play: (folder: string, stops: Stops) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-live-'));
  const stops: Stops = [];
  try {
    return await play(folder, stops);
  } finally {
    for (const end of stops.reverse()) await end();
    if (keep) print(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

async function playRows(binary: string, { only, keep }: Options, interrupt: AbortSignal): Promise<number> {
  const rows = ROWS.filter(({ name }) => only.length === 0 || only.includes(name));
  return inFolder(keep, async (folder, stops) => {
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
  });
}

/** The soak and then its control, or the control alone. */
async function playSoak(
  binary: string,
  options: SoakOptions & { readonly json: string | undefined },
  keep: boolean,
  interrupt: AbortSignal,
): Promise<number> {
  const play = async (part: SoakOptions): Promise<SoakResult | null> => {
    const result = await inFolder(keep, (folder, stops) =>
      soak({ binary, folder, print }, part, stops, interrupt),
    );
    for (const line of result?.lines ?? []) print(`  ${line}`);
    if (result !== null)
      print(`${verdict(result.reached)} ${part.control ? 'control: ' : ''}${result.figure}`);
    return result;
  };
  const result = options.control ? null : await play(options);
  if (interrupt.aborted) return INTERRUPTED;
  const controlSeconds = Math.min(options.seconds, CONTROL_SECONDS);
  const control = await play({ ...options, control: true, seconds: controlSeconds });
  if (control === null) return INTERRUPTED;
  const { figure, reached } = result ?? control;
  const row = options.control ? 'soak, control alone' : 'soak';
  const report = { row, figure, target: TARGET, reached, control: `without the guard: ${control.figure}` };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify([report], null, 2)}\n`);
  if (control.silent === 0) print('WORTHLESS: without the guard nobody was left in silence either');
  return reached === true && control.silent > 0 ? PASSED : FAILED;
}

async function playMoves(
  binary: string,
  options: MovesOptions & { readonly json: string | undefined },
  keep: boolean,
  interrupt: AbortSignal,
): Promise<number> {
  const result = await inFolder(keep, (folder, stops) =>
    moves({ binary, folder, print }, options, stops, interrupt),
  );
  if (result === null) return INTERRUPTED;
  const { figure, lines, reached } = result;
  for (const line of lines) print(`  ${line}`);
  print(`${verdict(reached)} ${figure}`);
  const report = { row: 'moves', figure, target: MOVES_TARGET, reached };
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify([report], null, 2)}\n`);
  return reached === true ? PASSED : FAILED;
}

function verdict(reached: boolean | null): string {
  return reached === null ? 'VOID' : reached ? 'PASS' : 'FAIL';
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
