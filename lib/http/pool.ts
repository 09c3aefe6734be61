import http from 'node:http';
import https from 'node:https';
import { isIP, type OnReadOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { allowedOf, denied, lookupBy, type RefusalOf } from './lookup.ts';
import { zoneOf, type Network, type Zone } from './network.ts';
import { watchHandshake } from './handshake.ts';
import { Reachability } from './reachability.ts';
import type { Resolver } from './resolver.ts';
import { contextOf, type Tls } from './tls.ts';
import { Tunnels, type Making, type TunnelOptions } from './tunnel.ts';
import { Watch } from './watch.ts';

/**
 * Connections that are kept alive. Each goes to an address that was checked when it was made: a name is resolved once,
 * and the addresses that were looked at are the ones connected to.
 */
export interface Pool {
  readonly http: http.Agent;
  /** What comes over the connections. */
  readonly watch: Watch;
  /** Null: the usual certificates are trusted, and we have none to show. */
  https(tls: Tls | null): https.Agent;
  /** Where the other end of a connection is; of one through a proxy, where the CRM is. */
  zoneOf(socket: Socket): Zone;
  /** Ends every connection, idle or not. */
  close(): void;
}

export interface PoolOptions {
  readonly network: Network;
  readonly resolver: Resolver;
  readonly proxyCa: string | null;
  readonly idleSocketMs: number;
  /** From a reply's end until the connection may be used again. */
  readonly restMs: number;
}

/**
 * Each takes 33 KiB and half a millisecond to be made, as the usual roots are shared. The one that was used longest ago
 * gives way, as those of schemes that are no more: its connections close by themselves when they have been idle long enough.
 */
const MAX_RULES = 256;

const USUAL = { ca: null, identity: null, minVersion: null };

export function createPool({ network, resolver, proxyCa, idleSocketMs, restMs }: PoolOptions): Pool {
  const watch = new Watch(
    () => performance.now(),
    (origin) => {
      discardIdle(origin);
    },
  );
  const options = {
    keepAlive: true,
    // axios asks for the same TCP keep-alive delay: a different one would cost two system calls per request.
    keepAliveMsecs: 60_000,
    timeout: idleSocketMs,
  };
  const reachability = new Reachability(() => performance.now());
  const guards = { network, resolver, reachability, secureContext: contextOf({ ...USUAL, ca: proxyCa }) };
  const tunnels = new Tunnels(guards);
  const guarded = <A extends http.Agent>(agent: A): A => {
    separated(agent);
    checked(agent, guards, tunnels, watch);
    watched(agent, watch, restMs);
    return agent;
  };
  const plain = guarded(new http.Agent(options));
  const speaking = (tls: Parameters<typeof contextOf>[0]): https.Agent => {
    // rejectUnauthorized is said, so that NODE_TLS_REJECT_UNAUTHORIZED can't take it back.
    return guarded(new https.Agent({ ...options, secureContext: contextOf(tls), rejectUnauthorized: true }));
  };
  const usual = speaking(USUAL);
  /** By the id of their rules, the one that was used longest ago first. */
  const own = new Map<string, https.Agent>();

  const ownOf = (tls: Tls): https.Agent => {
    const agent = own.get(tls.id) ?? speaking(tls);
    own.delete(tls.id);
    own.set(tls.id, agent);
    const [oldest] = own.keys();
    if (own.size > MAX_RULES && oldest !== undefined) own.delete(oldest);
    return agent;
  };

  /** Ends those to `host:port`, whose names begin with it. */
  const discardIdle = (origin: string): void => {
    for (const { freeSockets } of [plain, usual, ...own.values()]) {
      for (const [name, sockets] of Object.entries(freeSockets)) {
        if (name.startsWith(`${origin}:`)) for (const socket of [...(sockets ?? [])]) socket.destroy();
      }
    }
  };

  return {
    http: plain,
    watch,
    https: (tls) => (tls === null ? usual : ownOf(tls)),
    zoneOf: (socket) => tunnels.zoneOf(socket) ?? zoneOf(socket.remoteAddress ?? ''),
    close() {
      tunnels.close();
      for (const agent of [plain, usual, ...own.values()]) agent.destroy();
    },
  };
}

/** What a request's options have beside Node's own. */
interface Asked {
  readonly account?: string;
  /** The outermost zone that redirects have come through. */
  readonly from?: Zone | null;
  /** Null: directly. */
  readonly making?: Making | null;
}

/**
 * Connections of one account are not used for another, nor those that a redirect asked for by anybody else; nor those through
 * another proxy, or by other credentials for it.
 */
function separated(agent: http.Agent): void {
  const nameOf = agent.getName.bind(agent);
  agent.getName = (options) => {
    const { account = '', from, making } = (options ?? {}) as Asked;
    const name = `${nameOf(options)}:${account}:${from ?? ''}`;
    return making == null ? name : `${name}:${making.proxy.id}`;
  };
}

/** What they have of Node's own, and its types do not tell of. */
interface Place {
  readonly host?: string;
  readonly port?: number | string;
  readonly onread?: OnReadOpts;
}

/** Each connection is checked against the rules when it is made, by the address that it goes to. */
function checked(
  agent: http.Agent,
  { network, resolver, reachability }: TunnelOptions,
  tunnels: Tunnels,
  watch: Watch,
): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, created) => {
    const { host = '', port, onread, from = null, making } = options as Asked & Place;
    // The type asks for a socket where the agent takes an error alone.
    const fail = created as ((error: Error) => void) | undefined;
    if (making != null) {
      const inside = (socket: Socket): Socket =>
        watch.over(watchHandshake(connect(Object.assign(options, { socket })) as Socket));
      const wanted = {
        target: { host, port: Number(port), from },
        onread,
        inside: agent instanceof https.Agent ? inside : null,
      };
      tunnels.open(wanted, making).then(
        (socket) => created?.(null, socket),
        (error: unknown) => fail?.(error as Error),
      );
      return undefined;
    }
    const refusalOf: RefusalOf = (address) => network(address, Number(port), from);
    // Node asks no lookup about a host that is an address already.
    const refusal = isIP(host) === 0 ? null : refusalOf(host);
    if (refusal === null) {
      const find = (name: string): Promise<string[]> =>
        resolver
          .resolve(name)
          .then((addresses) => reachability.order(name, allowedOf(name, addresses, refusalOf)));
      // Not in the types of an agent's options, which go to net.connect as they are.
      const attempt = { autoSelectFamilyAttemptTimeout: reachability.attemptMs(host) };
      const socket = connect(Object.assign(options, { lookup: lookupBy(find) }, attempt), created);
      if (socket) reachability.watch(host, watchHandshake(socket));
      return socket;
    }
    queueMicrotask(() => fail?.(denied(host, refusal)));
    return undefined;
  };
}

