import { sql } from 'kysely';
import { systemClock } from '../clock.ts';
import type { Database } from './database.ts';
import { COLUMNS } from './line.ts';

/**
 * How much room the records of calls take, with their words and indexes, and nothing else in the database. Never by the statistics
 * of PostgreSQL: they come late, and who deletes by them deletes the same again.
 */

/** Pages of PostgreSQL that are looked at: all of a small table, some of a large one. */
const PAGES = 2_000;
const ROUGHLY_MS = 3_600_000;
/** Counting more than that takes seconds in PostgreSQL. */
const MANY = 100_000;
/** Read at once on the way to where the deletion ends. */
const ROWS = 1_000;
/**
 * What the row of a call takes: of PostgreSQL as it is stored, without fetching it; of SQLite the record, and what was measured
 * beside it: columns, indexes, words, and what is left free in a page.
 */
const ROW_BYTES = {
  sqlite: 'octet_length(record) + 1000',
  postgres: [...Object.keys(COLUMNS), 'words']
    .map((name) => `coalesce(pg_column_size("${name}"), 0)`)
    .concat('32')
    .join(' + '),
} as const;

export class Room {
  readonly #database: Database;
  #others = 0;
  #measuredMs = -Infinity;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What all of it takes on the disk. It costs nothing to know, and where it is little enough nobody need look closer. */
  async most(): Promise<number> {
    const { kind, reader } = this.#database;
    const { rows } =
      kind === 'sqlite'
        ? await sql<{ bytes: number }>`
            select (c.page_count - f.freelist_count) * s.page_size as bytes
            from pragma_page_count c, pragma_freelist_count f, pragma_page_size s`.execute(reader)
        : await sql<{ bytes: number }>`select pg_table_size('calls') as bytes`.execute(reader);
    return rows[0]?.bytes ?? 0;
  }

  /**
   * Of SQLite the pages in use, of PostgreSQL what its rows hold, for its files do not shrink. `roughly`: what else is in a file of
   * SQLite may have been measured up to an hour before, for that holds up all who read.
   */
  async bytes({ roughly = false } = {}): Promise<number> {
    const { kind } = this.#database;
    if (kind === 'postgres') return Math.round((await this.#sampled()).bytes);
    const isOld = systemClock.now() - this.#measuredMs > ROUGHLY_MS;
    if (!roughly || isOld) {
      this.#others = await this.#measureOthers();
      this.#measuredMs = systemClock.now();
    }
    return Math.max(0, (await this.most()) - this.#others);
  }

  /** What is in the file of SQLite beside calls. */
  async #measureOthers(): Promise<number> {
    const { reader } = this.#database;
    // Those of calls are the many: all others are read faster.
    const { rows } = await sql<{ bytes: number }>`
      select sum((select sum(pgsize) from dbstat where name = other.name and aggregate = true)) as bytes
      from sqlite_schema as other
      where rootpage > 0 and tbl_name != 'calls' and tbl_name not glob 'call_words*'`.execute(reader);
    return rows[0]?.bytes ?? 0;
  }

  /** Of PostgreSQL an estimate where there are many. */
  async count(): Promise<number> {
    const { kind, reader } = this.#database;
    if (kind === 'postgres') {
      const { rows } = await this.#sampled();
      if (rows > MANY) return Math.round(rows);
    }
    const { count } = await reader
      .selectFrom('calls')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  }

  /** The place in the order below which the oldest calls take so many bytes: each is counted as it is, however the others are. */
  async endOf(bytes: number): Promise<number> {
    const { kind, reader } = this.#database;
    const size = sql<number>`${sql.raw(ROW_BYTES[kind])}`;
    let left = bytes;
    for (let from = 0; ;) {
      const oldest = await reader
        .selectFrom('calls')
        .select(['n', size.as('size')])
        .where('n', '>=', from)
        .orderBy('n')
        .limit(ROWS)
        .execute();
      for (const { n, size } of oldest) {
        from = n + 1;
        left -= size;
        if (left <= 0) return from;
      }
      if (oldest.length < ROWS) return from;
    }
  }

  /** By whole pages, as they are at this moment. Always the same ones, so that two looks do not differ by chance. */
  async #sampled(): Promise<{ readonly rows: number; readonly bytes: number }> {
    const { reader } = this.#database;
    const { rows: files } = await sql<{ pages: number }>`
      select pg_relation_size('calls') / current_setting('block_size')::int as pages`.execute(reader);
    const share = Math.min(1, PAGES / Math.max(1, files[0]?.pages ?? 0));
    const { rows } = await sql<{ rows: number; bytes: number }>`
      select count(*) as rows, coalesce(sum(${sql.raw(ROW_BYTES.postgres)}), 0)::float8 as bytes
      from calls tablesample system (${share * 100}::real) repeatable (0)`.execute(reader);
    const seen = rows[0] ?? { rows: 0, bytes: 0 };
    return { rows: seen.rows / share, bytes: seen.bytes / share };
  }
}
