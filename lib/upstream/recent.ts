import type { Clock } from '../clock.ts';

/** By then breakers have closed, pauses have passed, retries are earned again: a new state is the same. */
export const IDLE_MS = 600_000;

export interface RecentOptions<T> {
  readonly clock: Clock;
  /** After so long what was not used is as good as new. */
  readonly idleMs: number;
  /** More of them only while they are needed: names that callers can make up must not fill the memory. */
  readonly most?: number;
  /** Still in use, whoever asks for it again or not. */
  readonly isNeeded: (value: T) => boolean;
}

/**
 * States by name, for as long as they say something. A reload leaves names behind that nobody uses any more, and nobody tells
 * which: each use of one drops what has been idle for long.
 */
export class Recent<T> {
  readonly #options: RecentOptions<T>;
  /** In the order of their last use. */
  readonly #entries = new Map<string, { readonly value: T; usedMs: number }>();

  constructor(options: RecentOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  values(): T[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }

  /** The one of that name; made when there is none. */
  get(name: string, make: () => T): T {
    const entry = this.#entries.get(name) ?? { value: make(), usedMs: 0 };
    this.#use(name, entry);
    // Two for each that may have come: so it shrinks, and no call pays for all of them.
    this.#forgetOldest();
    this.#forgetOldest();
    return entry.value;
  }

  #use(name: string, entry: { readonly value: T; usedMs: number }): void {
    entry.usedMs = this.#options.clock.now();
    this.#entries.delete(name);
    this.#entries.set(name, entry);
  }

  #forgetOldest(): void {
    const { clock, idleMs, most = Infinity, isNeeded } = this.#options;
    const [oldest] = this.#entries;
    if (oldest === undefined) return;
    const [name, entry] = oldest;
    if (this.#entries.size <= most && clock.now() - entry.usedMs < idleMs) return;
    if (isNeeded(entry.value)) this.#use(name, entry);
    else this.#entries.delete(name);
  }
}
