import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { once } from 'node:events';
import { parse } from 'csv-parse';
import type { CallRecord } from '../call/record.ts';
import { Cancellation } from '../cancel.ts';
import { systemClock } from '../clock.ts';
import { callFrom, type CallOptions, type Reader } from '../decide/described.ts';
import { describeStep } from '../decide/decide.ts';
import { dryRun, type DryRunOptions, type Tried } from '../decide/dry-run.ts';
import { openLine } from '../decide/line.ts';
import { messageOf, RouterError } from '../errors.ts';
import { printableJson } from '../redact/printable.ts';
import { createRedactor } from '../redact/redactor.ts';
import type { CommandContext, ExitCode } from './context.ts';
import { print, printJson } from './print.ts';
import { columnsOf, table } from './table.ts';
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
/** The longest header that is looked at for its separator. */
const HEAD_BYTES = 64 * 1024;
const SEPARATORS = [',', ';', '\t'] as const;
const OWN: ReadonlyMap<string, keyof CallOptions> = new Map([
  ['caller', 'caller'],
  ['did', 'did'],
  ['caller_name', 'callerName'],
  ['callername', 'callerName'],
  ['context', 'context'],
  ['path', 'path'],
  ['withheld', 'withheld'],
]);
/** `3.80E+11`: what was there before can't be told any more. */
const EXPONENT = /^\d+(?:[.,]\d+)?E\+?\d+$/i;

/** One row, with the line where it ends. */
interface Row {
  readonly info: { readonly lines: number };
  readonly record: Readonly<Record<string, string>>;
}

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
  const rows = await openRows(options.csv);
  const out = options.out === undefined ? null : await openOut(options.out);
  const line = openLine({
    ...{ config, clock: systemClock, random: Math.random, note: () => undefined },
    onTokens: (texts) => void tokenTexts.push(...texts),
  });
  const tally = new Tally();
  const signal = new Cancellation();
  context.onStop(() => {
    signal.abort(new RouterError('draining'));
    rows.destroy();
  });
  const askRow = async ({ info: { lines: at }, record: cells }: Row, describe: Describe): Promise<void> => {
    try {
      const call = callFrom(describe(cells), reader);
      const answering = { by: 'crm', line: line.line } as const;
      const tried = await dryRun({
        ...{ ...shared, call, answering, signal, clock: systemClock, random: Math.random },
      });
      tally.add(tried);
      await write(out, printableJson(redactor().value(rowOf(at, tried))));
    } catch (error) {
      if (signal.aborted) return;
      tally.unreadable(at, messageOf(error));
      await write(out, printableJson({ line: at, result: 'unreadable', detail: messageOf(error) }));
    }
  };
  const startedAt = systemClock.now();
  let begun = 0;
  let toldAt = startedAt;
  const asking = new Set<Promise<void>>();
  let describe: Describe | null = null;
  try {
    for await (const row of rows as AsyncIterable<Row>) {
      if (describe === null) {
        const read = columnsIn(Object.keys(row.record), options.did, reader);
        describe = read.describe;
        if (read.ignored.length > 0) print(stderr, [`nothing reads the columns ${read.ignored.join(', ')}`]);
      }
      await until(startedAt + (begun++ * 1000) / options.rate, signal);
      if (asking.size >= MAX_ASKING) await Promise.race(asking);
      if (signal.aborted) break;
      const asked: Promise<void> = askRow(row, describe).finally(() => asking.delete(asked));
      asking.add(asked);
      if (systemClock.now() - toldAt < PROGRESS_MS) continue;
      toldAt = systemClock.now();
      print(stderr, [`${tally.rows} rows`]);
    }
  } catch (error) {
    if (!signal.aborted)
      throw new RouterError('config_invalid', `${options.csv}: ${messageOf(error)}`, { cause: error });
  } finally {
    await Promise.all(asking);
    await line.close();
    await closed(out);
  }
  const report = tally.report((systemClock.now() - startedAt) / 1000, signal.aborted);
  if (options.json === true) printJson(stdout, report, redactor());
  else
    print(
      stdout,
      csvLines(report, (cells) => table(cells, columnsOf(context))),
      redactor(),
    );
  return signal.aborted || report.error + report.refused + report.unreadable > 0 ? 1 : 0;
}

