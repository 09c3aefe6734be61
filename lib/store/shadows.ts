import type { Insertable, Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { ShadowTable } from './tables.ts';

/** What another scheme would have decided, beside what was. */

export type Shadow = Selectable<ShadowTable>;

export class Shadows {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(shadows: readonly Insertable<ShadowTable>[]): Promise<void> {
    if (shadows.length === 0) return;
    await this.#database.writer
      .insertInto('shadows')
      .values([...shadows])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** How many calls it has seen, and in how many of them it differs. */
  async tally(shadow: string): Promise<{ readonly calls: number; readonly differing: number }> {
    const { calls, differing } = await this.#database.reader
      .selectFrom('shadows')
      .select(({ fn }) => [
        fn.countAll<number>().as('calls'),
        fn.sum<number | null>('differs').as('differing'),
      ])
      .where('shadow', '=', shadow)
      .executeTakeFirstOrThrow();
    return { calls, differing: differing ?? 0 };
  }

  /** The newest that differ. */
  async differing(shadow: string, limit: number): Promise<Shadow[]> {
    return this.#database.reader
      .selectFrom('shadows')
      .selectAll()
      .where('shadow', '=', shadow)
      .where('differs', '=', 1)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
  }

  async deleteBefore(moment: Date, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database.writer
      .deleteFrom('shadows')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('shadows')
          .select('id')
          .where('at', '<', moment.toISOString())
          .orderBy('id')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}
