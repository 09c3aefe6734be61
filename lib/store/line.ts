import type { Insertable } from 'kysely';
import type { CallTable } from './tables.ts';

/**
 * A record on its way into a database is one text, made once when its call ends: its columns and its words in a fixed order, divided by
 * control characters that are in none of them. A text waits in a third of the room of its columns, and a batch of texts goes to the
 * thread of SQLite or to PostgreSQL as one: columns by themselves were copied one by one, and in JSON escaped once more.
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

export const BETWEEN_FIELDS = '\x1f';
export const BETWEEN_LINES = '\x1e';
export const NOTHING = '\x01';

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

/** The columns have been cleaned, and neither JSON nor words have a control character in them. */
export function lineOf(columns: CallColumns, words: readonly string[]): string {
  let line = '';
  for (const name of NAMES) line += `${BETWEEN_FIELDS}${String(columns[name] ?? NOTHING)}`;
  return `${line}${BETWEEN_FIELDS}${words.join(' ')}`;
}

/** A line and its place in the order. */
export interface NumberedLine {
  readonly n: number;
  readonly line: string;
}

export function batchOf(lines: readonly NumberedLine[]): string {
  return lines.map(({ n, line }) => `${n}${line}`).join(BETWEEN_LINES);
}

/** The lines of a batch as fields, words last. A number stays a text: a column of numbers makes it one. */
export function fieldsIn(batch: string): (string | null)[][] {
  return batch
    .split(BETWEEN_LINES)
    .map((line) => line.split(BETWEEN_FIELDS).map((field) => (field === NOTHING ? null : field)));
}
