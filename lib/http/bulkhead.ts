import type { Clock } from '../clock.ts';

/**
 * Bounds what one scheme may take of the router: requests in flight, and requests a second where the CRM limits
 * them. A CRM that hangs fills its own bulkhead and no other one's.
 */
export interface BulkheadOptions {
  readonly clock: Clock;
  readonly maxInFlight: number;
  /** Null: as many as come. */
  readonly maxPerSecond: number | null;
}

/** Longer than this a caller is not kept waiting for a place. */
const QUEUE_MS = 200;

interface Waiting {
  readonly enter: (admitted: boolean) => void;
  readonly leave: () => void;
}

export class Bulkhead {
  readonly #options: BulkheadOptions;
  readonly #queue = new Set<Waiting>();
  #inFlight = 0;
  /** When the next request may go, by the rate; requests are spaced evenly, as CRMs count within any second. */
  #nextMs = 0;

  constructor(options: BulkheadOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /**
   * Waits for a place, 200 ms at most. Resolves to the function that gives it back, or to null when there is none in
   * time or `signal` is aborted.
   */
  enter(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return Promise.resolve(null);
    if (this.#queue.size === 0 && this.#free()) return Promise.resolve(this.#take());
    return new Promise((resolve) => {
      const { clock } = this.#options;
      const cancelTimer = clock.after(QUEUE_MS, () => {
        waiting.enter(false);
      });
      const abort = (): void => {
        waiting.enter(false);
      };
      signal.addEventListener('abort', abort, { once: true });
      const waiting: Waiting = {
        enter: (admitted) => {
          waiting.leave();
          resolve(admitted ? this.#take() : null);
        },
        leave: () => {
          this.#queue.delete(waiting);
          cancelTimer();
          signal.removeEventListener('abort', abort);
        },
      };
      this.#queue.add(waiting);
      this.#advanceByRate();
    });
  }

  #free(): boolean {
    const { clock, maxInFlight } = this.#options;
    return this.#inFlight < maxInFlight && clock.now() >= this.#nextMs;
  }

  #take(): () => void {
    const { clock, maxPerSecond } = this.#options;
    this.#inFlight++;
    if (maxPerSecond !== null) this.#nextMs = Math.max(clock.now(), this.#nextMs) + 1000 / maxPerSecond;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#inFlight--;
      this.#advance();
    };
  }

  /** First come, first served. */
  #advance(): void {
    for (const waiting of this.#queue) {
      if (!this.#free()) break;
      waiting.enter(true);
    }
    this.#advanceByRate();
  }

  /** A place that is free by number but not yet by rate comes with time alone. */
  #advanceByRate(): void {
    const { clock, maxInFlight, maxPerSecond } = this.#options;
    if (maxPerSecond === null || this.#queue.size === 0 || this.#inFlight >= maxInFlight) return;
    clock.after(Math.max(0, this.#nextMs - clock.now()), () => {
      if (this.#queue.size > 0 && this.#free()) this.#advance();
    });
  }
}
