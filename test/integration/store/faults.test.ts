import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import Database from 'libsql';
import { RouterError } from '../../../lib/errors.ts';
import { rowOf } from '../../../lib/store/calls.ts';
import { isBusy } from '../../../lib/store/fault.ts';
import { batchOf } from '../../../lib/store/line.ts';
import { MIGRATIONS } from '../../../lib/store/migrations.ts';
import { sqliteDatabase } from '../../../lib/store/sqlite.ts';
import type { Store } from '../../../lib/store/store.ts';
import { onBothDatabases, type TestDatabase } from '../../support/databases.ts';
import { callRecord, listeningLog, openStore } from '../../support/stored.ts';

/** A small disk of its own, where this process may mount one: in most machines root alone. */
function mounted(folder: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function unmounted(folder: string): void {
  execFileSync('umount', ['-l', folder]);
}

/** Until something is so, 30 s at the longest. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not so after 30 s: ${what}`);
    await delay(20);
  }
}

async function countOf(store: Store): Promise<number> {
  return store.upkeep.count();
}

onBothDatabases('faults of the store', (database) => {
  type Place = Awaited<ReturnType<TestDatabase['fresh']>>;
  let place: Place;
  let opened: Store[];
  const open = async (at: Place, options?: Parameters<typeof openStore>[1]): Promise<Store> => {
    const store = await openStore(at, options);
    opened.push(store);
    return store;
  };

  beforeEach(async () => {
    opened = [];
    place = await database().fresh();
  });
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
  });

  it('makes its tables once when several routers start at once', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(place)));
    for (const store of stores) store.record(callRecord());
    await Promise.all(stores.map((store) => store.flush()));
    expect(await countOf(stores[0] as Store)).to.equal(4);
  });

  it('refuses a database that a newer program has made, and says so', async () => {
    const store = await open(place);
    await store.close();
    const version = MIGRATIONS.length + 1;
    await database().execute(
      place,
      `insert into schema_versions values (${version}, '2026-01-01T00:00:00.000Z', '9.9')`,
    );
    const error = await open(place).then(
      () => null,
      (error: unknown) => error,
    );
    expect(error).to.be.instanceOf(RouterError);
    expect((error as RouterError).code).to.equal('config_invalid');
    expect((error as RouterError).message)
      .to.contain(`version ${version}`)
      .and.to.contain('newer esl-router');
  });

  it('loses no more than the batch in flight when it is killed', async function () {
    this.timeout(60_000);
    const { url = '', password = '' } = place;
    for (let round = 0; round < 3; round++) {
      const before = round === 0 ? 0 : await countOf(await open(place));
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, '../../support/writes.ts'), url, password],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let told = 0;
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        told = Number(text.trimEnd().split('\n').at(-1));
      });
      await until('it writes', () => told > 200);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      const store = await open(place);
      const there = (await countOf(store)) - before;
      expect(there).to.be.within(told, told + 20);
      // And the index of words says the same as the rows.
      expect((await store.calls.page({ text: 'w0' })).calls.length).to.be.greaterThan(0);
    }
  });

  it('loses a bad record and no other one of its batch', async () => {
    const log = listeningLog();
    const store = await open(place, { log });
    const bad = { ...callRecord(), result: null as never };
    store.record(callRecord());
    store.record(bad);
    store.record(callRecord());
    await store.flush();
    expect(await countOf(store)).to.equal(2);
    expect(store.state).to.include({ status: 'up', lost: 1, written: 2, queued: 0 });
    expect(log.lines.find(({ message }) => message.includes('rejects a record'))?.fields['trace']).to.equal(
      bad.id,
    );
  });

  it('bounds what waits for it, counts what is lost, and warns once', async () => {
    const log = listeningLog();
    const store = await open(place, { log });
    const record = callRecord({ reply: 'x'.repeat(60_000) });
    for (let n = 0; n < 1500; n++) store.record({ ...record, id: callRecord().id });
    expect(store.state.queuedBytes).to.be.at.most(64 * 1024 * 1024);
    const { lost, queued } = store.state;
    expect(lost).to.be.greaterThan(100);
    expect(lost + queued).to.equal(1500);
    expect(log.lines.filter(({ level }) => level === 'warn')).to.have.length(1);
    await store.flush();
    expect(await countOf(store)).to.equal(queued);
    await store.close();
    const [, last] = log.lines.filter(({ message }) => message.includes('lost'));
    expect(last?.fields).to.deep.equal({ lost });
  });

  it('makes its tables again when they were deleted under it', async () => {
    const store = await open(place);
    store.record(callRecord());
    await store.flush();
    if (database().kind === 'postgres')
      await database().execute(place, 'drop schema public cascade; create schema public');
    else rmSync((place.url ?? '').replace('sqlite:', ''));
    const after = callRecord();
    store.record(after);
    await until('it is written', () => store.state.written === 2);
    expect(store.state).to.include({ status: 'up', queued: 0, lost: 0 });
    expect((await store.calls.page({})).calls.map(({ id }) => id)).to.deep.equal([after.id]);
  });

  it('writes what is queued when it closes', async () => {
    const store = await open(place);
    for (let n = 0; n < 250; n++) store.record(callRecord());
    await store.close();
    expect(await countOf(await open(place))).to.equal(250);
  });
});

describe('faults of a SQLite file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-store-'));
    file = join(folder, 'store.db');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Records come while it is so, each returns at once; afterwards all of them are written. */
  async function survives(
    harm: (store: Store) => Promise<() => void | Promise<void>>,
    code: RegExp,
  ): Promise<void> {
    const log = listeningLog();
    const store = await openStore({ url: `sqlite:${file}` }, { log });
    try {
      store.record(callRecord());
      await store.flush();
      const heal = await harm(store);
      let longest = 0;
      for (let n = 0; n < 200; n++) {
        const startedAt = performance.now();
        store.record(callRecord());
        longest = Math.max(longest, performance.now() - startedAt);
        await delay(2);
      }
      await until('it is down', () => store.state.status === 'down');
      expect(store.state.because).to.match(code);
      // A write in the path of the call waits for the lock: two seconds.
      expect(longest).to.be.lessThan(1_000);
      await heal();
      await until('all is written', () => store.state.queued === 0);
      expect(store.state).to.include({ status: 'up', lost: 0 });
      expect(await countOf(store)).to.equal(201);
      const told = log.lines.filter(({ message }) => message.includes('accepts'));
      expect(told.map(({ level }) => level)).to.deep.equal(['warn', 'info']);
    } finally {
      await store.close();
    }
  }

  it('a file that another program has locked', async function () {
    this.timeout(60_000);
    await survives(() => {
      const other = new Database(file);
      other.exec('begin immediate');
      return Promise.resolve(() => {
        other.exec('rollback');
        other.close();
      });
    }, /locked/);
  });

  it('a lock that meets each kind of statement: what comes after it is written', async function () {
    this.timeout(60_000);
    await (await openStore({ url: `sqlite:${file}` })).close();
    const { queries, append } = sqliteDatabase({ file, readonly: false, busyMs: 50 });
    const router = { id: 'r', seen_at: '2026-01-01T00:00:00.000Z' };
    const batch = (n: number) => batchOf([{ n, line: rowOf(callRecord(), 'default').line }]);
    const kinds: Readonly<Record<string, () => Promise<unknown>>> = {
      insert: () => queries.insertInto('routers').values(router).execute(),
      upsert: () =>
        queries
          .insertInto('routers')
          .values(router)
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at: router.seen_at }))
          .execute(),
      'update, returning': () =>
        queries.updateTable('deliveries').set({ last_error: '' }).returningAll().execute(),
      update: () => queries.updateTable('deliveries').set({ last_error: 'late' }).execute(),
      delete: () => queries.deleteFrom('routers').execute(),
      transaction: () =>
        queries.transaction().execute((transaction) => transaction.deleteFrom('routers').execute()),
      records: () => append(batch(1)),
      pragma: () => sql`pragma incremental_vacuum(1)`.execute(queries),
      tables: () => sql`create table one_more (n integer)`.execute(queries),
    };
    try {
      for (const [index, [kind, write]] of Object.entries(kinds).entries()) {
        const other = new Database(file, { timeout: 1000 });
        other.exec('begin immediate');
        const met = await write().then(
          () => null,
          (error: unknown) => error,
        );
        other.exec('rollback');
        // With nothing to do a pragma waits for no lock.
        if (kind !== 'pragma') expect(isBusy(met), kind).to.equal(true);
        await append(batch(100 + index));
        await kinds['transaction']?.();
        const { n } = other.prepare('select count(*) as n from calls').get() as { n: number };
        expect(n, kind).to.equal(index + 1);
        other.close();
      }
    } finally {
      await queries.destroy();
    }
  });

  for (const kept of [false, true])
    it(`a file that a backup takes the place of, its log ${kept ? 'left there' : 'deleted'}: written on`, async function () {
      this.timeout(60_000);
      const log = listeningLog();
      const store = await openStore({ url: `sqlite:${file}` }, { log });
      try {
        const before = callRecord();
        store.record(before);
        await store.flush();
        const backup = join(folder, 'backup.db');
        const other = new Database(file);
        other.exec(`vacuum into '${backup}'`);
        other.close();
        store.record(callRecord());
        await store.flush();
        expect(await countOf(store)).to.equal(2);
        if (!kept) for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
        renameSync(backup, file);
        const after = callRecord();
        store.record(after);
        await until('it is written', () => store.state.written === 3);
        const ids = (await store.calls.page({})).calls.map(({ id }) => id);
        expect(ids).to.include.members([before.id, after.id]);
        const warned = log.lines.filter(
          ({ level, message }) => level === 'warn' && message.includes('replaced'),
        );
        expect(warned).to.have.length(1);
      } finally {
        await store.close();
      }
      const read = new Database(file);
      expect(read.prepare('pragma integrity_check').all()).to.deep.equal([{ integrity_check: 'ok' }]);
      read.close();
    });

  it('a thread that dies while much waits for it: the next one writes', async function () {
    this.timeout(60_000);
    await (await openStore({ url: `sqlite:${file}` })).close();
    const threads = new Set<Worker>();
    const own = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage') ?? {};
    const value = function (this: Worker, ...words: unknown[]): void {
      threads.add(this);
      (own.value as (...words: unknown[]) => void).apply(this, words);
    };
    Object.defineProperty(Worker.prototype, 'postMessage', { ...own, value });
    const { queries } = sqliteDatabase({ file, readonly: false, busyMs: 50 });
    try {
      const write = () =>
        queries.transaction().execute((transaction) => transaction.deleteFrom('routers').execute());
      await write();
      expect(threads.size).to.equal(1);
      const many = Array.from({ length: 20 }, async () => {
        for (let n = 0; n < 20; n++) await write().catch(() => undefined);
      });
      // What it does not understand is an exception that nobody catches.
      for (const thread of threads) thread.postMessage(null);
      await Promise.all(many);
      await write();
      expect(threads.size).to.equal(2);
    } finally {
      Object.defineProperty(Worker.prototype, 'postMessage', own);
      await queries.destroy();
    }
  });

  it('a disk that is full', async function () {
    this.timeout(60_000);
    if (!mounted(folder, 'size=6m')) this.skip();
    try {
      await survives(() => {
        const filler = join(folder, 'filler');
        for (let at = 0, size = 1 << 20; size >= 512; size /= 2) {
          // As much as there is room for.
          try {
            for (; at < 1 << 30; at += size) appendFileSync(filler, Buffer.alloc(size, 1));
          } catch {
            continue;
          }
        }
        return Promise.resolve(() => {
          rmSync(filler);
        });
      }, /full|disk I\/O/);
    } finally {
      unmounted(folder);
    }
  });

  it('a file system that is read-only, until it is not', async function () {
    this.timeout(60_000);
    if (!mounted(folder, 'size=6m,ro')) this.skip();
    const log = listeningLog();
    const store = await openStore({ url: `sqlite:${file}` }, { log });
    try {
      store.record(callRecord());
      await until('it is down', () => store.state.status === 'down');
      expect(log.lines.map(({ level }) => level)).to.deep.equal(['warn', 'warn']);
      execFileSync('mount', ['-o', 'remount,rw', folder]);
      await until('it is written', () => store.state.written === 1);
    } finally {
      await store.close();
      unmounted(folder);
    }
  });

  it('a folder that can not be written to: the router starts, and writes as soon as it can', async function () {
    this.timeout(60_000);
    const inTheWay = join(folder, 'data');
    writeFileSync(inTheWay, 'a file where the folder should be');
    const log = listeningLog();
    const store = await openStore({ url: `sqlite:${join(inTheWay, 'store.db')}` }, { log });
    try {
      store.record(callRecord());
      expect(log.lines.map(({ level }) => level)).to.deep.equal(['warn']);
      await until('it is down', () => store.state.status === 'down');
      rmSync(inTheWay);
      mkdirSync(inTheWay);
      await until('it is written', () => store.state.written === 1);
    } finally {
      await store.close();
    }
  });
});
