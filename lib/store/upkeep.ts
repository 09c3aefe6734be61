import { sql } from 'kysely';
import type { CallRecord } from '../call/record.ts';
import { createRedactor } from '../redact/redactor.ts';
import { columnsOf, momentOf, orderBefore } from './calls.ts';
import type { Database } from './database.ts';
import { withoutTraces } from './erasure.ts';
import type { CallColumns } from './line.ts';
import { Numbers } from './numbers.ts';
import { Room } from './room.ts';
import { vector } from './search.ts';
import { soughtOf } from './sought.ts';
import { wordsOf } from './words.ts';

/**
 * What happens to old records: deleted by age and by size, their numbers masked, those of one number erased. In batches that
 * hold the writer up for some milliseconds each, with a pause between them.
 */

/** Rows of the first batch, and about how long each batch should take. */
const FIRST_BATCH = 200;
const LEAST_BATCH = 10;
const MOST_BATCH = 2_000;
const BATCH_MS = 30;
const MASK_BATCH = 20;
/** Of the limit on the size. */
const SPARE = 0.02;
/** Read at once: few of them are changed. */
const ERASE_BATCH = 500;

const MASKER = createRedactor({ maskNumbers: true });

export class Upkeep {
  readonly #database: Database;
  readonly #pause: () => Promise<void>;
  readonly #numbers: Numbers;
  readonly #room: Room;
  /** Calls before it in the order are masked: they are looked through once. */
  #maskedBelow = 0;
  #batch = FIRST_BATCH;

  constructor(database: Database, pause: () => Promise<void>) {
    this.#database = database;
    this.#pause = pause;
    this.#numbers = new Numbers(database, pause);
    this.#room = new Room(database);
  }

  /** Deletes what is older. Resolves to how many. */
  async deleteBefore(moment: Date): Promise<number> {
    return this.#deleteBelow(orderBefore(moment));
  }

