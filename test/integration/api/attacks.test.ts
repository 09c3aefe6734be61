import { expect } from 'chai';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bearer, logIn, openApi, PASSWORD, type ApiUnderTest } from '../../support/api.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { callRecord } from '../../support/stored.ts';

/** What users try who may do little, and clients who mean no good. */

const NUMBER = '380441112233';

const scheme = (name: string, rest: object = {}) => ({
  name,
  webhook: { url: 'http://crm.example/' },
  ...rest,
});

onBothDatabases('api: attacks', (database) => {
  let api: ApiUnderTest;
  /** Done between the moment a user is read and the moment the answer is used. */
  let meanwhile = (): Promise<unknown> => Promise.resolve();
  before(async function () {
    this.timeout(60_000);
    const place = await database().fresh();
    api = await openApi(
      {},
      { ESL_ROUTER_SECRETS_HOSTS: '{"BOUND": ["crm.example"]}', ESL_ROUTER_STORE_URL: 'sqlite' },
      {
        place,
        secrets: { has: (name) => name === 'CRM' || name === 'BOUND', read: () => 'not-for-everybody' },
        watched: (store) => {
          const { accounts } = store;
          const user = async (name: string) => {
            const found = await accounts.user(name);
            await meanwhile();
            return found;
          };
          const watched = new Proxy(accounts, {
            get: (target, name) => {
              if (name === 'user') return user;
              const value: unknown = Reflect.get(target, name);
              return typeof value === 'function' ? (value.bind(target) as unknown) : value;
            },
          });
          const { audit, problems, deliveries, calls, figures, shadows, canaries, state } = store;
          const rest = { audit, problems, deliveries, calls, figures, shadows, canaries, state };
          return { ...rest, accounts: watched, together: store.together };
        },
      },
    );
  });
  after(() => api.close());

  type Who = 'viewer' | 'operator' | 'editor' | 'admin';
  const ask = async (
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    { who = 'viewer', body, headers = {} }: { who?: Who; body?: object | string; headers?: object } = {},
  ) => {
    const json = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    return api.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...bearer(api.tokens[who]), ...json, ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
  };

  it('lets a viewer turn pages, and keeps ids and times whole', async () => {
    const calls = [0, 1, 2].map(() => callRecord({ caller: NUMBER }));
    const [call] = calls;
    if (call === undefined) throw new Error('no call');
    const outlook = { scheme: 'sales', result: 'routed' as const, reason: 'routed' as const };
    call.shadows.push({
      ...{ scheme: 'beside', revision: '1', dropped: null, differs: true, tookMs: 1 },
      would: { ...outlook, steps: [`dial ${NUMBER}`, 'a\0b', '\ud800'] },
      live: { ...outlook, steps: ['dial 101'] },
      ...{ requests: [], readings: [], notes: [] },
    });
    for (const one of calls) api.store.record(one);
    await api.store.flush();
    const first = (await ask('GET', '/calls?limit=2')).json<{ next: string }>();
    const rest = (await ask('GET', `/calls?limit=2&cursor=${first.next}`)).json<{ calls: object[] }>();
    expect(rest.calls).to.have.length(1);
    // PostgreSQL reads no JSON that holds U+0000 or half of a pair.
    const shadow = await ask('GET', '/schemes/beside/shadow');
    expect(shadow.statusCode, shadow.body).to.equal(200);
    const { differing } = shadow.json<{ differing: { at: string; would: { steps: string[] } }[] }>();
    expect(differing.map(({ at }) => new Date(at).toISOString())).to.deep.equal([call.startedAt]);
    expect(differing[0]?.would.steps[0]).to.equal('dial *****33');
  });

  it('shows a viewer no number of a scheme: as a key, under the name of an id, in JSON, in a message', async () => {
    const map = { [NUMBER]: '201', '380991112233': '202', id: NUMBER, uuid: NUMBER };
    const put = async (document: object, headers: object) =>
      ask('PUT', '/schemes/vip', { who: 'editor', body: { document, message: `for ${NUMBER}` }, headers });
    const document = scheme('vip', {
      webhook: { url: 'http://crm.example/', map, body: { vip: Number(NUMBER) } },
    });
    const made = await put(document, { 'if-none-match': '*' });
    expect(made.statusCode, made.body).to.equal(201);
    await put({ ...document, title: NUMBER }, { 'if-match': '"1"' });
    await put({ ...document, webhook: { url: 'http://crm.example/' } }, { 'if-match': '"2"' });
    for (const path of ['', '/vip', '/vip/revisions', '/vip/diff?from=1&to=2', '/vip/diff?from=1&to=3']) {
      const { statusCode, body } = await ask('GET', `/schemes${path}`);
      expect(statusCode, body).to.equal(200);
      expect(body, path).to.not.include('1112233');
    }
    await put(document, { 'if-match': '"3"' });
    const seen = (await ask('GET', '/schemes/vip')).json<{ document: { webhook: { map: object } } }>();
    expect(seen.document.webhook.map).to.deep.equal({
      '*****33': '201',
      '*****33 (2)': '202',
      id: '*****33',
      uuid: '*****33',
    });
    expect((await ask('GET', '/schemes/vip', { who: 'operator' })).body).to.include(NUMBER);
  });

  it('shows a viewer no number in what a CRM said of an event', async () => {
    const { deliveries } = api.store;
    const at = new Date();
    const id = '01890000-0000-7000-8000-000000000001';
    const call = { call_id: 'c1', tenant: 'default', scheme: 'sales' };
    const event = { id, seq: 1, event: 'ended', webhook: 'crm', body: '{}', created_at: at.toISOString() };
    await deliveries.write('r', {
      opened: [{ ...call, started_at: at.toISOString(), ends: '[]' }],
      deliveries: [{ ...call, ...event }],
      closed: ['c1'],
    });
    const lane = { scheme: 'sales', webhook: 'crm' };
    const [delivery] = await deliveries.take(lane, { at: new Date(), until: new Date(), limit: 1 });
    if (delivery === undefined) throw new Error('nothing to deliver');
    await deliveries.settle([{ kind: 'parked', delivery, error: `HTTP 400: no contact +${NUMBER}` }], at);
    const parked = async (who: Who) => (await ask('GET', '/deliveries', { who })).body;
    expect(await parked('viewer')).to.include('no contact *****33');
    expect(await parked('operator')).to.include(NUMBER);
  });

  it('refuses JSON without an end, and what is no text, before it reaches a route or the database', async () => {
    const deep = (levels: number) =>
      `{"name":"x","webhook":{"url":"http://127.0.0.1:1/","body":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    for (const levels of [101, 5_000, 100_000]) {
      for (const [method, path, body] of [
        ['POST', '/check', `{"name":"x","document":${deep(levels)}}`],
        ['POST', '/try', `{"call":{"did":"1"},"document":${deep(levels)}}`],
        ['POST', '/what-would-change', `{"document":${deep(levels)}}`],
        ['PUT', '/schemes/x', `{"state":"draft","document":${deep(levels)}}`],
      ] as const) {
        const reply = await ask(method, path, { who: 'editor', body, headers: { 'if-none-match': '*' } });
        expect(reply.statusCode, `${path} ${levels}: ${reply.body}`).to.equal(422);
      }
    }
    for (const bad of ['\0', 'a\0b', '\ud800', 'a\udc00']) {
      const body = { document: scheme('n'), message: bad };
      const put = { who: 'editor', body, headers: { 'if-none-match': '*' } } as const;
      expect((await ask('PUT', '/schemes/n', put)).statusCode).to.equal(422);
      expect(
        (await ask('POST', '/deliveries/retry', { who: 'admin', body: { id: bad } })).statusCode,
      ).to.equal(422);
      // SQLite compares a text as far as its U+0000.
      expect((await logIn(api.app, `viewer${bad}`)).reply.statusCode).to.equal(422);
    }
    expect((await ask('GET', '/schemes/n', { who: 'editor' })).statusCode).to.equal(404);
    for (const path of ['/calls?uuid=%00', '/schemes/%00', '/schemes/x/shadow?cursor=%00', '/calls/a%00'])
      expect((await ask('GET', path)).statusCode, path).to.equal(422);
    const undecodable = await ask('GET', '/schemes/%ED%A0%80');
    expect([undecodable.statusCode, undecodable.headers['content-type']]).to.deep.equal([
      400,
      'application/problem+json',
    ]);
  });

  it('opens no session by a password that was changed while it was checked', async () => {
    const user = await api.store.accounts.user('operator');
    if (user === null) throw new Error('no user');
    const { accounts } = api.store;
    let changed = false;
    meanwhile = async () => {
      if (!changed) await accounts.changeUser(user.id, { password_hash: 'scrypt$17$AAAA$AAAA' });
      changed = true;
    };
    try {
      const { reply } = await logIn(api.app, 'operator');
      expect(reply.statusCode, reply.body).to.equal(401);
      expect(reply.cookies).to.deep.equal([]);
    } finally {
      meanwhile = () => Promise.resolve();
    }
    await accounts.changeUser(user.id, { password_hash: user.password_hash });
    // Nor does a change of one's own take back what an admin has set meanwhile.
    const { headers } = await logIn(api.app, 'operator');
    changed = false;
    meanwhile = async () => {
      if (!changed) await accounts.changeUser(user.id, { password_hash: 'scrypt$17$BBBB$BBBB' });
      changed = true;
    };
    try {
      const payload = { current: PASSWORD, password: 'the password of a thief' };
      const put = await api.app.inject({ method: 'PUT', url: '/api/v1/session/password', headers, payload });
      expect(put.statusCode, put.body).to.equal(422);
    } finally {
      meanwhile = () => Promise.resolve();
    }
    expect((await accounts.user('operator'))?.password_hash).to.equal('scrypt$17$BBBB$BBBB');
  });

  it('lets an editor send a secret only where a scheme in use sends it, or the configuration says', async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{"destination":"201"}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const sending = (name: string, url: string, more: object = {}) =>
      scheme(name, { webhook: { url, auth: { type: 'bearer', token: '{{secret.CRM}}' }, ...more } });
    const call = { did: '15005550100' };
    const own = sending('thief', `http://127.0.0.1:${port}/`);
    const NEW = { 'if-none-match': '*' };
    const put = async (who: Who, document: { name: string }, headers: object, state = 'live') => {
      const reply = await ask('PUT', `/schemes/${document.name}`, {
        who,
        body: { document, state },
        headers,
      });
      if (reply.statusCode === 422)
        expect(reply.body, reply.body).to.include('no scheme in use sends it there');
      return reply.statusCode;
    };
    try {
      const tried = await ask('POST', '/try', { who: 'editor', body: { document: own, call } });
      expect(tried.statusCode, tried.body).to.equal(422);
      expect(tried.body).to.include('{{secret.CRM}} to 127.0.0.1 in clear: no scheme in use sends it there');
      const checked = await ask('POST', '/check', { who: 'editor', body: { name: 'thief', document: own } });
      expect(checked.json<{ faults: object[] }>().faults).to.have.length(1);
      expect(await put('editor', own, NEW)).to.equal(422);
      // A draft that is put in use later, a backup, an event, a token endpoint, another proxy or name of the server.
      expect(await put('editor', own, NEW, 'draft')).to.equal(201);
      const body = { state: 'live' };
      const headers = { 'if-match': '"1"' };
      const live = await ask('POST', '/schemes/thief/state', { who: 'editor', body, headers });
      expect(live.statusCode, live.body).to.equal(422);
      expect(seen).to.deep.equal([]);

      expect(await put('admin', sending('crm', 'https://crm.example/a'), NEW)).to.equal(201);
      expect(await put('editor', sending('other', 'https://crm.example/b'), NEW)).to.equal(201);
      for (const document of [
        sending('t1', 'http://crm.example/'),
        sending('t2', 'https://crm.example/', { proxy: 'http://proxy.example:3128' }),
        sending('t3', 'https://crm.example/', { tls: { serverName: 'thief.example' } }),
        sending('t3h', 'https://crm.example/', { headers: { Host: 'thief.example' } }),
        sending('t4', 'https://crm.example/', {
          then: [{ ...own.webhook, parameters: { id: '{{reply.id}}' } }],
        }),
        { ...scheme('t5'), events: [{ on: ['ended'], webhook: own.webhook }] },
        scheme('t6', {
          webhook: {
            url: 'https://crm.example/',
            auth: {
              type: 'oauth2',
              tokenUrl: 'https://thief.example/',
              clientId: 'x',
              clientSecret: '{{secret.CRM}}',
            },
          },
        }),
      ])
        expect(await put('editor', document, NEW), document.name).to.equal(422);
      // The client secret goes where it always goes; the access token that it buys does not.
      const buying = (name: string, secret = 'CRM') => ({
        type: 'oauth2',
        tokenUrl: 'https://crm.example/token',
        ...{
          clientId: 'x',
          [name]: `{{secret.${secret}}}`,
          ...(name === 'clientId' ? { clientSecret: 'y' } : {}),
        },
      });
      const auth = buying('clientSecret');
      const home = { url: 'https://crm.example/', auth };
      const away = { url: 'https://thief.example/', auth };
      const placed = { ...away, parameters: { t: '{{token}}' } };
      const after = { ...away, parameters: { id: '{{reply.id}}' } };
      const stolen = [
        scheme('o1', { webhook: away }),
        scheme('o2', { webhook: placed }),
        scheme('o3', { webhook: { url: 'https://crm.example/', then: [after] } }),
        scheme('o4', { events: [{ on: ['ended'], webhook: away }] }),
        scheme('o5', { webhook: { ...away, auth: buying('refreshToken') } }),
        scheme('o6', { webhook: { ...away, auth: buying('clientId') } }),
        // Bound to the host that sells the token, and to no other.
        scheme('o7', { webhook: { ...away, auth: buying('clientSecret', 'BOUND') } }),
        scheme('o8', { webhook: { ...home, headers: { Host: 'thief.example' } } }),
        scheme('o9', { webhook: { ...home, url: 'http://crm.example/' } }),
      ];
      expect(await put('editor', scheme('home', { webhook: home }), NEW)).to.equal(422);
      expect(await put('admin', scheme('home', { webhook: home }), NEW)).to.equal(201);
      expect(await put('editor', scheme('home2', { webhook: home }), NEW)).to.equal(201);
      expect(
        await put(
          'editor',
          scheme('home3', { webhook: { ...home, auth: buying('clientSecret', 'BOUND') } }),
          NEW,
        ),
      ).to.equal(201);
      for (const document of stolen) {
        expect(await put('editor', document, NEW), document.name).to.equal(422);
        expect(await put('editor', document, NEW, 'shadow'), document.name).to.equal(422);
        const tried = await ask('POST', '/try', { who: 'editor', body: { document, call } });
        expect(tried.statusCode, tried.body).to.equal(422);
      }
      const theft = { who: 'editor', body: { name: 'o1', document: stolen[0] } } as const;
      expect((await ask('POST', '/check', theft)).body).to.include(
        'the token of https://crm.example/token for {{secret.CRM}} to thief.example: no scheme in use sends it there',
      );
      const bound = { parameters: { key: '{{secret.BOUND}}' } };
      const of = (name: string, more: object) =>
        scheme(name, { webhook: { url: 'https://crm.example/', ...bound, ...more } });
      expect(await put('editor', of('b1', {}), NEW)).to.equal(201);
      expect(await put('editor', of('b2', { proxy: 'http://proxy.example:3128' }), NEW)).to.equal(422);
      // What was in use may be put in use again.
      const off = { who: 'editor', body: { state: 'disabled' }, headers: { 'if-match': '"1"' } } as const;
      expect((await ask('POST', '/schemes/crm/state', off)).statusCode).to.equal(200);
      expect((await ask('POST', '/schemes/other/state', off)).statusCode).to.equal(200);
      const on = { who: 'editor', body: { state: 'live' }, headers: { 'if-match': '"2"' } } as const;
      const again = await ask('POST', '/schemes/other/state', on);
      expect(again.statusCode, again.body).to.equal(200);

      const asked = await ask('POST', '/try', { who: 'admin', body: { document: own, call } });
      expect(asked.statusCode, asked.body).to.equal(200);
      expect(seen).to.deep.equal(['Bearer not-for-everybody']);
    } finally {
      server.close();
    }
  });
});
