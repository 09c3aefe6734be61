import type { Insertable } from 'kysely';
import type { CallTable } from './tables.ts';

/**
 * A record on its way into a database is a line of UTF-8, made once when its call ends: its columns and its words in a fixed order,
 * divided by control characters that are in none of them. A line lies outside of V8's heap, whose garbage collection would copy what
 * waits there twice; a batch of lines goes to the thread of SQLite or to PostgreSQL as it is.
 */

/** In the order in which they stand, with the types of PostgreSQL. */
export const COLUMNS = {
  n: 'bigint',
  id: 'text',
  tenant: 'text',
  started_at: 'timestamptz(3)',
  uuid: 'text',
  switch: 'text',
  caller: 'text',
  caller_name: 'text',
  did: 'text',
  scheme: 'text',
  revision: 'text',
  result: 'text',
  reason: 'text',
  destination: 'text',
  answered_by: 'text',
  end: 'text',
  via: 'text',
  hangup_cause: 'text',
  decided_ms: 'integer',
  answered_ms: 'integer',
  ended_ms: 'integer',
  masked: 'smallint',
  record: 'text',
} as const satisfies Record<keyof Insertable<CallTable>, string>;

/** What a call is known by, without its place in the order, which it gets when it is written. */
export type CallColumns = Omit<Insertable<CallTable>, 'n'>;

const [, ...NAMES] = Object.keys(COLUMNS) as ['n', ...(keyof CallColumns)[]];
/** All but the record. */
const SHORT = NAMES.slice(0, -1) as Exclude<keyof CallColumns, 'record'>[];

export const BETWEEN_FIELDS = '\x1f';
export const BETWEEN_LINES = '\x1e';
export const NOTHING = '\x01';
/** Of a place in the order: both databases hold it in 64 bits. */
const MOST_DIGITS = 20;

/**
 * What a text in a column may not have in it: the divisions, U+0000, which PostgreSQL's texts do not hold, and half of a surrogate
 * pair, which its JSON does not.
 */
const FOREIGN = /[\0\x01\x1e\x1f]|\p{Surrogate}/gu;
/** In most texts there is nothing like it: without Unicode's tables that is seen at once. */
const MAY_BE_FOREIGN = /[\0\x01\x1e\x1f\ud800-\udfff]/;

export function clean(text: string): string {
  return MAY_BE_FOREIGN.test(text) ? text.replace(FOREIGN, '\ufffd') : text;
}

/** JSON that PostgreSQL can look into: one such text, and every question about the table fails. */
export function cleanJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'string' ? clean(inner) : inner));
}

/** Texts from outside have been cleaned in the columns, and neither JSON nor words have a control character in them. */
export function lineOf(columns: CallColumns, words: readonly string[]): Uint8Array {
  const short = SHORT.map((name) => columns[name] ?? NOTHING);
  return kept([BETWEEN_FIELDS + short.join(BETWEEN_FIELDS), columns.record, words.join(' ')]);
}

/** Short lines share pieces of memory; a long one would waste the rest of a piece. */
const PIECE_BYTES = 256 * 1024;
const MOST_SHARED_BYTES = PIECE_BYTES / 4;
let piece = Buffer.alloc(0);
let used = 0;

function memoryOf(size: number): Buffer {
  if (size > MOST_SHARED_BYTES) return Buffer.allocUnsafeSlow(size);
  if (used + size > piece.length) {
    piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    used = 0;
  }
  used += size;
  return piece.subarray(used - size, used);
}

function kept(fields: readonly string[]): Uint8Array {
  const line = memoryOf(fields.reduce((sum, field) => sum + Buffer.byteLength(field), fields.length - 1));
  let end = 0;
  for (const field of fields) {
    if (end > 0) line[end++] = BETWEEN_FIELDS.charCodeAt(0);
    end += line.write(field, end);
  }
  return line;
}

/** A line and its place in the order. */
export interface NumberedLine {
  readonly n: number;
  readonly line: Uint8Array;
}

/** In memory of its own, which may be handed to another thread. */
export function batchOf(lines: readonly NumberedLine[]): Uint8Array<ArrayBuffer> {
  const size = lines.reduce((sum, { line }) => sum + MOST_DIGITS + line.length + BETWEEN_LINES.length, 0);
  const batch = Buffer.allocUnsafeSlow(size);
  let end = 0;
  for (const { n, line } of lines) {
    if (end > 0) end += batch.write(BETWEEN_LINES, end);
    end += batch.write(String(n), end);
    batch.set(line, end);
    end += line.length;
  }
  return batch.subarray(0, end);
}

/** The lines of a batch as fields, words last. A number stays a text: a column of numbers makes it one. */
export function* fieldsIn(batch: Uint8Array): Generator<(string | null)[]> {
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.length);
  for (let from = 0; from < bytes.length;) {
    const found = bytes.indexOf(BETWEEN_LINES, from);
    const to = found === -1 ? bytes.length : found;
    yield bytes
      .toString('utf8', from, to)
      .split(BETWEEN_FIELDS)
      .map((field) => (field === NOTHING ? null : field));
    from = to + 1;
  }
}
