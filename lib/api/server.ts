import { readdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { DEFAULT_API_PORT } from '../config/api-settings.ts';
import { messageOf, RouterError } from '../errors.ts';
import { buildApi, type ConsoleFiles, type Tls } from './app.ts';
import { CONSOLE_FOLDER } from './console.ts';
import type { ApiOptions } from './context.ts';
import { isLoopback } from './guard/surface.ts';

/** The port of the API: whether it may be opened, and with what. */

export interface Api {
  /** Null: not open. */
  readonly address: { readonly host: string; readonly port: number } | null;
  close(): Promise<void>;
}

/** A page of the console takes six, an event stream one. */
const MAX_CONNECTIONS = 512;
/** Who reads his answer slower than that, while it closes, is cut. */
const FAREWELL_MS = 150;
/** Until there is a user. */
const AGAIN_MS = 5_000;

/**
 * If no port was configured, a port in use must not keep the router from routing calls.
 * @throws RouterError `config_invalid` when what was configured can't be listened on
 */
export async function serveApi(options: ApiOptions): Promise<Api> {
  const { config } = options;
  const tls = await readTls(config.api.tls);
  const isLocal = config.api.host === 'localhost' || isLoopback(config.api.host);
  if (!isLocal && tls === null && config.api.trustedProxy.length === 0) {
    throw new RouterError(
      'config_invalid',
      `api: ${config.api.host} is beyond loopback: set api.tls.cert and api.tls.key, or name the proxy that terminates TLS in api.trustedProxy`,
    );
  }
  const app = await buildApi(options, tls, await builtConsole());
  app.server.maxConnections = MAX_CONNECTIONS;
  if (isLocal) {
    const address = await listen(app, options);
    return { address, close: () => close(app, options) };
  }
  return whenThereIsAUser(app, options);
}

async function close(app: FastifyInstance, { clock }: ApiOptions): Promise<void> {
  const cancel = clock.after(FAREWELL_MS, () => {
    app.server.closeAllConnections();
  });
  await app.close();
  cancel();
}

async function listen(app: FastifyInstance, { config, log }: ApiOptions): Promise<Api['address']> {
  const { host, port } = config.api;
  try {
    await app.listen({ host, port: port === 'auto' ? DEFAULT_API_PORT : Number(port) });
  } catch (cause) {
    await app.close();
    const text = `api: cannot listen on ${host}:${port === 'auto' ? DEFAULT_API_PORT : port}: ${messageOf(cause)}`;
    if (port !== 'auto') throw new RouterError('config_invalid', text, { cause });
    log.warn(`${text}; set api.port (ESL_ROUTER_API_PORT) to another port, or to off`);
    return null;
  }
  const address = app.server.address() as AddressInfo;
  log.info('api', { host: address.address, port: address.port });
  return { host: address.address, port: address.port };
}

/**
 * Beyond loopback the API stays closed until there is a user: the first to come could take it over. Calls do not wait for this.
 */
function whenThereIsAUser(app: FastifyInstance, options: ApiOptions): Api {
  const { store, log, clock } = options;
  let address: Api['address'] = null;
  let closed = false;
  let told = '';
  let cancel: () => void = () => undefined;
  const look = async (): Promise<void> => {
    const active = await store.accounts.users().then(
      (users) => users.filter(({ disabled_at }) => disabled_at === null).length,
      () => null,
    );
    if (closed) return;
    if (active !== null && active > 0) {
      address = await listen(app, options).catch((error: unknown) => {
        log.error(messageOf(error));
        return null;
      });
      return;
    }
    const why =
      active === null
        ? 'api: not open yet, the store does not answer'
        : 'api: beyond loopback it stays closed until there is a user: esl-router user add NAME --role admin';
    if (why !== told) log.warn(why);
    told = why;
    cancel = clock.after(AGAIN_MS, () => void look(), { keepsAlive: false });
  };
  void look();
  return {
    get address() {
      return address;
    },
    close: async () => {
      closed = true;
      cancel();
      await close(app, options);
    },
  };
}

async function readTls({ cert, key }: ApiOptions['config']['api']['tls']): Promise<Tls | null> {
  if (cert === '' && key === '') return null;
  if (cert === '' || key === '') {
    throw new RouterError('config_invalid', 'api: set both api.tls.cert and api.tls.key, or neither');
  }
  try {
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  } catch (cause) {
    throw new RouterError('config_invalid', `api.tls: ${messageOf(cause)}`, { cause });
  }
}

/** From a checkout that was never built there is none, and the API goes without it. */
async function builtConsole(): Promise<ConsoleFiles | null> {
  const names = await readdir(CONSOLE_FOLDER, { recursive: true }).catch(() => []);
  const files = new Set(names.map((name) => name.replaceAll('\\', '/')));
  return files.has('index.html') ? { folder: CONSOLE_FOLDER, files } : null;
}