  /**
   * Deletes the oldest until the records take no more room. Resolves to how many. Where it ends is decided once, before the first is
   * deleted: who measures again while he deletes, or while another router does, may find too much each time, and delete all.
   */
  async shrinkTo(maxBytes: number): Promise<number> {
    if ((await this.#room.most()) <= maxBytes) return 0;
    if ((await this.#room.bytes({ roughly: true })) <= maxBytes) return 0;
    const oldest = await this.#oldestPlace();
    const bytes = await this.#room.bytes();
    if (bytes <= maxBytes) return 0;
    // A little below, so that the next record does not start it again.
    const end = await this.#room.endOf(bytes - maxBytes * (1 - SPARE));
    // Another router is at it, and some of what was measured is gone.
    if ((await this.#oldestPlace()) !== oldest) return 0;
    return this.#deleteBelow(end);
  }

  /** What the records of calls take. */
  async bytes(): Promise<number> {
    return this.#room.bytes();
  }

  /** Masks the numbers in what is older; of calls in columns, texts and words. Resolves to how many records of calls. */
  async maskBefore(moment: Date): Promise<number> {
    const { reader } = this.#database;
    await this.#numbers.maskBefore(moment);
    const until = orderBefore(moment);
    let masked = 0;
    for (;;) {
      const rows = await reader
        .selectFrom('calls')
        .select(['n', 'tenant', 'record'])
        .where('masked', '=', 0)
        .where('n', '>=', this.#maskedBelow)
        .where('n', '<', until)
        .orderBy('n')
        .limit(MASK_BATCH)
        .execute();
      if (rows.length === 0) return masked;
      await this.#replace(rows, (record) => MASKER.value(record) as CallRecord);
      masked += rows.length;
      this.#maskedBelow = (rows.at(-1)?.n ?? until) + 1;
      await this.#pause();
    }
  }

  /**
   * Removes a number in any spelling, or a login, from everything. Resolves to how many records of calls it was in. Each of them is
   * read: the index knows the numbers of a call, and not all that were dialled, or that a CRM has named.
   */
  async erase(number: string): Promise<number> {
    const { reader } = this.#database;
    const sought = soughtOf(number);
    const ofShadows = await this.#numbers.erase(sought);
    const isIn = (record: string): boolean => sought.mayBeIn(record) && sought.isIn(JSON.parse(record));
    let below = Number.MAX_SAFE_INTEGER;
    let erased = 0;
    for (;;) {
      const rows = await reader
        .selectFrom('calls')
        .select(['n', 'id', 'tenant', 'record'])
        .where('n', '<', below)
        .orderBy('n', 'desc')
        .limit(ERASE_BATCH)
        .execute();
      if (rows.length === 0) return erased;
      const his = rows.filter(({ id, record }) => ofShadows.has(id) || isIn(record));
      for (let at = 0; at < his.length; at += MASK_BATCH) {
        await this.#replace(his.slice(at, at + MASK_BATCH), (record) => withoutTraces(record, sought));
        await this.#pause();
      }
      erased += his.length;
      below = rows.at(-1)?.n ?? 0;
    }
  }

  async oldest(): Promise<Date | null> {
    const n = await this.#oldestPlace();
    return n === null ? null : momentOf(n);
  }

  async newest(): Promise<Date | null> {
    const query = this.#database.reader.selectFrom('calls').select('n').orderBy('n', 'desc').limit(1);
    const row = await query.executeTakeFirst();
    return row === undefined ? null : momentOf(row.n);
  }

  /** Of PostgreSQL an estimate where it is large: counting takes seconds there. */
  async count(): Promise<number> {
    return this.#room.count();
  }

  async #oldestPlace(): Promise<number | null> {
    const query = this.#database.reader.selectFrom('calls').select('n').orderBy('n').limit(1);
    return (await query.executeTakeFirst())?.n ?? null;
  }

  async #deleteBelow(below: number): Promise<number> {
    const { kind, writer } = this.#database;
    let deleted = 0;
    // PostgreSQL goes past what is deleted until it is vacuumed: each batch begins where the last one ended.
    for (let from = 0; ;) {
      const startedAt = performance.now();
      const { found, gone } = await writer.transaction().execute(async (transaction) => {
        const oldest = await transaction
          .selectFrom('calls')
          .select('n')
          .where('n', '>=', from)
          .where('n', '<', below)
          .orderBy('n')
          .limit(this.#batch)
          .execute();
        const last = oldest.at(-1)?.n;
        if (last === undefined) return { found: 0, gone: 0 };
        const { numDeletedRows } = await transaction
          .deleteFrom('calls')
          // Without both ends it reads the whole table where it has no statistics.
          .where('n', '>=', oldest[0]?.n ?? last)
          .where('n', '<=', last)
          .executeTakeFirstOrThrow();
        if (kind === 'sqlite')
          await transaction
            .deleteFrom('call_words')
            .where(
              'rowid',
              'in',
              oldest.map(({ n }) => n),
            )
            .execute();
        from = last + 1;
        return { found: oldest.length, gone: Number(numDeletedRows) };
      });
      if (found === 0) return deleted;
      // Another router may have deleted them meanwhile.
      deleted += gone;
      const tookMs = performance.now() - startedAt;
      const fitting = Math.round((this.#batch * BATCH_MS) / Math.max(1, tookMs));
      this.#batch = Math.max(LEAST_BATCH, Math.min(MOST_BATCH, this.#batch * 2, fitting));
      if (kind === 'sqlite') await sql`pragma incremental_vacuum(256)`.execute(writer);
      await this.#pause();
    }
  }

  async #replace(
    rows: readonly { n: number; tenant: string; record: string }[],
    change: (record: CallRecord) => CallRecord,
  ): Promise<void> {
    const { kind, writer } = this.#database;
    const changed: {
      readonly n: number;
      readonly columns: CallColumns;
      readonly words: readonly string[];
    }[] = [];
    for (const { n, tenant, record } of rows) {
      const after = change(JSON.parse(record) as CallRecord);
      changed.push({ n, columns: columnsOf(after, tenant), words: wordsOf(after, tenant) });
      // One record takes a millisecond; calls are served between two.
      await new Promise(setImmediate);
    }
    if (changed.length === 0) return;
    await writer.transaction().execute(async (transaction) => {
      for (const { n, columns, words } of changed) {
        const set = { ...columns, masked: 1, ...(kind === 'postgres' ? { words: vector(words, n) } : {}) };
        await transaction
          .updateTable('calls')
          .set(set as never)
          .where('n', '=', n)
          .execute();
        if (kind === 'sqlite') {
          await transaction.deleteFrom('call_words').where('rowid', '=', n).execute();
          await transaction
            .insertInto('call_words')
            .values({ rowid: n, words: words.join(' ') })
            .execute();
        }
      }
    });
  }
}
