import type { Insertable, Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { DeliveryTable } from './tables.ts';

/** Events on their way to a CRM: written before the first try, delivered in order for each call and webhook. */

export type Delivery = Selectable<DeliveryTable>;

export class Deliveries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One that is there already stays. */
  async add(deliveries: readonly Insertable<DeliveryTable>[]): Promise<void> {
    if (deliveries.length === 0) return;
    await this.#database.writer
      .insertInto('deliveries')
      .values([...deliveries])
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** What may be sent now: of each call and webhook the first that waits, and none behind it. */
  async due(at: Date, limit: number): Promise<Delivery[]> {
    return this.#database.reader
      .selectFrom('deliveries as d')
      .selectAll('d')
      .where('state', '=', 'waiting')
      .where('next_at', '<=', at.toISOString())
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('deliveries as before')
              .select('before.id')
              .where('before.call_id', '=', eb.ref('d.call_id'))
              .where('before.webhook', '=', eb.ref('d.webhook'))
              .where('before.seq', '<', eb.ref('d.seq'))
              .where('before.state', '=', 'waiting'),
          ),
        ),
      )
      .orderBy('next_at')
      .limit(limit)
      .execute();
  }

  /** Takes one for this router until then. Resolves to false when another has it, or it has been done. */
  async claim({ id, next_at: nextAt }: Delivery, until: Date): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.writer
      .updateTable('deliveries')
      .set({ next_at: until.toISOString() })
      .where('id', '=', id)
      .where('state', '=', 'waiting')
      .where('next_at', '=', nextAt)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async settle(
    id: string,
    change: Pick<Delivery, 'state' | 'attempts' | 'last_error'> & {
      readonly nextAt?: Date;
      readonly doneAt?: Date;
    },
  ): Promise<void> {
    const { state, attempts, last_error, nextAt, doneAt } = change;
    await this.#database.writer
      .updateTable('deliveries')
      .set({
        state,
        attempts,
        last_error,
        ...(nextAt === undefined ? {} : { next_at: nextAt.toISOString() }),
        ...(doneAt === undefined ? {} : { done_at: doneAt.toISOString() }),
      })
      .where('id', '=', id)
      .execute();
  }

  async parked(limit: number): Promise<Delivery[]> {
    const query = this.#database.reader.selectFrom('deliveries').selectAll().where('state', '=', 'parked');
    return query.orderBy('id').limit(limit).execute();
  }

  /** Parked ones wait again: all of them, or one. Resolves to how many. */
  async retry(at: Date, id?: string): Promise<number> {
    let query = this.#database.writer
      .updateTable('deliveries')
      .set({ state: 'waiting', attempts: 0, next_at: at.toISOString() })
      .where('state', '=', 'parked');
    if (id !== undefined) query = query.where('id', '=', id);
    return Number((await query.executeTakeFirst()).numUpdatedRows);
  }

  /** How many there are of each state, and since when the oldest waits. */
  async counts(): Promise<
    { readonly state: Delivery['state']; readonly count: number; readonly oldest: string }[]
  > {
    return this.#database.reader
      .selectFrom('deliveries')
      .select(({ fn }) => ['state', fn.countAll<number>().as('count'), fn.min('created_at').as('oldest')])
      .groupBy('state')
      .orderBy('state')
      .execute();
  }

  /** Delivered and parked ones of before. Resolves to how many. */
  async deleteBefore(moment: Date, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database.writer
      .deleteFrom('deliveries')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('deliveries')
          .select('id')
          .where('created_at', '<', moment.toISOString())
          .where('state', '!=', 'waiting')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}
