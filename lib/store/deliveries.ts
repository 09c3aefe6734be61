import { sql, type Insertable, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { Database } from './database.ts';
import type { DeliveryTable, LiveCallTable, Tables } from './tables.ts';

/** Events on their way to a CRM: written before the first try, delivered in order for each call and webhook. */

export type Delivery = Selectable<DeliveryTable>;
export type NewDelivery = Pick<
  Delivery,
  'id' | 'tenant' | 'call_id' | 'seq' | 'scheme' | 'event' | 'webhook' | 'body' | 'created_at'
>;
export type NewLiveCall = Omit<Insertable<LiveCallTable>, 'router'>;

/** An entry of the `events` of a scheme. */
export interface Lane {
  readonly scheme: string;
  readonly webhook: string;
}

/** What one router reports of its calls, in the order in which it happened. */
export interface Happened {
  readonly opened: readonly NewLiveCall[];
  readonly deliveries: readonly NewDelivery[];
  /** Calls that are over. */
  readonly closed: readonly string[];
}

/** The result of a try. */
export type Settled =
  | { readonly kind: 'delivered'; readonly delivery: Delivery }
  | { readonly kind: 'failed'; readonly delivery: Delivery; readonly error: string; readonly nextAt: Date }
  | { readonly kind: 'parked'; readonly delivery: Delivery; readonly error: string }
  /** Nothing was sent. */
  | { readonly kind: 'released'; readonly delivery: Delivery; readonly nextAt: Date };

/** As in the condition of the index `deliveries_waiting`, which a parameter does not fit. */
const WAITING = sql.lit('waiting' as const);
const GIVE_UP_MS = 86_400_000;
const NOBODY = 'no router has such a scheme, or such an entry in its events';

export class Deliveries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Idempotent. Events of a call that another router has closed meanwhile are dropped; resolves to how many. */
  async write(router: string, { opened, deliveries, closed }: Happened): Promise<number> {
    const { writer, kind } = this.#database;
    return writer.transaction().execute(async (transaction) => {
      const ours = new Set(opened.map(({ call_id }) => call_id));
      const asked = [...new Set([...deliveries.map(({ call_id }) => call_id), ...closed])].filter(
        (id) => !ours.has(id),
      );
      if (asked.length > 0) {
        const held = await transaction
          .selectFrom('live_calls')
          .select('call_id')
          .where('call_id', 'in', asked)
          .where('router', '=', router)
          .$if(kind === 'postgres', (query) => query.forUpdate())
          .execute();
        for (const { call_id } of held) ours.add(call_id);
      }
      const over = new Set(closed);
      const living = opened.filter(({ call_id }) => !over.has(call_id)).map((call) => ({ ...call, router }));
      if (living.length > 0) {
        await transaction
          .insertInto('live_calls')
          .values(living)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      await insertInto(
        transaction,
        deliveries.filter(({ call_id }) => ours.has(call_id)),
      );
      const foreign = deliveries.filter(({ call_id }) => !ours.has(call_id)).map(({ id }) => id);
      if (closed.length > 0) {
        await transaction
          .deleteFrom('live_calls')
          .where('call_id', 'in', [...closed])
          .where('router', '=', router)
          .execute();
      }
      if (foreign.length === 0) return 0;
      // What is there was written when its answer was lost.
      const there = await transaction
        .selectFrom('deliveries')
        .select('id')
        .where('id', 'in', foreign)
        .execute();
      return foreign.length - there.length;
    });
  }

  /** When the next one of a lane may be sent; null when none waits. */
  async nextAt({ scheme, webhook }: Lane): Promise<Date | null> {
    const row = await this.#database.reader
      .selectFrom('deliveries')
      .select('next_at')
      .where('state', '=', WAITING)
      .where('scheme', '=', scheme)
      .where('webhook', '=', webhook)
      .orderBy('next_at')
      .limit(1)
      .executeTakeFirst();
    return row === undefined ? null : new Date(row.next_at);
  }

  /**
   * Takes what may be sent now of a lane, only for this router until then: of each call the first that waits, and none after
   * it.
   */
  async take(
    { scheme, webhook }: Lane,
    { at, until, limit }: { readonly at: Date; readonly until: Date; readonly limit: number },
  ): Promise<Delivery[]> {
    const { writer, kind } = this.#database;
    const due = writer
      .selectFrom('deliveries as d')
      .select('d.id')
      .where('d.state', '=', WAITING)
      .where('d.scheme', '=', scheme)
      .where('d.webhook', '=', webhook)
      .where('d.next_at', '<=', at.toISOString())
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('deliveries as before')
              .select('before.id')
              .where('before.call_id', '=', eb.ref('d.call_id'))
              .where('before.webhook', '=', eb.ref('d.webhook'))
              .where('before.seq', '<', eb.ref('d.seq'))
              .where('before.state', '=', WAITING),
          ),
        ),
      )
      .orderBy('d.next_at')
      .limit(limit);
    return writer
      .updateTable('deliveries')
      .set({ next_at: until.toISOString() })
      .where((eb) =>
        kind === 'postgres'
          ? // As an array it is read once, whatever the planner thinks of it: each reading would lock other rows.
            sql<boolean>`id = any(array(${due.forUpdate('d').skipLocked()}))`
          : eb('id', 'in', due),
      )
      .returningAll()
      .execute();
  }

  async settle(results: readonly Settled[], at: Date): Promise<void> {
    const { writer, kind } = this.#database;
    const delivered = results.flatMap((result) => (result.kind === 'delivered' ? [result.delivery.id] : []));
    const others = results.filter((result) => result.kind !== 'delivered');
    if (others.length === 0) return settleDelivered(writer, delivered, at);
    await writer.transaction().execute(async (transaction) => {
      if (delivered.length > 0) await settleDelivered(transaction, delivered, at);
      await settleOthers(transaction, kind, others, at);
    });
  }

  /** Parks events whose time is over and that no living router has tried. Resolves to how many. */
  async parkForgotten(lanes: readonly Lane[], at: Date): Promise<number> {
    const { numUpdatedRows } = await this.#database.writer
      .updateTable('deliveries')
      .set({ state: 'parked', last_error: NOBODY, done_at: at.toISOString() })
      .where('state', '=', 'waiting')
      .where('next_at', '<=', at.toISOString())
      .where('give_up_at', '<=', at.toISOString())
      .$if(lanes.length > 0, (query) =>
        query.where((eb) =>
          eb.not(
            eb.or(
              lanes.map(({ scheme, webhook }) =>
                eb.and([eb('scheme', '=', scheme), eb('webhook', '=', webhook)]),
              ),
            ),
          ),
        ),
      )
      .executeTakeFirst();
    return Number(numUpdatedRows);
  }

  /** Some wait to be delivered, or calls to be closed. */
  async hasOpen(): Promise<boolean> {
    const { reader } = this.#database;
    const [waiting, live] = await Promise.all([
      reader.selectFrom('deliveries').select('id').where('state', '=', 'waiting').limit(1).execute(),
      reader.selectFrom('live_calls').select('call_id').limit(1).execute(),
    ]);
    return waiting.length + live.length > 0;
  }

  /** The oldest ones: of all, of a tenant, or one. */
  async parked(
    limit: number,
    { id, tenant }: { readonly id?: string | undefined; readonly tenant?: string | undefined } = {},
  ): Promise<Delivery[]> {
    let query = this.#database.reader.selectFrom('deliveries').selectAll().where('state', '=', 'parked');
    if (id !== undefined) query = query.where('id', '=', id);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    return query.orderBy('id').limit(limit).execute();
  }

  /** Parked ones wait again, for another day: all of them, those of a tenant, or one. Resolves to how many. */
  async retry(
    at: Date,
    { id, tenant }: { readonly id?: string | undefined; readonly tenant?: string } = {},
  ): Promise<number> {
    let query = this.#database.writer
      .updateTable('deliveries')
      .set({
        state: 'waiting',
        attempts: 0,
        next_at: at.toISOString(),
        give_up_at: givenUp(at),
        done_at: null,
      })
      .where('state', '=', 'parked');
    if (id !== undefined) query = query.where('id', '=', id);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    return Number((await query.executeTakeFirst()).numUpdatedRows);
  }

  /** How many there are of each state, and since when the oldest waits. */
  async counts(
    tenant?: string,
  ): Promise<{ readonly state: Delivery['state']; readonly count: number; readonly oldest: string }[]> {
    let query = this.#database.reader.selectFrom('deliveries');
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    return query
      .select(({ fn }) => ['state', fn.countAll<number>().as('count'), fn.min('created_at').as('oldest')])
      .groupBy('state')
      .orderBy('state')
      .execute();
  }

  /**
   * The same of those that wait and those that are parked, all of them alike, at a price that does not grow with the delivered
   * ones: those may be millions, and are not looked at.
   */
  async undelivered(): Promise<Awaited<ReturnType<Deliveries['counts']>>> {
    const found = await Promise.all(
      (['waiting', 'parked'] as const).map(async (state) => {
        const { count, oldest } = await this.#database.reader
          .selectFrom('deliveries')
          .select(({ fn }) => [
            fn.countAll<number>().as('count'),
            fn.min<string | null>('created_at').as('oldest'),
          ])
          .where('state', '=', state)
          .executeTakeFirstOrThrow();
        return { state, count, oldest };
      }),
    );
    return found.flatMap(({ oldest, ...one }) => (oldest === null ? [] : [{ ...one, oldest }]));
  }

  /** Deletes what was delivered before. Resolves to how many. */
  async deleteDelivered(moment: Date, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database.writer
      .deleteFrom('deliveries')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('deliveries')
          .select('id')
          .where('state', '=', 'delivered')
          // Until then it was taken for the last time; there is an index of it.
          .where('next_at', '<', moment.toISOString())
          .orderBy('next_at')
          .limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** Deletes older delivered and parked ones. Resolves to how many. */
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

/** One that is there already stays. */
export async function insertInto(
  transaction: Transaction<Tables>,
  deliveries: readonly NewDelivery[],
): Promise<void> {
  if (deliveries.length === 0) return;
  const rows = deliveries.map((delivery) => ({
    ...delivery,
    state: 'waiting' as const,
    attempts: 0,
    next_at: delivery.created_at,
    done_at: null,
    last_error: '',
    give_up_at: givenUp(new Date(delivery.created_at)),
  }));
  await transaction
    .insertInto('deliveries')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function settleDelivered(db: Kysely<Tables>, ids: readonly string[], at: Date): Promise<void> {
  await db
    .updateTable('deliveries')
    .set((eb) => ({
      state: 'delivered',
      attempts: eb('attempts', '+', 1),
      done_at: at.toISOString(),
      last_error: '',
      // It is no longer needed, and it holds numbers.
      body: '',
    }))
    .where('id', 'in', ids)
    .execute();
}

/** Each has its own values, and all of them are one statement. */
async function settleOthers(
  db: Kysely<Tables>,
  kind: Database['kind'],
  results: readonly Exclude<Settled, { kind: 'delivered' }>[],
  at: Date,
): Promise<void> {
  const time = sql.raw(kind === 'postgres' ? 'timestamptz' : 'text');
  // The unary plus makes SQLite find them by their call, not among all that wait: there may be a hundred thousand.
  const state = sql.raw(kind === 'postgres' ? 'deliveries.state' : '+deliveries.state');
  const rows = results.map((result) => {
    const { id, attempts, last_error: before } = result.delivery;
    const tried = result.kind === 'released' ? 0 : 1;
    const error = result.kind === 'released' ? before : result.error;
    const next = result.kind === 'parked' ? at : result.nextAt;
    const becomes = result.kind === 'parked' ? 'parked' : 'waiting';
    return sql`(${id}, ${becomes}, ${String(attempts + tried)}, ${error}, ${next.toISOString()})`;
  });
  await sql`update deliveries set state = v.column2, attempts = cast(v.column3 as integer), last_error = v.column4,
      next_at = cast(v.column5 as ${time})
    from (values ${sql.join(rows)}) as v
    where deliveries.id = v.column1 and ${state} = 'waiting'`.execute(db);
  const failed = results.flatMap((result) => (result.kind === 'failed' ? [result] : []));
  if (failed.length === 0) return;
  // Those after it can't go before: they are not even looked at until then.
  const behind = failed.map(({ delivery: { call_id, webhook }, nextAt }) => {
    return sql`(${call_id}, ${webhook}, ${nextAt.toISOString()})`;
  });
  await sql`update deliveries set next_at = cast(v.column3 as ${time})
    from (values ${sql.join(behind)}) as v
    where deliveries.call_id = v.column1 and deliveries.webhook = v.column2 and ${state} = 'waiting'
      and deliveries.next_at < cast(v.column3 as ${time})`.execute(db);
}

function givenUp(at: Date): string {
  return new Date(at.getTime() + GIVE_UP_MS).toISOString();
}
