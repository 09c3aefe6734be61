import type { Insertable, Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { AuditTable } from './tables.ts';

/** Who changed what, and from where. Nothing in it is ever changed or deleted: the database itself refuses. */

export type AuditEntry = Selectable<AuditTable>;
export type AuditLine = Insertable<AuditTable>;

export class Audit {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(entry: AuditLine): Promise<void> {
    await this.#database.writer.insertInto('audit').values(entry).execute();
  }

  /** Newest first; `cursor` is the id of the last one of the page before. */
  async page({
    cursor,
    limit = 50,
    tenant,
  }: {
    cursor?: string;
    limit?: number;
    tenant?: string;
  }): Promise<AuditEntry[]> {
    let query = this.#database.reader.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
    if (cursor !== undefined) query = query.where('id', '<', cursor);
    if (tenant !== undefined) query = query.where('tenant', '=', tenant);
    return query.execute();
  }
}
