/**
 * Where FreeSWITCH connects: accepts, judges and counts, closes for a while and opens again. What becomes of a socket is
 * its handler's business.
 */
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';
import { AllowList, plainAddress } from './allow.ts';
import {
  closeIfEmpty,
  descriptorOf,
  fill,
  openPort,
  OwnConnections,
  screenConnections,
  setBacklog,
  type Closing,
  type Peer,
  type PortOptions,
} from './port.ts';
import { AcceptQueue } from './queue.ts';
import { Strangers, type TurnedAway } from './strangers.ts';

/** With port 0 the system takes a free one, see `Listener.address`. */
export interface ListenerOptions extends PortOptions {
  /** Addresses and CIDR ranges of the FreeSWITCHes that may hand over calls. */
  readonly allow: readonly string[];
  /** Asked for each connection of an allowed peer, before it is counted. All are welcome by default. */
  readonly admit?: (counts: Counts, waitedMs: number) => Refusal | null;
  /** How late the event loop is, in milliseconds; for `stalledMs`. */
  readonly lagMs?: () => number;
  /** Told of each connection that was reset before it was accepted: nobody is there, and nothing is known of the call. */
  readonly onUnserved?: (unserved: Times) => void;
  /** Told once a second of those who were closed at once, and of whom nothing else is said. */
  readonly onTurnedAway?: (turnedAway: TurnedAway) => void;
  /** Told what went wrong outside any handler's sight: a failed accept (out of file descriptors), a rejected handler. */
  readonly onError?: (error: Error) => void;
}

/** Why a socket is to be given back: by `connect` first, since a bare close leaves its caller in silence. */
export type Refusal = 'peer_not_allowed' | 'over_capacity' | 'overloaded' | 'draining';

export interface Counts {
  /** Whose handlers have not settled. */
  readonly calls: number;
  /** Calls of allowed peers that are being given back. */
  readonly refused: number;
  /** Connections of others, which are closed as soon as they have been given back. */
  readonly strangers: number;
  /** Accepted while the port was about to close, and not served yet. */
  readonly waiting: number;
  /** Milliseconds that a caller is in the kernel's queue after other callers, measured. */
  readonly queuedMs: number;
  /** File descriptors that this process has open: the system hands out the lowest that is free. 0 where it can't be seen. */
  readonly descriptors: number;
}

/** How a socket was received. */
export interface Admission {
  /** Null: it is to be served. */
  readonly refusal: Refusal | null;
  /** Milliseconds that it was in the kernel's queue, and from its accept until it was served. */
  readonly waitedMs: number;
  /**
   * Milliseconds for which this process was stalled while the connection was in the kernel's queue, at most: it may have
   * come at the end of them. A few are none.
   */
  readonly stalledMs: number;
}

type Times = Pick<Admission, 'waitedMs' | 'stalledMs'>;

/** Serves one socket to its end. The socket is closed when it settles, if it has not been before. */
export type Handler = (socket: Socket, admission: Admission) => Promise<void>;

/** Calls may go on coming while a drain closes the port: they are served so long, and have all of their budget then. */
const DRAIN_MS = 700;
/** Under more calls than can be accepted there is no moment without one: then the queue takes nobody in any more. */
const SQUEEZE_MS = 1_000;
/** A busy event loop is looked at so often. */
const TURN_MS = 250;
/** Linux asks again after a second whom it could not take when he had finished his. */
const HANDSHAKE_MS = 1_100;
/** A handshake over a long line is over then. */
const ROUND_TRIP_MS = 100;
/** Another process may have taken the port meanwhile. */
const REOPEN_MS = 200;

type State = 'open' | 'pausing' | 'paused' | 'reopening' | 'draining' | 'drained';

export class Listener {
  readonly address: { readonly host: string; readonly port: number };
  #server: Server;
  readonly #allowed: AllowList;
  readonly #options: ListenerOptions;
  readonly #handler: Handler;
  readonly #own = new OwnConnections();
  readonly #queue: AcceptQueue;
  readonly #strangers: Strangers;
  readonly #idle: Promise<void>;
  #becomeIdle: () => void = ignore;
  #calls = 0;
  #refused = 0;
  #descriptors = 0;
  readonly #waiting: { readonly socket: Socket; readonly since: number; readonly times: Times }[] = [];
  #servesWaiting = false;
  /** The queue takes nobody in. */
  #squeezed = false;
  #state: State = 'open';
  readonly #isCaller = (address: string): boolean => this.#allowed.has(address);
  /** What the last change of state still has to do. */
  #change: Promise<void> = Promise.resolve();
  #drained: Promise<void> | null = null;
  /** Who is judged later is given back. */
  #servesUntil = Infinity;

