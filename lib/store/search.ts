import { sql } from 'kysely';
import type { Database } from './database.ts';

/** The newest calls that have all of some words, by the index of words. Within milliseconds, whether they are many, few or long ago. */

export interface WordSearch {
  /** One word of each group must be in the call. */
  readonly groups: readonly (readonly string[])[];
  /** Of `n`: from here on, and below there. */
  readonly from: number;
  readonly below: number;
  readonly limit: number;
}

/** Resolves to their places in the order, newest first. */
export function newestWith(database: Database, search: WordSearch): Promise<number[]> {
  return database.kind === 'sqlite' ? walked(database, search) : probed(database, search);
}

/** SQLite walks its index of words backwards, and stops when the page is full. */
async function walked({ reader }: Database, { groups, from, below, limit }: WordSearch): Promise<number[]> {
  const query = groups.map((words) => `(${words.map((word) => `"${word}"`).join(' OR ')})`).join(' AND ');
  const { rows } = await sql<{ n: number }>`
    select rowid as n from call_words where call_words match ${query}
    and rowid >= ${from} and rowid < ${below} order by rowid desc limit ${limit}`.execute(reader);
  return rows.map(({ n }) => n);
}

/** Of one call in a hundred a page is found among so many. */
const NEAR_ROWS = 4_000;
/** Places in the order of seven days: no page is sorted out of more. */
export const SPAN = 7 * 86_400_000 * 8192;
/** What the word for them begins with; PostgreSQL adds it to the words of each call. */
export const SPAN_WORD = 'span:';

/**
 * PostgreSQL's index of words knows no order: it gives all that match, and a walk from the newest finds nothing for long when they
 * are old. So a short walk finds what is frequent; all else is asked of the index a week at a time, by a word for them. `n + 0` keeps it to
 * that index: without statistics, as after a restore, it would go through all places as well, each week.
 */
async function probed({ reader }: Database, { groups, from, below, limit }: WordSearch): Promise<number[]> {
  const query = groups.map((words) => `(${words.map((word) => `'${word}'`).join('|')})`).join('&');
  const near = await sql<{ n: number }>`
    select n from (
      select n, words from calls where n >= ${from} and n < ${below} order by n desc limit ${NEAR_ROWS}
    ) as newest where words @@ ${query}::tsquery order by n desc limit ${limit}`.execute(reader);
  if (near.rows.length === limit) return near.rows.map(({ n }) => n);
  const { rows } = await sql<{ n: number }>`
    select found.n from generate_series(
      (select max(n) from calls where n < ${below}) / ${SPAN}::bigint,
      (select min(n) from calls where n >= ${from}) / ${SPAN}::bigint, -1) as span
    cross join lateral (
      select n from calls
      where words @@ (${`${query}&`} || quote_literal(${SPAN_WORD} || span))::tsquery
      and n + 0 >= ${from} and n + 0 < ${below} order by n + 0 desc limit ${limit}
    ) as found limit ${limit}`.execute(reader);
  return rows.map(({ n }) => n);
}

/** Words as PostgreSQL takes them as they are, without a parser that would take them apart, and the one for its days. */
export function vector(words: readonly string[], n: number) {
  return sql<string>`array_to_tsvector(${[...words, `${SPAN_WORD}${Math.floor(n / SPAN)}`]}::text[])`;
}
