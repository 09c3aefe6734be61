import { expect } from 'chai';
import type { Delivery, NewDelivery, Settled } from '../../../lib/store/deliveries.ts';
import type { Store } from '../../../lib/store/store.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { NO_SWEEPS, openStore } from '../../support/stored.ts';

const LANE = { scheme: 'sales', webhook: 'crm' };
const DAY = 1440;

onBothDatabases('events in the store', (database) => {
  let store: Store;
  let place: Parameters<typeof openStore>[0];
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 8, minute));
  const event = (
    minute: number,
    call: string,
    seq: number,
    more: Partial<NewDelivery> = {},
  ): NewDelivery => ({
    id: uuidv7(at(minute)),
    tenant: 'default',
    call_id: call,
    seq,
    event: 'ringing',
    ...LANE,
    body: '{"caller":"1"}',
    created_at: at(minute).toISOString(),
    ...more,
  });
  const live = (call: string, ends = [{ webhook: 'crm', body: '{"end":1}' }]) => ({
    call_id: call,
    tenant: 'default',
    scheme: 'sales',
    started_at: at(0).toISOString(),
    ends: JSON.stringify(ends),
  });
  const write = (router: string, opened: string[], deliveries: NewDelivery[], closed: string[] = []) =>
    store.deliveries.write(router, { opened: opened.map((call) => live(call)), deliveries, closed });
  const take = (now: number, limit = 10, lane = LANE) =>
    store.deliveries.take(lane, { at: at(now), until: at(now + 5), limit });
  const shown = (deliveries: readonly Delivery[]) => deliveries.map(({ call_id, seq }) => `${call_id}${seq}`);
  const settle = (now: number, ...results: Settled[]) => store.deliveries.settle(results, at(now));

  beforeEach(async () => {
    place = await database().fresh();
    store = await openStore(place, { clock: NO_SWEEPS });
  });
  afterEach(() => store.close());

  it('gives each call the first that waits, in the order of time, and each lane its own', async () => {
    await write('r', ['a', 'b'], [event(1, 'a', 1), event(2, 'a', 2), event(3, 'b', 1)]);
    await write('r', [], [event(9, 'a', 1), event(3, 'a', 1, { webhook: 'chat' })]);
    expect(shown(await take(0))).to.deep.equal([]);
    expect(shown(await take(4, 1))).to.deep.equal(['a1']);
    expect(shown(await take(4))).to.deep.equal(['b1']);
    expect(shown(await take(4))).to.deep.equal([]);
    expect(await store.deliveries.nextAt(LANE)).to.deep.equal(at(2));
    expect(shown(await take(4, 10, { ...LANE, webhook: 'chat' }))).to.deep.equal(['a1']);
  });

  it('keeps a text with U+0000 in it, which a CRM may send', async () => {
    await write('r', ['a'], [event(1, 'a', 1)]);
    const [taken] = await take(3);
    if (taken === undefined) throw new Error('nothing is due');
    await settle(4, { kind: 'failed', delivery: taken, error: 'HTTP 500: a\0b', nextAt: at(4) });
    expect((await take(5)).map(({ last_error }) => last_error)).to.deep.equal(['HTTP 500: a\ufffdb']);
  });

  it('says how many it drops: events of calls that another router has closed', async () => {
    expect(await write('r', ['a'], [event(1, 'a', 1)])).to.equal(0);
    expect(await write('other', [], [event(2, 'a', 2), event(3, 'a', 3)])).to.equal(2);
    // An answer that was lost: all of it is there.
    expect(await write('r', [], [event(4, 'a', 4)], ['a'])).to.equal(0);
    const [last] = await take(1);
    expect(last?.seq).to.equal(1);
  });

  it('lets the next one go when the one before has arrived, and forgets what it held', async () => {
    await write('r', ['a'], [event(1, 'a', 1), event(2, 'a', 2)]);
    const [first] = await take(3);
    if (first === undefined) throw new Error('nothing is due');
    await settle(4, { kind: 'delivered', delivery: first });
    const [second] = await take(4);
    expect(second).to.include({ seq: 2, attempts: 0, body: '{"caller":"1"}' });
    expect(await store.deliveries.counts()).to.deep.equal([
      { state: 'delivered', count: 1, oldest: at(1).toISOString() },
      { state: 'waiting', count: 1, oldest: at(2).toISOString() },
    ]);
  });

  it('holds a call behind one that failed, and nothing else', async () => {
    await write('r', ['a', 'b'], [event(1, 'a', 1), event(1, 'a', 2), event(1, 'a', 3), event(2, 'b', 1)]);
    const [first, other] = await take(3);
    if (first === undefined || other === undefined) throw new Error('nothing is due');
    await settle(3, { kind: 'failed', delivery: first, error: 'HTTP 500', nextAt: at(20) });
    await settle(3, { kind: 'released', delivery: other, nextAt: at(4) });
    expect(shown(await take(19))).to.deep.equal(['b1']);
    const [again] = await take(20);
    expect(again).to.include({ seq: 1, attempts: 1, last_error: 'HTTP 500' });
  });

  it('goes on behind one that is parked, which is tried again for another day when somebody says so', async () => {
    await write('r', ['a'], [event(1, 'a', 1), event(1, 'a', 2)]);
    const [first] = await take(3);
    if (first === undefined) throw new Error('nothing is due');
    expect(first.give_up_at).to.equal(at(1 + DAY).toISOString());
    await settle(4, { kind: 'parked', delivery: first, error: 'HTTP 401' });
    expect(shown(await take(4))).to.deep.equal(['a2']);
    const [parked] = await store.deliveries.parked(10);
    expect(parked).to.include({ seq: 1, last_error: 'HTTP 401', body: '{"caller":"1"}' });
    expect(await store.deliveries.retry(at(9), { id: uuidv7(at(1)) })).to.equal(0);
    expect(await store.deliveries.retry(at(9), { id: first.id })).to.equal(1);
    const [again] = await take(9);
    expect(again).to.include({ seq: 1, attempts: 0, give_up_at: at(9 + DAY).toISOString() });
    expect(await store.deliveries.deleteBefore(at(30), 10)).to.equal(0);
  });

  it('gives one event to one of two routers, however often they ask at once', async () => {
    const calls = Array.from({ length: 40 }, (_, n) => `call${n}`);
    await write(
      'r',
      calls,
      calls.map((call) => event(1, call, 1)),
    );
    const taken = await Promise.all(Array.from({ length: 12 }, () => take(2, 5)));
    const all = shown(taken.flat());
    expect(new Set(all).size).to.equal(all.length);
    while (all.length < calls.length) {
      const more = shown(await take(2, 40));
      expect(more).to.have.length.above(0);
      all.push(...more);
    }
    expect(new Set(all).size).to.equal(calls.length);
    // What was taken by one that died is due once more.
    expect(await take(8, 100)).to.have.length(40);
  });

  it('parks what no router can send once its day is over', async () => {
    await write('r', ['a'], [event(1, 'a', 1), event(1, 'a', 1, { scheme: 'gone' })]);
    await write('r', ['b'], [event(1, 'b', 1, { scheme: 'gone' })]);
    expect(await store.deliveries.parkForgotten([LANE], at(DAY))).to.equal(0);
    expect(await store.deliveries.parkForgotten([LANE], at(1 + DAY))).to.equal(1);
    const [parked] = await store.deliveries.parked(5);
    expect(parked).to.include({ scheme: 'gone', state: 'parked' });
    expect(parked?.last_error).to.contain('no router has such a scheme');
  });

  it('closes the calls of a router that is gone, once, and of no other', async () => {
    const { liveCalls } = store;
    await liveCalls.beat('dead', at(0));
    await liveCalls.beat('alive', at(0));
    await write('dead', ['a', 'b'], [event(1, 'a', 1)]);
    await write('alive', ['c'], []);
    await liveCalls.beat('alive', at(10));
    const close = () => liveCalls.closeOrphans(at(5), at(11), 10);
    expect(await liveCalls.closeOrphans(at(0), at(11), 10)).to.deep.equal([]);
    const both = await Promise.all([close(), close()]);
    expect(both.flat()).to.deep.equal(['sales', 'sales']);
    expect(await close()).to.deep.equal([]);
    const told = ({ call_id, seq, event, body }: Delivery) => [call_id, seq, event, body];
    const [first, ...others] = await take(12);
    expect(first).to.include({ call_id: 'a', seq: 1, event: 'ringing' });
    expect(others.map(told)).to.deep.equal([['b', 1, 'ended', '{"end":1}']]);
    if (first !== undefined) await settle(12, { kind: 'delivered', delivery: first });
    expect((await take(12)).map(told)).to.deep.equal([['a', 2, 'ended', '{"end":1}']]);
  });

  it('drops what a router says of a call that another one has closed', async () => {
    await write('late', ['a'], [event(1, 'a', 1)]);
    await store.liveCalls.closeOrphans(at(5), at(6), 10);
    await write('late', [], [event(7, 'a', 2), event(7, 'a', 3)], ['a']);
    await write('other', [], [event(7, 'a', 4)]);
    expect(await store.deliveries.counts()).to.deep.equal([
      { state: 'waiting', count: 2, oldest: at(1).toISOString() },
    ]);
  });

  it('counts those that are not delivered without a look at the delivered ones', async () => {
    expect(await store.deliveries.undelivered()).to.deep.equal([]);
    await write(
      'r',
      ['a', 'b', 'c'],
      [event(1, 'a', 1), event(2, 'b', 1), event(3, 'c', 1), event(4, 'c', 2)],
    );
    const [first, second] = await take(3, 2);
    if (first === undefined || second === undefined) throw new Error('nothing is due');
    await settle(4, { kind: 'delivered', delivery: first });
    await settle(4, { kind: 'parked', delivery: second, error: 'HTTP 401' });
    const waiting = { state: 'waiting', count: 2, oldest: at(3).toISOString() };
    expect(await store.deliveries.undelivered()).to.deep.equal([
      waiting,
      { state: 'parked', count: 1, oldest: at(2).toISOString() },
    ]);
    if (database().kind === 'postgres') return;
    // PostgreSQL reads so small a table as a whole.
    const plan = await database().read(
      place,
      `explain query plan select count(*), min(created_at) from deliveries where state = 'waiting'`,
    );
    expect(JSON.stringify(plan)).to.include('SEARCH deliveries USING INDEX deliveries_by_state');
  });

  it('writes a batch twice where it is not sure of the first time', async () => {
    const events = [event(1, 'a', 1), event(1, 'a', 2)];
    for (let times = 0; times < 2; times++) await write('r', ['a'], events, ['a']);
    await write('r', ['b'], [event(1, 'b', 1)]);
    await write('r', ['b'], [event(1, 'b', 1)]);
    expect((await store.deliveries.counts())[0]).to.include({ count: 3 });
    expect(await store.liveCalls.closeOrphans(at(5), at(6), 10)).to.deep.equal(['sales']);
  });
});
