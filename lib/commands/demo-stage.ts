import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Passwords } from '../api/guard/password.ts';
import { userRow } from '../api/user.ts';
import type { CallRecord } from '../call/record.ts';
import { systemClock } from '../clock.ts';
import { loadConfig, type Config } from '../config/config.ts';
import { RouterError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { start, type Router } from '../router/router.ts';
import type { SchemeDocument } from '../scheme/scheme.ts';
import { Store } from '../store/store.ts';
import { uuidv7 } from '../uuid.ts';
import type { CommandContext } from './context.ts';

/** The router that `demo` shows: with a store in a folder of its own, which goes when the demo ends, and a console. */

export interface DemoStage {
  readonly router: Router;
  readonly config: Config;
  /** Null: the console is not built, or its port can't be had. */
  readonly console: { readonly url: string; readonly user: string; readonly password: string } | null;
  close(): Promise<void>;
}

const USER = 'demo';

export async function openDemo(
  context: CommandContext,
  schemes: readonly SchemeDocument[],
  onRecord: (record: CallRecord) => void,
): Promise<DemoStage> {
  const folder = await mkdtemp(join(tmpdir(), 'esl-router-demo-'));
  try {
    return await openIn(folder, context, schemes, onRecord);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function openIn(
  folder: string,
  context: CommandContext,
  schemes: readonly SchemeDocument[],
  onRecord: (record: CallRecord) => void,
): Promise<DemoStage> {
  const { version } = context;
  const schemesDir = join(folder, 'schemes');
  await mkdir(schemesDir);
  const loaded = loadConfig({
    file: null,
    env: {
      ESL_ROUTER_LISTEN_PORT: '0',
      ESL_ROUTER_API_PORT: '0',
      ESL_ROUTER_STORE_URL: `sqlite:${join(folder, 'demo.db')}`,
      ESL_ROUTER_GATEWAY: 'trunk',
      ESL_ROUTER_DOMAIN: 'pbx.example',
      ESL_ROUTER_SCHEMES_DIR: schemesDir,
      ESL_ROUTER_SCHEMES_WATCH: 'false',
    },
    argv: {},
    readSecretFile: () => '',
  });
  if (!loaded.ok) throw new RouterError('internal', loaded.faults.join('\n'));
  const { config, settings } = loaded;
  const log = createLogger({ level: 'error', format: 'pretty', maskNumbers: false, stream: context.stderr });
  const store = await Store.open({ config, log, clock: systemClock, version });
  if (store === null) throw new RouterError('internal', 'the demo has no store');
  try {
    await store.ready();
    // In the store, where the console can change them.
    for (const scheme of schemes) await saveScheme(store, scheme);
    const password = randomBytes(9).toString('base64url');
    const at = systemClock.date();
    const hash = await new Passwords().hash(password);
    await store.accounts.addUser(userRow({ name: USER, role: 'admin', hash, at }));
    const router = await start({
      ...{ config, settings, log, version, store },
      secrets: { has: () => false, read: () => '' },
      sharedSchemes: store.shareSchemes(),
      observers: [{ ended: onRecord }],
    });
    return {
      router,
      config,
      console:
        router.api === null
          ? null
          : { url: `http://${router.api.host}:${router.api.port}/`, user: USER, password },
      close: async () => {
        await router.stop();
        await store.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function saveScheme(store: Store, scheme: SchemeDocument): Promise<void> {
  const at = systemClock.date();
  await store.schemes.save({
    id: uuidv7(at),
    tenant: store.schemesTenant,
    name: scheme.name,
    created_at: at.toISOString(),
    author: USER,
    message: 'as the demo begins',
    state: 'live',
    document: JSON.stringify(scheme, null, 2),
    after: 0,
  });
}
