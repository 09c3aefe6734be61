import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../lib/clock.ts';
import { loadConfig, type Config } from '../../../lib/config/config.ts';
import { ReloadableSchemes } from '../../../lib/schemes/reload.ts';
import { SchemeDesk, type Change } from '../../../lib/schemes/desk.ts';
import { loadSchemes } from '../../../lib/schemes/folder.ts';
import { SharedSchemes } from '../../../lib/store/shared-schemes.ts';
import type { Store } from '../../../lib/store/store.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog, openStore } from '../../support/stored.ts';
import { eventually } from '../../support/wait.ts';

const NO_SECRETS = { has: () => false, read: () => '' };

/** A scheme saved on one router is in use on every other within 2 s: half of them to look, half to load. */
const LOOKED_MS = 1_000;

interface HalfOptions {
  /** Of the looks at the database. */
  readonly looks?: Clock;
  /** No word comes from the database. */
  readonly deaf?: boolean;
}

function documentOf(name: string, more: object = {}): string {
  return JSON.stringify({ name, webhook: { url: 'https://crm.example.com/' }, ...more });
}

/** The same, with a word on how many documents come out of it. */
function counting<T extends object>(shelf: T, count: (documents: number) => void): T {
  return new Proxy(shelf, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name);
      if (typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        const found: unknown = await Reflect.apply(value, of, given);
        count(
          [found].flat().filter((row) => typeof row === 'object' && row !== null && 'document' in row).length,
        );
        return found;
      };
    },
  });
}

/** What a router has of schemes and store, without its calls. */
class Half {
  readonly log = listeningLog();
  readonly desk: SchemeDesk;
  readonly #unfollow: () => void;
  readonly #waiting = new Set<() => void>();
  readonly store: Store;
  readonly schemes: ReloadableSchemes;
  /** That its desk has had of the store. */
  documents = 0;

  private constructor(store: Store, schemes: ReloadableSchemes, config: Config, unfollow: () => void) {
    this.store = store;
    this.schemes = schemes;
    this.#unfollow = unfollow;
    schemes.follow(() => {
      for (const wake of this.#waiting) wake();
    });
    this.desk = new SchemeDesk({
      shelf: counting(store.schemes, (documents) => void (this.documents += documents)),
      tenant: 'default',
      load: (stored) => loadSchemes(config, NO_SECRETS, stored),
      reload: () => schemes.reload(),
      uses: () => schemes.stored,
      secretsSent: () => new Set(['{{secret.CRM}} to crm.example.com']),
      clock: systemClock,
    });
  }

  static async open(
    store: Store,
    dir: string,
    { looks = systemClock, deaf = false }: HalfOptions = {},
  ): Promise<Half> {
    const config = configOf(dir);
    const log = listeningLog();
    const { schemes: shelf } = store;
    const shared = new SharedSchemes({
      schemes: {
        mark: (tenant) => shelf.mark(tenant),
        current: (tenant) => shelf.current(tenant),
        listen: (onChange) => (deaf ? () => undefined : shelf.listen(onChange)),
      },
      tenant: 'default',
      clock: looks,
      log,
    });
    const schemes = await ReloadableSchemes.open({
      read: async () => loadSchemes(config, NO_SECRETS, await shared.read()),
      watched: null,
      log,
      clock: systemClock,
    });
    const unfollow = shared.follow(() => void schemes.reload());
    const half = new Half(store, schemes, config, unfollow);
    half.log.lines.push(...log.lines);
    return half;
  }

  get names(): string[] {
    return [...this.schemes.current.schemes.keys()];
  }

  /** Resolves when the set is as wanted. */
  async until(isSo: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        if (!isSo()) return;
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      wake();
    });
  }

  async close(): Promise<void> {
    this.#unfollow();
    await this.schemes.close();
    await this.store.close();
  }
}

function configOf(dir: string): Config {
  const config = loadConfig({
    file: null,
    env: { ESL_ROUTER_SCHEMES_DIR: dir, ESL_ROUTER_GATEWAY: 'trunk' },
    argv: {},
    readSecretFile: () => '',
  });
  if (!config.ok) throw new Error(config.faults.join('\n'));
  return config.config;
}

function changeOf(name: string, after: number, more: Partial<Change> = {}): Change {
  const given = {
    state: 'live',
    document: documentOf(name),
    author: 'ann',
    message: 'why',
    secrets: 'any',
  } as const;
  return { name, after, ...given, ...more };
}

