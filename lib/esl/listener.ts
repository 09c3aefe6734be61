/**
 * Where FreeSWITCH connects: accepts, judges and counts, closes for a while and opens again. What becomes of a socket is
 * its handler's business.
 */
import { BlockList, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextPoll, setTimeout as delay } from 'node:timers/promises';
import { messageOf, RouterError } from '../errors.ts';
import { plainAddress } from './connection.ts';
import { closeIfEmpty, isFiller, openPort, type PortOptions } from './port.ts';

/** With port 0 the system takes a free one, see `Listener.address`. */
export interface ListenerOptions extends PortOptions {
  /** Addresses and CIDR ranges of the FreeSWITCHes that may hand over calls. */
  readonly allow: readonly string[];
  /** Asked for each connection of an allowed peer, before it is counted. All are welcome by default. */
  readonly admit?: (counts: Counts, waitedMs: number) => Refusal | null;
  /** How late the event loop is, in milliseconds; for `stalledMs`. */
  readonly lagMs?: () => number;
  /** Told of each connection that was reset before it was accepted: nobody is there, and nothing is known of the call. */
  readonly onUnserved?: (unserved: Pick<Admission, 'waitedMs' | 'stalledMs'>) => void;
  /** Told what went wrong outside any handler's sight: a failed accept (out of file descriptors), a rejected handler. */
  readonly onError?: (error: Error) => void;
}

/** Why a socket is to be given back: by `connect` first, since a bare close leaves its caller in silence. */
export type Refusal = 'peer_not_allowed' | 'over_capacity' | 'overloaded' | 'draining';

export interface Counts {
  /** Whose handlers have not settled. */
  readonly calls: number;
  /** Being given back. */
  readonly refused: number;
  /** Accepted while the port was about to close, and not served yet. */
  readonly waiting: number;
  /** Milliseconds since the kernel's queue was last seen empty. */
  readonly queuedMs: number;
}

/** How a socket was received. */
export interface Admission {
  /** Null: it is to be served. */
  readonly refusal: Refusal | null;
  /** Milliseconds from its accept until it was served: 0, but for what was queued when the port closed. */
  readonly waitedMs: number;
  /**
   * Milliseconds for which this process stood still while the connection was in the kernel's queue, at most: it may have
   * come at the end of them. A few are none.
   */
  readonly stalledMs: number;
}

/** Serves one socket to its end. The socket is closed when it settles, if it has not been before. */
export type Handler = (socket: Socket, admission: Admission) => Promise<void>;

/** No accept for so long means that nothing is queued: closing with connections in the queue resets them. */
const QUIET_MS = 100;
/** Calls may go on coming for ever: a drain waits so long for a quiet moment, and makes one then. */
const DRAIN_MS = 700;
/** Under more calls than can be accepted there is no moment without one, and then it closes all the same. */
const SHUT_MS = 1_500;
/** Linux asks again after a second whom it could not take when he had finished his. */
const HANDSHAKE_MS = 1_100;
/** Another process may have taken the port meanwhile. */
const REOPEN_MS = 200;

type State = 'open' | 'pausing' | 'paused' | 'reopening' | 'draining' | 'drained';

