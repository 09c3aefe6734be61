import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Audit } from '../../../lib/store/audit.ts';
import { StoreFault } from '../../../lib/store/fault.ts';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callRecord } from '../../support/stored.ts';

/** What leaves no line in the audit log does not happen. */

onBothDatabases('api: the audit log', (database) => {
  let api: ApiUnderTest;
  let crm: Server;
  let asked = 0;
  let port = 0;
  const forced: string[] = [];
  const { add } = Audit.prototype as { add: unknown };
  before(async function () {
    this.timeout(60_000);
    crm = createServer((_request, response) => {
      asked++;
      response.end('{"destination":"201"}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => crm.once('listening', resolve));
    ({ port } = crm.address() as AddressInfo);
    const breakers = [{ name: 'crm.test', state: { kind: 'closed' } as const, holdsBack: false }];
    api = await openApi(
      { breakers: { breakers: () => breakers, force: (name) => void forced.push(name) } },
      {},
      { place: await database().fresh() },
    );
  });
  after(async () => {
    crm.close();
    await api.close();
  });
  const post = (path: string, payload: object) =>
    api.app.inject({ method: 'POST', url: `/api/v1${path}`, headers: bearer(api.tokens.admin), payload });
  const lines = async () =>
    (await api.store.audit.page({})).map(({ action, subject, change }) => [action, subject, change]);

  it('has the line before anything is done, and nothing is done without it', async () => {
    const { deliveries } = api.store;
    const at = new Date();
    const call = { call_id: 'c1', tenant: 'default', scheme: 'sales' };
    const event = { id: '01890000-0000-7000-8000-000000000001', seq: 1, event: 'ended', webhook: 'crm' };
    await deliveries.write('r', {
      opened: [{ ...call, started_at: at.toISOString(), ends: '[]' }],
      deliveries: [{ ...call, ...event, body: '{}', created_at: at.toISOString() }],
      closed: ['c1'],
    });
    const [delivery] = await deliveries.take(
      { scheme: 'sales', webhook: 'crm' },
      { at, until: at, limit: 1 },
    );
    if (delivery === undefined) throw new Error('nothing to deliver');
    await deliveries.settle([{ kind: 'parked', delivery, error: 'HTTP 400' }], at);
    const record = callRecord({ scheme: 'sales' });
    api.store.record(record);
    await api.store.flush();
    const document = {
      name: 'own',
      domain: 'pbx.example',
      webhook: { url: `http://127.0.0.1:${port}/secret-path`, parameters: { caller: '{{caller}}' } },
      fallback: { onError: [{ webhook: 'https://backup.example/key' }] },
    };
    const put = {
      method: 'PUT',
      url: '/api/v1/schemes/sales',
      headers: { ...bearer(api.tokens.admin), 'if-none-match': '*' },
    } as const;
    await api.app.inject({
      ...put,
      payload: { document: { ...document, name: 'sales', match: { did: '*' } } },
    });
    const all = [
      ['/breakers', { name: 'crm.test', force: 'open' }],
      ['/deliveries/retry', {}],
      ['/try', { document, call: { did: '100' } }],
      [`/calls/${record.id}/try`, {}],
    ] as const;
    const before = await lines();
    Reflect.set(Audit.prototype, 'add', () => Promise.reject(new StoreFault('gone', 'no answer')));
    try {
      for (const [path, body] of all) expect((await post(path, body)).statusCode, path).to.equal(503);
    } finally {
      Reflect.set(Audit.prototype, 'add', add);
    }
    expect([asked, forced]).to.deep.equal([0, []]);
    expect(await deliveries.parked(1)).to.have.length(1);
    expect(await lines()).to.deep.equal(before);

    for (const [path, body] of all) {
      const reply = await post(path, body);
      expect(reply.statusCode, reply.body).to.equal(200);
    }
    expect([asked, forced]).to.deep.equal([2, ['crm.test']]);
    expect(await deliveries.parked(1)).to.have.length(0);
    const to = [`http://127.0.0.1:${port}`, 'https://backup.example'];
    expect((await lines()).slice(0, 4)).to.deep.equal([
      ['try', `call ${record.id}`, '{"live":true}'],
      ['try', 'own', JSON.stringify({ live: true, unsaved: 'own', to })],
      ['events retried', 'all parked events', '{"retried":1}'],
      ['breaker', 'crm.test', '{"force":"open"}'],
    ]);
  });

  it('has none of a try that is refused', async () => {
    const before = await lines();
    const document = { name: 'own', webhook: { url: 'ftp://crm.example/' } };
    expect((await post('/try', { document, call: { did: '100' } })).statusCode).to.equal(422);
    expect(await lines()).to.deep.equal(before);
  });
});
