import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Database } from './database.ts';

/**
 * The wall clock of all routers on one database. One whose own clock is wrong would take the others for dead, take over what they
 * are sending, and delete what is not old. PostgreSQL says what time it is; SQLite's routers run on one machine.
 */

export interface SharedClockOptions {
  readonly database: Pick<Database, 'kind' | 'reader'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Well within the time for which a router has to be silent to be taken for dead. */
const AGAIN_MS = 10_000;
/** So long it holds: the machine's clock may be set at any time. */
const HOLDS_MS = 60_000;
/** A slower answer does not say well enough what time it is. */
const SLOW_MS = 1_000;
/** Clocks that differ by less disturb nobody. */
const SMALL_MS = 5_000;

export class SharedClock implements Clock {
  readonly #options: SharedClockOptions;
  #aheadMs = 0;
  #setAt = -Infinity;
  #warned = false;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(options: SharedClockOptions) {
    this.#options = options;
  }

  now(): number {
    return this.#options.clock.now();
  }

  date(): Date {
    return new Date(this.#options.clock.date().getTime() - this.#aheadMs);
  }

  /** Whether the date is that of all, and not this machine's alone. */
  get isKnown(): boolean {
    const { database, clock } = this.#options;
    return database.kind === 'sqlite' || clock.now() - this.#setAt < HOLDS_MS;
  }

  after: Clock['after'] = (ms, callback, options) => this.#options.clock.after(ms, callback, options);

  /** Resolves when it is set, or can't be now; follows the database until it is closed. */
  async follow(): Promise<void> {
    if (this.#options.database.kind === 'sqlite') return;
    await this.#set().catch(() => undefined);
    if (this.#closed) return;
    this.#cancel();
    this.#cancel = this.after(AGAIN_MS, () => void this.follow(), { keepsAlive: false });
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #set(): Promise<void> {
    const { database, clock, log } = this.#options;
    const began = clock.now();
    const { rows } = await sql<{ at: string }>`select clock_timestamp() as at`.execute(database.reader);
    const tookMs = clock.now() - began;
    const [row] = rows;
    if (row === undefined || tookMs > SLOW_MS) return;
    this.#aheadMs = Math.round(clock.date().getTime() - tookMs / 2 - Date.parse(row.at));
    this.#setAt = clock.now();
    const isWrong = Math.abs(this.#aheadMs) > SMALL_MS;
    if (isWrong && !this.#warned) {
      const how = this.#aheadMs > 0 ? 'ahead of' : 'behind';
      log.warn(
        `store: the clock of this machine is ${Math.abs(Math.round(this.#aheadMs / 1000))} s ${how} the database's: synchronize both by NTP. Events and the age of records go by the database's`,
      );
    }
    this.#warned = isWrong;
  }
}
