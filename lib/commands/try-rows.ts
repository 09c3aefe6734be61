import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import { callFrom, type CallOptions, type Reader } from '../decide/described.ts';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';

/** The rows of a file of calls, as spreadsheets and people write them. */

type Cells = Readonly<Record<string, string>>;

export interface Row {
  /** The line where it ends. */
  readonly at: number;
  readonly cells: Cells;
  /** Why it can't be read. */
  readonly fault?: string;
}

interface Rows {
  readonly rows: AsyncIterable<Row>;
  /** Ends them, though the disk does not answer. */
  readonly stop: () => void;
}

/** The longest header that is looked at for its separator. */
const HEAD_BYTES = 64 * 1024;
/** No row is longer: a quote that nobody closes would take the rest of the file into memory. */
const ROW_BYTES = 1024 * 1024;
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

export async function openRows(file: string): Promise<Rows> {
  const separator = await separatorOf(file);
  const stream = guarded(createReadStream(file));
  return { rows: rowsIn(stream, separator), stop: () => stream.destroy() };
}

/**
 * RFC 4180 by the names of the first line; and a BOM, `;`, quotes in the middle of a cell, rows of separators alone. What is
 * wrong is thrown after all rows before it: as an error of the parser's own stream it would take those along that wait in it.
 */
async function* rowsIn(chunks: AsyncIterable<Buffer>, separator: string): AsyncGenerator<Row> {
  const ready: Row[] = [];
  let columns = 0;
  let at = 1;
  const take = (cells: Cells, { lines }: { readonly lines: number }): null => {
    const isOpen = Object.values(cells).some((cell) => holdsRow(cell, separator, columns));
    ready.push({ at: lines, cells, ...(isOpen ? { fault: unclosed(at) } : {}) });
    at = lines;
    return null;
  };
  const parser = guarded(
    parse({
      bom: true,
      delimiter: separator,
      columns: (names: string[]) => {
        columns = names.length;
        return names.map(textOf);
      },
      // The end is for textOf: trimmed here, a cell such as `"Joe" Smith` would be the last one that is read.
      ltrim: true,
      relax_quotes: true,
      max_record_size: ROW_BYTES,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      relax_column_count: true,
      on_record: take,
    }),
  ).resume();
  type Told = (fault?: Error | null) => void;
  const parsed = async function* (give: (told: Told) => void): AsyncGenerator<Row> {
    const fault = await new Promise<Error | null | undefined>(give);
    yield* ready.splice(0);
    if (fault instanceof CsvError && OPEN_TO_THE_END.has(fault.code)) throw new Error(unclosed(at));
    if (fault !== null && fault !== undefined) throw fault;
  };
  for await (const chunk of chunks) yield* parsed((told) => parser.write(chunk, told));
  yield* parsed((told) => parser.end(told));
}

const OPEN_TO_THE_END: ReadonlySet<string> = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE']);

function unclosed(after: number): string {
  return `a quote after line ${after} is not closed`;
}

/** Where a quote is not closed in its row, the rows up to the next quote are in that cell, and would go unnoticed. */
function holdsRow(cell: string, separator: string, columns: number): boolean {
  if (!cell.startsWith('"')) return false;
  const [, ...lines] = cell.split('\n');
  return lines.some((line) => line.split(separator).length >= columns);
}

/** A cell without what spreadsheets write around it: spaces, quotes that spaces follow, and the `="..."` that keeps a number a text. */
function textOf(cell: string): string {
  const text = cell.trim();
  const [, formula] = /^="([^]*)"$/.exec(text) ?? [];
  if (formula !== undefined) return formula.replaceAll('""', '"').trim();
  return /^"[^]*"$/.test(text) && !text.slice(1, -1).includes('"') ? text.slice(1, -1).trim() : text;
}

/** Throws for a row that describes no call. */
export type Describe = (row: Row) => CallOptions;

/** What each column is; `ignored`: those that no scheme and no setting reads. */
export function columnsIn(
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
  const cell = (cells: Cells, key: keyof CallOptions): string => textOf(cells[own.get(key) ?? ''] ?? '');
  const describe: Describe = ({ cells, fault }) => {
    if (fault !== undefined) throw new Error(fault);
    const given: Partial<CallOptions> = Object.fromEntries<string>(
      (['callerName', 'context', 'path'] as const)
        .map((key) => [key, cell(cells, key)] as const)
        .filter(([, value]) => value !== ''),
    );
    const caller = cell(cells, 'caller');
    const called = cell(cells, 'did') || (did ?? '');
    if (called === '') throw new Error('no called number');
    for (const number of [caller, called])
      if (EXPONENT.test(number)) throw new Error(`${number}: a spreadsheet has rounded this number`);
    return {
      ...given,
      caller,
      did: called,
      withheld: /^(true|yes|1)$/i.test(cell(cells, 'withheld')),
      var: read.flatMap(([name, variable]) => {
        const value = textOf(cells[name] ?? '');
        return value === '' ? [] : [`${variable}=${value}`];
      }),
    };
  };
  return { describe, ignored: others.filter((name) => !read.some(([one]) => one === name)) };
}

/** The one that the first line has most of, outside quotes. */
async function separatorOf(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
      const lines = buffer
        .toString('utf8', 0, bytesRead)
        .replace(/"[^"]*"/g, '')
        .split(/\r?\n/);
      const first = lines.find((line) => line.trim() !== '') ?? '';
      const counts = SEPARATORS.map((one) => first.split(one).length);
      return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ',';
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new RouterError('config_invalid', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}
