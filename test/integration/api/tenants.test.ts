import { expect } from 'chai';
import { hashOf } from '../../../lib/api/guard/auth.ts';
import type { Role } from '../../../lib/api/guard/role.ts';
import { bearer, logIn, openApi, type ApiUnderTest } from '../../support/api.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { operationsOf } from '../../support/openapi.ts';
import { callRecord } from '../../support/stored.ts';

const ID = '01890000-0000-7000-8000-00000000000';
const AT = new Date(Date.UTC(2026, 5, 1)).toISOString();
const OTHER = 'eslr_other'.padEnd(48, '-');
/** Of the second admin. */
const OWN = 'eslr_own'.padEnd(48, '-');

onBothDatabases('api: whose it is', (database) => {
  let api: ApiUnderTest;
  before(async function () {
    this.timeout(60_000);
    // Metrics are only for who logs in.
    api = await openApi({ mayRead: () => false }, {}, { place: await database().fresh() });
    const { accounts } = api.store;
    const user = {
      id: `${ID}1`,
      tenant: 'b.example',
      name: 'bea',
      role: 'admin' as const,
      password_hash: 'h',
    };
    await accounts.addUser({ ...user, created_at: AT, disabled_at: null });
    const token = { id: `${ID}2`, tenant: 'b.example', name: 'b', hash: hashOf(OTHER), scopes: 'admin' };
    const rest = { created_by: 'bea', created_at: AT, expires_at: null, used_at: null, revoked_at: null };
    await accounts.addToken({ ...token, ...rest });
    const second = {
      id: `${ID}5`,
      tenant: 'default',
      name: 'second',
      hash: hashOf(OWN),
      created_by: 'second',
    };
    await accounts.addToken({ ...token, ...rest, ...second });
  });
  after(() => api.close());

  const ask = async (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    token: string,
    payload?: object,
  ) => {
    const body = payload === undefined ? {} : { payload };
    return api.app.inject({ method, url: `/api/v1${path}`, headers: bearer(token), ...body });
  };

  it('shows a tenant nothing of another, and nothing of the whole router', async () => {
    const call = callRecord({ caller: '380445556677', notes: ['zzmine'] });
    api.store.record(call);
    await api.store.flush();
    const problem = { tenant: 'default', kind: 'k', reason: 'busy', scheme: 'sales', crm: 'crm' };
    const when = { first_at: AT, last_at: AT, last_call: call.id };
    await api.store.problems.count({ id: `${ID}3`, ...problem, ...when });
    const metrics = async (token: string): Promise<number> =>
      (await api.app.inject({ url: '/metrics', headers: bearer(token) })).statusCode;
    expect([await metrics(api.tokens.viewer), await metrics(OTHER)]).to.deep.equal([200, 403]);
    const seen = await ask('GET', `/calls/${call.id}`, api.tokens.admin);
    expect(seen.statusCode, seen.body).to.equal(200);
    const uuid = call.call?.uuid ?? '';
    expect(
      (await ask('GET', `/calls/${uuid}`, api.tokens.admin)).json<{ record: { id: string } }>().record.id,
    ).to.equal(call.id);
    for (const operation of operationsOf(api.app)) {
      if (operation.method !== 'GET' || operation.role === 'anyone') continue;
      const path = operation.path.slice('/api/v1'.length).replace(/\{\w+\}/, call.id);
      for (const asked of [
        path,
        `${path}?call=${call.id}`,
        `${path}?uuid=${uuid}`,
        `${path}?number=5556677`,
      ]) {
        const { statusCode, body } = await ask('GET', asked, OTHER);
        expect([200, 403, 404, 422], `${asked}: ${body.slice(0, 200)}`).to.include(statusCode);
        expect(body, asked).to.not.match(/5556677|zzmine|"name":"(admin|viewer)"|busy.*sales/);
      }
    }
    for (const path of [`/calls/${call.id}`, `/calls/${uuid}`, `/macros?call=${call.id}`]) {
      expect((await ask('GET', path, OTHER)).statusCode, path).to.equal(404);
    }
    for (const path of ['/schemes', '/settings', '/status', '/live', '/live/events', '/dialplan', '/ways']) {
      expect((await ask('GET', path, OTHER)).statusCode, path).to.equal(403);
    }
    expect((await ask('GET', '/calls/summary', OTHER)).json()).to.deep.include({ calls: 0, minutes: [] });
  });

  it('lets a tenant change nothing of another', async () => {
    const [token] = await api.store.accounts.tokens('default');
    const [problem] = await api.store.problems.list('default', ['open'], 10);
    const refused = [
      await ask('PATCH', '/users/admin', OTHER, { disabled: true }),
      await ask('DELETE', `/tokens/${token?.id ?? ''}`, OTHER),
      await ask('PATCH', `/problems/${problem?.id ?? `${ID}3`}`, OTHER, { state: 'solved' }),
      await ask('GET', `/problems/${problem?.id ?? `${ID}3`}/values`, OTHER),
    ];
    expect(refused.map(({ statusCode }) => statusCode)).to.deep.equal([404, 404, 404, 404]);
    expect((await ask('GET', '/session', api.tokens.admin)).statusCode).to.equal(200);
    expect(await api.store.audit.page({ tenant: 'b.example' })).to.deep.equal([]);
  });

  it('leaves one admin when two disable each other at once', async () => {
    const added = await ask('POST', '/users', api.tokens.admin, {
      ...{ name: 'second', role: 'admin', password: 'long enough for anybody' },
    });
    expect(added.statusCode, added.body).to.equal(201);
    for (let turn = 0; turn < 5; turn++) {
      const disable = (name: string, token: string) =>
        ask('PATCH', `/users/${name}`, token, { disabled: true });
      const both = await Promise.all([disable('second', api.tokens.admin), disable('admin', OWN)]);
      const [won = 0, lost = 0] = both.map(({ statusCode }) => statusCode).sort((one, other) => one - other);
      expect(won).to.equal(200);
      // Refused as the last one, or disabled before he was asked who he is.
      expect([401, 409]).to.include(lost);
      const users = await api.store.accounts.users('default');
      const left = users.filter(({ role, disabled_at }) => role === 'admin' && disabled_at === null);
      expect(left).to.have.length(1);
      for (const { id } of users) await api.store.accounts.changeUser(id, { disabled_at: null });
    }
  });
  it('ends the tokens and sessions of a user with him, and lets a token do no more than he may', async () => {
    const { headers } = await logIn(api.app, 'editor');
    const change = (role: Role, disabled: boolean) =>
      ask('PATCH', '/users/editor', api.tokens.admin, { role, disabled });
    const give = async (created_by: string, scopes: string): Promise<string> => {
      const token = `eslr_${created_by}${scopes}`.padEnd(48, '-');
      const row = {
        id: crypto.randomUUID(),
        tenant: 'default',
        name: 'x',
        hash: hashOf(token),
        scopes,
        created_by,
      };
      const rest = { created_at: AT, expires_at: null, used_at: null, revoked_at: null };
      await api.store.accounts.addToken({ ...row, ...rest });
      return token;
    };
    const token = await give('editor', 'admin');
    const roleOf = async (): Promise<string> => {
      const reply = await ask('GET', '/session', token);
      return reply.statusCode === 200 ? reply.json<{ role: string }>().role : String(reply.statusCode);
    };
    expect(await roleOf()).to.equal('editor');
    await change('viewer', false);
    expect(await roleOf()).to.equal('viewer');
    expect((await api.app.inject({ url: '/api/v1/session', headers })).statusCode).to.equal(401);
    await change('editor', true);
    expect(await roleOf()).to.equal('401');
    await change('editor', false);
    expect(await roleOf()).to.equal('editor');
    expect(await give('nobody', 'viewer').then((one) => ask('GET', '/session', one))).to.include({
      statusCode: 401,
    });
  });

  it('writes no change without its line in the audit log', async () => {
    const lines = await api.store.audit.page({ limit: 500 });
    const before = await api.store.accounts.users();
    const fault = await api.store
      .together(async ({ accounts, audit }) => {
        await accounts.changeUser(`${ID}1`, { role: 'viewer' });
        const [line] = lines;
        // Its id is taken.
        await audit.add({ ...(line as NonNullable<typeof line>) });
      })
      .then(
        () => '',
        (error: unknown) => String(error),
      );
    expect(fault).to.match(/unique/i);
    expect(await api.store.accounts.users()).to.deep.equal(before);
  });
});