export class Listener {
  readonly address: { readonly host: string; readonly port: number };
  #server: Server;
  readonly #allowed: BlockList;
  readonly #options: ListenerOptions;
  readonly #handler: Handler;
  readonly #idle: Promise<void>;
  #becomeIdle: () => void = ignore;
  #lastPeer = { address: '', allowed: false };
  #accepted = 0;
  #calls = 0;
  #refused = 0;
  readonly #waiting: { readonly socket: Socket; readonly since: number; readonly stalledMs: number }[] = [];
  /** When the kernel's queue began to hold connections, by the clock of `performance.now()`. */
  #queuedSince: number | null = null;
  /** The longest lag since then. It is measured once, by a timer, and the queue is taken one a turn. */
  #stalledMs = 0;
  #onEmpty: () => void = ignore;
  #state: State = 'open';
  /** What the last change of state still has to do. */
  #change: Promise<void> = Promise.resolve();
  #drained: Promise<void> | null = null;

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
    this.#take(server);
  }

  /**
   * Listens, and calls the handler once for every socket accepted, refused ones included.
   * @throws RouterError `config_invalid` when an entry of `allow` can't be read or the address can't be listened on
   */
  static async listen(options: ListenerOptions, handler: Handler): Promise<Listener> {
    const allowed = allowList(options.allow);
    const { host, port } = options;
    try {
      return new Listener(await openPort(options), allowed, options, handler);
    } catch (cause) {
      throw new RouterError('config_invalid', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  get counts(): Counts {
    const queuedMs = this.#queuedSince === null ? 0 : performance.now() - this.#queuedSince;
    return { calls: this.#calls, refused: this.#refused, waiting: this.#waiting.length, queuedMs };
  }

  /** The port is open. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * Closes the port for a while, so that FreeSWITCH's next host gets its calls. What is queued is accepted first, since
   * closing would reset it and leave callers in silence, and served one by one behind it. Resolves when closed.
   */
  pause(): Promise<void> {
    if (this.#state !== 'open') return this.#change;
    this.#state = 'pausing';
    this.#change = this.#pause();
    return this.#change;
  }

  /** Opens the port again, the same one; tries until it succeeds. Resolves when open, or when drained meanwhile. */
  resume(): Promise<void> {
    if (this.#state !== 'pausing' && this.#state !== 'paused') return this.#change;
    const paused = this.#change;
    this.#state = 'reopening';
    this.#change = paused.then(() => this.#reopen());
    return this.#change;
  }

  /**
   * From now on every new connection comes as `draining`, to be given back. Stops listening when none came for 100 ms,
   * after 2.2 s in any case, and resolves then.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Resolves when the listener has been drained and the last handler has settled. */
  idle(): Promise<void> {
    return this.#idle;
  }

  #take(server: Server): void {
    server.on('error', (error) => this.#options.onError?.(error));
    server.on('connection', (socket) => {
      this.#accepted++;
      this.#watchQueue();
      this.#stalledMs = Math.max(this.#stalledMs, this.#options.lagMs?.() ?? 0);
      if (isFiller(socket)) socket.destroy();
      else if (this.#state === 'pausing' || this.#waiting.length > 0) this.#serveLater(socket);
      else this.#welcome(socket, { waitedMs: 0, stalledMs: this.#stalledMs });
    });
  }

  #welcome(socket: Socket, times: Pick<Admission, 'waitedMs' | 'stalledMs'>): void {
    if (socket.remoteAddress !== undefined) {
      void this.#serve(socket, { refusal: this.#judge(socket, times.waitedMs), ...times });
      return;
    }
    // Reset while it was queued: it has no address any more, and nobody to be given back to.
    socket.destroy();
    this.#options.onUnserved?.(times);
  }

  /** While the port is about to close there is time for accepting alone: a queue of thousands takes a tenth of a second. */
  #serveLater(socket: Socket): void {
    socket.on('error', ignore);
    this.#waiting.push({ socket, since: performance.now(), stalledMs: this.#stalledMs });
    if (this.#state !== 'pausing' && this.#waiting.length === 1) this.#serveWaiting();
  }

  /** One each turn of the event loop, as they are accepted otherwise, so that those before them get their turns too. */
  #serveWaiting(): void {
    setImmediate(() => {
      const [first] = this.#waiting;
      if (first === undefined) return;
      const { socket, since, stalledMs } = first;
      this.#welcome(socket, { waitedMs: performance.now() - since, stalledMs });
      this.#waiting.shift();
      if (this.#waiting.length > 0) this.#serveWaiting();
      else this.#checkIdle();
    });
  }

  /** libuv accepts one connection a turn: a turn without any shows that the queue is empty. */
  #watchQueue(): void {
    if (this.#queuedSince !== null) return;
    this.#queuedSince = performance.now();
    let seen = -1;
    const look = (): void => {
      if (seen === this.#accepted) {
        this.#queuedSince = null;
        this.#stalledMs = 0;
        this.#onEmpty();
      } else {
        seen = this.#accepted;
        setImmediate(look);
      }
    };
    setImmediate(look);
  }

  #judge(socket: Socket, waitedMs: number): Refusal | null {
    if (!this.#isAllowed(plainAddress(socket.remoteAddress))) return 'peer_not_allowed';
    switch (this.#state) {
      case 'draining':
      case 'drained':
        return 'draining';
      case 'open':
      case 'pausing':
      case 'paused':
      case 'reopening':
        return this.#options.admit?.(this.counts, waitedMs) ?? null;
    }
  }

  #isAllowed(peer: string): boolean {
    // Mostly it is the same FreeSWITCH as before, and a BlockList takes 4 us.
    if (peer !== this.#lastPeer.address) {
      const allowed = this.#allowed.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
      this.#lastPeer = { address: peer, allowed };
    }
    return this.#lastPeer.allowed;
  }

  async #serve(socket: Socket, admission: Admission): Promise<void> {
    const { refusal } = admission;
    // Until the handler listens itself: a reset ends a socket, never the process.
    socket.on('error', ignore);
    if (refusal === null) this.#calls++;
    else this.#refused++;
    try {
      await this.#handler(socket, admission);
    } catch (error) {
      this.#options.onError?.(error instanceof Error ? error : new Error(messageOf(error)));
    }
    socket.destroySoon();
    if (refusal === null) this.#calls--;
    else this.#refused--;
    this.#checkIdle();
  }

  async #pause(): Promise<void> {
    await this.#shut();
    if (this.#is('pausing')) this.#state = 'paused';
    if (this.#waiting.length > 0) this.#serveWaiting();
  }

  async #reopen(): Promise<void> {
    while (this.#state === 'reopening') {
      try {
        this.#server = await openPort({ ...this.#options, ...this.address });
        this.#take(this.#server);
        // A drain that began meanwhile closes it.
        if (this.#is('reopening')) this.#state = 'open';
        return;
      } catch (error) {
        this.#options.onError?.(
          new Error(`cannot listen again on ${this.address.host}:${this.address.port}: ${messageOf(error)}`),
        );
        await delay(REOPEN_MS);
      }
    }
  }

  async #drain(): Promise<void> {
    this.#state = 'draining';
    await this.#change;
    if (this.#server.listening && !(await this.#quiet(DRAIN_MS))) await this.#shut();
    this.#server.close();
    this.#state = 'drained';
    this.#checkIdle();
  }

  /** Closes the port though calls go on coming: in a moment in which nobody is queued. */
  async #shut(): Promise<void> {
    const server = this.#server;
    const deadline = performance.now() + SHUT_MS;
    for (let left = SHUT_MS; left > 0; left = deadline - performance.now()) {
      if (!(await this.#emptied(left))) break;
      const closing = await closeIfEmpty(server);
      if (closing === 'closed') return;
      if (closing === 'handshake') await delay(Math.min(HANDSHAKE_MS, left));
    }
    await nextPoll();
    server.close();
  }

  /** False: there was no turn of the event loop without an accept within so long. */
  async #emptied(withinMs: number): Promise<boolean> {
    const empty = new Promise<boolean>((resolve) => {
      this.#onEmpty = () => {
        resolve(true);
      };
    });
    // Starts to look.
    this.#watchQueue();
    const seen = await Promise.race([empty, delay(withinMs, false, { ref: false })]);
    this.#onEmpty = ignore;
    return seen;
  }

  /** Waits until nothing has been accepted for a moment, so long at most. False: there was no such moment. */
  async #quiet(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    for (let seen = -1; seen !== this.#accepted;) {
      if (performance.now() >= deadline) return false;
      seen = this.#accepted;
      await delay(QUIET_MS);
      // After a stall of this process timers run before the queue is looked at.
      await nextPoll();
    }
    return true;
  }

  #is(state: State): boolean {
    return this.#state === state;
  }

  #checkIdle(): void {
    if (this.#state === 'drained' && this.#calls + this.#refused + this.#waiting.length === 0)
      this.#becomeIdle();
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
