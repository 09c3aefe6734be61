import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';
import { callRecord } from '../../support/stored.ts';

const scheme = (name: string, more: object = {}) => ({
  name,
  domain: 'pbx.example',
  webhook: { url: 'https://crm.example/route' },
  ...more,
});

interface Answer {
  readonly errors: readonly { pointer: string }[];
  readonly verdicts: { id: string; kind: string; why?: string; to?: unknown }[];
  readonly calls: readonly { id: string }[];
  readonly next: string;
}

describe('api: schemes, calls and trials', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await openApi();
  });
  afterEach(() => api.close());

  const ask = async (method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, options: Asking = {}) => {
    const { role = 'editor', headers = {}, body } = options;
    const reply = await api.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...bearer(api.tokens[role]), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    return {
      status: reply.statusCode,
      etag: reply.headers.etag,
      text: reply.body,
      json: () => reply.json<Answer>(),
    };
  };
  interface Asking {
    readonly role?: 'viewer' | 'operator' | 'editor';
    readonly headers?: Record<string, string>;
    readonly body?: object;
  }
  const NEW = { 'if-none-match': '*' };
  const match = (etag: unknown) => ({ 'if-match': String(etag) });

  it('makes, changes, compares, restores and deletes a scheme, each by the revision that was seen', async () => {
    const made = await ask('PUT', '/schemes/sales', { headers: NEW, body: { document: scheme('sales') } });
    expect(made.status, made.text).to.equal(201);
    expect(made.etag).to.equal('"1"');
    const again = await ask('PUT', '/schemes/sales', { headers: NEW, body: { document: scheme('sales') } });
    expect([again.status, again.etag]).to.deep.equal([412, '"1"']);
    const changed = { document: scheme('sales', { title: 'Sales' }), message: 'a title' };
    expect((await ask('PUT', '/schemes/sales', { body: changed })).status).to.equal(428);
    expect((await ask('PUT', '/schemes/sales', { headers: match('"1"'), body: changed })).etag).to.equal(
      '"2"',
    );
    const diff = await ask('GET', '/schemes/sales/diff?from=1&to=2', { role: 'viewer' });
    expect(diff.json()).to.deep.equal([{ pointer: '/title', to: 'Sales' }]);
    const back = await ask('POST', '/schemes/sales/restore', {
      headers: match('"2"'),
      body: { revision: 1 },
    });
    expect(back.etag, back.text).to.equal('"3"');
    const off = await ask('POST', '/schemes/sales/state', {
      headers: match('"3"'),
      body: { state: 'disabled' },
    });
    expect(off.etag, off.text).to.equal('"4"');
    const read = await ask('GET', '/schemes/sales', { role: 'viewer' });
    expect(read.json()).to.deep.include({ state: 'disabled', document: scheme('sales'), revision: 4 });
    expect((await ask('DELETE', '/schemes/sales', { headers: match('"3"') })).status).to.equal(412);
    expect((await ask('DELETE', '/schemes/sales', { headers: match('"4"') })).status).to.equal(204);
    expect((await ask('GET', '/schemes/sales')).status).to.equal(404);
    expect((await ask('GET', '/schemes/sales/revisions')).json()).to.have.length(5);
    expect(
      (await ask('PUT', '/schemes/x', { role: 'operator', headers: NEW, body: changed })).status,
    ).to.equal(403);
  });

  it('names the scheme that calls get which no other one takes, once there is one', async () => {
    const named = async (): Promise<unknown> =>
      (JSON.parse((await ask('GET', '/schemes', { role: 'viewer' })).text) as { default: unknown }).default;
    expect(await named()).to.equal(null);
    await ask('PUT', '/schemes/sales', { headers: NEW, body: { document: scheme('sales') } });
    expect(await named()).to.equal(null);
    await ask('PUT', '/schemes/default', { headers: NEW, body: { document: scheme('default') } });
    expect(await named()).to.equal('default');
  });

  it('points at what is wrong, and writes nothing', async () => {
    const document = { name: 'sales', webhook: { url: 'ftp://crm.example/' } };
    const wrong = await ask('PUT', '/schemes/sales', { headers: NEW, body: { document } });
    expect(wrong.status).to.equal(422);
    expect(wrong.json().errors[0]?.pointer).to.equal('/document/webhook/url');
    expect(await api.store.schemes.mark('default')).to.equal(0);
  });

  it('tries an unsaved scheme with a reply, and reaches no address that is denied', async () => {
    const call = { caller: '380441112233', did: '15005550100' };
    const reply = { body: '{"destination": "201"}' };
    const tried = await ask('POST', '/try', { body: { document: scheme('new'), call, reply } });
    expect(tried.status, tried.text).to.equal(200);
    expect(tried.json()).to.deep.include({ result: 'routed', steps: ['dial 201'] });
    let asked = 0;
    const server: Server = createServer((_, response) => {
      asked++;
      response.end('{"destination": "202"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const document = scheme('live', { webhook: { url: `http://127.0.0.1:${port}/` } });
      const live = await ask('POST', '/try', { body: { document, call } });
      expect(live.json(), live.text).to.deep.include({ steps: ['dial 202'] });
      expect(asked).to.equal(1);
      await api.close();
      api = await openApi({}, { ESL_ROUTER_NETWORK_PRIVATE: 'false' });
      const denied = await ask('POST', '/try', { body: { document, call } });
      expect(denied.status, denied.text).to.equal(422);
      const named = scheme('live', { webhook: { url: `http://localhost:${port}/` } });
      expect((await ask('POST', '/try', { body: { document: named, call } })).text).to.not.contain(
        'dial 202',
      );
      expect(asked, 'nobody was asked').to.equal(1);
    } finally {
      server.close();
    }
  });

  it('tells which calls would move', async () => {
    const url = 'https://crm.example/route?n={{caller}}';
    const webhook = { url, submission: 'http', method: 'GET', parameters: {} };
    const document = scheme('default', { webhook });
    const records = ['{"destination":"101"}', '{"destination":"102"}'].map((reply, index) => {
      const record = callRecord({ scheme: 'default', reply, destination: `10${index + 1}` });
      const caller = record.call?.caller ?? '';
      Object.assign(record.requests[0] ?? {}, {
        method: 'GET',
        url: `https://crm.example/route?n=${caller}`,
        body: null,
      });
      return record;
    });
    const other = callRecord({ scheme: 'default' });
    for (const record of [...records, other]) api.store.record(record);
    await api.store.flush();
    const changes = async (more: object) => {
      const body = { document: { ...document, ...more } };
      const reply = await ask('POST', '/what-would-change', { body });
      expect(reply.status, reply.text).to.equal(200);
      const verdicts = reply.json().verdicts;
      return new Map(verdicts.map((one) => [one.id, one]));
    };
    const same = await changes({});
    for (const { id } of records) expect(same.get(id)?.kind, same.get(id)?.why).to.equal('same');
    expect(same.get(other.id)?.why).to.contain('it would ask what was not asked');
    const moved = await changes({ webhook: { ...webhook, map: { 101: '301' }, unmapped: 'pass' } });
    expect(moved.get(records[0]?.id ?? '')?.to).to.deep.include({ result: 'routed', steps: ['dial 301'] });
    expect(moved.get(records[1]?.id ?? '')?.kind).to.equal('same');
  });

  it('lists, exports and shows calls, to a viewer without numbers', async () => {
    const caller = '380441112233';
    const calls = [0, 1, 2].map((i) =>
      callRecord({
        at: new Date(Date.UTC(2026, 5, 1, 12, i)),
        callerName: '=1+1',
        notes: [`call ${caller} back`],
      }),
    );
    for (const record of calls) api.store.record(record);
    await api.store.flush();
    const first = await ask('GET', '/calls?limit=2', { role: 'operator' });
    expect(first.json().calls).to.have.length(2);
    const rest = await ask('GET', `/calls?limit=2&cursor=${first.json().next}`, { role: 'operator' });
    expect(rest.json().calls.map(({ id }) => id)).to.deep.equal([calls[0]?.id]);
    const one = await ask('GET', `/calls/${calls[1]?.id}`, { role: 'operator' });
    expect(one.json()).to.deep.include({ previous: calls[0]?.id, next: calls[2]?.id });
    for (const path of ['/calls', `/calls/${calls[1]?.id}`, '/calls/export', '/calls/export?format=jsonl']) {
      expect((await ask('GET', path, { role: 'operator' })).text, path).to.contain(caller);
      expect((await ask('GET', path, { role: 'viewer' })).text, path).to.not.contain('44111');
    }
    expect((await ask('GET', `/calls?caller=${caller}`, { role: 'viewer' })).status).to.equal(403);
    expect((await ask('GET', `/calls?caller=${caller}`, { role: 'operator' })).json().calls).to.have.length(
      3,
    );
    const csv = (await ask('GET', '/calls/export', { role: 'operator' })).text.split('\r\n');
    expect(csv).to.have.length(5);
    expect(csv[1]).to.contain("'=1+1");
    const lines = (await ask('GET', '/calls/export?format=jsonl', { role: 'operator' })).text
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).to.have.length(3);
  });

  it('says what is wrong with a document, and saves nothing', async () => {
    const wrong = { name: 'sales', webhook: { url: 'nowhere', timeoutSeconds: 99 } };
    const found = await ask('POST', '/check', { body: { name: 'sales', document: wrong } });
    expect(found.status, found.text).to.equal(200);
    const { faults } = JSON.parse(found.text) as { faults: { pointer: string; detail: string }[] };
    expect(faults.map(({ pointer }) => pointer)).to.have.members(['/webhook/url', '/webhook/timeoutSeconds']);
    const right = await ask('POST', '/check', { body: { name: 'sales', document: scheme('sales') } });
    expect(JSON.parse(right.text)).to.deep.equal({ faults: [] });
    const named = await ask('POST', '/check', { body: { name: 'sales', document: scheme('other') } });
    expect(named.text).to.include('"pointer":"/name"');
    expect((await ask('GET', '/schemes/sales')).status).to.equal(404);
    expect((await ask('POST', '/check', { role: 'viewer', body: {} })).status).to.equal(403);
  });

  it('reads a scheme of a file, without an ETag, and to a viewer without its numbers', async () => {
    await api.close();
    const document = scheme('night', { fallback: { onError: [{ dial: '380441112233' }] } });
    api = await openApi({
      schemes: () => ({
        set: { schemes: new Map(), default: null, variables: new Set() },
        files: new Map([['night', 'night.json']]),
      }),
      readSchemeFile: (file) =>
        Promise.resolve({ document: file === 'night.json' ? document : null, wordsLeftOut: 7 }),
    });
    const read = await ask('GET', '/schemes/night');
    expect([read.status, read.etag]).to.deep.equal([200, undefined]);
    expect(JSON.parse(read.text)).to.deep.equal({
      name: 'night',
      file: 'night.json',
      document,
      wordsLeftOut: 7,
    });
    const masked = await ask('GET', '/schemes/night', { role: 'viewer' });
    expect(masked.text).to.include('night.json').and.not.to.include('380441112233');
  });
});