  private constructor(server: Server, allowed: AllowList, options: ListenerOptions, handler: Handler) {
    this.#server = server;
    this.#allowed = allowed;
    this.#options = options;
    this.#handler = handler;
    this.#queue = new AcceptQueue({
      lagMs: () => options.lagMs?.() ?? 0,
      probe: () => (this.#squeezed ? null : this.#own.open(this.#server)),
    });
    this.#strangers = new Strangers((turnedAway) => options.onTurnedAway?.(turnedAway));
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
    const allowed = new AllowList(options.allow);
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
    return {
      calls: this.#calls,
      refused: this.#refused,
      strangers: this.#strangers.count,
      waiting: this.#waiting.length,
      queuedMs: Math.round(this.#queue.callersMs),
      descriptors: this.#descriptors,
    };
  }

  /** The port is open. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /**
   * Closes the port for a while, so that FreeSWITCH's next host gets its calls. What is queued is accepted first, since closing
   * would reset it and leave callers in silence, and served one by one after it. Resolves when closed.
   * @param atOnce nobody more is taken into the queue from now on: who connects asks again after a second
   */
  pause(atOnce = false): Promise<void> {
    if (this.#state !== 'open') return this.#change;
    this.#state = 'pausing';
    this.#change = this.#pause(atOnce).catch((error: unknown) => {
      this.#fail(error);
    });
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
   * Closes the port for good, at the first moment in which nobody is queued, and resolves then. Who still comes is served like
   * any other; only where calls leave no such moment for long they come as `draining`, to be given back.
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
    guarded(server, (error) => {
      this.#fail(error);
    });
    screenConnections(
      server,
      (peer) => {
        this.#queue.count();
        return this.#passes(peer);
      },
      (socket) => {
        // A reset ends a socket, never the process; later its handler listens itself.
        guarded(socket);
        this.#descriptors = 1 + (descriptorOf(socket) ?? -1);
        if (this.#own.take(socket)) this.#queue.takeOwn(socket);
        else this.#receive(socket);
      },
    );
  }

