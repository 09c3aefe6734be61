import { expect } from 'chai';
import type { Store } from '../../../lib/store/store.ts';
import { runInside } from '../../support/cli.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { openStore } from '../../support/stored.ts';

onBothDatabases('command line: users', (database) => {
  let store: Store;
  let settings: Record<string, string>;
  const run = (tenants: string, ...args: string[]) =>
    runInside(['user', ...args], {
      settings: { ...settings, TENANTS: tenants },
      stdin: 'correct horse battery\n',
    });

  beforeEach(async () => {
    const place = await database().fresh();
    settings = { STORE_URL: place.url ?? '', STORE_PASSWORD: place.password ?? '' };
    store = await openStore(place);
    await store.ready();
  });
  afterEach(() => store.close());

  it('adds one for a tenant, lists those of one or of all, and the audit log of the tenant has it', async () => {
    const added = await run('domain', 'add', 'bea', '--role', 'admin', '--tenant', 'b.example');
    expect([added.code, added.stdout, added.stderr]).to.deep.equal([
      0,
      'bea can log in as admin of b.example\n',
      '',
    ]);
    expect((await run('domain', 'add', 'ann')).stdout).to.equal('ann can log in as viewer\n');
    const tenants = await Promise.all(['bea', 'ann'].map((name) => store.accounts.user(name)));
    expect(tenants.map((user) => user?.tenant)).to.deep.equal(['b.example', 'default']);
    expect((await run('domain', 'list')).stdout).to.match(/ann +viewer +default[^]*bea +admin +b\.example/);
    const ofOne = (await run('domain', 'list', '--tenant', 'b.example')).stdout;
    expect(ofOne).to.contain('bea').and.not.contain('ann');
    expect((await run('domain', 'disable', 'bea')).code).to.equal(0);
    const lines = await store.audit.page({ tenant: 'b.example' });
    expect(lines.map(({ action, subject }) => [action, subject])).to.deep.equal([
      ['user changed', 'user bea'],
      ['user added', 'user bea'],
    ]);
  });

  it('refuses a tenant where all calls have one', async () => {
    const refused = await run('one', 'add', 'bea', '--tenant', 'b.example');
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.contain('--tenant').and.contain('ESL_ROUTER_TENANTS');
    expect(await store.accounts.user('bea')).to.equal(null);
    expect((await run('one', 'add', 'bea', '--tenant', 'default')).code).to.equal(0);
  });
});
