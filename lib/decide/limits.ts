import type { Clock } from '../clock.ts';
import { Recent } from '../upstream/recent.ts';

/**
 * Limits on concurrent calls and on calls a minute, by the name of a scheme and by the prefix of a number. One for each router:
 * what it counts outlives a reload of schemes, and knows nothing of other routers.
 */
export interface Limit {
  /** At the same time. */
  readonly calls?: number | undefined;
  /** Begun within any 60 seconds. */
  readonly callsPerMinute?: number | undefined;
}

const MINUTE_MS = 60_000;

interface Counter {
  active: number;
  /** When calls began, at most `callsPerMinute` of them; kept only under such a limit. */
  readonly begunMs: number[];
}

/** What a call is counted under, and the limit on it. */
export interface Place {
  /** `the scheme sales`, `the prefix 38044`. */
  readonly key: string;
  readonly limit: Limit;
}

export function placeOfScheme(name: string, limit: Limit): Place {
  return { key: `the scheme ${name}`, limit };
}

/**
 * Of one number; `forms` are the ways in which it may be written. Every prefix that one of them begins with counts: a narrow
 * limit does not lift a wide one.
 */
export function placesOfNumber(forms: readonly string[], limits: Readonly<Record<string, Limit>>): Place[] {
  return Object.entries(limits)
    .filter(([prefix]) => forms.some((form) => form.startsWith(prefix.replace(/^\+/, ''))))
    .map(([prefix, limit]) => ({ key: `the prefix ${prefix}`, limit }));
}

export class Limits {
  readonly #clock: Clock;
  /** A name that no call has had for a minute counts nothing: reloads leave such names behind. */
  readonly #counters: Recent<Counter>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#counters = new Recent({ clock, idleMs: MINUTE_MS, isNeeded: ({ active }) => active > 0 });
  }

  /** The places of a call that has none yet. */
  places(): Places {
    return new Places(this);
  }

  /** How many names are counted. */
  get size(): number {
    return this.#counters.size;
  }

  /** Takes all of them, or none: then returns the limit that is reached, in words. A call that is refused counts nowhere. */
  take(places: readonly Place[]): readonly Counter[] | string {
    const nowMs = this.#clock.now();
    const counters = places.map(({ key }) => this.#counters.get(key, () => ({ active: 0, begunMs: [] })));
    for (const [index, { key, limit }] of places.entries()) {
      const { active, begunMs } = counters[index] as Counter;
      while ((begunMs[0] ?? nowMs) <= nowMs - MINUTE_MS) begunMs.shift();
      const { calls = Infinity, callsPerMinute = Infinity } = limit;
      if (active >= calls) return `${key} has reached its limit of ${calls} at a time`;
      if (begunMs.length >= callsPerMinute)
        return `${key} has reached its limit of ${callsPerMinute} a minute`;
    }
    for (const [index, { limit }] of places.entries()) {
      const counter = counters[index] as Counter;
      counter.active++;
      if (limit.callsPerMinute !== undefined) counter.begunMs.push(nowMs);
    }
    return counters;
  }
}

/** What one call holds: given back once, in whatever way the call ends. */
export class Places {
  readonly #limits: Limits;
  #schemes: readonly Counter[] = [];
  #numbers: readonly Counter[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Held until the call ends, by a call that is handed on too. Null, or the limit that is reached. Calls are counted without a
   * limit as well, so that one that is loaded later finds those that are there.
   */
  enterScheme(name: string, limit: Limit): string | null {
    const taken = this.#limits.take([placeOfScheme(name, limit)]);
    if (typeof taken === 'string') return taken;
    this.#schemes = [...this.#schemes, ...taken];
    return null;
  }

  /** One number that is about to be dialled, held until `leaveNumbers`. */
  enterNumber(forms: readonly string[], limits: Readonly<Record<string, Limit>>): string | null {
    const taken = this.#limits.take(placesOfNumber(forms, limits));
    if (typeof taken === 'string') return taken;
    this.#numbers = [...this.#numbers, ...taken];
    return null;
  }

  /** The bridge has failed. */
  leaveNumbers(): void {
    for (const counter of this.#numbers) counter.active--;
    this.#numbers = [];
  }

  /** The call has ended. */
  leave(): void {
    this.leaveNumbers();
    for (const counter of this.#schemes) counter.active--;
    this.#schemes = [];
  }
}

/** Seconds after which a conversation is hung up: the shorter of the scheme's and the configuration's, where 0 means none. */
export function conversationLimit(own: number | undefined, overall: number): number | null {
  const seconds = Math.min(own ?? Infinity, overall === 0 ? Infinity : overall);
  return seconds === Infinity ? null : seconds;
}
