import http from 'node:http';
import net, { isIP, type OnReadOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type SecureContext } from 'node:tls';
import { throwIfAborted, type CancelSignal } from '../cancel.ts';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';
import { Beyond, type Target } from './beyond.ts';
import { handshakeFailure } from './handshake.ts';
import { allowedOf, denied, lookupBy, type RefusalOf } from './lookup.ts';
import { HEAD_BYTES } from './meter.ts';
import type { Network, Zone } from './network.ts';
import { authorityOf, type Proxy } from './proxy.ts';
import type { Reachability } from './reachability.ts';
import type { Resolver } from './resolver.ts';
import type { Tls } from './tls.ts';

/** A connection through a proxy that somebody waits for. */
export interface Making {
  readonly proxy: Proxy;
  /** To the CRM. */
  readonly tls: Tls | null;
  /** Nobody waits for it any more. */
  readonly signal: CancelSignal;
  readonly reached: (phase: 'dns' | 'connect' | 'tunnel' | 'tls') => void;
}

export interface TunnelOptions {
  readonly network: Network;
  readonly resolver: Resolver;
  readonly reachability: Reachability;
  /** For TLS to the proxy itself. */
  readonly secureContext: SecureContext;
}

/** What the connection is to be like. */
interface Wanted {
  readonly target: Target;
  /** Sees what comes, before HTTP is read out of it. */
  readonly onread?: OnReadOpts | undefined;
  /** TLS to the CRM, within the tunnel; null: it is asked without TLS, and the proxy reads the question. */
  readonly inside: ((socket: Socket) => Socket) | null;
}

/** Connections through proxies: CONNECT (RFC 9110, 9.3.6) for https, the connection to the proxy itself for http. */
export class Tunnels {
  readonly #options: TunnelOptions;
  readonly #beyond: Beyond;
  readonly #zones = new WeakMap<Duplex, Zone>();
  /** Those that are being made. */
  readonly #unfinished = new Set<Socket>();

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#beyond = new Beyond(options.network, options.resolver);
  }

  /**
   * Rejects with RouterError `address_denied`, `proxy_unreachable`, `proxy_refused`, `connect_failed` (the proxy found no way to
   * the CRM) or `tls_failed`.
   */
  async open({ target, onread, inside }: Wanted, making: Making): Promise<Socket> {
    const { proxy, signal, reached } = making;
    const zone = await this.#beyond.zoneOf(target);
    throwIfAborted(signal);
    const base = guarded(this.#toProxy(making, inside === null ? onread : undefined));
    const end = (): void => {
      base.destroy();
    };
    this.#unfinished.add(base);
    signal.addEventListener('abort', end);
    try {
      await ready(base, proxy.secure ? 'secureConnect' : 'connect').catch(unreachable);
      reached('connect');
      const socket = inside === null ? base : await this.#within(base, target, inside, making);
      this.#zones.set(socket, zone);
      return socket;
    } catch (error) {
      base.destroy();
      throw error;
    } finally {
      this.#unfinished.delete(base);
      signal.removeEventListener('abort', end);
    }
  }

  /** Where the other end of a connection through a proxy is; undefined for any other. */
  zoneOf(socket: Duplex): Zone | undefined {
    return this.#zones.get(socket);
  }

  close(): void {
    for (const socket of this.#unfinished) socket.destroy();
  }

  async #within(
    base: Socket,
    target: Target,
    inside: (socket: Socket) => Socket,
    { proxy, tls, reached }: Making,
  ): Promise<Socket> {
    await connectThrough(base, target, proxy);
    reached('tunnel');
    const socket = guarded(inside(base));
    await ready(socket, 'secureConnect').catch((error: unknown) => {
      throw handshakeFailure(error, socket, tls);
    });
    reached('tls');
    return socket;
  }

  #toProxy({ proxy, reached }: Making, onread: OnReadOpts | undefined): Socket {
    const { network, resolver, reachability, secureContext } = this.#options;
    const { host, port, secure, isOperators } = proxy;
    const refusalOf: RefusalOf = (address) => (isOperators ? null : network(address, port));
    const refusal = isIP(host) === 0 ? null : refusalOf(host);
    if (refusal !== null) throw denied(`the proxy ${host}`, refusal);
    const lookup = lookupBy(async (name) => {
      const addresses = await resolver.resolve(name);
      return reachability.order(name, allowedOf(`the proxy ${name}`, addresses, refusalOf));
    });
    const options = {
      ...{ host, port, lookup, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      autoSelectFamilyAttemptTimeout: reachability.attemptMs(host),
      ...(onread === undefined ? {} : { onread }),
    };
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = secure
      ? tls.connect({ ...options, ...name, secureContext, rejectUnauthorized: true })
      : net.connect(options);
    reachability.watch(host, socket);
    socket.on('lookup', (error: Error | null) => {
      if (error === null) reached('dns');
    });
    return socket;
  }
}

