import type { LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates } from 'node:tls';
import { RouterError } from '../errors.ts';
import type { Network } from './network.ts';
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
    lookup: checkedLookup(network, resolver),
  };
  // rejectUnauthorized is said, so that NODE_TLS_REJECT_UNAUTHORIZED can't take it back.
  const secure = { ...options, minVersion: 'TLSv1.2', rejectUnauthorized: true } as const;
  const plain = checked(new http.Agent(options), network);
  const usual = checked(new https.Agent(secure), network);
  /** By PEM, the one that was used longest ago first. */
  const own = new Map<string, https.Agent>();

  const trusting = (ca: string): https.Agent => {
    let agent = own.get(ca);
    if (agent === undefined) {
      // Made once: a connection would else make its own.
      const secureContext = createSecureContext({ ca: [...rootCertificates, ca], minVersion: 'TLSv1.2' });
      agent = checked(new https.Agent({ ...secure, secureContext }), network);
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

/** Node asks no lookup about a host that is an address already. */
function checked<A extends http.Agent>(agent: A, network: Network): A {
  const pool: http.Agent = agent;
  const connect = pool.createConnection.bind(pool);
  pool.createConnection = (options, created) => {
    const { host = '' } = options;
    if (host === null || isIP(host) === 0 || network(host)) return connect(options, created);
    // The type asks for a socket where the agent takes an error alone.
    const fail = created as ((error: Error) => void) | undefined;
    queueMicrotask(() => fail?.(denied([host])));
    return undefined;
  };
  return agent;
}

function checkedLookup(network: Network, resolver: Resolver): LookupFunction {
  const find = async (host: string): Promise<LookupAddress[]> => {
    const addresses = await resolver.resolve(host);
    const allowed = addresses.filter(network);
    if (allowed.length === 0) throw denied(addresses, host);
    return allowed.map((address) => ({ address, family: isIP(address) }));
  };
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
        tell(null, found);
      },
      (error: unknown) => {
        tell(error as Error, []);
      },
    );
  };
}

function denied(addresses: readonly string[], host?: string): RouterError {
  const what = addresses.join(', ');
  const whose = host === undefined ? '' : `${host} is `;
  return new RouterError(
    'address_denied',
    `${whose}${what}: see network.deny, network.allow and network.private`,
  );
}
