import { isIP } from 'node:net';
import type { Clock } from '../../clock.ts';
import { ApiProblem } from '../problem.ts';

/** Slows down password guessing: by account from one address, by address, and by account from anywhere. */

const WINDOW_MS = 15 * 60_000;
const MOST = { pair: 5, address: 30, account: 100 } as const;
/** Of each kind; the oldest is forgotten. */
const MAX_KEPT = 10_000;

export class Attempts {
  readonly #clock: Clock;
  readonly #kept = {
    pair: new Map<string, Count>(),
    address: new Map<string, Count>(),
    account: new Map<string, Count>(),
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Finds out whether a password is right, and resolves to null if it is not. The attempt counts before that: guesses made side by side
   * count too. A check that rejects has said nothing about the password, and is taken back. Rejects with a problem 429 after too many.
   */
  async check<T extends object>(
    { account, address, what = 'passwords' }: { account: string; address: string; what?: string },
    look: () => Promise<T | null>,
  ): Promise<T | null> {
    const wait = this.#begin(account, address);
    if (wait > 0) {
      const headers = { 'Retry-After': String(wait) };
      throw new ApiProblem(429, `too many wrong ${what}: wait ${wait} s`, { headers });
    }
    try {
      const right = await look();
      if (right !== null) this.#succeed(account, address);
      return right;
    } catch (error) {
      this.#takeBack(KINDS, keysOf(account, address));
      throw error;
    }
  }

  /** Seconds to wait if there were too many, else 0. */
  #begin(account: string, address: string): number {
    const keys = keysOf(account, address);
    const now = this.#clock.now();
    const waits = KINDS.map((kind) => {
      const count = this.#kept[kind].get(keys[kind]);
      if (count === undefined || count.untilMs <= now || count.made < MOST[kind]) return 0;
      return Math.ceil((count.untilMs - now) / 1000);
    });
    const wait = Math.max(...waits);
    if (wait > 0) return wait;
    for (const kind of KINDS) this.#count(kind, keys[kind], now);
    return 0;
  }

  /** The password was right: the attempt does not count, and earlier typos from this address are forgotten. */
  #succeed(account: string, address: string): void {
    const keys = keysOf(account, address);
    this.#kept.pair.delete(keys.pair);
    this.#takeBack(['address', 'account'], keys);
  }

  #takeBack(kinds: readonly Kind[], keys: Record<Kind, string>): void {
    for (const kind of kinds) {
      const count = this.#kept[kind].get(keys[kind]);
      if (count !== undefined) count.made = Math.max(0, count.made - 1);
    }
  }

  #count(kind: Kind, key: string, now: number): void {
    const kept = this.#kept[kind];
    const before = kept.get(key);
    kept.delete(key);
    const goesOn = before !== undefined && before.untilMs > now;
    kept.set(key, goesOn ? { ...before, made: before.made + 1 } : { made: 1, untilMs: now + WINDOW_MS });
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  }
}

type Kind = keyof typeof MOST;
const KINDS = ['pair', 'address', 'account'] as const;

interface Count {
  made: number;
  readonly untilMs: number;
}

function keysOf(account: string, address: string): Record<Kind, string> {
  const place = networkOf(address);
  return { pair: `${account} ${place}`, address: place, account };
}

/** Anybody with one IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = ''] = address.split('::');
  const groups = head.split(':');
  while (groups.length < 4) groups.push('0');
  return groups.slice(0, 4).join(':');
}