/** Between two questions connections rest, and are watched: what nobody has asked for ends them. */
function watched(agent: http.Agent, watch: Watch, restMs: number): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, created) =>
    connect(Object.assign(options, { onread: watch.onread() }), created);
  const adding = agent as unknown as Adding;
  const add = adding.addRequest.bind(agent);
  adding.addRequest = (request, asked) => {
    if (Object.keys(agent.freeSockets).length === 0) add(request, asked);
    else
      afterNextReads(() => {
        add(request, asked);
      });
  };
  // Their types say Duplex and nothing; what comes is a Socket, and false ends it.
  const keep = agent.keepSocketAlive.bind(agent) as (socket: Duplex) => boolean;
  agent.keepSocketAlive = (socket): boolean => watch.end(socket) && keep(socket);
  const emit = agent.emit.bind(agent);
  agent.emit = (event: string, ...values: unknown[]): boolean => {
    if (event !== 'free') return emit(event, ...values);
    const free = (): void => {
      // Behind the sockets' turn: what has come by then is seen before the connection is used.
      setImmediate(() => {
        stillRead(values[0] as Socket, () => emit(event, ...values));
      });
    };
    setTimeout(free, restMs).unref();
    return true;
  };
}

/** What reads a socket. Not in Node's types. */
interface Reading {
  readonly _handle?: { onread: unknown } | null;
}

/**
 * Measured on 22.23.3 and 24.21.0: Node's agent takes an idle connection's reading for itself, and ends it at its first byte.
 * What came is lost, and the CRM goes on being trusted. Here the watch goes on reading; 20.20.2 does nothing of the kind.
 */
function stillRead(socket: Socket, toPool: () => void): void {
  const handle = (socket as Reading)._handle;
  const onread = handle?.onread;
  toPool();
  if (handle && !socket.destroyed) handle.onread = onread;
}

/** Where a question is given a connection. Not in Node's types; its own client calls it. */
interface Adding {
  addRequest(request: http.ClientRequest, options: object): void;
}

/**
 * Once every socket has been read. A second answer may have come in this very turn, and lie there unread: a connection that was
 * taken now would have it read for the answer to this question. The first one ends this turn, the second one the next.
 */
function afterNextReads(run: () => void): void {
  setImmediate(() => setImmediate(run));
}
