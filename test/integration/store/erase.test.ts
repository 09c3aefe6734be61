import { expect } from 'chai';
import type { CallRecord } from '../../../lib/call/record.ts';
import type { Store } from '../../../lib/store/store.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callRecord, openStore, type Given } from '../../support/stored.ts';

onBothDatabases('what is erased from the store', (database) => {
  let store: Store;
  const put = async (...given: Given[]): Promise<CallRecord[]> => {
    const records = given.map(callRecord);
    for (const record of records) store.record(record);
    await store.flush();
    return records;
  };
  const written = async ({ id }: CallRecord): Promise<string> => JSON.stringify(await store.calls.find(id));
  const isMasked = async ({ id }: CallRecord): Promise<boolean> =>
    (await store.calls.find(id))?.masked === true;
  const found = async (text: string): Promise<number> => (await store.calls.page({ text })).calls.length;

  beforeEach(async () => {
    store = await openStore(await database().fresh());
  });
  afterEach(() => store.close());

  it('is never nobody: that would be everybody', async () => {
    const [record] = await put({});
    for (const what of ['', ' ']) {
      const error = await store.upkeep.erase(what).catch((error: unknown) => error);
      expect(String(error)).to.contain('blank');
    }
    expect(await isMasked(record as CallRecord)).to.equal(false);
  });

  it('is a login, and none of those who have it in theirs', async () => {
    const [stranger, own] = await put(
      { caller: '380671234567', destination: 'joanna', reply: '{"destination":"joanna"}' },
      { caller: '380671234560', destination: 'anna', reply: '{"destination":"anna"}' },
    );
    for (const what of ['ted', 'ana', 'call', 'sales', '5'])
      expect(await store.upkeep.erase(what), what).to.equal(0);
    expect(await store.upkeep.erase('Anna')).to.equal(1);
    expect(await isMasked(stranger as CallRecord)).to.equal(false);
    expect(await isMasked(own as CallRecord)).to.equal(true);
    // Short as it is, it stands nowhere any more, `dial anna` of the decision included.
    expect(await written(own as CallRecord)).not.to.match(/anna/i);
    expect(await found('anna')).to.equal(0);
    expect(await store.upkeep.erase('anna')).to.equal(0);
    expect((await store.calls.find((own as CallRecord).id))?.record.scheme?.name).to.equal('sales');
  });

  it('is a login of digits where that is said, and nobody where it may be a number', async () => {
    const [login, stranger] = await put({ destination: '101-2' }, { destination: '1012' });
    for (const what of ['101-2', '101.2001', '23-45-67']) {
      const refused = await store.upkeep.erase(what).then(() => '', String);
      expect(refused, what).to.contain(`write sip:${what} for the login, or the number in digits alone`);
    }
    expect(await store.upkeep.erase('john-smith')).to.equal(0);
    expect(await store.upkeep.erase('sip:101-2')).to.equal(1);
    expect(await written(login as CallRecord)).not.to.contain('101-2');
    expect(await isMasked(stranger as CallRecord)).to.equal(false);
  });

  it('takes the words of a name in any order', async () => {
    const reply = '{"name":"Bondar, Iryna","mail":"bondar.iryna@example.com"}';
    const [record] = await put({ caller: '380441112233', callerName: 'Iryna Bondar', reply });
    expect(await store.upkeep.erase('380441112233')).to.equal(1);
    expect(await written(record as CallRecord)).not.to.match(/bondar|iryna/i);
    expect(await found('bondar')).to.equal(0);
  });

  it("takes a caller's name along, however short and however it is written", async () => {
    const replies = [
      '{"name":"Olena","destination":"101"}',
      'name=OLENA&x=%4flena',
      Buffer.from('{"contact":"Olena"}').toString('base64'),
    ];
    const records = await put(
      ...replies.map((reply) => ({ caller: '380441112233', callerName: 'Olena', reply })),
    );
    const [other] = await put({ caller: '380671234567', callerName: 'Olena' });
    expect(await store.upkeep.erase('380441112233')).to.equal(3);
    expect(await found('olena')).to.equal(1);
    for (const record of records) {
      const text = await written(record);
      expect(text).not.to.match(/olena/i);
      expect(text).not.to.contain(replies[2]);
    }
    expect(await written(other as CallRecord)).to.contain('Olena');
  });

  it('leaves nothing of a local number or an extension in bodies', async () => {
    const [local, extension] = await put(
      { caller: '234567', callerName: 'X', destination: '102', reply: '{"who":"234567","and":"23-45-67"}' },
      { caller: '380671234567', destination: '10', reply: '{"destination":"10","of":"110"}' },
    );
    expect(await store.upkeep.erase('234567')).to.equal(1);
    expect(await written(local as CallRecord)).not.to.match(/234567|23-45-67/);
    expect(await found('234567')).to.equal(0);
    expect(await store.upkeep.erase('10')).to.equal(1);
    const record = (await store.calls.find((extension as CallRecord).id))?.record;
    expect(record?.requests[0]?.reply?.body).to.equal('{"destination":"***","of":"110"}');
    expect(record?.decisions[0]?.steps).to.deep.equal(['dial ***']);
    // Where the call came from is no number.
    expect(record?.call?.sourceIp).to.equal('10.0.0.1');
  });

  it('is a number in whatever way a reply writes it', async () => {
    const replies = [
      '{"a":"044\\u00a0111\\u00a022\\u00a033"}',
      'phone=044%20111%2022%2033',
      '{"phones":[380441112233,380671234567]}',
      '{"phone":"0441112233 (5)"}',
      '{"phone":"٠٤٤١١١٢٢٣٣"}',
      Buffer.from('{"phone":"+380441112233"}').toString('base64'),
    ];
    const records = await put(...replies.map((reply) => ({ caller: '15005550001', reply })));
    const [stranger] = await put({ caller: '15005550001', reply: '{"phone":"+49 44 111 22 33"}' });
    expect(await store.upkeep.erase('380441112233')).to.equal(replies.length);
    for (const record of records) expect(await isMasked(record)).to.equal(true);
    expect(await isMasked(stranger as CallRecord)).to.equal(false);
    expect(await store.upkeep.erase('380441112233')).to.equal(0);
  });

  it('leaves a call that goes on its events', async () => {
    const at = new Date();
    const [tenant, scheme, created_at, call_id] = ['default', 'sales', at.toISOString(), 'live'];
    const body = JSON.stringify({ call: { caller: '+380441112233' } });
    const ends = JSON.stringify([{ webhook: 'crm', body }]);
    const opened = [{ call_id, tenant, scheme, started_at: created_at, ends }];
    await store.deliveries.write('r', { opened, deliveries: [], closed: [] });
    expect(await store.upkeep.erase('380441112233')).to.equal(0);
    const event = {
      ...{ tenant, scheme, created_at, call_id },
      webhook: 'crm',
      event: 'answered',
      body: '{}',
    };
    const deliveries = [{ ...event, id: uuidv7(at), seq: 1 }];
    expect(await store.deliveries.write('r', { opened: [], deliveries, closed: [] })).to.equal(0);
    // What would have been told if the router had died had the number in it.
    expect(await store.liveCalls.closeOrphans(new Date(at.getTime() + 60_000), at, 10)).to.deep.equal([
      'sales',
    ]);
    expect((await store.deliveries.counts()).map(({ count }) => count)).to.deep.equal([1]);
  });
});
