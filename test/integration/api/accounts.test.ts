import { expect } from 'chai';
import { apply, newRecord } from '../../../lib/call/record.ts';
import type { Call } from '../../../lib/call/channel.ts';
import { newTraceId } from '../../../lib/call/trace.ts';
import { bearer, logIn, openApi, PASSWORD, type ApiUnderTest } from '../../support/api.ts';

describe('api: users, tokens, audit, live calls', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await openApi();
  });
  afterEach(() => api.close());

  const send = (method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, payload?: object) =>
    api.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: bearer(api.tokens.admin),
      ...(payload === undefined ? {} : { payload }),
    });

  it('adds a user, who logs in until he is disabled; the audit log knows all of it', async () => {
    const anna = { name: 'anna', role: 'operator', password: 'a password of hers' };
    expect((await send('POST', '/users', anna)).statusCode).to.equal(201);
    const twice = await send('POST', '/users', anna);
    expect(twice.statusCode).to.equal(409);
    expect(twice.json<{ errors: object[] }>().errors[0]).to.include({ pointer: '/name' });
    const { headers, reply } = await logIn(api.app, 'anna', anna.password);
    expect(reply.statusCode).to.equal(200);
    const disabled = await send('PATCH', '/users/anna', { disabled: true });
    expect(disabled.json<{ disabledAt: string | null }>().disabledAt).to.not.equal(null);
    expect((await api.app.inject({ url: '/api/v1/session', headers })).statusCode).to.equal(401);
    expect((await logIn(api.app, 'anna', anna.password)).reply.statusCode).to.equal(401);
    const { entries } = (await send('GET', '/audit')).json<{
      entries: { action: string; who: string; change: unknown }[];
    }>();
    expect(entries[0]?.change).to.deep.equal({ disabled: [false, true] });
    expect(entries.map(({ who, action }) => `${who}: ${action}`)).to.deep.equal([
      'token admin: user changed',
      'anna: login',
      'token admin: user added',
    ]);
    expect(JSON.stringify(entries)).to.not.include(anna.password);
  });

  it('keeps the last admin', async () => {
    expect((await send('PATCH', '/users/admin', { disabled: true })).statusCode).to.equal(409);
    expect((await send('PATCH', '/users/admin', { role: 'viewer' })).statusCode).to.equal(409);
  });

  it('changes a password by the old one, and ends the sessions', async () => {
    const { headers } = await logIn(api.app, 'viewer');
    const put = (current: string) =>
      api.app.inject({
        method: 'PUT',
        url: '/api/v1/session/password',
        headers,
        payload: { current, password: 'quite another one' },
      });
    expect((await put('not this one')).statusCode).to.equal(422);
    expect((await put(PASSWORD)).statusCode).to.equal(204);
    expect((await api.app.inject({ url: '/api/v1/session', headers })).statusCode).to.equal(401);
    expect((await logIn(api.app, 'viewer', 'quite another one')).reply.statusCode).to.equal(200);
  });

  it('makes a token that works until it is revoked, and shows it once', async () => {
    const made = (await send('POST', '/tokens', { name: 'report', role: 'viewer', days: 30 })).json<{
      id: string;
      token: string;
    }>();
    const status = async () =>
      (await api.app.inject({ url: '/api/v1/status', headers: bearer(made.token) })).statusCode;
    expect(await status()).to.equal(200);
    expect((await send('GET', '/tokens')).body).to.not.include(made.token);
    expect((await send('DELETE', `/tokens/${made.id}`)).statusCode).to.equal(204);
    expect(await status()).to.equal(401);
  });

  it('makes no token that outlives the one that makes it', async () => {
    const made = (await send('POST', '/tokens', { name: 'short', role: 'admin', days: 1 })).json<{
      token: string;
      expiresAt: string;
    }>();
    const answer = await api.app.inject({
      ...{ method: 'POST', url: '/api/v1/tokens', headers: bearer(made.token) },
      payload: { name: 'long', role: 'admin', days: 30 },
    });
    expect(answer.statusCode).to.equal(201);
    expect(answer.json<{ expiresAt: string }>().expiresAt).to.equal(made.expiresAt);
  });

  it('shows calls of now, to viewers with their numbers masked and their times whole', async () => {
    const record = newRecord(newTraceId(new Date()), new Date());
    const event = { type: 'call', call: { caller: '380441112233', did: '15005550100' } as Call } as const;
    apply(record, event);
    api.live.noted(record, event);
    const live = async (token: string) =>
      (await api.app.inject({ url: '/api/v1/live', headers: bearer(token) })).json<{
        calls: { id: string; caller: string; since: string; startedAt: string }[];
      }>();
    const [seen] = (await live(api.tokens.operator)).calls;
    expect(seen).to.include({ id: record.id, caller: '380441112233', startedAt: record.startedAt });
    const [masked] = (await live(api.tokens.viewer)).calls;
    expect(masked).to.deep.equal({ ...seen, caller: '*****33', did: '*****00' });
    api.live.ended(record);
    expect((await live(api.tokens.viewer)).calls).to.deep.equal([]);
  });
});
