import { expect } from 'chai';
import type { Store } from '../../../lib/store/store.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callRecord, openStore, type Given } from '../../support/stored.ts';

onBothDatabases('whom a caller last talked to', (database) => {
  let store: Store;
  const CALLER = '380441112233';
  const now = Date.now();
  const ago = (minutes: number) => new Date(now - minutes * 60_000);
  const talk = (given: Given, answeredBy: string | null, seconds = 60) => {
    const record = callRecord({ caller: CALLER, ...given });
    Object.assign(record, { answeredBy, answeredMs: 5_000, endedMs: 5_000 + seconds * 1_000 });
    if (answeredBy === null) record.answeredMs = null;
    store.record(record);
  };
  const find = async (more: object = {}) => {
    await store.flush();
    const query = { tenant: 'default', caller: CALLER, since: ago(60 * 24), minTalkMs: 20_000, ...more };
    return (await store.calls.lastAgent(query))?.destination ?? null;
  };

  beforeEach(async () => {
    store = await openStore(await database().fresh(), { tenants: 'domain' });
  });
  afterEach(() => store.close());

  it('is the last one who talked to him for long enough', async () => {
    const tenant = { domain: '' };
    talk({ ...tenant, at: ago(50), destination: '201' }, '201', 300);
    talk({ ...tenant, at: ago(40), destination: '202' }, '202', 30);
    talk({ ...tenant, at: ago(30), destination: '203' }, '203', 19);
    talk({ ...tenant, at: ago(20), destination: '204' }, null);
    talk({ ...tenant, at: ago(10), destination: '205', caller: '380501112233' }, '205');
    // The same last nine digits.
    talk({ ...tenant, at: ago(9), destination: '206', caller: '4441112233' }, '206');
    talk({ ...tenant, at: ago(8), destination: '207', caller: '' }, '207');
    talk({ at: ago(7), destination: '208', domain: 'other.example' }, '208');
    expect(await find()).to.equal('202');
    expect(await find({ minTalkMs: 60_000 })).to.equal('201');
    expect(await find({ minTalkMs: 1_000 })).to.equal('203');
    expect(await find({ since: ago(35) })).to.equal(null);
    expect(await find({ caller: '+380 44 111 22 33' })).to.equal('202');
    expect(await find({ caller: '380670000000' })).to.equal(null);
    expect(await find({ tenant: 'other.example' })).to.equal('208');
    expect(await find({ tenant: 'third.example' })).to.equal(null);
  });

  it('of several that rang together is the one who answered', async () => {
    talk({ domain: '', destination: '201,202,203' }, '202');
    expect(await find()).to.equal('202');
  });

  it('is nobody of a stranger whose number ends with the same nine digits', async () => {
    talk({ domain: '', destination: '201', caller: '0501234567' }, '201');
    expect(await find({ caller: '+12501234567' })).to.equal(null);
    expect(await find({ caller: '0501234567' })).to.equal('201');
    // Whoever knows the country tells it apart from one spelling and another.
    const isCaller = (number: string) => number === '0501234567';
    expect(await find({ caller: '+380501234567', isCaller })).to.equal('201');
    talk({ domain: '', destination: '202', caller: '22123456' }, '202');
    expect(
      await find({ caller: '+4722123456', isCaller: (number: string) => number === '22123456' }),
    ).to.equal('202');
  });

  it('is not who passed him on at once: the rest was talk with somebody else', async () => {
    const moved = (given: Given, by: string, talkedSeconds: number) => {
      const record = callRecord({ caller: CALLER, domain: '', destination: by, ...given });
      const bridge = { atMs: 200, dialString: `user/${by}`, answeredBy: by, outcome: 'answered' as const };
      record.bridges.push({ ...bridge, endedMs: 5_000 + talkedSeconds * 1_000, cause: null });
      record.moves.push({ atMs: 10_000, from: 'talking', by: 'transfer', to: '305 default' });
      Object.assign(record, { answeredBy: by, answeredMs: 5_000, endedMs: 1_200_000, end: 'moved' });
      store.record(record);
    };
    talk({ domain: '', at: ago(50), destination: '202' }, '202');
    moved({ at: ago(40) }, '201', 5);
    expect(await find()).to.equal('202');
    moved({ at: ago(30) }, '203', 21);
    await store.flush();
    const query = { tenant: 'default', caller: CALLER, since: ago(60), minTalkMs: 20_000 };
    expect(await store.calls.lastAgent(query)).to.include({ destination: '203', talkedMs: 21_000 });
    const { calls } = await store.calls.page({});
    expect(calls.map(({ talkedMs }) => talkedMs)).to.deep.equal([21_000, 5_000, 60_000]);
  });

  it('is nobody of another domain, where the same extension is somebody else', async () => {
    const rung = (at: Date, by: string, dialString: string) => {
      const record = callRecord({ caller: CALLER, domain: '', at, destination: by });
      const bridge = { atMs: 200, dialString, answeredBy: by, outcome: 'answered' as const, cause: null };
      record.bridges.push({ ...bridge, endedMs: 65_000 });
      Object.assign(record, { answeredBy: by, answeredMs: 5_000, endedMs: 65_000 });
      store.record(record);
    };
    rung(ago(50), '380671234567', '[x=1]sofia/gateway/trunk/380671234567');
    rung(ago(40), '201', '[a=b]user/201@Globex.example');
    rung(ago(30), '201', '[a=b]user/201@acme.example');
    expect(await find({ domain: 'acme.example' })).to.equal('201');
    expect(await find({ domain: 'globex.example', since: ago(45) })).to.equal('201');
    expect(await find({ domain: 'globex.example', since: ago(35) })).to.equal(null);
    expect(await find({ domain: 'example', since: ago(45) })).to.equal(null);
    // A number is the same everywhere.
    expect(await find({ domain: 'third.example' })).to.equal('380671234567');
  });

  it('is nobody where the numbers are masked or erased', async () => {
    talk({ domain: '', at: ago(50), destination: '201' }, '201');
    talk({ domain: '', at: ago(5), destination: '202' }, '202');
    await store.flush();
    await store.upkeep.maskBefore(ago(20));
    expect(await find({ since: ago(60) })).to.equal('202');
    await store.upkeep.erase(CALLER);
    expect(await find({ since: ago(60) })).to.equal(null);
  });
});