type Describe = (cells: Readonly<Record<string, string>>) => CallOptions;

/** What each column is; `ignored`: those that no scheme and no setting reads. */
function columnsIn(
  names: readonly string[],
  did: string | undefined,
  reader: Reader,
): { describe: Describe; ignored: string[] } {
  const own = new Map(
    names.flatMap((name) => {
      const key = OWN.get(name.toLowerCase());
      return key === undefined ? [] : [[key, name] as const];
    }),
  );
  if (!own.has('caller')) throw new Error('expected a column "caller"; the first line names the columns');
  if (!own.has('did') && did === undefined) throw new Error('expected a column "did", or --did');
  const known = new Set(own.values());
  const others = names.filter((name) => name !== '' && !known.has(name));
  const variables = new Map(others.map((name) => [name, name.replace(/^var\./i, '')]));
  const isRead = (variable: string): boolean => {
    try {
      callFrom({ caller: '1', did: '1', var: [`${variable}=1`] }, reader);
      return true;
    } catch {
      return false;
    }
  };
  const read = [...variables].filter(([, variable]) => isRead(variable));
  const cell = (cells: Readonly<Record<string, string>>, key: keyof CallOptions): string =>
    cells[own.get(key) ?? ''] ?? '';
  const describe: Describe = (cells) => {
    const given: Partial<CallOptions> = Object.fromEntries<string>(
      (['callerName', 'context', 'path'] as const)
        .map((key) => [key, cell(cells, key)] as const)
        .filter(([, value]) => value !== ''),
    );
    const called = cell(cells, 'did') || (did ?? '');
    if (called === '') throw new Error('no called number');
    for (const number of [cell(cells, 'caller'), called])
      if (EXPONENT.test(number)) throw new Error(`${number}: a spreadsheet has rounded this number`);
    return {
      ...given,
      caller: cell(cells, 'caller'),
      did: called,
      withheld: /^(true|yes|1)$/i.test(cell(cells, 'withheld')),
      var: read.flatMap(([name, variable]) => {
        const value = cells[name] ?? '';
        return value === '' ? [] : [`${variable}=${value}`];
      }),
    };
  };
  return { describe, ignored: others.filter((name) => !read.some(([one]) => one === name)) };
}

/** Rows by the names of the first line, RFC 4180, as spreadsheets write it too: a BOM, `;`. */
async function openRows(file: string) {
  const parser = parse({
    bom: true,
    delimiter: await separatorOf(file),
    columns: (names: string[]) => names.map((name) => name.trim()),
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
    info: true,
  });
  const stream = createReadStream(file);
  stream.on('error', (error) => parser.destroy(error));
  return stream.pipe(parser);
}

/** The one that the first line has most of, outside quotes. */
async function separatorOf(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
      const [first = ''] = buffer
        .toString('utf8', 0, bytesRead)
        .replace(/"[^"]*"/g, '')
        .split(/\r?\n/);
      const counts = SEPARATORS.map((one) => first.split(one).length);
      return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ',';
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new RouterError('config_invalid', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Overwrites nothing, and is for its owner alone: it holds every number. */
async function openOut(file: string): Promise<WriteStream> {
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  try {
    await once(stream, 'open');
    return stream;
  } catch (error) {
    throw new RouterError('config_invalid', `cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}

async function write(out: WriteStream | null, line: string): Promise<void> {
  if (out?.write(`${line}\n`) === false) await once(out, 'drain');
}

async function closed(out: WriteStream | null): Promise<void> {
  if (out === null) return;
  out.end();
  await once(out, 'close');
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
    const cancel = systemClock.after(waitMs, resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}
