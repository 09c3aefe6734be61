import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from './database.ts';
import { StoreFault } from './fault.ts';
import { MIGRATIONS, statementsOf } from './migrations.ts';
import type { Tables } from './tables.ts';

/** An arbitrary constant: the holder of this lock changes the tables. */
const LOCK = 0x65736c72;

export interface MigrateOptions {
  readonly program: string;
  readonly at: Date;
}

/**
 * Brings the tables up to what this program knows, in one transaction: of two routers that start at once the second one waits,
 * and finds nothing left to do. Rejects with StoreFault `version` where a later program has been.
 */
export async function migrate(
  { kind, writer, migrating }: Pick<Database, 'kind' | 'writer' | 'migrating'>,
  { program, at }: MigrateOptions,
): Promise<void> {
  if ((await versionOf(writer)) === MIGRATIONS.length) return;
  await migrating((db) =>
    db.transaction().execute(async (transaction) => {
      if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${LOCK})`.execute(transaction);
      const time = kind === 'postgres' ? 'timestamptz(3)' : 'text';
      await sql
        .raw(
          `create table if not exists schema_versions (version integer primary key, applied_at ${time} not null, program text not null)`,
        )
        .execute(transaction);
      const version = await appliedIn(transaction);
      refuseNewer(version);
      for (const [index, migration] of MIGRATIONS.entries()) {
        if (index < version) continue;
        for (const statement of statementsOf(migration, kind)) await sql.raw(statement).execute(transaction);
        const row = { version: index + 1, applied_at: at.toISOString(), program };
        await transaction.insertInto('schema_versions').values(row).execute();
      }
    }),
  );
}

/** For a program that only reads. Rejects with StoreFault where the tables are not of this program. */
export async function expectVersion(db: Kysely<Tables>): Promise<void> {
  const version = await versionOf(db);
  refuseNewer(version);
  if (version < MIGRATIONS.length) {
    throw new StoreFault(
      'version',
      'the store has no tables of this version yet: start the router once to create them',
    );
  }
}

async function versionOf(db: Kysely<Tables>): Promise<number> {
  const version = await appliedIn(db).catch((error: unknown) => {
    // The database is new. Not by its words: PostgreSQL says them in the language of its lc_messages.
    if (error instanceof StoreFault && error.kind === 'tables') return 0;
    throw error;
  });
  refuseNewer(version);
  return version;
}

async function appliedIn(db: Kysely<Tables> | Transaction<Tables>): Promise<number> {
  const { version } = await db
    .selectFrom('schema_versions')
    .select(({ fn }) => fn.max<number | null>('version').as('version'))
    .executeTakeFirstOrThrow();
  // Of an empty table.
  return version ?? 0;
}

function refuseNewer(version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new StoreFault(
    'version',
    `the store has tables of version ${version} and this program knows ${MIGRATIONS.length}: a newer esl-router made them; install that one, or name another store`,
  );
}
