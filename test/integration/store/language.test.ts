import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../../support/postgres.ts';
import { callRecord, listeningLog, openStore } from '../../support/stored.ts';

const LOCALE = 'uk_UA.UTF-8';

describe('a PostgreSQL that speaks Ukrainian', function () {
  this.timeout(120_000);
  if (!postgresInstalled()) {
    it(NO_POSTGRES, function () {
      this.skip();
    });
    return;
  }
  let locales: string;
  let postgres: Postgres | null = null;

  before(async function () {
    locales = mkdtempSync(join(tmpdir(), 'esl-router-locales-'));
    chmodSync(locales, 0o755);
    try {
      execFileSync('localedef', ['-i', 'uk_UA', '-f', 'UTF-8', join(locales, LOCALE)], { stdio: 'pipe' });
    } catch {
      this.skip();
    }
    postgres = await Postgres.start([`lc_messages=${LOCALE}`], locales);
  });
  after(async () => {
    await postgres?.remove();
    rmSync(locales, { recursive: true, force: true });
  });

  it('is new: its tables are created, and records written', async function () {
    if (postgres === null) throw new Error('PostgreSQL is not running');
    const client = new pg.Client({ connectionString: postgres.urlWithPassword() });
    await client.connect();
    const word = await client.query('select n from calls').then(() => '', String);
    await client.end();
    // Packages without translations.
    if (word.includes('does not exist')) this.skip();
    expect(word).to.match(/\p{Script=Cyrillic}/u);
    const log = listeningLog();
    const store = await openStore({ url: postgres.url(), password: postgres.password }, { log });
    store.record(callRecord());
    await store.flush();
    expect(store.state).to.include({ status: 'up', written: 1 });
    expect(log.lines.filter(({ level }) => level === 'warn')).to.deep.equal([]);
    await store.close();
  });

  it('writes dates as Germans do: times are read all the same', async () => {
    if (postgres === null) throw new Error('PostgreSQL is not running');
    const client = new pg.Client({ connectionString: postgres.urlWithPassword() });
    await client.connect();
    await client.query(`alter database postgres set datestyle = 'German'`);
    await client.end();
    const store = await openStore({ url: postgres.url(), password: postgres.password });
    const record = callRecord({ at: new Date('2026-11-05T08:00:00.123Z') });
    store.record(record);
    await store.flush();
    const { calls } = await store.calls.page({ until: new Date('2026-11-06T00:00:00Z') });
    expect(calls[0]).to.include({ id: record.id, startedAt: '2026-11-05T08:00:00.123Z' });
    await store.close();
  });

  it('loses its tables: they are there again at the next try', async () => {
    if (postgres === null) throw new Error('PostgreSQL is not running');
    const store = await openStore({ url: postgres.url(), password: postgres.password });
    const client = new pg.Client({ connectionString: postgres.urlWithPassword() });
    await client.connect();
    await client.query('drop schema public cascade');
    await client.query('create schema public');
    await client.end();
    store.record(callRecord());
    // The first try finds that they are gone.
    while (store.state.written === 0) {
      await store.flush();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(store.state).to.include({ status: 'up', written: 1, lost: 0 });
    await store.close();
  });
});
