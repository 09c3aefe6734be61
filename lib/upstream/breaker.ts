import type { Clock } from '../clock.ts';

/**
 * A circuit breaker: a CRM that is down is not asked, so that callers don't wait for what can't come. One request at
 * a time finds out whether it is back.
 */
export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number }
  /** One request is on its way to find out. */
  | { readonly kind: 'half-open'; readonly sinceMs: number }
  /** An operator said so. */
  | { readonly kind: 'forced'; readonly open: boolean };

/** Leave to send one request; exactly one of its methods is to be called. */
export interface Permit {
  /** The CRM works: it answered, whatever it said. */
  success(): void;
  /** An outage: no connection, no answer in time, 5xx. */
  failure(): void;
  /** Nothing was learned: the caller hung up, or had too little time. */
  abandon(): void;
}

export interface Trier {
  /** It can give the CRM the time that its callers are used to: who can't leaves finding out to those who can. */
  readonly fair: boolean;
}

export interface BreakerOptions {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly onChange?: (state: BreakerState) => void;
  /** That open it; 5 by default. */
  readonly failuresInARow?: number;
}

const FAILURES_IN_A_ROW = 5;
/** Half of at least 20 requests in 10 s. */
const WINDOW_SECONDS = 10;
const WINDOW_REQUESTS = 20;
const WINDOW_SHARE = 0.5;
const OPEN_MS = 10_000;
/** As long as those with little time leave it to others to find out; then they may, as nobody else seems to come. */
const PRECEDENCE_MS = 10_000;
/** Routers that lost their CRM at one moment do not all try again at one moment. */
const JITTER_MS = 1_000;

export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = { kind: 'closed' };
  #inARow = 0;
  /** One bucket a second. */
  readonly #buckets = Array.from({ length: WINDOW_SECONDS }, () => ({ second: -1, total: 0, failed: 0 }));
  /** Results of requests from before the last change of state say nothing about this one. */
  #era = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** True when nobody of that kind would be admitted now. */
  isOpenFor({ fair }: Trier): boolean {
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return false;
      case 'forced':
        return state.open;
      case 'open':
        return this.#options.clock.now() < state.untilMs + (fair ? 0 : PRECEDENCE_MS);
      case 'half-open':
        return true;
    }
  }

  /** Null: not now. */
  admit(trier: Trier = { fair: true }): Permit | null {
    if (this.isOpenFor(trier)) return null;
    if (this.#state.kind === 'open') this.#become({ kind: 'half-open', sinceMs: this.#options.clock.now() });
    return this.#permit(trier);
  }

  /** Holds it open or closed; null lets it judge for itself again. */
  force(open: boolean | null): void {
    this.#become(open === null ? { kind: 'closed' } : { kind: 'forced', open });
  }

  #permit({ fair }: Trier): Permit {
    const era = this.#era;
    const once = (learn: () => void) => (): void => {
      if (era === this.#era) learn();
    };
    return {
      success: once(() => {
        this.#succeeded();
      }),
      failure: once(() => {
        this.#failed();
      }),
      abandon: once(() => {
        if (this.#state.kind !== 'half-open') return;
        // A caller who hung up in the middle: the next one finds out, and no sooner than any probe. One who had too little
        // time has kept nobody else from it.
        const untilMs = fair ? this.#state.sinceMs + OPEN_MS : this.#options.clock.now();
        this.#become({ kind: 'open', untilMs });
      }),
    };
  }

  #succeeded(): void {
    if (this.#state.kind === 'half-open') this.#become({ kind: 'closed' });
    this.#inARow = 0;
    this.#bucket().total++;
  }

  #failed(): void {
    if (this.#state.kind === 'forced') return;
    this.#inARow++;
    const bucket = this.#bucket();
    bucket.total++;
    bucket.failed++;
    const { total, failed } = this.#window();
    const half = total >= WINDOW_REQUESTS && failed >= total * WINDOW_SHARE;
    const { clock, random, failuresInARow = FAILURES_IN_A_ROW } = this.#options;
    if (this.#state.kind === 'half-open' || this.#inARow >= failuresInARow || half) {
      this.#become({ kind: 'open', untilMs: clock.now() + OPEN_MS + random() * JITTER_MS });
    }
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#era++;
    this.#inARow = 0;
    for (const bucket of this.#buckets) bucket.second = -1;
    this.#options.onChange?.(state);
  }

  #bucket(): { second: number; total: number; failed: number } {
    const second = Math.floor(this.#options.clock.now() / 1000);
    const bucket = this.#buckets[second % WINDOW_SECONDS] as {
      second: number;
      total: number;
      failed: number;
    };
    if (bucket.second !== second) Object.assign(bucket, { second, total: 0, failed: 0 });
    return bucket;
  }

  #window(): { total: number; failed: number } {
    const oldest = Math.floor(this.#options.clock.now() / 1000) - WINDOW_SECONDS;
    const live = this.#buckets.filter(({ second }) => second > oldest);
    return {
      total: live.reduce((sum, { total }) => sum + total, 0),
      failed: live.reduce((sum, { failed }) => sum + failed, 0),
    };
  }
}
