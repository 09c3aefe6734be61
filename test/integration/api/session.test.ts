import { expect } from 'chai';
import { Passwords } from '../../../lib/api/guard/password.ts';
import { ApiProblem } from '../../../lib/api/problem.ts';
import { Accounts } from '../../../lib/store/accounts.ts';
import { StoreFault } from '../../../lib/store/fault.ts';
import { bearer, logIn, openApi, PASSWORD, type ApiUnderTest } from '../../support/api.ts';

describe('api: who asks', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await openApi();
  });
  after(() => api.close());

  const session = '/api/v1/session';

  it('answers nobody but whether it lives', async () => {
    const get = (url: string) => api.app.inject({ url, headers: { host: 'localhost' } });
    expect((await get('/healthz')).statusCode).to.equal(200);
    for (const url of ['/api/v1/status', '/api/v1/openapi.json', '/api/v1/docs', session]) {
      const reply = await get(url);
      expect(reply.statusCode, url).to.equal(401);
      expect(reply.headers['content-type']).to.match(/^application\/problem\+json/);
      expect(reply.headers['x-content-type-options']).to.equal('nosniff');
      expect(reply.headers['cache-control']).to.equal('no-store');
    }
  });

  it('logs in and out, and the cookie is worth nothing afterwards', async () => {
    const { reply, headers } = await logIn(api.app, 'viewer');
    expect(reply.statusCode, reply.body).to.equal(200);
    expect(reply.headers['set-cookie']).to.match(
      /^esl-router=.{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect((await api.app.inject({ url: session, headers })).json()).to.include({
      name: 'viewer',
      role: 'viewer',
    });
    const without = { ...headers, 'x-csrf-token': 'x' };
    expect((await api.app.inject({ method: 'DELETE', url: session, headers: without })).statusCode).to.equal(
      403,
    );
    expect((await api.app.inject({ method: 'DELETE', url: session, headers })).statusCode).to.equal(204);
    expect((await api.app.inject({ url: session, headers })).statusCode).to.equal(401);
  });

  it('ends the session that the browser had, at a new login of the same user, and no other', async () => {
    const statusOf = async (headers: Record<string, string>) =>
      (await api.app.inject({ url: session, headers })).statusCode;
    const [one, beside] = [await logIn(api.app, 'viewer'), await logIn(api.app, 'viewer')];
    const login = async (name: string) => {
      const payload = { name, password: PASSWORD };
      return (await api.app.inject({ method: 'POST', url: session, headers: one.headers, payload }))
        .statusCode;
    };
    expect(await login('operator')).to.equal(200);
    expect(await statusOf(one.headers)).to.equal(200);
    expect(await login('viewer')).to.equal(200);
    expect(await statusOf(one.headers)).to.equal(401);
    expect(await statusOf(beside.headers)).to.equal(200);
  });

  it('never takes over a session that was there before', async () => {
    const planted = 'A'.repeat(43);
    const reply = await api.app.inject({
      method: 'POST',
      url: session,
      headers: { host: 'localhost', cookie: `esl-router=${planted}` },
      payload: { name: 'viewer', password: 'correct horse battery' },
    });
    expect(reply.cookies[0]?.value).to.not.equal(planted);
    const cookie = { host: 'localhost', cookie: `esl-router=${planted}` };
    expect((await api.app.inject({ url: session, headers: cookie })).statusCode).to.equal(401);
  });

  it('refuses other hosts, other origins, and origins of nobody', async () => {
    const headers = bearer(api.tokens.admin);
    const statusOf = async (more: object) =>
      (await api.app.inject({ url: session, headers: { ...headers, ...more } })).statusCode;
    expect(await statusOf({})).to.equal(200);
    for (const host of [
      'evil.test',
      'localhost.evil.test',
      '127.0.0.1.evil.test:8085',
      'localhost@evil.test',
    ])
      expect(await statusOf({ host }), host).to.equal(421);
    for (const origin of ['null', 'http://evil.test', 'https://localhost', 'http://localhost:1', ''])
      expect(await statusOf({ origin }), origin).to.equal(403);
    expect(await statusOf({ 'sec-fetch-site': 'cross-site' })).to.equal(403);
  });

  it('takes a token that is known and has not expired', async () => {
    const statusOf = async (token: string) =>
      (await api.app.inject({ url: session, headers: bearer(token) })).statusCode;
    expect(await statusOf(api.tokens.viewer)).to.equal(200);
    expect(await statusOf(api.tokens.expired)).to.equal(401);
    expect(await statusOf(api.tokens.wrong)).to.equal(401);
  });

  it('names the field that is wrong, and takes no poisoned, deep or other body', async () => {
    const post = (payload: string, type = 'application/json') =>
      api.app.inject({
        method: 'POST',
        url: session,
        headers: { host: 'localhost', 'content-type': type },
        payload,
      });
    const wrong = await post('{"name": 7, "password": "x"}');
    expect(wrong.statusCode).to.equal(422);
    expect(wrong.json<{ errors: object[] }>().errors[0]).to.include({ pointer: '/name' });
    expect((await post('{"name":"a","password":"b","more":1}')).statusCode).to.equal(422);
    expect((await post('{"__proto__":{"a":1}}')).statusCode).to.equal(400);
    expect((await post('{"constructor":{"prototype":{"a":1}}}')).statusCode).to.equal(400);
    expect((await post(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).statusCode).to.be.oneOf([400, 422]);
    expect((await post('x'.repeat(300 * 1024))).statusCode).to.equal(413);
    expect((await post('name=a', 'application/x-www-form-urlencoded')).statusCode).to.equal(415);
    expect((await post('name=a', 'text/plain')).statusCode).to.equal(415);
    expect(({} as { a?: number }).a).to.equal(undefined);
  });

  it('makes a document of its own routes', async () => {
    const headers = bearer(api.tokens.viewer);
    const document = (await api.app.inject({ url: '/api/v1/openapi.json', headers })).json<{
      openapi: string;
      paths: Record<string, Record<string, { 'x-role': string }>>;
    }>();
    expect(document.openapi).to.equal('3.1.0');
    expect(document.paths['/api/v1/session']?.['post']?.['x-role']).to.equal('anyone');
    const page = await api.app.inject({ url: '/api/v1/docs', headers });
    expect(page.statusCode).to.equal(200);
    expect(page.body).to.not.include('<script');
  });

  it('lets nobody guess', async () => {
    const guess = () =>
      api.app.inject({
        method: 'POST',
        url: session,
        headers: { host: 'localhost' },
        payload: { name: 'nobody', password: 'guess' },
      });
    const replies = await Promise.all(Array.from({ length: 8 }, guess));
    expect(replies.filter(({ statusCode }) => statusCode === 401)).to.have.length(5);
    expect(replies.filter(({ statusCode }) => statusCode === 429)).to.have.length(3);
  });

  it('locks nobody out whose password was not looked at', async () => {
    const own = await openApi();
    const { headers } = await logIn(own.app, 'admin');
    const change = (current: string) =>
      own.app.inject({
        method: 'PUT',
        url: `${session}/password`,
        headers,
        payload: { current, password: PASSWORD },
      });
    const gone = new StoreFault('gone', 'no answer');
    // The queue is full; the store is gone, before the password is looked at and after it.
    for (const [of, name, error] of [
      [Passwords.prototype, 'verify', new ApiProblem(503, 'too many logins at once')],
      [Accounts.prototype, 'user', gone],
      [Accounts.prototype, 'openSession', gone],
    ] as const) {
      const before: unknown = Reflect.get(of, name);
      Reflect.set(of, name, () => Promise.reject(error));
      try {
        for (let tries = 0; tries < 6; tries++) {
          expect((await logIn(own.app, 'editor')).reply.statusCode, name).to.equal(503);
          if (name !== 'openSession') expect((await change(PASSWORD)).statusCode, name).to.equal(503);
        }
      } finally {
        Reflect.set(of, name, before);
      }
    }
    expect((await logIn(own.app, 'editor')).reply.statusCode).to.equal(200);
    // A wrong one counts as ever.
    const wrong = await Promise.all(Array.from({ length: 6 }, () => change('wrong')));
    expect(wrong.filter(({ statusCode }) => statusCode === 422)).to.have.length(5);
    expect(wrong.filter(({ statusCode }) => statusCode === 429)).to.have.length(1);
    await own.close();
  });

  it('counts the requests of an address, of nobody too', async () => {
    const few = await openApi({ requestsPerMinute: 3 });
    const statuses: number[] = [];
    for (const token of [few.tokens.wrong, few.tokens.wrong, few.tokens.admin, few.tokens.admin]) {
      statuses.push((await few.app.inject({ url: session, headers: bearer(token) })).statusCode);
    }
    expect(statuses).to.deep.equal([401, 401, 200, 429]);
    await few.close();
  });
});