  /** Whether there is to be a socket. */
  #passes(peer: Peer | null): boolean {
    if (peer === null) return this.#strangers.mayBeNamed();
    return this.#allowed.has(peer.address) || this.#own.has(peer) || this.#strangers.mayEnter(peer.address);
  }

  #receive(socket: Socket): void {
    const { remoteAddress } = socket;
    const times = { waitedMs: this.#queue.waitMs, stalledMs: this.#queue.stalledMs };
    if (remoteAddress === undefined) {
      // Nobody is there to be given back to.
      socket.destroy();
      this.#options.onUnserved?.(times);
    } else if (!this.#allowed.has(plainAddress(remoteAddress))) {
      this.#strangers.enter(socket);
      void this.#serve(socket, { refusal: 'peer_not_allowed', ...times });
    } else {
      this.#queue.countCaller();
      if (this.#state === 'pausing' || this.#waiting.length > 0) this.#serveLater(socket, times);
      else void this.#serve(socket, { refusal: this.#judge(times.waitedMs), ...times });
    }
  }

  /** While the port is about to close there is time for accepting alone: a queue of thousands takes a tenth of a second. */
  #serveLater(socket: Socket, times: Times): void {
    this.#waiting.push({ socket, since: performance.now(), times });
    if (this.#state !== 'pausing') this.#serveWaiting();
  }

  /** One each turn of the event loop, as they are accepted otherwise, so that those before them get their turns too. */
  #serveWaiting(): void {
    if (this.#servesWaiting) return;
    this.#servesWaiting = true;
    const next = (): void => {
      const first = this.#waiting.shift();
      if (first === undefined) {
        this.#servesWaiting = false;
        this.#checkIdle();
        return;
      }
      const waitedMs = first.times.waitedMs + performance.now() - first.since;
      void this.#serve(first.socket, { refusal: this.#judge(waitedMs), ...first.times, waitedMs });
      setImmediate(next);
    };
    setImmediate(next);
  }

  #judge(waitedMs: number): Refusal | null {
    if (performance.now() >= this.#servesUntil) return 'draining';
    return this.#options.admit?.(this.counts, waitedMs) ?? null;
  }

  async #serve(socket: Socket, admission: Admission): Promise<void> {
    const { refusal } = admission;
    this.#add(refusal, 1);
    try {
      await this.#handler(socket, admission);
    } catch (error) {
      this.#fail(error);
    }
    socket.destroySoon();
    this.#add(refusal, -1);
    this.#checkIdle();
  }

  #fail(error: unknown): void {
    this.#options.onError?.(error instanceof Error ? error : new Error(messageOf(error)));
  }

  #add(refusal: Refusal | null, count: 1 | -1): void {
    if (refusal === null) this.#calls += count;
    else if (refusal !== 'peer_not_allowed') this.#refused += count;
    else if (count < 0) this.#strangers.leave();
  }

  async #pause(atOnce: boolean): Promise<void> {
    const closed = await this.#shut(() => this.#state === 'pausing', atOnce ? 0 : SQUEEZE_MS);
    if (closed && this.#is('pausing')) this.#state = 'paused';
    this.#serveWaiting();
  }

  async #reopen(): Promise<void> {
    while (this.#state === 'reopening') {
      try {
        if (this.#server.listening) setBacklog(this.#server, this.#options.backlog);
        else this.#take((this.#server = await openPort({ ...this.#options, ...this.address })));
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
    this.#servesUntil = performance.now() + DRAIN_MS;
    await this.#change;
    if (this.#server.listening) await this.#shut(() => true, DRAIN_MS);
    this.#state = 'drained';
    this.#checkIdle();
  }

  /**
   * Closes the port though calls go on coming: in a moment in which nobody is queued, however long it takes until there is
   * one. False: it is not wanted any more.
   */
  async #shut(wanted: () => boolean, squeezeAfterMs = SQUEEZE_MS): Promise<boolean> {
    const server = this.#server;
    const squeezeAt = performance.now() + squeezeAfterMs;
    let closed = false;
    while (!closed && wanted()) {
      if (!this.#squeezed && performance.now() >= squeezeAt) {
        this.#squeezed = true;
        // It may take long from here on.
        this.#serveWaiting();
      }
      const closing = this.#squeezed ? await this.#squeeze(server, wanted) : await this.#look(server);
      closed = closing === 'closed';
      if (closed) this.#queue.forgetProbe();
      else setBacklog(server, this.#options.backlog);
      if (closing === 'handshake') await delay(this.#squeezed ? HANDSHAKE_MS : ROUND_TRIP_MS);
    }
    this.#squeezed = false;
    return closed;
  }

  /** Closes the port in a turn of the event loop that brought nobody. */
  async #look(server: Server): Promise<Closing> {
    const empty = await this.#queue.emptied(TURN_MS);
    const fillers = await fill(server, this.#own);
    return closeIfEmpty(server, this.#own, { isCaller: this.#isCaller, empty, fillers });
  }

  /** Nobody enters the queue any more: when the first filler is accepted all others have been, and the last keeps it full. */
  async #squeeze(server: Server, wanted: () => boolean): Promise<Closing> {
    const fillers = await fill(server, this.#own);
    const since = performance.now();
    let quiet: boolean;
    do {
      quiet = await this.#queue.moved(TURN_MS);
      // It found no place: the queue was full.
      const missing = fillers.first.connecting && performance.now() - since > TURN_MS;
      if (missing || !wanted()) return 'queued';
    } while (this.#own.awaits(fillers.first));
    const empty = quiet || fillers.first.localPort !== undefined;
    return closeIfEmpty(server, this.#own, { isCaller: this.#isCaller, empty, fillers });
  }

  #is(state: State): boolean {
    return this.#state === state;
  }

  #checkIdle(): void {
    const held = this.#calls + this.#refused + this.#strangers.count + this.#waiting.length;
    if (this.#state === 'drained' && held === 0) this.#becomeIdle();
  }
}

function ignore(): void {
  // Nothing is left to be done.
}
