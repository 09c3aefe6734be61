import { uuidv7 } from '../uuid.ts';
import type { Database } from './database.ts';
import { insertInto, type NewDelivery } from './deliveries.ts';

/** Calls with events, by the router that has them. If a router dies another one closes its calls. */

/** What is reported of a call whose router died: an entry of `live_calls.ends`. */
export interface LastWord {
  readonly webhook: string;
  readonly body: string;
}

/** Of a CRM that wants to hear of it. */
const ENDED = 'ended';

export class LiveCalls {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The router is alive. */
  async beat(router: string, at: Date): Promise<void> {
    const seen_at = at.toISOString();
    await this.#database.writer
      .insertInto('routers')
      .values({ id: router, seen_at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at }))
      .execute();
  }

  /** It stops in order. */
  async leave(router: string): Promise<void> {
    await this.#database.writer.deleteFrom('routers').where('id', '=', router).execute();
  }

  /**
   * Closes calls of routers that have not been alive since then, at most this many, with an event for their CRMs. Resolves to
   * the schemes that have something to send, one for each call.
   */
  async closeOrphans(aliveSince: Date, at: Date, limit: number): Promise<string[]> {
    const { writer, kind } = this.#database;
    return writer.transaction().execute(async (transaction) => {
      const orphans = await transaction
        .selectFrom('live_calls')
        .selectAll()
        .where('router', 'not in', (eb) =>
          eb.selectFrom('routers').select('id').where('seen_at', '>=', aliveSince.toISOString()),
        )
        .orderBy('call_id')
        .limit(limit)
        .$if(kind === 'postgres', (query) => query.forUpdate().skipLocked())
        .execute();
      if (orphans.length === 0) {
        await transaction.deleteFrom('routers').where('seen_at', '<', aliveSince.toISOString()).execute();
        return [];
      }
      const ids = orphans.map(({ call_id }) => call_id);
      const known = await transaction
        .selectFrom('deliveries')
        .select(({ fn }) => ['call_id', 'webhook', fn.max('seq').as('seq')])
        .where('call_id', 'in', ids)
        .groupBy(['call_id', 'webhook'])
        .execute();
      const last = new Map(known.map(({ call_id, webhook, seq }) => [`${call_id} ${webhook}`, seq]));
      const ends = orphans.flatMap(({ call_id, tenant, scheme, ends }) =>
        (JSON.parse(ends) as LastWord[]).map(({ webhook, body }): NewDelivery => {
          const seq = (last.get(`${call_id} ${webhook}`) ?? 0) + 1;
          const created_at = at.toISOString();
          return { id: uuidv7(at), tenant, call_id, seq, scheme, event: ENDED, webhook, body, created_at };
        }),
      );
      await insertInto(transaction, ends);
      await transaction.deleteFrom('live_calls').where('call_id', 'in', ids).execute();
      return orphans.map(({ scheme }) => scheme);
    });
  }
}
