import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '../../lib/config/config.ts';
import type { Kind } from '../../lib/store/migrations.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from './postgres.ts';

/** Both databases for one suite: each call of `fresh` is an empty one. */
export interface TestDatabase {
  readonly kind: Kind;
  fresh(): Promise<Partial<Config['store']>>;
  /** Straight at the tables, past the program. */
  execute(place: Partial<Config['store']>, sql: string): Promise<void>;
  read(place: Partial<Config['store']>, sql: string): Promise<unknown[]>;
  readonly server: Postgres | null;
}

/** The suite for each database; where one is missing that is said in its place. */
export function onBothDatabases(name: string, suite: (database: () => TestDatabase) => void): void {
  describe(`${name}: sqlite`, () => {
    let folder = '';
    let count = 0;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'esl-router-store-'));
    });
    after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    suite(() => ({
      kind: 'sqlite',
      server: null,
      fresh: () => Promise.resolve({ url: `sqlite:${join(folder, `${++count}`, 'store.db')}` }),
      execute: async ({ url = '' }, sql) => {
        const { default: Database } = await import('libsql');
        const db = new Database(url.slice('sqlite:'.length));
        try {
          db.exec(sql);
        } finally {
          db.close();
        }
      },
      read: async ({ url = '' }, sql) => {
        const { default: Database } = await import('libsql');
        const db = new Database(url.slice('sqlite:'.length), { readonly: true });
        try {
          return db.prepare(sql).all();
        } finally {
          db.close();
        }
      },
    }));
  });

  describe(`${name}: postgres`, () => {
    if (!postgresInstalled()) {
      it(NO_POSTGRES, function () {
        this.skip();
      });
      return;
    }
    let server: Postgres | null = null;
    let count = 0;
    before(async function () {
      this.timeout(60_000);
      server = await Postgres.start();
    });
    after(async () => {
      await server?.remove();
    });
    suite(() => {
      if (server === null) throw new Error('PostgreSQL is not running');
      const postgres = server;
      return {
        kind: 'postgres',
        server: postgres,
        fresh: async () => {
          const name = `store${++count}`;
          await asked(postgres.urlWithPassword(), `create database ${name}`);
          return { url: postgres.url(name), password: postgres.password };
        },
        execute: async (place, sql) => {
          await asked(withWord(place), sql);
        },
        read: (place, sql) => asked(withWord(place), sql),
      };
    });
  });
}

function withWord({ url = '', password = '' }: Partial<Config['store']>): string {
  return url.replace('postgres@', `postgres:${encodeURIComponent(password)}@`);
}

async function asked(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query(sql);
    return rows as unknown[];
  } finally {
    await client.end();
  }
}
