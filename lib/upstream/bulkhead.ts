import type { CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';

/** What one webhook of one scheme may take of the router, and the router of it. */
export interface BulkheadLimits {
  readonly maxInFlight: number;
  /** Requests that begin within any one second; null: as many as come. */
  readonly maxPerSecond: number | null;
}

/** Longer than this a caller is not kept waiting for a place. */
const QUEUE_MS = 200;
/** The way to a CRM takes now more, now less: what left within 1.00 s may arrive within 0.96. */
const RATE_MARGIN_MS = 50;

/**
 * Bounds what one scheme may hold: a CRM that hangs fills its own bulkhead and no other one's. Where the CRM limits the
 * rate, a burst goes out at once as long as no second sees more than it allows.
 */
export class Bulkhead {
  readonly #clock: Clock;
  /** First come, first served. */
  readonly #queue = new Set<(admitted: boolean) => void>();
  /** When the latest requests began: as many as the rate counts. */
  readonly #begun: number[] = [];
  #limits: BulkheadLimits;
  #inFlight = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(limits: BulkheadLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Limits after a reload; requests in flight go on being counted. */
  set limits(limits: BulkheadLimits) {
    this.#limits = limits;
  }

  /** Takes a place when one is free, and nobody waits for it. `leave` gives it back. */
  enter(): boolean {
    if (this.#queue.size > 0 || this.#inFlight >= this.#limits.maxInFlight || this.#rateWaitMs() > 0)
      return false;
    this.#take();
    return true;
  }

  /** Waits for a place, 200 ms at most. False: there is none in time, or `signal` was aborted. */
  async queue(signal: CancelSignal): Promise<boolean> {
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      const settle = (admitted: boolean): void => {
        this.#queue.delete(settle);
        cancelTimer();
        signal.removeEventListener('abort', giveUp);
        if (admitted) this.#take();
        resolve(admitted);
      };
      const giveUp = (): void => {
        settle(false);
      };
      const cancelTimer = this.#clock.after(QUEUE_MS, giveUp);
      signal.addEventListener('abort', giveUp);
      this.#queue.add(settle);
      this.#advance();
    });
  }

  leave(): void {
    this.#inFlight--;
    this.#advance();
  }

  #take(): void {
    this.#inFlight++;
    const { maxPerSecond } = this.#limits;
    if (maxPerSecond === null) return;
    this.#begun.push(this.#clock.now());
    if (this.#begun.length > burstOf(maxPerSecond)) this.#begun.shift();
  }

  #advance(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (const settle of this.#queue) {
      if (this.#inFlight >= this.#limits.maxInFlight) return;
      const waitMs = this.#rateWaitMs();
      if (waitMs > 0) {
        // A place that is free by number but not by rate comes with time alone.
        this.#cancelTimer = this.#clock.after(waitMs, () => {
          this.#advance();
        });
        return;
      }
      settle(true);
    }
  }

  #rateWaitMs(): number {
    const { maxPerSecond } = this.#limits;
    if (maxPerSecond === null) return 0;
    const burst = burstOf(maxPerSecond);
    const oldest = this.#begun.at(-burst);
    if (oldest === undefined) return 0;
    return oldest + (burst / maxPerSecond) * 1000 + RATE_MARGIN_MS - this.#clock.now();
  }
}

/** 7 a second are 7 in any second; one every two seconds is one in any two. */
function burstOf(maxPerSecond: number): number {
  return Math.max(1, Math.floor(maxPerSecond));
}
