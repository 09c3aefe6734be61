import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PRESETS } from '../../../lib/presets/index.ts';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callRecord } from '../../support/stored.ts';

type Who = 'viewer' | 'operator' | 'editor';

onBothDatabases('api: recorded calls again, figures, reference', (database) => {
  let api: ApiUnderTest;
  let crm: Server;
  let asked: string[] = [];
  let answer = '{"destination": "202"}';
  let port = 0;
  before(async function () {
    this.timeout(60_000);
    api = await openApi({}, {}, { place: await database().fresh() });
    crm = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(answer);
    });
    await new Promise<void>((resolve) => crm.listen(0, '127.0.0.1', resolve));
    ({ port } = crm.address() as AddressInfo);
    const webhook = {
      url: `http://127.0.0.1:${port}/route?n={{caller}}`,
      submission: 'http',
      method: 'GET',
      parameters: {},
      map: { 'a.b/c': '301' },
      unmapped: 'pass',
    };
    const document = {
      ...{ name: 'default', domain: 'pbx.example', webhook, numbering: { country: 'UA' } },
      fallback: { onError: [{ dial: '380441119999' }] },
    };
    const made = await ask('PUT', '/schemes/default', 'editor', { document }, { 'if-none-match': '*' });
    expect(made.statusCode, made.body).to.equal(201);
  });
  beforeEach(() => {
    asked = [];
  });
  after(async () => {
    crm.close();
    await api.close();
  });

  const ask = (
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    who: Who,
    payload?: object,
    headers: Record<string, string> = {},
  ) => {
    const body = payload === undefined ? {} : { payload };
    return api.app.inject({
      ...{ method, url: `/api/v1${path}`, ...body },
      headers: { ...bearer(api.tokens[who]), ...headers },
    });
  };
  const recorded = async (more: Parameters<typeof callRecord>[0] = {}) => {
    const record = callRecord({ scheme: 'default', destination: '101', ...more });
    Object.assign(record.requests[0] ?? {}, {
      ...{ method: 'GET', url: `http://127.0.0.1:${port}/route?n=${record.call?.caller ?? ''}`, body: null },
    });
    api.store.record(record);
    await api.store.flush();
    return record;
  };

  it('asks the CRM again for a recorded call, and reads an edited reply, as text of any kind', async () => {
    const { id, call } = await recorded({ callerName: '</script>{{secret.X}}\u202e' });
    for (const which of [id, call?.uuid ?? '']) {
      const live = await ask('POST', `/calls/${which}/try`, 'operator', {});
      expect(live.json(), live.body).to.deep.include({ steps: ['dial 202'] });
    }
    expect(asked).to.deep.equal(['/route?n=380441112233', '/route?n=380441112233']);
    const reply = {
      headers: { 'Content-Type': 'text/plain; charset=windows-1251' },
      body: '{"destination":"a.b/c"}',
    };
    const canned = await ask('POST', `/calls/${id}/try`, 'operator', { reply });
    expect(canned.json(), canned.body).to.deep.include({ steps: ['dial 301'] });
    const nobody = await ask('POST', `/calls/${id}/try`, 'operator', { reply: { status: 204, body: '' } });
    expect(nobody.json()).to.include({ result: 'no_route' });
    expect(asked).to.have.length(2);
    answer = '{"destination": "<script>alert(1)</script>\\u0000\\u202e"}';
    const hostile = await ask('POST', `/calls/${id}/try`, 'operator', {});
    answer = '{"destination": "202"}';
    expect(hostile.headers['content-type']).to.match(/^application\/json/);
    expect(hostile.json()).to.include({ result: 'refused' });
    expect((await ask('POST', `/calls/${id}/try`, 'viewer', {})).statusCode).to.equal(403);
    expect((await ask('POST', '/try', 'editor', { call: id })).json()).to.deep.include({
      steps: ['dial 202'],
    });
    expect((await ask('POST', '/try', 'editor', { call: 'nobody' })).statusCode).to.equal(404);
    const [line] = await api.store.audit.page({});
    expect(line).to.include({ action: 'try' });
  });

  it('decides a recorded call again from its own replies', async () => {
    const { id } = await recorded();
    const same = await ask('POST', `/calls/${id}/decide-again`, 'operator');
    expect(same.json(), same.body).to.deep.equal({ id, kind: 'same' });
    const moved = await recorded({ reply: '{"destination":"a.b/c"}' });
    const verdict = await ask('POST', `/calls/${moved.id}/decide-again`, 'operator');
    expect(verdict.json(), verdict.body).to.deep.include({ kind: 'moved' });
    expect(asked).to.deep.equal([]);
    expect((await ask('POST', `/calls/${id}/decide-again`, 'viewer')).statusCode).to.equal(403);
  });

  it('points at words of a map with dots and slashes as RFC 6901 has it, and hides numbers from a viewer', async () => {
    const document = {
      name: 'broken',
      webhook: { url: 'http://127.0.0.1/', map: { 'a.b/c~d': 7, '17': '201' } },
    };
    const refused = await ask('PUT', '/schemes/broken', 'editor', { document }, { 'if-none-match': '*' });
    const { errors } = refused.json<{ errors: { pointer: string }[] }>();
    expect(errors.map(({ pointer }) => pointer)).to.deep.equal(['/document/webhook/map/a.b~1c~0d']);
    expect((await ask('GET', '/schemes/default', 'operator')).body).to.include('380441119999');
    expect((await ask('GET', '/schemes/default', 'viewer')).body).to.not.include('44111');
  });

  it('counts by minute, result and scheme, and tells how long decisions took', async () => {
    await recorded({ result: 'error', reason: 'webhook_timeout' });
    await api.close();
    api = await openApi({}, {}, { place: await database().fresh() });
    const now = Date.now();
    for (let at = 0; at < 10; at++) {
      const record = callRecord({ at: new Date(now - at * 60_000), scheme: 'default' });
      record.decidedMs = 100 * (at + 1);
      api.store.record(record);
    }
    const failed = callRecord({
      at: new Date(now - 120_000),
      scheme: 'default',
      result: 'error',
      reason: 'webhook_timeout',
    });
    const old = callRecord({ at: new Date(now - 7_200_000), scheme: 'default' });
    for (const record of [failed, old]) api.store.record(record);
    await api.store.flush();
    const hour = (await ask('GET', '/calls/summary', 'viewer')).json<{ minutes: object[] }>();
    expect(hour).to.deep.include({ calls: 11, byResult: { routed: 10, error: 1 } });
    expect(hour).to.deep.include({ decidedMs: { p50: 500, p95: 1000, p99: 1000 } });
    expect(hour.minutes).to.have.length(10);
    expect((await ask('GET', '/calls/summary?of=day', 'viewer')).json()).to.include({ calls: 12 });
    const { figures } = (await ask('GET', '/schemes', 'viewer')).json<{ figures: Record<string, object> }>();
    expect(figures['default']).to.deep.include({
      ...{ calls: 12, byResult: { routed: 11, error: 1 } },
      lastError: { at: failed.startedAt, call: failed.id, reason: 'webhook_timeout' },
    });
  });

  it('has what whoever writes a scheme looks up', async () => {
    const { id } = await recorded();
    const presets = (await ask('GET', '/presets', 'viewer')).json<{ name: string }[]>();
    expect(presets.map(({ name }) => name)).to.deep.equal(Object.keys(PRESETS));
    for (const { name } of presets) {
      const one = (await ask('GET', `/presets/${name}`, 'viewer')).json<{ document: object }>();
      expect(one.document).to.have.property('webhook');
    }
    for (const name of ['constructor', '__proto__', 'nobody']) {
      expect((await ask('GET', `/presets/${name}`, 'viewer')).statusCode, name).to.equal(404);
    }
    const schema = (await ask('GET', '/schema/scheme', 'viewer')).json<{ properties: object }>();
    expect(schema.properties).to.have.property('webhook');
    expect((await ask('GET', '/reasons', 'viewer')).body).to.include('webhook_timeout');
    const macros = (await ask('GET', `/macros?call=${id}`, 'operator')).json<object[]>();
    expect(macros.find((one) => 'name' in one && one.name === 'did')).to.have.property('what');
  });
});
