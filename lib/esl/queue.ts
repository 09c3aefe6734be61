import type { Socket } from 'node:net';

export interface QueueOptions {
  /** How late the event loop is, in milliseconds. */
  readonly lagMs: () => number;
  /** Connects to the port; resolves before the connection can be accepted. Null: nobody is let into the queue now. */
  readonly probe: () => Promise<Socket> | null;
}

/** Whom the event loop keeps up with is not measured: a busy moment, and no queue. */
const BUSY_MS = 50;

/**
 * The kernel's queue of connections that nobody has accepted yet. How long they are in it can't be seen from the outside:
 * libuv takes one a turn of the event loop, and whether a turn is long or short says nothing about who waits. So while every
 * turn brings one a connection of our own is in the line now and then, and how long that waits is what all wait.
 */
export class AcceptQueue {
  readonly #options: QueueOptions;
  #accepted = 0;
  /** When it began to hold connections, by the clock of `performance.now()`. */
  #since: number | null = null;
  /** The longest lag since then. It is measured once, by a timer, and the queue is taken one a turn. */
  #stalledMs = 0;
  /** Taken since then, and how many of them came from FreeSWITCHes. */
  #taken = 0;
  #callers = 0;
  #probe: { readonly socket: Socket; readonly sentAt: number; stalledMs: number } | null = null;
  #probing = false;
  #probedAt = 0;
  #measuredMs = 0;
  #waiter: { readonly what: 'empty' | 'moved'; readonly resolve: (empty: boolean) => void } | null = null;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** One has been accepted. */
  count(): void {
    this.#accepted++;
    this.#taken++;
    this.#watch();
    if (this.#waiter?.what === 'moved') this.#waiter.resolve(false);
    const lagMs = this.#options.lagMs();
    this.#stalledMs = Math.max(this.#stalledMs, lagMs);
    if (this.#probe !== null) this.#probe.stalledMs = Math.max(this.#probe.stalledMs, lagMs);
  }

  /** What was accepted last is the other end of a connection of our own. */
  takeOwn(socket: Socket): void {
    this.#taken--;
    if (socket.remotePort === this.#probe?.socket.localPort) {
      this.#measuredMs = this.#probeMs;
      this.forgetProbe();
    }
    socket.resetAndDestroy();
  }

  /** The port has closed: who found no place in its queue would ask the next one for one. */
  forgetProbe(): void {
    this.#probe?.socket.destroy();
    this.#probe = null;
    this.#probing = false;
    this.#probedAt = performance.now();
  }

  /** What was accepted last comes from a FreeSWITCH of ours. */
  countCaller(): void {
    this.#callers++;
  }

  /** Milliseconds for which this process was stalled while the queue was not empty, at most. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /** How long who is accepted now has been in the queue, in milliseconds; a standstill of the process is none of it. */
  get waitMs(): number {
    if (this.#since === null) return 0;
    return Math.max(this.#measuredMs, this.#probeMs);
  }

  /** The part of it for which callers waited for callers, and not for strangers. */
  get callersMs(): number {
    return this.#taken === 0 ? 0 : (this.waitMs * this.#callers) / this.#taken;
  }

  /** Accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resolves to true in the next turn of the event loop without an accept, and to false when none came within so long. */
  emptied(withinMs: number): Promise<boolean> {
    return this.#until('empty', withinMs);
  }

  /** Resolves right after the next accept too, to false. */
  moved(withinMs: number): Promise<boolean> {
    return this.#until('moved', withinMs);
  }

  async #until(what: 'empty' | 'moved', withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const seen = await new Promise<boolean>((resolve) => {
      this.#waiter = { what, resolve };
      timer = setTimeout(resolve, withinMs, false);
      this.#watch();
    });
    clearTimeout(timer);
    this.#waiter = null;
    return seen;
  }

  get #probeMs(): number {
    if (this.#probe === null) return 0;
    return Math.max(0, performance.now() - this.#probe.sentAt - this.#probe.stalledMs);
  }

  /** A turn without any accept shows that it is empty. */
  #watch(): void {
    if (this.#since !== null) return;
    this.#since = performance.now();
    let seen = -1;
    const look = (): void => {
      if (seen === this.#accepted) {
        this.#clear();
        return;
      }
      seen = this.#accepted;
      this.#measure();
      setImmediate(look);
    };
    setImmediate(look);
  }

  #clear(): void {
    this.#since = null;
    this.#stalledMs = 0;
    this.#measuredMs = 0;
    this.#taken = 0;
    this.#callers = 0;
    this.#waiter?.resolve(true);
  }

  #measure(): void {
    const now = performance.now();
    if (this.#probing || now - Math.max(this.#since ?? now, this.#probedAt) < BUSY_MS) return;
    const connecting = this.#options.probe();
    if (connecting === null) return;
    this.#probing = true;
    void connecting.then(
      (socket) => {
        this.#probe = { socket, sentAt: now, stalledMs: 0 };
        // The port has closed, or no descriptor is left.
        socket.once('close', () => {
          this.forgetProbe();
        });
      },
      () => {
        this.forgetProbe();
      },
    );
  }
}
