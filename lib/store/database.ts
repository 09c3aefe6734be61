import { sql, type Expression, type ExpressionWrapper, type Kysely, type SqlBool } from 'kysely';
import type { Kind } from './migrations.ts';
import type { Tables } from './tables.ts';

/** The two databases behind one face: what differs between them is here and in the files of their names. */
export interface Database {
  readonly kind: Kind;
  /** Writes, one at a time. */
  readonly writer: Kysely<Tables>;
  /** Reads beside it: a slow question holds no batch up. */
  readonly reader: Kysely<Tables>;
  /** The file, or the URL without its password. */
  readonly place: string;
  close(): Promise<void>;
}

/** What holds of a call when each group of words has one that stands in it. */
export interface WordSearch {
  readonly groups: readonly (readonly string[])[];
  /** Of `n`: from here on, and below there. */
  readonly from: number;
  readonly below: number;
  readonly limit: number;
}

/**
 * SQLite walks the index of words itself, the newest first, and stops when the page is full. PostgreSQL weighs that index
 * against a walk from the newest by how frequent it knows the words to be.
 */
export function matching(kind: Kind, { groups, from, below, limit }: WordSearch): Expression<SqlBool> {
  if (kind === 'postgres') {
    const query = groups.map((words) => `(${words.map((word) => `'${word}'`).join('|')})`).join('&');
    return sql<SqlBool>`words @@ ${query}::tsquery`;
  }
  const query = groups.map((words) => `(${words.map((word) => `"${word}"`).join(' OR ')})`).join(' AND ');
  return sql<SqlBool>`n in (select rowid from call_words where call_words match ${query}
    and rowid >= ${from} and rowid < ${below} order by rowid desc limit ${limit})`;
}

export type Condition = ExpressionWrapper<Tables, 'calls', SqlBool>;
