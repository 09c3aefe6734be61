import type { LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { RouterError } from '../errors.ts';
import type { Network, Zone } from './network.ts';
import { Reachability } from './reachability.ts';
import type { Resolver } from './resolver.ts';

/**
 * Connections that are kept alive. Each goes to an address that was checked when it was made: a name is resolved once,
 * and the addresses that were looked at are the ones connected to.
 */
export interface Pool {
  readonly http: http.Agent;
  /** `ca`: PEM of certificates that are trusted beside the usual ones; null for these alone. */
  https(ca: string | null): https.Agent;
  /** Ends every connection, idle or not. */
  close(): void;
}

export interface PoolOptions {
  readonly network: Network;
  readonly resolver: Resolver;
  readonly idleSocketMs: number;
}

/**
 * Each takes a megabyte for the usual roots, and 75 ms to be made. The one that was used longest ago gives way, as those
 * of schemes that are no more: its connections close by themselves when they have been idle long enough.
 */
const MAX_AUTHORITIES = 16;

export function createPool({ network, resolver, idleSocketMs }: PoolOptions): Pool {
  const options = {
    keepAlive: true,
    // axios asks for the same TCP keep-alive delay: a different one would cost two system calls per request.
    keepAliveMsecs: 60_000,
    timeout: idleSocketMs,
  };
  // rejectUnauthorized is said, so that NODE_TLS_REJECT_UNAUTHORIZED can't take it back.
  const secure = { ...options, minVersion: 'TLSv1.2', rejectUnauthorized: true } as const;
  const reachability = new Reachability(() => performance.now());
  const guards = { network, resolver, reachability };
  const plain = checked(new http.Agent(options), guards);
  const usual = checked(new https.Agent(secure), guards);
  /** By PEM, the one that was used longest ago first. */
  const own = new Map<string, https.Agent>();

  const trusting = (ca: string): https.Agent => {
    let agent = own.get(ca);
    if (agent === undefined) {
      // Made once: a connection would else make its own.
      const secureContext = createSecureContext({ ca: [...rootCertificates, ca], minVersion: 'TLSv1.2' });
      agent = checked(new https.Agent({ ...secure, secureContext }), guards);
    }
    own.delete(ca);
    own.set(ca, agent);
    const [oldest] = own.keys();
    if (own.size > MAX_AUTHORITIES && oldest !== undefined) own.delete(oldest);
    return agent;
  };

  return {
    http: plain,
    https: (ca) => (ca === null ? usual : trusting(ca)),
    close() {
      for (const agent of [plain, usual, ...own.values()]) agent.destroy();
    },
  };
}

/** Ends the idle connections to `host:port:`, as a pool's keys begin: the next request goes over a new one. */
export function discardIdle(agent: http.Agent, prefix: string): void {
  for (const [name, sockets] of Object.entries(agent.freeSockets)) {
    if (name.startsWith(prefix)) for (const socket of [...(sockets ?? [])]) socket.destroy();
  }
}

/** What a request's options have beside Node's own: the zone that a redirect comes from. */
interface Redirected {
  readonly from?: Zone | null;
}

/** Each connection is held against the rules; what a redirect asks for never goes over a connection of others. */
function checked<A extends http.Agent>(agent: A, { network, resolver, reachability }: Guards): A {
  const pool: http.Agent = agent;
  const nameOf = pool.getName.bind(pool);
  pool.getName = (options) => `${nameOf(options)}:${(options as Redirected | undefined)?.from ?? ''}`;
  const connect = pool.createConnection.bind(pool);
  pool.createConnection = (options, created) => {
    const { host, port, from = null } = options as Redirected & { host?: string; port?: number | string };
    const refusalOf: RefusalOf = (address) => network(address, Number(port), from);
    // Node asks no lookup about a host that is an address already.
    const refusal = isIP(host ?? '') === 0 ? null : refusalOf(host ?? '');
    if (refusal === null) {
      const find = (name: string): Promise<string[]> =>
        resolver
          .resolve(name)
          .then((addresses) => reachability.order(name, allowedOf(name, addresses, refusalOf)));
      // Not in the types of an agent's options, which go to net.connect as they are.
      const tried = { autoSelectFamilyAttemptTimeout: reachability.attemptMs(host ?? '') };
      const socket = connect({ ...options, lookup: lookupBy(find), ...tried }, created);
      if (socket) reachability.watch(host ?? '', socket);
      return socket;
    }
    // The type asks for a socket where the agent takes an error alone.
    const fail = created as ((error: Error) => void) | undefined;
    queueMicrotask(() => fail?.(denied(host ?? '', refusal)));
    return undefined;
  };
  return agent;
}

interface Guards extends Pick<PoolOptions, 'network' | 'resolver'> {
  readonly reachability: Reachability;
}

/** Why an address may not be connected to; null when it may. */
type RefusalOf = (address: string) => string | null;

/** Those of a host's addresses that may be connected to. Throws RouterError when it has none. */
function allowedOf(host: string, addresses: readonly string[], refusalOf: RefusalOf): string[] {
  const allowed = addresses.filter((address) => refusalOf(address) === null);
  const [first = ''] = addresses;
  if (allowed.length === 0) throw denied(`${host} is ${addresses.join(', ')}`, refusalOf(first) ?? '');
  return allowed;
}

function lookupBy(find: (host: string) => Promise<string[]>): LookupFunction {
  return (host, { all }, callback) => {
    const tell = (error: Error | null, found: LookupAddress[]): void => {
      const [{ address, family } = { address: '', family: 0 }] = found;
      // Not at once: who watches the socket is told of it after the next tick.
      setImmediate(() => {
        if (all === true) callback(error, found);
        else callback(error, address, family);
      });
    };
    find(host).then(
      (found) => {
        tell(
          null,
          found.map((address) => ({ address, family: isIP(address) })),
        );
      },
      (error: unknown) => {
        tell(error as Error, []);
      },
    );
  };
}

function denied(where: string, why: string): RouterError {
  return new RouterError('address_denied', `${where}: ${why}`);
}
