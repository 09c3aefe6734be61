import { expect } from 'chai';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { expectVersion } from '../../../lib/store/migrate.ts';
import { faultOf } from '../../../lib/store/postgres.ts';
import type { Tables } from '../../../lib/store/tables.ts';

describe('tables of a store', () => {
  /** A database that answers every query with this error. */
  function failing(error: Error): Kysely<Tables> {
    class Failing extends DummyDriver {
      override acquireConnection() {
        return Promise.resolve({
          executeQuery: () => Promise.reject(faultOf(error)),
          streamQuery: () => {
            throw new Error('pages are read, not streams');
          },
        });
      }
    }
    return new Kysely<Tables>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new Failing(),
        createIntrospector: (db) => new PostgresIntrospector(db),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    });
  }
  const told = (message: string, code: string) =>
    expectVersion(failing(Object.assign(new Error(message), { code }))).then(() => '', String);

  it('are not there yet, in whatever language the database says so', async () => {
    for (const message of [
      'relation "schema_versions" does not exist',
      'відношення "schema_versions" не існує',
    ])
      expect(await told(message, '42P01'), message).to.contain('the store has no tables of this version yet');
  });

  it('are not taken for missing because of a word', async () => {
    expect(await told('role "esl_router" does not exist', '28000')).to.contain('role "esl_router"');
    expect(await told('function f() does not exist', '42883')).to.contain('function f()');
  });
});
