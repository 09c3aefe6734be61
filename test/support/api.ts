import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { buildApi } from '../../lib/api/app.ts';
import type { ApiOptions, ApiStore } from '../../lib/api/context.ts';
import { hashOf } from '../../lib/api/guard/auth.ts';
import { Passwords } from '../../lib/api/guard/password.ts';
import { ROLES, type Role } from '../../lib/api/guard/role.ts';
import { networks } from '../../lib/api/guard/surface.ts';
import { LiveCalls } from '../../lib/call/live.ts';
import { systemClock } from '../../lib/clock.ts';
import { loadConfig, type Config } from '../../lib/config/config.ts';
import type { Secrets } from '../../lib/config/secret.ts';
import { openDialplan } from '../../lib/router/dialplan.ts';
import { openTrial } from '../../lib/router/trial.ts';
import { SchemeDesk } from '../../lib/schemes/desk.ts';
import { loadSchemes } from '../../lib/schemes/folder.ts';
import type { SchemeSet } from '../../lib/schemes/schemes.ts';
import { secretsSent } from '../../lib/schemes/sendable.ts';
import type { StoredSchemes, StoredUse } from '../../lib/schemes/stored.ts';
import type { Store } from '../../lib/store/store.ts';
import { uuidv7 } from '../../lib/uuid.ts';
import { listeningLog, openStore, type Told } from './stored.ts';

/** The API on a real store of its own, with a user and a token for each role. */

export interface ApiUnderTest {
  readonly app: FastifyInstance;
  readonly options: ApiOptions;
  readonly store: Store;
  readonly live: LiveCalls;
  readonly lines: readonly Told[];
  /** By name: `viewer` ... `admin`, and `expired`. */
  readonly tokens: Readonly<Record<Role | 'expired' | 'wrong', string>>;
  close(): Promise<void>;
}

export const PASSWORD = 'correct horse battery';

interface Beside {
  readonly watched?: (store: Store) => ApiStore;
  /** False: nobody is there yet. */
  readonly users?: boolean;
  readonly secrets?: Secrets;
  /** Of the store; SQLite of its own by default. */
  readonly place?: Partial<Config['store']>;
}

const NO_SECRETS = { has: () => false, read: () => '' };

/** What each role's password becomes takes a third of a second: once is enough. */
let hash: Promise<string> | null = null;

export async function openApi(
  options: Partial<ApiOptions> = {},
  env: Record<string, string> = {},
  { watched = (store) => store, users = true, secrets = NO_SECRETS, place }: Beside = {},
): Promise<ApiUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'esl-router-api-'));
  const log = listeningLog();
  const store = await openStore(place ?? { url: `sqlite:${join(folder, 'test.db')}` }, { log });
  // A machine that is busy takes longer than a router waits.
  await store.ready();
  const loaded = loadConfig({
    file: null,
    env: { ESL_ROUTER_SCHEMES_DIR: join(folder, 'schemes'), ...env },
    argv: {},
    readSecretFile: () => '',
  });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const { config, settings } = loaded;
  const live = new LiveCalls(() => systemClock.date());
  let stored: readonly StoredUse[] = [];
  let set: SchemeSet = { schemes: new Map(), default: null, variables: new Set() };
  const load = (from: StoredSchemes) => loadSchemes(config, secrets, from);
  const shared = store.shareSchemes();
  const desk = new SchemeDesk({
    shelf: store.schemes,
    tenant: store.schemesTenant,
    load,
    reload: async () => {
      const loaded = await load(await shared.read());
      if (!loaded.ok) return loaded.faults;
      ({ stored = [], set } = loaded);
      return [];
    },
    uses: () => stored,
    secretsSent: (scheme) => secretsSent(scheme, config, secrets),
    clock: systemClock,
  });
  const trial = openTrial({
    ...{ config, desk, clock: systemClock, version: 'test', ownPorts: new Set<number>() },
    secrets: () => secrets,
    schemes: () => set,
  });
  const all: ApiOptions = {
    config,
    settings,
    store: watched(store),
    schemes: () => ({
      set,
      files: new Map(),
    }),
    readSchemeFile: () => Promise.resolve({ document: {}, wordsLeftOut: 0 }),
    desk,
    trial,
    dialplan: openDialplan({
      listening: () => ({ host: '127.0.0.1', port: 8084 }),
      allow: config.listen.allow,
      schemes: () => set,
    }),
    live,
    breakers: {
      breakers: () => [{ name: 'crm.test', state: { kind: 'closed' }, holdsBack: false }],
      force: () => undefined,
    },
    readiness: () => ({ status: 'ready' }),
    metrics: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      text: () => Promise.resolve('up 1\n'),
    },
    mayRead: networks(config.metrics.allow),
    log,
    clock: systemClock,
    version: 'test',
    requestsPerMinute: 1e9,
    ...options,
  };
  const app = await buildApi(all);
  hash ??= new Passwords().hash(PASSWORD);
  const password_hash = await hash;
  const at = new Date();
  const created_at = at.toISOString();
  const tokens: Record<string, string> = { wrong: `eslr_${'x'.repeat(43)}` };
  const add = async (name: string, scopes: string, expires: Date | null): Promise<void> => {
    const token = `eslr_${name.padEnd(43, '-')}`;
    tokens[name] = token;
    const expires_at = expires?.toISOString() ?? null;
    const row = { id: uuidv7(at), tenant: 'default', name, hash: hashOf(token), scopes, created_by: 'admin' };
    await store.accounts.addToken({ ...row, created_at, expires_at, used_at: null, revoked_at: null });
  };
  for (const role of users ? ROLES : []) {
    await add(role, role, null);
    const row = { id: uuidv7(at), tenant: 'default', name: role, role, password_hash, created_at };
    await store.accounts.addUser({ ...row, disabled_at: null });
  }
  await add('expired', 'admin', new Date(at.getTime() - 1000));
  return {
    app,
    options: all,
    store,
    live,
    lines: log.lines,
    tokens: tokens as ApiUnderTest['tokens'],
    close: async () => {
      await app.close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const bearer = (token: string) => ({ host: 'localhost', authorization: `Bearer ${token}` });

/** Logs in: the headers of a session, with its origin and its CSRF token. */
export async function logIn(app: FastifyInstance, name: string, password = PASSWORD) {
  const headers = { host: 'localhost', origin: 'http://localhost' };
  const reply = await app.inject({
    method: 'POST',
    url: '/api/v1/session',
    headers,
    payload: { name, password },
  });
  const [cookie] = reply.cookies;
  const { csrfToken = '' } = reply.json<{ csrfToken?: string }>();
  return {
    reply,
    headers: {
      ...headers,
      cookie: `${cookie?.name ?? ''}=${cookie?.value ?? ''}`,
      'x-csrf-token': csrfToken,
    },
  };
}
