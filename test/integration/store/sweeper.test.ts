import { expect } from 'chai';
import { Sweeper } from '../../../lib/store/sweeper.ts';
import type { Store } from '../../../lib/store/store.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callRecord, listeningLog, NO_SWEEPS, openStore } from '../../support/stored.ts';

const DAY_MS = 86_400_000;
const KEEPING = { days: 0, maxMegabytes: 0, maskAfterDays: 0 };

/** One whose date can be set. */
class SetClock extends ManualClock {
  aheadMs = 0;
  isKnown = true;

  override date(): Date {
    return new Date(super.date().getTime() + this.aheadMs);
  }
}

onBothDatabases('sweeper of the store', (database) => {
  let store: Store;
  let clock: SetClock;
  let log: ReturnType<typeof listeningLog>;
  let sweeper: Sweeper;

  beforeEach(async () => {
    store = await openStore(await database().fresh(), { clock: NO_SWEEPS });
    clock = new SetClock();
    log = listeningLog();
  });
  afterEach(async () => {
    await sweeper.stop();
    await store.close();
  });

  const start = (keeping: Partial<typeof KEEPING>): void => {
    sweeper = new Sweeper({ store, ...KEEPING, ...keeping, clock, log });
    sweeper.start();
  };
  /** A round, to its end. */
  const round = async (afterMs = 60_000): Promise<void> => {
    clock.advance(afterMs);
    while (clock.timers === 0) await new Promise(setImmediate);
  };
  const ago = (days: number): Date => new Date(clock.date().getTime() - days * DAY_MS);
  const call = async (days: number, callerName: string): Promise<void> => {
    const record = callRecord({ at: ago(days), callerName });
    const live = { scheme: 'sales', result: 'routed', reason: 'routed', steps: ['dial 101'] } as const;
    record.shadows.push({
      ...{ scheme: 'new', revision: 'r', would: live, dropped: null, live, differs: true },
      ...{ tookMs: 1, requests: [], readings: [], notes: [] },
    });
    store.record(record);
    await store.flush();
  };
  const names = async () => (await store.calls.page({})).calls.map(({ callerName }) => callerName);
  const masked = async () => (await store.calls.page({})).calls.filter((one) => one.masked).length;
  const shadows = async () => {
    const page = await store.shadows.differing({ tenant: 'default', shadow: 'new' }, { limit: 100 });
    return page.calls.length;
  };
  const warnings = () => log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);

  it('deletes and masks by age, from the first round on', async () => {
    await call(91, 'old');
    await call(31, 'aging');
    await call(2, 'young');
    start({ days: 90, maskAfterDays: 30 });
    await round();
    expect(await names()).to.deep.equal(['young', 'aging']);
    expect(await masked()).to.equal(1);
    expect(await shadows()).to.equal(2);
    expect(warnings()).to.deep.equal([]);
  });

  it('believes no date years ahead: nothing is lost for a day, and the log says so once', async () => {
    for (const days of [3, 2, 1]) await call(days, `c${days}`);
    clock.aheadMs = 3_650 * DAY_MS;
    start({ days: 90, maskAfterDays: 30 });
    await round();
    // What comes meanwhile has the wrong date, and proves nothing.
    await call(0, 'now');
    for (let n = 0; n < 3; n++) await round();
    expect(await names()).to.deep.equal(['now', 'c1', 'c2', 'c3']);
    expect(await masked()).to.equal(0);
    expect(warnings()).to.have.length(1);
    expect(warnings()[0]).to.contain('the date may be wrong');
    clock.aheadMs = 0;
    await round();
    expect(await names()).to.have.length(4);
    // Nobody had calls for long: it was so. What has the date of later stays.
    clock.aheadMs = 3_650 * DAY_MS;
    await round();
    await round(DAY_MS);
    await round();
    expect(await names()).to.deep.equal(['now']);
  });

  it('believes no clock that jumps while the router runs', async () => {
    await call(2, 'young');
    start({ days: 30 });
    await round();
    expect(warnings()).to.deep.equal([]);
    clock.aheadMs = 29 * DAY_MS;
    await call(2, 'a call of these days');
    for (let n = 0; n < 3; n++) await round();
    expect(await names()).to.have.length(2);
    expect(warnings()).to.have.length(1);
    // A day is counted from the last time that it was set.
    await round(DAY_MS - 600_000);
    clock.aheadMs = 40 * DAY_MS;
    await round();
    await round(600_000);
    expect(await names()).to.have.length(2);
    await round(DAY_MS);
    await round();
    expect(await names()).to.deep.equal(['a call of these days']);
  });

  it('believes a clock that jumps each morning, where there are calls each day: the machine sleeps at night', async () => {
    await call(3, 'the day before yesterday');
    await call(2, 'yesterday');
    start({ days: 90 });
    await round();
    await call(91, 'old');
    clock.aheadMs = 8 * 3_600_000;
    await round();
    expect(await names()).to.deep.equal(['yesterday', 'the day before yesterday']);
    expect(warnings()).to.deep.equal([]);
  });

  it('waits until the date of the database is known', async () => {
    await call(91, 'old');
    await call(2, 'young');
    clock.isKnown = false;
    start({ days: 90 });
    await round();
    expect(await names()).to.have.length(2);
    clock.isKnown = true;
    await round();
    expect(await names()).to.deep.equal(['young']);
  });

  it('deletes delivered events after some days, and no other, without any limit', async () => {
    const lane = { scheme: 'sales', webhook: 'crm' };
    const event = async (days: number, becomes: 'delivered' | 'parked' | 'waiting'): Promise<void> => {
      const created_at = ago(days).toISOString();
      const id = uuidv7(ago(days));
      const common = { tenant: 'default', call_id: id };
      await store.deliveries.write('r', {
        opened: [{ ...common, scheme: 'sales', started_at: created_at, ends: '[]' }],
        deliveries: [{ ...common, ...lane, id, seq: 1, event: 'ended', body: '{}', created_at }],
        closed: [id],
      });
      if (becomes === 'waiting') return;
      const until = new Date(ago(days).getTime() + 60_000);
      const [delivery] = await store.deliveries.take(lane, { at: ago(days), until, limit: 1 });
      if (delivery === undefined) throw new Error('nothing to take');
      await store.deliveries.settle([{ kind: becomes, delivery, error: 'refused' }], ago(days));
    };
    for (const days of [5, 4, 1]) await event(days, 'delivered');
    await event(30, 'parked');
    await event(30, 'waiting');
    start({});
    await round();
    const counts = await store.deliveries.counts();
    expect(counts.map(({ state, count }) => [state, count])).to.deep.equal([
      ['delivered', 1],
      ['parked', 1],
      ['waiting', 1],
    ]);
  });

  it('deletes what stood beside calls with them, where only their size has a limit', async () => {
    for (let n = 0; n < 60; n++) await call(60 - n, `c${n}`);
    const bytes = await store.upkeep.bytes();
    start({ maxMegabytes: bytes / 2 / 1024 / 1024 });
    await round();
    const left = (await names()).length;
    expect(left).to.be.within(10, 40);
    expect(await shadows()).to.equal(left);
  });
});
