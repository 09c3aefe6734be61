import type { Clock } from '../clock.ts';

/** Share of the requests that may be sent again: an outage must not double the load of the CRM that suffers it. */
const SHARE = 0.1;
/** What a webhook may save up, and begins with: one that is asked once an hour has earned next to nothing. */
const MOST = 10;
/** For the same reason one retry in ten seconds is always allowed. */
const FREE_EVERY_MS = 10_000;

/** How many retries a webhook has left: a tenth of its requests, and one in ten seconds. */
export class RetryBudget {
  readonly #clock: Clock;
  #left = MOST;
  #countedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.now();
  }

  /** A request that is not a retry. */
  earn(): void {
    this.#add(SHARE);
  }

  /** Takes one retry, when there is one. */
  spend(): boolean {
    const nowMs = this.#clock.now();
    this.#add((nowMs - this.#countedAtMs) / FREE_EVERY_MS);
    this.#countedAtMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  #add(retries: number): void {
    this.#left = Math.min(MOST, this.#left + retries);
  }
}

const FIRST_MS = 100;

/** Milliseconds before the n-th retry, counted from 0: 50 to 150, 100 to 300, 200 to 600. `random` is 0 to 1. */
export function backoffMs(retry: number, random: number): number {
  return FIRST_MS * 2 ** retry * (0.5 + random);
}

/** Milliseconds that `Retry-After` asks for (RFC 9110, 10.2.3: seconds or a date); null when it can't be read. */
export function retryAfterMs(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  // A date of HTTP begins with its weekday; Date.parse would take "-5" for one.
  const date = /^[A-Z]/i.test(value.trim()) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