/** Resolves with the event, and rejects with what kept it from coming. */
function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error('the connection was closed'));
    });
  });
}

function unreachable(error: unknown): never {
  // What the lookup said.
  const { code, message } = error instanceof RouterError ? error : { code: null, message: messageOf(error) };
  throw new RouterError(code === 'address_denied' ? code : 'proxy_unreachable', message);
}

/** Answers of a proxy that is in order, and could not reach the host. */
const NO_WAY = new Set([502, 503, 504]);

function connectThrough(base: Socket, { host, port }: Target, proxy: Proxy): Promise<void> {
  const authority = authorityOf(host, port);
  const headers = { Host: authority, ...credentialsFor(proxy) };
  const options = { method: 'CONNECT', path: authority, headers, maxHeaderSize: HEAD_BYTES };
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void => {
      reject(new RouterError('proxy_refused', `${proxy.name}: ${why}`));
    };
    const request = guarded(http.request({ ...options, createConnection: () => base }), (error) => {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'HPE_HEADER_OVERFLOW') refuse('its answer has too many headers');
      else if (code.startsWith('HPE_')) refuse('its answer is not HTTP');
      else refuse(code === 'ECONNRESET' ? 'the connection was closed' : messageOf(error));
    });
    // Node says "close" where there is no agent, and a proxy may take it at its word.
    request.removeHeader('Connection');
    request.once('close', () => {
      refuse('the connection was closed');
    });
    request.once('connect', ({ statusCode: status = 0, headers }, _socket, head) => {
      if (status >= 200 && status <= 299 && head.length === 0) resolve();
      else if (NO_WAY.has(status))
        reject(new RouterError('connect_failed', `the proxy ${proxy.name} answered HTTP ${status}`));
      // TLS begins with us: whatever is there by now is the proxy's own.
      else if (head.length > 0 && status <= 299) refuse('bytes came before the tunnel was used');
      else refuse(refusalBy(status, headers));
    });
    request.end();
  });
}

export function credentialsFor({ authorization }: Proxy): Record<string, string> {
  return authorization === null ? {} : { 'Proxy-Authorization': authorization };
}

/** `HTTP 407, it takes Negotiate, NTLM` */
export function refusalBy(status: number, headers: http.IncomingHttpHeaders): string {
  // `Basic realm="a, b", charset="UTF-8", NTLM`: what has no equals sign after its first word is a scheme.
  const challenges = [headers['proxy-authenticate'] ?? []]
    .flat()
    .join(',')
    .replace(/"(?:[^"\\]|\\.)*"?/g, '');
  const offered = challenges
    .split(',')
    .flatMap((part) => /^\s*([\w-]{1,40})(?!\s*=)(?:\s|$)/.exec(part)?.[1] ?? []);
  if (status !== 407 || offered.length === 0) return `HTTP ${status}`;
  const basic = offered.some((scheme) => scheme.toLowerCase() === 'basic');
  return `HTTP 407: it accepts ${offered.join(', ')}${basic ? '' : ', and the router supports only Basic'}`;
}
