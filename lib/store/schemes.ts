import { sql, type Insertable, type Selectable } from 'kysely';
import { Audit, type AuditLine } from './audit.ts';
import type { Database } from './database.ts';
import type { SchemeRevisionTable } from './tables.ts';

/** Schemes made outside files. Every change is a revision; none is ever overwritten. */

export type SchemeRevision = Selectable<SchemeRevisionTable>;
/** All but its document, which may have 256 KB. */
export type SchemeHead = Omit<SchemeRevision, 'document' | 'id' | 'tenant'>;
export type SchemeChange = Omit<Insertable<SchemeRevisionTable>, 'revision'> & {
  /** The revision that was changed; 0 for a new scheme. */
  readonly after: number;
};

const HEAD = ['name', 'revision', 'created_at', 'author', 'message', 'state'] as const;
const CHANNEL = 'esl_router_schemes';

export class Schemes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** With its line of the audit log. Resolves to the revision; null when somebody else has made one meanwhile. */
  async save({ after, ...change }: SchemeChange, line: AuditLine | null = null): Promise<number | null> {
    const revision = after + 1;
    const { kind, writer } = this.#database;
    const written = await writer.transaction().execute(async (transaction) => {
      const row = await transaction
        .insertInto('scheme_revisions')
        .columns(['id', 'tenant', 'name', 'revision', 'created_at', 'author', 'message', 'state', 'document'])
        .values({ ...change, revision })
        .onConflict((conflict) => conflict.columns(['tenant', 'name', 'revision']).doNothing())
        .returning('revision')
        .executeTakeFirst();
      if (row !== undefined && line !== null) {
        await new Audit({ ...this.#database, writer: transaction }).add(line);
      }
      return row;
    });
    if (written === undefined) return null;
    // Sent when others can read it. If it is lost, the regular check makes up for it.
    if (kind === 'postgres')
      await sql`select pg_notify(${CHANNEL}, '')`.execute(writer).catch(() => undefined);
    return written.revision;
  }

  /** Another one after each change: rows are only added. */
  async mark(tenant: string): Promise<number> {
    const { count } = await this.#database.reader
      .selectFrom('scheme_revisions')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('tenant', '=', tenant)
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Calls back when another router on the same database may have saved one. PostgreSQL only: SQLite gives no notice. */
  listen(onChange: () => void): () => void {
    return this.#database.listen?.(CHANNEL, onChange) ?? (() => undefined);
  }

  /** The newest revision of each, deleted ones included. */
  async current(tenant: string): Promise<SchemeRevision[]> {
    return this.#newest(tenant).selectAll('r').orderBy('name').execute();
  }

  /** The same without their documents: a list of them reads none. */
  async heads(tenant: string): Promise<SchemeHead[]> {
    return this.#newest(tenant).select(HEAD).orderBy('name').execute();
  }

  /** Newest first, without their documents; with `before` those that are older. */
  async revisions(
    tenant: string,
    name: string,
    { limit, before }: { readonly limit: number; readonly before?: number },
  ): Promise<SchemeHead[]> {
    let query = this.#database.reader.selectFrom('scheme_revisions').select(HEAD);
    if (before !== undefined) query = query.where('revision', '<', before);
    return query
      .where('tenant', '=', tenant)
      .where('name', '=', name)
      .orderBy('revision', 'desc')
      .limit(limit)
      .execute();
  }

  /** One of them: of that number, the newest, or the newest that was in use. */
  async revision(
    tenant: string,
    name: string,
    which: number | 'newest' | 'used',
  ): Promise<SchemeRevision | null> {
    let query = this.#database.reader.selectFrom('scheme_revisions').selectAll();
    if (typeof which === 'number') query = query.where('revision', '=', which);
    if (which === 'used') query = query.where('state', 'in', ['live', 'shadow']);
    const row = await query
      .where('tenant', '=', tenant)
      .where('name', '=', name)
      .orderBy('revision', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ?? null;
  }

  #newest(tenant: string) {
    return this.#database.reader
      .selectFrom('scheme_revisions as r')
      .where('tenant', '=', tenant)
      .where('revision', '=', (eb) =>
        eb
          .selectFrom('scheme_revisions as other')
          .select(({ fn }) => fn.max('other.revision').as('last'))
          .where('other.tenant', '=', eb.ref('r.tenant'))
          .where('other.name', '=', eb.ref('r.name')),
      );
  }
}
