import type { Kysely } from 'kysely';
import type { Kind } from './migrations.ts';
import type { NumberedLine } from './line.ts';
import type { Tables } from './tables.ts';

/** The two databases behind one interface: what differs between them is here and in the files of their names. */
export interface Database {
  readonly kind: Kind;
  /** Writes, one at a time. */
  readonly writer: Kysely<Tables>;
  /** Reads in parallel: a slow query holds up no batch. */
  readonly reader: Kysely<Tables>;
  /**
   * All of them or none, for what every call costs: without the words of a statement for each batch. A call that is there already
   * stays as it is.
   */
  readonly append: (lines: readonly NumberedLine[]) => Promise<void>;
  /** For changes of the tables, which may take longer than any query. */
  readonly migrating: <T>(work: (db: Kysely<Tables>) => Promise<T>) => Promise<T>;
  /** The file, or the URL without its password. */
  readonly place: string;
  /** Calls back at each notification on a channel, and whenever one may have been missed. Returns a function that ends it. */
  listen?(channel: string, onWord: () => void): () => void;
  close(): Promise<void>;
}
