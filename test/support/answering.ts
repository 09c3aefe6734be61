import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Tables } from '../../lib/store/tables.ts';

/** A PostgreSQL that gives every query this answer. */
export function answering(answer: () => Promise<readonly unknown[]>): Kysely<Tables> {
  class Answering extends DummyDriver {
    override acquireConnection() {
      return Promise.resolve({
        executeQuery: async <R>(): Promise<QueryResult<R>> => ({ rows: (await answer()) as R[] }),
        streamQuery: () => {
          throw new Error('pages are read, not streams');
        },
      });
    }
  }
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new Answering(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}
