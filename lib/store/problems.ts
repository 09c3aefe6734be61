import { sql, type Insertable, type Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { ProblemTable } from './tables.ts';

/** Failures grouped by their kind, so that one fault of a CRM is one line and not a thousand calls. */

export type Problem = Selectable<ProblemTable>;

export class Problems {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Counts `count` more, 1 by default. A solved one that comes back is open again. */
  async count({
    count = 1,
    ...problem
  }: Omit<Insertable<ProblemTable>, 'state' | 'count' | 'changed_by'> & { count?: number }): Promise<void> {
    await this.#database.writer
      .insertInto('problems')
      .values({ ...problem, state: 'open', count, changed_by: '' })
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'kind']).doUpdateSet({
          count: sql`problems.count + ${count}`,
          last_at: problem.last_at,
          last_call: problem.last_call,
          state: sql`case when problems.state = 'solved' then 'open' else problems.state end`,
        }),
      )
      .execute();
  }

  /** The most recent first. */
  async list(tenant: string, states: readonly Problem['state'][], limit: number): Promise<Problem[]> {
    return this.#database.reader
      .selectFrom('problems')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('state', 'in', [...states])
      .orderBy('last_at', 'desc')
      .limit(limit)
      .execute();
  }

  async find(id: string, tenant: string): Promise<Problem | null> {
    const row = await this.#database.reader
      .selectFrom('problems')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    return row ?? null;
  }

  async change(
    id: string,
    tenant: string,
    { state, by }: { state: Problem['state']; by: string },
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.writer
      .updateTable('problems')
      .set({ state, changed_by: by })
      .where('id', '=', id)
      .where('tenant', '=', tenant)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
}
