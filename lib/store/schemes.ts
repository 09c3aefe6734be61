import type { Insertable, Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { SchemeRevisionTable } from './tables.ts';

/** Schemes made outside files. Every change is a revision; none is ever overwritten. */

export type SchemeRevision = Selectable<SchemeRevisionTable>;
export type SchemeChange = Omit<Insertable<SchemeRevisionTable>, 'revision'> & {
  /** The revision that was changed; 0 for a new scheme. */
  readonly after: number;
};

export class Schemes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves to the revision; null when somebody else has made one meanwhile. */
  async save({ after, ...change }: SchemeChange): Promise<number | null> {
    const revision = after + 1;
    const written = await this.#database.writer
      .insertInto('scheme_revisions')
      .columns(['id', 'tenant', 'name', 'revision', 'created_at', 'author', 'message', 'state', 'document'])
      .values({ ...change, revision })
      .onConflict((conflict) => conflict.columns(['tenant', 'name', 'revision']).doNothing())
      .returning('revision')
      .executeTakeFirst();
    return written?.revision ?? null;
  }

  /** The newest revision of each, deleted ones included. */
  async current(tenant: string): Promise<SchemeRevision[]> {
    return this.#database.reader
      .selectFrom('scheme_revisions as r')
      .selectAll('r')
      .where('tenant', '=', tenant)
      .where('revision', '=', (eb) =>
        eb
          .selectFrom('scheme_revisions as other')
          .select(({ fn }) => fn.max('other.revision').as('last'))
          .where('other.tenant', '=', eb.ref('r.tenant'))
          .where('other.name', '=', eb.ref('r.name')),
      )
      .orderBy('name')
      .execute();
  }

  /** The newest first. */
  async revisions(tenant: string, name: string): Promise<SchemeRevision[]> {
    return this.#database.reader
      .selectFrom('scheme_revisions')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('name', '=', name)
      .orderBy('revision', 'desc')
      .execute();
  }
}
