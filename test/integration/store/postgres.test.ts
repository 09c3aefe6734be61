import { expect } from 'chai';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { systemClock } from '../../../lib/clock.ts';
import { RouterError } from '../../../lib/errors.ts';
import { postgresDatabase } from '../../../lib/store/postgres.ts';
import { Line } from '../../faults/half-open.ts';
import { NO_POSTGRES, Postgres, postgresInstalled } from '../../support/postgres.ts';
import { callRecord, listeningLog, openStore } from '../../support/stored.ts';

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + 40_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not so after 40 s: ${what}`);
    await delay(20);
  }
}

describe('a PostgreSQL that comes and goes', function () {
  this.timeout(90_000);
  if (!postgresInstalled()) {
    it(NO_POSTGRES, function () {
      this.skip();
    });
    return;
  }
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
  });
  after(() => postgres.remove());

  const places = () => ({ url: postgres.url(), password: postgres.password });

  it('changes its tables for longer than a query may take: that comes to its end', async () => {
    const holder = new pg.Client({ connectionString: postgres.urlWithPassword() });
    await holder.connect();
    // As a router does that is changing them; the other one waits in one statement.
    await holder.query('select pg_advisory_lock($1)', [0x65736c72]);
    const released = delay(15_000).then(() => holder.end());
    const store = await openStore(places());
    await store.ready();
    await released;
    store.record(callRecord());
    await store.flush();
    expect(store.state).to.include({ status: 'up', written: 1 });
    await store.close();
  });

  it('is stopped and started again: every record comes to be written', async () => {
    const log = listeningLog();
    const store = await openStore(places(), { log });
    const before = await store.upkeep.count();
    let longest = 0;
    const record = (): void => {
      const startedAt = performance.now();
      store.record(callRecord());
      longest = Math.max(longest, performance.now() - startedAt);
    };
    record();
    await store.flush();
    await postgres.stop();
    for (let n = 0; n < 100; n++) record();
    await until('it is down', () => store.state.status === 'down');
    for (let n = 0; n < 100; n++) record();
    await postgres.resume();
    await until('all is written', () => store.state.queued === 0);
    expect(store.state).to.include({ status: 'up', lost: 0 });
    expect(await store.upkeep.count()).to.equal(before + 201);
    // A write in the path of the call waits for the connection: five seconds.
    expect(longest).to.be.lessThan(1_000);
    const told = log.lines.filter(({ message }) => message.includes('accepts'));
    expect(told.map(({ level }) => level)).to.deep.equal(['warn', 'info']);
    await store.close();
  });

  it('says what time it is, to a router whose own clock is wrong', async () => {
    const HOUR_MS = 3_600_000;
    for (const [aheadMs, how] of [
      [HOUR_MS, /3600 s ahead of the database/],
      [-HOUR_MS, /3600 s behind the database/],
    ] as const) {
      const log = listeningLog();
      const clock = { ...systemClock, date: () => new Date(Date.now() + aheadMs) };
      const [right, wrong] = [await openStore(places()), await openStore(places(), { log, clock })];
      expect(Math.abs(wrong.clock.date().getTime() - Date.now())).to.be.lessThan(5_000);
      const [warning, ...more] = log.lines.filter(({ level }) => level === 'warn');
      expect(warning?.message).to.match(how);
      expect(more).to.deep.equal([]);
      // What a router does half a minute after it began: it takes nobody for dead who is alive.
      await right.liveCalls.beat('right', right.clock.date());
      await wrong.liveCalls.beat('wrong', wrong.clock.date());
      for (const router of ['right', 'wrong']) {
        const call = { call_id: `${router}${aheadMs}`, tenant: 'default', scheme: 'sales', ends: '[]' };
        const opened = [{ ...call, started_at: right.clock.date().toISOString() }];
        await right.deliveries.write(router, { opened, deliveries: [], closed: [] });
      }
      for (const { liveCalls, clock: shared } of [right, wrong]) {
        const since = new Date(shared.date().getTime() - 30_000);
        expect(await liveCalls.closeOrphans(since, shared.date(), 10)).to.deep.equal([]);
      }
      await Promise.all([right.close(), wrong.close()]);
    }
  });

  it('stands still in the middle of writes: what was asked is given up, and nothing is written twice', async () => {
    const store = await openStore(places());
    const before = await store.upkeep.count();
    store.record(callRecord());
    await store.flush();
    postgres.freeze();
    try {
      for (let n = 0; n < 50; n++) store.record(callRecord());
      await until('it is down', () => store.state.status === 'down');
      expect(store.state.because).to.match(/timeout/i);
    } finally {
      postgres.thaw();
    }
    await until('all is written', () => store.state.queued === 0);
    expect(await store.upkeep.count()).to.equal(before + 51);
    await store.close();
  });

  // Ten minutes of it, and for two hours no event of a router was written: its own transaction, on a line long dead, had the locks.
  it('is behind a line that goes dead in a transaction: the lock is given up soon', async () => {
    const store = await openStore(places());
    const line = await Line.to(Number(new URL(postgres.url()).port));
    const url = new URL(postgres.url());
    url.port = String(line.port);
    const through = postgresDatabase({ ...places(), url: url.href, connections: 1, queryMs: 500 });
    const direct = postgresDatabase({ ...places(), connections: 1, queryMs: 8_000 });
    const call = { call_id: 'held', tenant: 'default', scheme: 'sales', ends: '[]', router: 'dead' };
    const row = { ...call, started_at: new Date().toISOString() };
    const given = await through
      .transaction()
      .execute(async (transaction) => {
        await transaction.insertInto('live_calls').values(row).execute();
        line.cut();
        await transaction.selectFrom('live_calls').select('call_id').execute();
      })
      .then(() => null, String);
    expect(given).to.match(/timeout/i);
    const { numInsertedOrUpdatedRows } = await direct
      .insertInto('live_calls')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    expect(Number(numInsertedOrUpdatedRows)).to.equal(1);
    await Promise.all([through.destroy(), direct.destroy(), store.close()]);
    await line.close();
  });

  it('is not there when the router starts: it starts all the same', async () => {
    const log = listeningLog();
    await postgres.stop();
    const store = await openStore(places(), { log });
    expect(log.lines.map(({ level }) => level)).to.deep.equal(['warn']);
    store.record(callRecord());
    await postgres.resume();
    await until('it is written', () => store.state.written === 1);
    await store.close();
  });

  it('stands still while the router stops: it stops in some seconds', async () => {
    const store = await openStore(places());
    store.record(callRecord());
    await store.flush();
    postgres.freeze();
    try {
      store.record(callRecord());
      // Its own queries have ten seconds, and the server never answers.
      await store.close();
      expect(store.state.lost).to.equal(1);
    } finally {
      postgres.thaw();
    }
  });

  for (const [what, place, word] of [
    ['a wrong password', { password: 'wrong' }, /password authentication failed/],
    ['no password', { password: '' }, /ESL_ROUTER_STORE_PASSWORD/],
    ['a database that is not there', { url: 'nowhere' }, /"nowhere" does not exist/],
  ] as const) {
    it(`refuses ${what}: the router does not start, and says why`, async () => {
      const url = 'url' in place ? postgres.url(place.url) : postgres.url();
      const password = 'password' in place ? place.password : postgres.password;
      const error = await openStore({ url, password }).then(
        () => null,
        (error: unknown) => error,
      );
      expect(error).to.be.instanceOf(RouterError);
      expect((error as RouterError).code).to.equal('config_invalid');
      expect((error as RouterError).message).to.match(word);
      expect((error as RouterError).message).not.to.contain(postgres.password);
    });
  }
});