onBothDatabases('schemes of the store', (database) => {
  let dir: string;
  let place: Awaited<ReturnType<ReturnType<typeof database>['fresh']>>;
  let half: Half;
  const others: Half[] = [];
  const put = (name: string, json: object): void => {
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(json));
  };

  beforeEach(async () => {
    dir = join(mkdtempSync(join(tmpdir(), 'esl-router-shared-')), 'schemes');
    mkdirSync(dir);
    place = await database().fresh();
    half = await Half.open(await openStore(place), dir);
  });
  afterEach(async () => {
    await Promise.all([half, ...others.splice(0)].map((one) => one.close()));
    rmSync(join(dir, '..'), { recursive: true, force: true });
  });

  it('are in use once they are saved, with those of files, and gone once they are disabled or deleted', async () => {
    put('file', JSON.parse(documentOf('file')) as object);
    expect(await half.desk.save(changeOf('sales', 0))).to.deep.equal({ kind: 'saved', revision: 1 });
    expect(half.names).to.deep.equal(['file', 'sales']);
    expect(half.schemes.stored).to.deep.equal([{ name: 'sales', revision: 1, use: 'live' }]);
    for (const [after, state] of [
      [1, 'disabled'],
      [2, 'live'],
      [3, 'draft'],
      [4, 'live'],
      [5, 'deleted'],
    ] as const) {
      expect(await half.desk.save(changeOf('sales', after, { state }))).to.include({ kind: 'saved' });
      expect(half.names, state).to.deep.equal(state === 'live' ? ['file', 'sales'] : ['file']);
    }
    expect(await half.desk.list()).to.deep.equal([]);
    expect((await half.desk.revisions('sales', { limit: 10 })).map(({ revision }) => revision)).to.deep.equal(
      [6, 5, 4, 3, 2, 1],
    );
  });

  it('refuse what is not valid with the place of the fault, and write nothing', async () => {
    const wrong: [string, string | null][] = [
      ['{"name": "sales"', ''],
      [documentOf('other'), '/name'],
      [JSON.stringify({ name: 'sales', webhook: { url: 'ftp://x/' } }), '/webhook/url'],
      [documentOf('sales', { fallback: { onError: [{ scheme: 'nobody' }] } }), '/fallback/onError/0'],
    ];
    for (const [document, pointer] of wrong) {
      const saved = await half.desk.save(changeOf('sales', 0, { document }));
      expect(saved.kind).to.equal('invalid');
      expect(saved.kind === 'invalid' && saved.faults[0]?.pointer, document).to.equal(pointer);
    }
    expect(await half.store.schemes.mark('default')).to.equal(0);
  });

  it('refuse a change that others would break by, and one of an older revision', async () => {
    await half.desk.save(changeOf('night', 0));
    const document = documentOf('sales', { fallback: { onError: [{ scheme: 'night' }] } });
    expect(await half.desk.save(changeOf('sales', 0, { document }))).to.include({ kind: 'saved' });
    const broken = await half.desk.save(changeOf('night', 1, { state: 'deleted' }));
    expect(broken.kind === 'invalid' && broken.faults[0]?.message).to.contain('the scheme "sales" needs it');
    expect(await half.desk.save(changeOf('sales', 0))).to.deep.equal({ kind: 'conflict', revision: 1 });
    const both = [changeOf('sales', 1), changeOf('sales', 1)].map((change) => half.desk.save(change));
    expect((await Promise.all(both)).map(({ kind }) => kind)).to.have.members(['saved', 'conflict']);
  });

  it('have as many revisions as one likes: what is read of them is what is asked for', async () => {
    for (let after = 0; after < 12; after++) await half.desk.save(changeOf('sales', after));
    await half.desk.save(changeOf('night', 0));
    const { desk } = half;
    const taken = async (work: () => Promise<unknown>): Promise<number> => {
      half.documents = 0;
      await work();
      return half.documents;
    };
    expect(await taken(() => desk.list())).to.equal(0);
    expect(await taken(() => desk.revisions('sales', { limit: 100 }))).to.equal(0);
    expect(await taken(() => desk.read('sales'))).to.equal(1);
    expect(await taken(() => desk.document('sales', 3))).to.equal(1);
    // The set as it would be, with the newest of each; and what was in use last, for its secrets.
    expect(await taken(() => desk.check('sales', documentOf('sales'), 'known'))).to.equal(3);
    const both = () =>
      Promise.all([changeOf('sales', 12), changeOf('sales', 12)].map((one) => desk.save(one)));
    expect(await taken(both)).to.equal(4);
  });

  it('give way to a file of the same name, and both places say so', async () => {
    await half.desk.save(changeOf('sales', 0));
    put('sales', JSON.parse(documentOf('sales', { title: 'of the file' })) as object);
    await half.schemes.reload();
    expect(half.schemes.current.schemes.get('sales')?.title).to.equal('of the file');
    const by = join(dir, 'sales.json');
    expect((await half.desk.read('sales'))?.use).to.deep.equal({
      name: 'sales',
      revision: 1,
      use: 'hidden',
      by,
    });
  });

  it('that are not valid any more take no other with them, nor a file that names them', async () => {
    await half.desk.save(changeOf('sales', 0));
    await half.desk.save(changeOf('night', 0));
    put('file', JSON.parse(documentOf('file', { fallback: { onError: [{ scheme: 'sales' }] } })) as object);
    await half.store.schemes.save({
      ...{ id: 'later', tenant: 'default', name: 'sales', after: 1, created_at: new Date().toISOString() },
      ...{ author: 'an older program', message: '', state: 'live', document: '{"name": "sales", "old": 1}' },
    });
    const other = await Half.open(await openStore(place), dir);
    others.push(other);
    expect(other.names).to.deep.equal(['file', 'night']);
    const use = (await other.desk.read('sales'))?.use;
    expect(use?.use).to.equal('left_out');
    const logged = other.log.lines.find(({ message }) => message.startsWith('stored schemes left out'));
    expect(JSON.stringify(logged?.fields)).to.contain('store: sales (revision 2): ');
  });

  it('may name no file that no file names', async () => {
    const webhook = { url: 'https://crm.example.com/', tls: { ca: '/etc/passwd' } };
    const saved = await half.desk.save(
      changeOf('sales', 0, { document: JSON.stringify({ name: 'sales', webhook }) }),
    );
    expect(saved.kind === 'invalid' && saved.faults[0]?.message).to.contain('is not used by any');
  });

  it('that one router saves are in use on the others by a word of PostgreSQL, though nobody looks', async function () {
    this.timeout(60_000);
    if (database().kind !== 'postgres') this.skip();
    const other = await Half.open(await openStore(place), dir, { looks: new ManualClock() });
    others.push(other);
    for (let after = 0; after < 5; after++) {
      const title = `title ${after}`;
      await half.desk.save(changeOf('sales', after, { document: documentOf('sales', { title }) }));
      await other.until(() => other.schemes.current.schemes.get('sales')?.title === title);
    }
    // The connection that listens is cut, and made again some seconds later.
    await database().execute(
      place,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'esl-router listens'",
    );
    await half.desk.save(changeOf('night', 0));
    await other.until(() => other.names.includes('night'));
  });

  it('are found at the next look, a second later, where no word of them comes', async function () {
    this.timeout(60_000);
    const looks = new ManualClock();
    const other = await Half.open(await openStore(place), dir, { looks, deaf: true });
    others.push(other);
    for (let after = 0; after < 5; after++) {
      const title = `title ${after}`;
      await half.desk.save(changeOf('sales', after, { document: documentOf('sales', { title }) }));
      // Between two looks.
      await eventually('nothing but the look is waited for', () => looks.timers === 1);
      looks.advance(LOOKED_MS);
      await other.until(() => other.schemes.current.schemes.get('sales')?.title === title);
    }
  });

  it('stay as they are while the database is away, and are taken once it is back', async function () {
    this.timeout(60_000);
    const { server } = database();
    if (server === null) this.skip();
    await half.desk.save(changeOf('sales', 0));
    await server.stop();
    expect(await half.schemes.reload()).to.deep.equal([]);
    expect(half.names).to.deep.equal(['sales']);
    put('file', JSON.parse(documentOf('file', { fallback: { onError: [{ scheme: 'sales' }] } })) as object);
    const other = await Half.open(await openStore(place), dir);
    others.push(other);
    expect(other.names, 'files alone').to.deep.equal(['file']);
    expect(JSON.stringify(other.log.lines)).to.contain('the store cannot be read yet');
    await server.resume();
    await other.until(() => other.names.includes('sales'));
  });
});
