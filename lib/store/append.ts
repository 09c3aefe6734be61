import { sql, type Kysely } from 'kysely';
import { batchOf, BETWEEN_FIELDS, BETWEEN_LINES, COLUMNS, NOTHING, type NumberedLine } from './line.ts';
import { SPAN, SPAN_WORD } from './search.ts';
import type { Tables } from './tables.ts';

/**
 * How PostgreSQL gets records of calls: as one text that it takes apart itself, by a statement that never changes. Every call pays
 * for it: one with 2,200 places for parameters cost twice the CPU. The text goes as bytes of UTF-8; `::text` says what they are.
 */

const COUNT = Object.keys(COLUMNS).length;
const LIST = Object.keys(COLUMNS)
  .map((name) => `"${name}"`)
  .join(', ');
const VALUES = Object.values(COLUMNS).map((type, at) => `f[${at + 1}]::${type}`);
const WORDS = `array_to_tsvector(string_to_array(f[${COUNT + 1}], ' ') || ('${SPAN_WORD}' || f[1]::bigint / ${SPAN}))`;
const character = (text: string): string => `chr(${text.charCodeAt(0)})`;

const INSERT = `insert into calls (${LIST}, words) select ${VALUES.join(', ')}, ${WORDS} from (
  select string_to_array(line, ${character(BETWEEN_FIELDS)}, ${character(NOTHING)}) as f
  from unnest(string_to_array(`;
// Without the offset the line is split again for each column.
const BEHIND = `, ${character(BETWEEN_LINES)})) as line offset 0) as call on conflict (id) do nothing`;

export async function appendToPostgres(
  writer: Kysely<Tables>,
  lines: readonly NumberedLine[],
): Promise<void> {
  await sql`${sql.raw(INSERT)}${batchOf(lines)}::text${sql.raw(BEHIND)}`.execute(writer);
}
