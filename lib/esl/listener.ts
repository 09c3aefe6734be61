/** Where FreeSWITCH connects: accepts, judges and counts. What becomes of a socket is its handler's business. */
import { once } from 'node:events';
import { BlockList, createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextPoll, setTimeout as delay } from 'node:timers/promises';
import { messageOf, RouterError } from '../errors.ts';
import { plainAddress } from './connection.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free one, see `Listener.address`. */
  readonly port: number;
  /** Addresses and CIDR ranges of the FreeSWITCHes that may hand over calls. */
  readonly allow: readonly string[];
  /** Most calls at once. Refused ones are not counted. */
  readonly maxCalls: number;
  /**
   * Connections that the kernel keeps while this process is busy (it caps them at net.core.somaxconn). FreeSWITCH waits
   * to be spoken to, so one that falls out of a full queue hangs in silence: of 1,500 during a stall of 1.5 s 127 and
   * more with a backlog of 511, none with the default, 4096.
   */
  readonly backlog?: number;
  /** Told what went wrong outside any handler's sight: a failed accept (out of file descriptors), a rejected handler. */
  readonly onError?: (error: Error) => void;
}

/** Why a socket is to be given back: by `connect` first, since a bare close leaves its caller in silence. */
export type Refusal = 'peer_not_allowed' | 'over_capacity' | 'draining';

/** Serves one socket to its end. The socket is closed when it settles, if it has not been before. */
export type Handler = (socket: Socket, refusal: Refusal | null) => Promise<void>;

/** No accept for so long means that nothing is queued: closing with connections in the queue resets them. */
const QUIET_MS = 100;
/** Calls may go on coming for ever: a drain gets its two seconds, and closes then. */
const DRAIN_MS = 2_000;

export class Listener {
  readonly address: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #allowed: BlockList;
  readonly #options: ListenerOptions;
  readonly #handler: Handler;
  readonly #idle: Promise<void>;
  #becomeIdle: () => void = ignore;
  #lastPeer = { address: '', allowed: false };
  #accepted = 0;
  #serving = 0;
  #active = 0;
  #draining: Promise<void> | null = null;
  #isClosed = false;

  private constructor(server: Server, allowed: BlockList, options: ListenerOptions, handler: Handler) {
    this.#server = server;
    this.#allowed = allowed;
    this.#options = options;
    this.#handler = handler;
    this.#idle = new Promise((resolve) => {
      this.#becomeIdle = resolve;
    });
    const { address, port } = server.address() as AddressInfo;
    this.address = { host: address, port };
    server.on('error', (error) => options.onError?.(error));
    server.on('connection', (socket) => {
      this.#accepted++;
      // Reset while it was queued: it has no address any more, and nobody to be given back to.
      if (socket.remoteAddress === undefined) socket.destroy();
      else void this.#serve(socket, this.#judge(socket));
    });
  }

  /**
   * Listens, and calls the handler once for every socket accepted, refused ones included.
   * @throws RouterError `config_invalid` when an entry of `allow` can't be read or the address can't be listened on
   */
  static async listen(options: ListenerOptions, handler: Handler): Promise<Listener> {
    const { host, port, backlog = 4_096 } = options;
    const allowed = allowList(options.allow);
    const server = createServer();
    try {
      server.listen({ host, port, backlog });
      await once(server, 'listening');
    } catch (cause) {
      throw new RouterError('config_invalid', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
        cause,
      });
    }
    return new Listener(server, allowed, options, handler);
  }

  /** Calls whose handlers have not settled. Refused ones are not counted. */
  get active(): number {
    return this.#active;
  }

  /**
   * From now on every new connection comes as `draining`, to be given back. Stops listening when none came for 100 ms,
   * after 2 s in any case, and resolves then.
   */
  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  /** Resolves when the listener has been drained and the last handler has settled. */
  idle(): Promise<void> {
    return this.#idle;
  }

  #judge(socket: Socket): Refusal | null {
    if (!this.#isAllowed(plainAddress(socket.remoteAddress))) return 'peer_not_allowed';
    if (this.#draining !== null) return 'draining';
    return this.#active < this.#options.maxCalls ? null : 'over_capacity';
  }

  #isAllowed(peer: string): boolean {
    // Mostly it is the same FreeSWITCH as before, and a BlockList takes 4 us.
    if (peer !== this.#lastPeer.address) {
      const allowed = this.#allowed.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
      this.#lastPeer = { address: peer, allowed };
    }
    return this.#lastPeer.allowed;
  }

  async #serve(socket: Socket, refusal: Refusal | null): Promise<void> {
    // Until the handler listens itself: a reset ends a socket, never the process.
    socket.on('error', ignore);
    const calls = refusal === null ? 1 : 0;
    this.#serving++;
    this.#active += calls;
    try {
      await this.#handler(socket, refusal);
    } catch (error) {
      this.#options.onError?.(error instanceof Error ? error : new Error(messageOf(error)));
    }
    socket.destroySoon();
    this.#serving--;
    this.#active -= calls;
    this.#checkIdle();
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    for (let seen = -1; seen !== this.#accepted && performance.now() < deadline;) {
      seen = this.#accepted;
      await delay(QUIET_MS);
      // After a stall of this process timers run before the queue is looked at.
      await nextPoll();
    }
    this.#server.close();
    this.#isClosed = true;
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#isClosed && this.#serving === 0) this.#becomeIdle();
  }
}

/** Addresses and ranges in CIDR notation. An IPv4 entry fits its IPv4-mapped IPv6 peer too, and the other way round. */
function allowList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', length, ...more] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const longest = family === 'ipv6' ? 128 : 32;
    const valid = isIP(address) > 0 && /^\d{1,3}$/.test(length ?? '0') && Number(length ?? 0) <= longest;
    if (!valid || more.length > 0 || address.includes('%')) {
      throw new RouterError(
        'config_invalid',
        `allow: ${JSON.stringify(entry)} is no IP address and no CIDR range`,
      );
    }
    list.addSubnet(address, Number(length ?? longest), family);
  }
  return list;
}

function ignore(): void {
  // Nothing is left to be done.
}
