import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { LiveCalls } from '../store/live-calls.ts';

/** This router says that it is alive, and closes the calls of one that is not. */

export interface HeartbeatOptions {
  /** Of this router. */
  readonly id: string;
  readonly liveCalls: Pick<LiveCalls, 'beat' | 'leave' | 'closeOrphans'>;
  /** Some calls were closed: their ends are to be sent. */
  readonly onClosed: () => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly beatMs?: number;
  readonly goneMs?: number;
}

const BEAT_MS = 5_000;
/** A router that has been silent for this long is dead. */
const GONE_MS = 30_000;
/** Of one transaction. */
const CALLS = 100;

export class Heartbeat {
  readonly #options: Required<HeartbeatOptions>;
  #cancel: () => void = () => undefined;
  /** Since when every heartbeat has been saved; null: the last one was not. */
  #sinceMs: number | null = null;
  #lastMs = -Infinity;
  /** By the wall clock. */
  #lastAt = 0;
  #running = false;
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = { beatMs: BEAT_MS, goneMs: GONE_MS, ...options };
  }

  /** Once is enough. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#beat();
  }

  /** Resolves when the database knows that this router has stopped, or can't be told. */
  async stop(): Promise<void> {
    const { liveCalls, id } = this.#options;
    this.#stopped = true;
    this.#cancel();
    if (this.#running) await liveCalls.leave(id).catch(() => undefined);
  }

  /**
   * Before calls are written: after an outage the database has not heard from this router for too long, and another one would close
   * the calls at once. Rejects when the database does not take it.
   */
  async refresh(): Promise<void> {
    const { clock, goneMs } = this.#options;
    if (clock.now() - this.#lastMs > goneMs / 2) await this.#save();
  }

  async #save(): Promise<number> {
    const { id, liveCalls, clock, beatMs, goneMs } = this.#options;
    const at = clock.date();
    await liveCalls.beat(id, at);
    const elapsedMs = clock.now() - this.#lastMs;
    // A process that was stalled, or a database that was: others have had no chance to say that they are alive. Nor have they had one by a
    // wall clock that has just been set.
    const isSteady = elapsedMs < 3 * beatMs && Math.abs(at.getTime() - this.#lastAt - elapsedMs) < goneMs / 2;
    this.#sinceMs = isSteady ? (this.#sinceMs ?? clock.now()) : clock.now();
    this.#lastMs = clock.now();
    this.#lastAt = at.getTime();
    return this.#lastMs - this.#sinceMs;
  }

  async #beat(): Promise<void> {
    const { clock, beatMs, goneMs, log } = this.#options;
    try {
      const steadyMs = await this.#save();
      if (steadyMs >= goneMs) await this.#closeOrphans();
    } catch (error) {
      this.#sinceMs = null;
      log.debug('events: the heartbeat of this router could not be saved', { error: messageOf(error) });
    }
    if (this.#stopped) return;
    this.#cancel = clock.after(beatMs, () => void this.#beat());
  }

  async #closeOrphans(): Promise<void> {
    const { liveCalls, clock, goneMs, onClosed, log } = this.#options;
    let closed = 0;
    for (;;) {
      const at = clock.date();
      const calls = await liveCalls.closeOrphans(new Date(at.getTime() - goneMs), at, CALLS);
      closed += calls.length;
      if (calls.length < CALLS || this.#stopped) break;
    }
    if (closed === 0) return;
    log.warn('events: calls of a router that is gone were closed as unknown', { calls: closed });
    onClosed();
  }
}
