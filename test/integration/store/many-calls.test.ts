import { expect } from 'chai';
import pg from 'pg';
import type { Store } from '../../../lib/store/store.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../../support/postgres.ts';
import { callRecord, openStore } from '../../support/stored.ts';

/** More calls than PostgreSQL counts fast, and statistics that never follow: nobody vacuums. */

const CALLS = 150_000;

describe('a PostgreSQL with many calls and old statistics', function () {
  this.timeout(300_000);
  if (!postgresInstalled()) {
    it(NO_POSTGRES, function () {
      this.skip();
    });
    return;
  }
  let postgres: Postgres;
  let client: pg.Client;
  let store: Store;
  const open = () => openStore({ url: postgres.url(), password: postgres.password });
  const figure = async (query: string): Promise<number> => {
    const { rows } = await client.query<{ figure: string }>(`select (${query}) as figure`);
    return Number(rows[0]?.figure);
  };
  const left = () => figure('select count(*) from calls');

  before(async () => {
    postgres = await Postgres.start(['autovacuum=off']);
    client = new pg.Client({ connectionString: postgres.urlWithPassword() });
    await client.connect();
    store = await open();
    store.record(callRecord({ at: new Date('2026-01-01T00:00:00Z') }));
    await store.flush();
    const { rows } = await client.query(
      `select column_name from information_schema.columns where table_name = 'calls'`,
    );
    const names = rows.map(({ column_name }) => String(column_name));
    const one: Record<string, string> = {
      n: 'n + g * 491520000::bigint',
      id: 'id || g',
      record: `'{}'`,
      words: `array_to_tsvector(array['t:default'])`,
    };
    await client.query('drop index calls_by_word');
    await client.query(
      `insert into calls (${names.map((name) => `"${name}"`).join()})
       select ${names.map((name) => one[name] ?? `"${name}"`).join()} from calls, generate_series(1, ${CALLS - 1}) g`,
    );
    await client.query('vacuum analyze calls');
  });
  after(async () => {
    await store.close();
    await client.end();
    await postgres.remove();
  });

  it('counts them about right', async () => {
    expect(await store.upkeep.count()).to.be.within(CALLS * 0.9, CALLS * 1.1);
  });

  it('shrinks once to what is allowed, and nothing is deleted in the rounds after it', async () => {
    const bytes = await store.upkeep.bytes();
    const deleted = await store.upkeep.shrinkTo(bytes * 0.95);
    expect(deleted).to.be.within(CALLS * 0.05, CALLS * 0.1);
    expect(await left()).to.equal(CALLS - deleted);
    const known = await figure(`select reltuples from pg_class where relname = 'calls'`);
    expect(known, 'the statistics are old').to.be.greaterThan(CALLS * 0.99);
    for (let round = 0; round < 3; round++) expect(await store.upkeep.shrinkTo(bytes * 0.95)).to.equal(0);
    expect(await store.upkeep.count()).to.be.within(CALLS * 0.8, CALLS);
  });

  it('is shrunk by two routers at once, and only once', async () => {
    const other = await open();
    const before = await left();
    expect(before).to.be.greaterThan(CALLS * 0.8);
    const limit = (await store.upkeep.bytes()) * 0.9;
    const deleted = await Promise.all([store, other].map(({ upkeep }) => upkeep.shrinkTo(limit)));
    const gone = before - (await left());
    expect(deleted.reduce((sum, one) => sum + one, 0)).to.equal(gone);
    expect(gone).to.be.within(before * 0.1, before * 0.15);
    await other.close();
  });
});
