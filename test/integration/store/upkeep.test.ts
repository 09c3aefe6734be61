import { expect } from 'chai';
import type { Outlook } from '../../../lib/call/record.ts';
import { MIGRATIONS } from '../../../lib/store/migrations.ts';
import { Upkeep } from '../../../lib/store/upkeep.ts';
import type { Store } from '../../../lib/store/store.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { onBothDatabases, type TestDatabase } from '../../support/databases.ts';
import { callRecord, openStore, type Given } from '../../support/stored.ts';

/** Those of the program; the index of words holds no text that could be read. */
const TABLES = MIGRATIONS.flatMap(({ both }) =>
  both.flatMap((statement) => /^create table (\w+)/.exec(statement)?.[1] ?? []),
);

onBothDatabases('upkeep of the store', (database) => {
  let store: Store;
  let place: Awaited<ReturnType<TestDatabase['fresh']>>;
  const put = async (...given: Given[]) => {
    const records = given.map(callRecord);
    for (const record of records) store.record(record);
    await store.flush();
    return records;
  };
  const names = async () =>
    (await store.calls.page({}, { limit: 500 })).calls.map(({ callerName }) => callerName);
  const day = (n: number) => new Date(Date.UTC(2026, 0, n, 8));

  beforeEach(async () => {
    place = await database().fresh();
    store = await openStore(place);
  });
  afterEach(() => store.close());

  it('deletes what is older, with its words', async () => {
    await put(
      ...Array.from({ length: 450 }, (_, i) => ({ at: new Date(day(1).getTime() + i), callerName: 'old' })),
    );
    await put({ at: day(2), callerName: 'new' });
    expect(await store.upkeep.deleteBefore(day(2))).to.equal(450);
    expect(await names()).to.deep.equal(['new']);
    expect((await store.calls.page({ text: 'old' })).calls).to.deep.equal([]);
    expect((await store.calls.page({ text: 'new' })).calls).to.have.length(1);
    expect(await store.upkeep.oldest()).to.deep.equal(day(2));
  });

  it('never holds the writer up for long while it deletes', async function () {
    this.timeout(60_000);
    await put(...Array.from({ length: 6000 }, (_, i) => ({ at: new Date(day(1).getTime() + i) })));
    const began = performance.now();
    const deleting = store.upkeep.deleteBefore(day(2));
    const waits: number[] = [];
    let done = false;
    void deleting.then(() => (done = true));
    const isDone = (): boolean => done;
    while (!isDone()) {
      const startedAt = performance.now();
      await store.schemes.save({
        id: callRecord().id,
        tenant: 'default',
        name: `n${waits.length}`,
        after: 0,
        created_at: day(3).toISOString(),
        author: 'a',
        message: '',
        state: 'draft',
        document: '{}',
      });
      waits.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const tookMs = performance.now() - began;
    expect(await deleting).to.equal(6000);
    expect(waits.length).to.be.greaterThan(3);
    // In one go they would wait for all of it; in batches, for a third at most.
    expect(Math.max(...waits) / tookMs, waits.join(' ')).to.be.lessThan(0.7);
  });

  it('shrinks to a size, the oldest first, and then stays as it is', async () => {
    const reply = Array.from({ length: 400 }, () => Math.random().toString(36)).join(' ');
    await put(
      ...Array.from({ length: 300 }, (_, i) => ({
        at: new Date(day(1).getTime() + i),
        callerName: `c${i}`,
        reply,
      })),
    );
    const bytes = await store.upkeep.bytes();
    expect(bytes).to.be.greaterThan(300 * 1000);
    const deleted = await store.upkeep.shrinkTo(bytes / 2);
    expect(deleted).to.be.within(60, 260);
    expect(await store.upkeep.bytes()).to.be.at.most(bytes / 2);
    expect((await names())[0]).to.equal('c299');
    expect(await names()).not.to.include('c0');
    expect(await store.upkeep.shrinkTo(bytes / 2)).to.equal(0);
  });

  it('knows the size of calls that differ much: large ones of the last hour do not cost the small ones before', async () => {
    const reply = Array.from({ length: 2_000 }, () => Math.random().toString(36)).join(' ');
    await put(...Array.from({ length: 600 }, (_, i) => ({ at: new Date(day(1).getTime() + i) })));
    const small = await store.upkeep.bytes();
    await put(...Array.from({ length: 500 }, (_, i) => ({ at: new Date(day(2).getTime() + i), reply })));
    const bytes = await store.upkeep.bytes();
    expect(bytes).to.be.within(small + 500 * reply.length, small + 500 * (reply.length + 8_000));
    expect(await store.upkeep.shrinkTo(bytes)).to.equal(0);
    // Half of the small ones, and none of the large.
    expect(await store.upkeep.shrinkTo((bytes - small / 2) / 0.98)).to.be.within(200, 400);
  });

  it('counts only calls: events that have no room in the limit cost no call', async () => {
    await put(...Array.from({ length: 200 }, (_, i) => ({ at: new Date(day(1).getTime() + i) })));
    const bytes = await store.upkeep.bytes();
    const created_at = day(1).toISOString();
    const event = { tenant: 'default', scheme: 'sales', webhook: 'crm', event: 'ended', created_at };
    const body = 'x'.repeat(4_000);
    const ids = Array.from({ length: 400 }, (_, n) => uuidv7(new Date(day(1).getTime() + n)));
    const call = { tenant: 'default', scheme: 'sales', started_at: created_at, ends: '[]' };
    await store.deliveries.write('r', {
      opened: ids.map((call_id) => ({ ...call, call_id })),
      deliveries: ids.map((id) => ({ ...event, id, call_id: id, seq: 1, body })),
      closed: [],
    });
    expect(await store.upkeep.shrinkTo(bytes + 100_000)).to.equal(0);
    expect(await store.upkeep.bytes()).to.be.within(bytes - 100_000, bytes + 100_000);
    expect(await store.upkeep.count()).to.equal(200);
  });

  it('masks the numbers of what is older, in columns, texts and words, once', async () => {
    const [old, young] = await put(
      {
        at: day(1),
        caller: '380441112233',
        destination: '380509998877',
        reply: '{"phone":"+38 (050) 999-88-77"}',
      },
      { at: day(5), caller: '380441112244' },
    );
    expect(await store.upkeep.maskBefore(day(3))).to.equal(1);
    expect(await store.upkeep.maskBefore(day(3))).to.equal(0);
    const stored = await store.calls.find(old?.id ?? '');
    expect(stored?.masked).to.equal(true);
    expect(stored?.record.call?.caller).to.equal('*****33');
    expect(stored?.record.call?.uuid).to.equal(old?.call?.uuid);
    expect(JSON.stringify(stored)).not.to.match(/999|1112233/);
    const { calls } = await store.calls.page({});
    expect(calls.map(({ caller, masked }) => [caller, masked])).to.deep.equal([
      ['380441112244', false],
      ['*****33', true],
    ]);
    for (const number of ['380441112233', '380509998877']) {
      expect((await store.calls.page({ number })).calls, number).to.deep.equal([]);
    }
    expect((await store.calls.page({ text: 'iryna' })).calls).to.have.length(2);
    expect((await store.calls.page({ number: young?.call?.caller ?? '' })).calls).to.have.length(1);
  });

  it('erases a number in every spelling and place, with a count, and no other', async () => {
    const records = await put(
      { at: day(1), caller: '+380441112233', callerName: 'Iryna Bondar' },
      { at: day(2), caller: '380671234567', callerName: 'Oleh', destination: '0441112233' },
      { at: day(3), caller: '380671234567', callerName: 'Petro', reply: '{"backup":"380441112233"}' },
      // A stranger's number, with the same end.
      { at: day(4), caller: '491441112233', callerName: 'Stranger' },
      { at: day(5), caller: '380671234567', callerName: 'Nobody' },
    );
    expect(await store.upkeep.erase('380 44 111 22 33')).to.equal(4 - 1);
    expect(
      (await store.calls.page({ number: '380441112233' })).calls.map(({ callerName }) => callerName),
    ).to.deep.equal(['Stranger']);
    expect((await store.calls.page({ text: 'bondar' })).calls).to.deep.equal([]);
    const texts = [];
    for (const { id } of records) texts.push(JSON.stringify(await store.calls.find(id)));
    for (const index of [0, 1, 2]) expect(texts[index]).not.to.match(/441112233|Bondar/);
    expect(texts[3]).to.contain('491441112233');
    expect(texts[4]).to.contain('380671234567');
    expect(await store.upkeep.erase('380441112233')).to.equal(0);
    expect(await names()).to.have.length(5);
  });

  it('counts, and knows the first and the last', async () => {
    expect(await store.upkeep.count()).to.equal(0);
    expect(await store.upkeep.oldest()).to.equal(null);
    await put({ at: day(1) }, { at: day(4) }, { at: day(2) });
    expect(await store.upkeep.count()).to.equal(3);
    expect(await store.upkeep.newest()).to.deep.equal(day(4));
    expect(store.upkeep).to.be.instanceOf(Upkeep);
  });

  /** A call with all that can be beside it: what a shadow would have dialled, and events that have not arrived. */
  async function beside(at: Date, number: string) {
    const record = callRecord({ at, caller: '15005550001', did: '15005550100' });
    const live: Outlook = { scheme: 'sales', result: 'routed', reason: 'routed', steps: ['dial 101'] };
    const would: Outlook = { ...live, scheme: 'new', steps: [`dial ${number}, dialplan`] };
    record.shadows.push({
      ...{ scheme: 'new', revision: 'r', would, dropped: null, live, differs: true },
      ...{ tookMs: 1, requests: [], readings: [], notes: [] },
    });
    record.moves.push({ atMs: 1, from: 'talking', by: 'transfer', to: number });
    store.record(record);
    await store.flush();
    const created_at = at.toISOString();
    const body = JSON.stringify({ told: { destination: number }, call: { caller: `+${number}` } });
    const event = {
      tenant: 'default',
      scheme: 'sales',
      webhook: 'crm',
      event: 'ended',
      seq: 1,
      body,
      created_at,
    };
    const call = { tenant: 'default', scheme: 'sales', started_at: created_at };
    const ends = JSON.stringify([{ webhook: 'crm', body }]);
    const id = uuidv7(at);
    await store.deliveries.write('r', {
      opened: [record.id, `${record.id}-live`].map((call_id) => ({ ...call, call_id, ends })),
      deliveries: [{ ...event, id, call_id: record.id }],
      closed: [record.id],
    });
    return { record, id, body };
  }
  const park = async (at: Date): Promise<void> => {
    await store.deliveries.parkForgotten([], new Date(at.getTime() + 2 * 86_400_000));
  };
  const wouldDial = async () => {
    const { calls } = await store.shadows.differing({ tenant: 'default', shadow: 'new' }, { limit: 10 });
    return calls.map(({ would }) => would.steps.join());
  };

  it('masks and deletes by age what is kept beside calls too', async () => {
    const old = await beside(day(1), '380509998877');
    const young = await beside(day(5), '380509998866');
    await park(day(5));
    await store.upkeep.maskBefore(day(3));
    expect(await wouldDial()).to.deep.equal(['dial 380509998866, dialplan', 'dial *****77, dialplan']);
    expect((await store.deliveries.parked(10)).map(({ id }) => id)).to.deep.equal([young.id]);
    const everything = await dump();
    expect(everything).not.to.contain('9998877');
    expect(everything).to.contain('380509998866');
    expect(old.body).to.contain('380509998877');
    // Again, with what has grown old meanwhile.
    await store.upkeep.maskBefore(day(6));
    expect(await wouldDial()).to.deep.equal(['dial *****66, dialplan', 'dial *****77, dialplan']);
    expect(await dump()).not.to.contain('99988');
  });

  it('erases a number from what is kept beside calls, in any spelling, and only that', async () => {
    await beside(day(1), '380509998877');
    const other = await beside(day(2), '380509998866');
    // Only a shadow would have dialled it, and only somebody else took the call there.
    expect(await store.upkeep.erase('050 999-88-77')).to.equal(1);
    expect(await wouldDial()).to.deep.equal(['dial 380509998866, dialplan']);
    const everything = await dump();
    expect(everything).not.to.contain('9998877');
    expect(everything).to.contain('380509998866');
    expect(await store.upkeep.erase('0509998877')).to.equal(0);
    await park(day(2));
    expect((await store.deliveries.parked(10)).map(({ id }) => id)).to.deep.equal([other.id]);
  });

  it('erases a login, and an extension that is one, but nothing that has it in it', async () => {
    await put(
      { at: day(1), destination: 'agent_007' },
      { at: day(2), destination: '1017' },
      { at: day(3), destination: '101', reply: '{}' },
    );
    expect(await store.upkeep.erase('agent_007')).to.equal(1);
    expect(await dump()).not.to.contain('agent_007');
    expect(await store.upkeep.erase('101')).to.equal(1);
    expect((await store.calls.page({})).calls.map(({ destination }) => destination)).to.deep.equal([
      '',
      '1017',
      '',
    ]);
  });

  /** Every column of every table, as text. */
  async function dump(): Promise<string> {
    const rows: unknown[] = [];
    for (const table of TABLES) rows.push(await database().read(place, `select * from ${table}`));
    return JSON.stringify(rows);
  }
});
