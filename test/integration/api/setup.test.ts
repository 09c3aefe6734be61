import { expect } from 'chai';
import { serveApi, type Api } from '../../../lib/api/server.ts';
import { logIn, openApi, type ApiUnderTest } from '../../support/api.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { eventually } from '../../support/wait.ts';

const LINK = /http:\S+\/setup\?code=[\w-]{43}/;

onBothDatabases('api: the first user', (database) => {
  let api: ApiUnderTest;
  let server: Api;
  beforeEach(async () => {
    api = await openApi({}, {}, { users: false, place: await database().fresh() });
    const { config } = api.options;
    server = await serveApi({ ...api.options, config: { ...config, api: { ...config.api, port: 0 } } });
    await eventually('the link', () => api.lines.some(({ message }) => LINK.test(message)));
  });
  afterEach(async () => {
    await server.close();
    await api.close();
  });

  const base = (): string => `http://127.0.0.1:${server.address?.port ?? 0}`;
  const linkOf = (): URL => {
    const [link = ''] = api.lines.flatMap(({ message }) => LINK.exec(message) ?? []);
    return new URL(link);
  };
  const codeOf = (): string => linkOf().searchParams.get('code') ?? '';
  const make = (code: string, name: string): Promise<Response> =>
    fetch(`${base()}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, name, password: 'a password of hers' }),
    });
  const isOpen = async (): Promise<boolean> => {
    const reply = await fetch(`${base()}/api/v1/setup`);
    return ((await reply.json()) as { open: boolean }).open;
  };

  it('is made by the link of the log, once; the audit log has it', async () => {
    expect(linkOf().origin).to.equal(base());
    expect(await isOpen()).to.equal(true);
    expect((await make('x'.repeat(43), 'eve')).status).to.equal(403);
    const all = await Promise.all(['anna', 'bert', 'carl'].map((name) => make(codeOf(), name)));
    const statuses = all.map(({ status }) => status).sort((one, other) => one - other);
    expect(statuses[0], String(statuses)).to.equal(201);
    expect(statuses.slice(1).every((status) => status === 403 || status === 409)).to.equal(true);
    expect((await make(codeOf(), 'eve')).status).to.equal(403);
    expect(await isOpen()).to.equal(false);
    const users = await api.store.accounts.users();
    expect(users.map(({ role }) => role)).to.deep.equal(['admin']);
    const [line] = await api.store.audit.page({});
    expect(line).to.include({
      who: 'setup link',
      action: 'user added',
      subject: `user ${users[0]?.name ?? ''}`,
    });
    const { reply } = await logIn(api.app, users[0]?.name ?? '', 'a password of hers');
    expect(reply.statusCode).to.equal(200);
  });

  it('is over when the command line was faster', async () => {
    const row = { id: 'u1', tenant: 'default', name: 'ann', role: 'admin' as const, password_hash: 'h' };
    await api.store.accounts.addUser({ ...row, created_at: new Date().toISOString(), disabled_at: null });
    expect((await make(codeOf(), 'eve')).status).to.equal(409);
    expect(await isOpen()).to.equal(false);
  });

  it('is not guessed: the sixth wrong code waits', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 6; at++) statuses.push((await make('guess', 'eve')).status);
    expect(statuses).to.deep.equal([403, 403, 403, 403, 403, 429]);
    expect(await api.store.accounts.users()).to.deep.equal([]);
  });
});
