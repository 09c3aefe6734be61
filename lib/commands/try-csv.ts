import type { CallRecord } from '../call/record.ts';
import { Cancellation } from '../cancel.ts';
import { systemClock } from '../clock.ts';
import { callFrom } from '../decide/described.ts';
import { describeStep } from '../decide/decide.ts';
import { dryRun, type DryRunOptions, type Tried } from '../decide/dry-run.ts';
import { openLine } from '../decide/line.ts';
import { messageOf, RouterError } from '../errors.ts';
import { printableJson } from '../redact/printable.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { columnsOf, table } from './table.ts';
import { Out } from './try-out.ts';
import { columnsIn, openRows, type Describe, type Row } from './try-rows.ts';
import { csvLines, Tally } from './try-tally.ts';

export interface CsvOptions {
  readonly csv: string;
  /** Calls a second. */
  readonly rate: number;
  /** For rows without one. */
  readonly did?: string;
  /** Where a line for each row goes. */
  readonly out?: string;
  readonly json?: boolean;
}

/** What the rows of a file have in common. */
type Shared = Omit<DryRunOptions, 'call' | 'answering' | 'clock' | 'random' | 'signal'> & {
  readonly secretTexts: readonly string[];
};

/** At a time: a CRM that hangs is asked no more than that. */
const MAX_ASKING = 50;
const PROGRESS_MS = 5_000;

/** Asks the CRM for each call of a file, as `try` does for one, and reports. Exit code 1 where one `try` of a row would have it. */
export async function tryCsv(
  context: CommandContext,
  options: CsvOptions,
  { secretTexts, ...shared }: Shared,
): Promise<ExitCode> {
  const { config, schemes } = shared;
  const { stdout, stderr } = context;
  const tokenTexts: string[] = [];
  const redactor = () => createRedactor({ secrets: [...secretTexts, ...tokenTexts] });
  const reader = { didFrom: config.didFrom, variables: schemes.variables };
  const { rows, stop } = await openRows(options.csv);
  const out = options.out === undefined ? null : await Out.open(options.out);
  const line = openLine({
    ...{ config, clock: systemClock, random: Math.random, note: () => undefined },
    onTokens: (texts) => void tokenTexts.push(...texts),
  });
  const tally = new Tally();
  const signal = new Cancellation();
  context.onStop(() => {
    signal.abort(new RouterError('draining'));
    stop();
  });
  const askRow = async (row: Row, describe: Describe): Promise<void> => {
    const { at } = row;
    try {
      const call = callFrom(describe(row), reader);
      const answering = { by: 'crm', line: line.line } as const;
      const tried = await dryRun({
        ...{ ...shared, call, answering, signal, clock: systemClock, random: Math.random },
      });
      tally.add(tried);
      await out?.write(printableJson(redactor().value(rowOf(at, tried))));
    } catch (error) {
      if (signal.aborted) return;
      tally.unreadable(at, messageOf(error));
      await out?.write(printableJson({ line: at, result: 'unreadable', detail: messageOf(error) }));
    }
  };
  const startedAt = systemClock.now();
  let begun = 0;
  let toldAt = startedAt;
  const asking = new Set<Promise<void>>();
  let describe: Describe | null = null;
  let fault: string | null = null;
  try {
    for await (const row of rows) {
      if (describe === null) {
        const read = columnsIn(Object.keys(row.cells), options.did, reader);
        describe = read.describe;
        if (read.ignored.length > 0) print(stderr, [`nothing reads the columns ${read.ignored.join(', ')}`]);
      }
      await until(startedAt + (begun * 1000) / options.rate, signal);
      if (asking.size >= MAX_ASKING) await Promise.race(asking);
      if (signal.aborted || typeof out?.fault === 'string') break;
      begun++;
      const asked: Promise<void> = askRow(row, describe).finally(() => asking.delete(asked));
      asking.add(asked);
      if (systemClock.now() - toldAt < PROGRESS_MS) continue;
      toldAt = systemClock.now();
      print(stderr, [`${tally.rows} rows`]);
    }
  } catch (error) {
    if (!signal.aborted) fault = `${options.csv}: ${messageOf(error)}`;
  } finally {
    await Promise.all(asking);
    await line.close();
    await out?.close();
  }
  // Before the first question there is nothing to report.
  if (fault !== null && begun === 0) throw new RouterError('config_invalid', fault);
  fault ??= out?.fault ?? null;
  const stopped = signal.aborted || fault !== null;
  const report = tally.report((systemClock.now() - startedAt) / 1000, { stopped, fault });
  if (options.json === true) printJson(stdout, report, redactor());
  else
    print(
      stdout,
      csvLines(report, (cells) => table(cells, columnsOf(context))),
      redactor(),
    );
  return stopped || report.error + report.refused + report.unreadable > 0 ? 1 : 0;
}

function rowOf(at: number, { record, chosen, steps }: Tried): object {
  const { call, result, reason, via, decidedMs } = record;
  return {
    line: at,
    caller: call?.caller ?? '',
    did: call?.did ?? '',
    scheme: chosen?.scheme.name ?? null,
    result,
    reason,
    detail: detailOf(record),
    via,
    steps: steps.map(describeStep),
    decidedMs: decidedMs === null ? null : Math.round(decidedMs),
  };
}

function detailOf({ decisions: [first], requests }: CallRecord): string {
  return first?.detail ?? requests.at(-1)?.detail ?? '';
}

async function until(atMs: number, signal: Cancellation): Promise<void> {
  const waitMs = atMs - systemClock.now();
  if (waitMs <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      cancel();
      signal.removeEventListener('abort', goOn);
      resolve();
    };
    const cancel = systemClock.after(waitMs, goOn);
    signal.addEventListener('abort', goOn);
  });
}
