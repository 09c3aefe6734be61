import { expect } from 'chai';
import type { Store } from '../../../lib/store/store.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { onBothDatabases, type TestDatabase } from '../../support/databases.ts';
import { callRecord, openStore } from '../../support/stored.ts';

onBothDatabases('tables of the store', (database) => {
  let store: Store;
  let place: Awaited<ReturnType<TestDatabase['fresh']>>;
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 8, minute, 0, 7));
  const id = (minute: number) => uuidv7(at(minute));
  const tenant = 'default';

  beforeEach(async () => {
    place = await database().fresh();
    store = await openStore(place);
  });
  afterEach(() => store.close());

  it('keeps every revision of a scheme, and one of two editors at once', async () => {
    const change = (after: number, author: string, state: 'live' | 'disabled' = 'live') =>
      store.schemes.save({
        id: id(after),
        tenant,
        name: 'sales',
        after,
        created_at: at(after).toISOString(),
        author,
        message: 'why',
        state,
        document: JSON.stringify({ name: 'sales', by: author }),
      });
    expect(await change(0, 'ann')).to.equal(1);
    expect(await Promise.all([change(1, 'ann'), change(1, 'bob')])).to.have.members([2, null]);
    expect(await change(2, 'bob', 'disabled')).to.equal(3);
    const { schemes } = store;
    const revisions = await schemes.revisions(tenant, 'sales', { limit: 10 });
    expect(revisions.map(({ revision }) => revision)).to.deep.equal([3, 2, 1]);
    expect(revisions[2]?.created_at).to.equal('2026-01-01T08:00:00.007Z');
    const older = await schemes.revisions(tenant, 'sales', { limit: 1, before: 3 });
    expect(older.map(({ revision }) => revision)).to.deep.equal([2]);
    for (const [which, found] of [
      ['newest', 3],
      ['used', 2],
      [1, 1],
      [4, undefined],
    ] as const)
      expect((await schemes.revision(tenant, 'sales', which))?.revision).to.equal(found);
    expect(await schemes.revision(tenant, 'night', 'newest')).to.equal(null);
    const current = await store.schemes.current(tenant);
    expect(current.map(({ name, revision, state }) => [name, revision, state])).to.deep.equal([
      ['sales', 3, 'disabled'],
    ]);
    expect(await store.schemes.current('other')).to.deep.equal([]);
  });

  it('has users, whose name is one of a kind', async () => {
    const user = {
      id: id(1),
      tenant,
      name: 'ann',
      role: 'editor' as const,
      password_hash: 'h',
      created_at: at(1).toISOString(),
      disabled_at: null,
    };
    expect(await store.accounts.addUser(user)).to.equal(true);
    expect(await store.accounts.addUser({ ...user, id: id(2) })).to.equal(false);
    expect(await store.accounts.changeUser(user.id, { role: 'admin' })).to.equal(true);
    expect(await store.accounts.changeUser(id(3), { role: 'admin' })).to.equal(false);
    expect(await store.accounts.user('ann')).to.deep.equal({ ...user, role: 'admin' });
    expect(await store.accounts.user('bob')).to.equal(null);
    expect(await store.accounts.users()).to.have.length(1);
  });

  it('has tokens that expire and are revoked', async () => {
    const token = {
      id: id(1),
      tenant,
      name: 'export',
      hash: 'h1',
      scopes: 'calls:read',
      created_by: 'ann',
      created_at: at(1).toISOString(),
    };
    const ann = { id: id(2), tenant, name: 'ann', password_hash: 'h', created_at: at(1).toISOString() };
    expect(await store.accounts.addUser({ ...ann, role: 'editor', disabled_at: null })).to.equal(true);
    await store.accounts.addToken({
      ...token,
      expires_at: at(10).toISOString(),
      used_at: null,
      revoked_at: null,
    });
    expect((await store.accounts.token('h1', at(9)))?.name).to.equal('export');
    expect(await store.accounts.token('h1', at(10))).to.equal(null);
    await store.accounts.changeUser(ann.id, { disabled_at: at(4).toISOString() });
    expect(await store.accounts.token('h1', at(9)), 'its user is disabled').to.equal(null);
    await store.accounts.changeUser(ann.id, { disabled_at: null });
    expect(await store.accounts.token('h2', at(9))).to.equal(null);
    await store.accounts.markTokenUsed(token.id, at(5));
    expect((await store.accounts.tokens(token.tenant))[0]?.used_at).to.equal(at(5).toISOString());
    expect(await store.accounts.revokeToken(token.id, 'another', at(6))).to.equal(false);
    expect(await store.accounts.revokeToken(token.id, token.tenant, at(6))).to.equal(true);
    expect(await store.accounts.revokeToken(token.id, token.tenant, at(6))).to.equal(false);
    expect(await store.accounts.token('h1', at(7))).to.equal(null);
  });

  it('has sessions that end: by time, idle, closed, or with their user', async () => {
    const user = {
      id: id(1),
      tenant,
      name: 'ann',
      role: 'viewer' as const,
      password_hash: 'h',
      created_at: at(1).toISOString(),
      disabled_at: null,
    };
    await store.accounts.addUser(user);
    const session = (n: number) => ({
      id: id(n),
      tenant,
      hash: `s${n}`,
      user_id: user.id,
      address: '10.0.0.1',
      created_at: at(1).toISOString(),
      seen_at: at(1).toISOString(),
      expires_at: at(30).toISOString(),
    });
    for (const n of [2, 3, 4]) await store.accounts.openSession(session(n));
    const found = async (hash: string, now = at(5), idleSince = at(0)) =>
      (await store.accounts.session(hash, now, idleSince))?.user.name ?? null;
    expect(await found('s2')).to.equal('ann');
    expect(await found('s2', at(31))).to.equal(null);
    expect(await found('s2', at(20), at(10))).to.equal(null);
    await store.accounts.markSessionSeen(session(2).id, at(15)).then(() => undefined);
    expect(await found('nothing')).to.equal(null);
    const [first] = [await store.accounts.session('s3', at(5), at(0))];
    await store.accounts.closeSession(first?.id ?? '');
    expect(await found('s3')).to.equal(null);
    await store.accounts.changeUser(user.id, { disabled_at: at(6).toISOString() });
    expect(await found('s2')).to.equal(null);
    await store.accounts.changeUser(user.id, { disabled_at: null });
    await store.accounts.dropExpired(at(29));
    expect(await found('s4')).to.equal('ann');
    await store.accounts.closeSessionsOf(user.id);
    expect(await found('s4')).to.equal(null);
  });

  it('has an audit log that nothing can change', async () => {
    for (const n of [1, 2, 3]) {
      await store.audit.add({
        id: id(n),
        tenant,
        at: at(n).toISOString(),
        who: 'ann',
        address: '10.0.0.1',
        action: 'scheme.save',
        subject: `s${n}`,
        change: '{}',
      });
    }
    const page = await store.audit.page({ limit: 2, tenant });
    expect(page.map(({ subject }) => subject)).to.deep.equal(['s3', 's2']);
    const rest = await store.audit.page({ limit: 2, cursor: page[1]?.id ?? '' });
    expect(rest.map(({ subject }) => subject)).to.deep.equal(['s1']);
    for (const change of ["update audit set who = 'bob'", 'delete from audit']) {
      const refused = await database()
        .execute(place, change)
        .then(() => '', String);
      expect(refused, change).to.contain('append-only');
    }
    expect(await store.audit.page({ tenant: 'other' })).to.deep.equal([]);
  });

  it('compares what a shadow would have done', async () => {
    const call = (n: number, steps: string[], reason: 'routed' | 'stale' = 'routed') => {
      const record = callRecord({ at: at(n), caller: `38044111000${n}` });
      const live = { scheme: 'sales', result: 'routed', reason: 'routed', steps: ['dial 101'] } as const;
      const would = { scheme: 'new', result: 'routed', reason, steps } as const;
      const rest = { dropped: null, tookMs: 5, requests: [], readings: [], notes: [] };
      const differs = steps[0] !== 'dial 101';
      record.shadows.push({ scheme: 'new', revision: 'r', would, live, differs, ...rest });
      record.shadows.push({ scheme: 'other', revision: 'r', would: null, live, differs: null, ...rest });
      return record;
    };
    const records = [call(1, ['dial 101']), call(2, ['dial 102']), call(3, ['dial 380441112299'], 'stale')];
    for (const record of records) store.record(record);
    await store.flush();
    // A batch whose answer was lost is written again.
    for (const record of records) store.record(record);
    await store.flush();
    const filter = { tenant, shadow: 'new' };
    expect(await store.shadows.counts(filter)).to.deep.equal([
      { result: 'routed', reason: 'routed', calls: 2, differing: 1 },
      { result: 'routed', reason: 'stale', calls: 1, differing: 1 },
    ]);
    expect(await store.shadows.counts({ ...filter, since: at(3) })).to.have.length(1);
    expect(await store.shadows.counts({ tenant, shadow: 'other' })).to.deep.equal([]);
    expect(await store.shadows.counts({ ...filter, tenant: 'another' })).to.deep.equal([]);
    const first = await store.shadows.differing(filter, { limit: 1 });
    expect(first.calls.map(({ trace, caller, would }) => [trace, caller, would.steps])).to.deep.equal([
      [records[2]?.id, '380441110003', ['dial 380441112299']],
    ]);
    const second = await store.shadows.differing(filter, { limit: 1, cursor: first.next ?? '' });
    expect(second.calls.map(({ at: when }) => when)).to.deep.equal([at(2).toISOString()]);
    expect(second.next).to.equal(null);
    await store.upkeep.erase('+380 44 111 22 99');
    expect((await store.shadows.differing(filter, { limit: 9 })).calls).to.have.length(1);
    expect(await store.shadows.deleteBefore(at(2), 10)).to.equal(1);
  });

  it('counts problems of one kind as one, and opens a solved one that comes back', async () => {
    const problem = (n: number) => ({
      id: id(n),
      tenant,
      kind: 'webhook_timeout|sales|crm',
      reason: 'webhook_timeout',
      scheme: 'sales',
      crm: 'crm',
      first_at: at(n).toISOString(),
      last_at: at(n).toISOString(),
      last_call: `c${n}`,
    });
    for (const n of [1, 2, 3]) await store.problems.count(problem(n));
    const [open] = await store.problems.list(tenant, ['open'], 10);
    expect(open).to.include({
      count: 3,
      first_at: at(1).toISOString(),
      last_at: at(3).toISOString(),
      last_call: 'c3',
    });
    expect(await store.problems.change(open?.id ?? '', 'another', { state: 'solved', by: 'eve' })).to.equal(
      false,
    );
    expect(
      await store.problems.change(open?.id ?? '', open?.tenant ?? '', { state: 'acknowledged', by: 'ann' }),
    ).to.equal(true);
    await store.problems.count(problem(4));
    expect((await store.problems.list(tenant, ['acknowledged'], 10))[0]).to.include({
      count: 4,
      changed_by: 'ann',
    });
    await store.problems.change(open?.id ?? '', open?.tenant ?? '', { state: 'solved', by: 'ann' });
    await store.problems.count(problem(5));
    expect(await store.problems.list(tenant, ['open'], 10)).to.have.length(1);
  });
});
