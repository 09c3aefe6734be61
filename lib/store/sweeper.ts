import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Accounts } from './accounts.ts';
import { Believable } from './believable.ts';
import type { Calls } from './calls.ts';
import type { Canaries } from './canaries.ts';
import type { Deliveries } from './deliveries.ts';
import type { Shadows } from './shadows.ts';
import type { SharedClock } from './shared-clock.ts';
import type { Upkeep } from './upkeep.ts';

/** Keeps the store as small and as masked as the settings say: a round when the router starts, and one every minute. */

export interface SweeperOptions {
  readonly store: {
    readonly calls: Calls;
    readonly upkeep: Upkeep;
    readonly accounts: Accounts;
    readonly deliveries: Deliveries;
    readonly shadows: Shadows;
    readonly canaries: Canaries;
  };
  /** 0: for ever. */
  readonly days: number;
  readonly maxMegabytes: number;
  readonly maskAfterDays: number;
  readonly clock: Pick<SharedClock, 'now' | 'date' | 'after' | 'isKnown'>;
  readonly log: Logger;
}

const FIRST_MS = 5_000;
const ROUND_MS = 60_000;
const DAY_MS = 86_400_000;
const ROWS = 500;
/** Their bodies are gone, and nothing is done with them: they only show that events arrive. */
const DELIVERED_DAYS = 3;

export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #date: Believable;
  #cancel: () => void = () => undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#date = new Believable({ ...options, calls: options.store.calls });
  }

  start(): void {
    this.#after(FIRST_MS);
  }

  /** A round that waits for the database is not waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await Promise.race([this.#round, Promise.resolve()]);
  }

  #after(ms: number): void {
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#round = this.#sweep().then(() => {
        if (!this.#stopped) this.#after(ROUND_MS);
      });
    });
  }

  async #sweep(): Promise<void> {
    const { store, days, maxMegabytes, maskAfterDays, clock, log } = this.#options;
    const { upkeep, accounts, deliveries } = store;
    // One for all that follows: it may be set meanwhile.
    const date = clock.date();
    const ago = (count: number): Date => new Date(date.getTime() - count * DAY_MS);
    try {
      const isBelievable = await this.#date.isSo(date, () => this.#oldestBefore(ago));
      let deleted = 0;
      if (days > 0 && isBelievable) {
        deleted += await upkeep.deleteBefore(ago(days));
        await this.#deleteBeside(ago(days));
      }
      await this.#all(() => deliveries.deleteDelivered(ago(DELIVERED_DAYS), ROWS));
      if (maxMegabytes > 0) {
        const shrunk = await upkeep.shrinkTo(maxMegabytes * 1024 * 1024);
        deleted += shrunk;
        const oldest = shrunk > 0 ? await upkeep.oldest() : null;
        // Otherwise they would be kept for ever where only the size has a limit.
        if (oldest !== null) await this.#deleteBeside(oldest);
      }
      const masked = maskAfterDays > 0 && isBelievable ? await upkeep.maskBefore(ago(maskAfterDays)) : 0;
      await accounts.dropExpired(date);
      if (deleted + masked > 0) log.info('store: old records', { deleted, masked });
    } catch (error) {
      // The writer reports a database that can't be reached.
      log.debug('store: old records are left for the next round', { error: messageOf(error) });
    }
  }

  /** What stands beside the calls of that time: it says nothing without them. */
  async #deleteBeside(moment: Date): Promise<void> {
    const { deliveries, shadows, canaries } = this.#options.store;
    for (const table of [deliveries, shadows, canaries])
      await this.#all(() => table.deleteBefore(moment, ROWS));
  }

  async #all(portion: () => Promise<number>): Promise<void> {
    while ((await portion()) === ROWS && !this.#stopped);
  }

  /** The oldest call, if it is old enough to be deleted or masked by its age. */
  async #oldestBefore(ago: (days: number) => Date): Promise<Date | null> {
    const { store, days, maskAfterDays } = this.#options;
    const ages = [days, maskAfterDays].filter((age) => age > 0);
    const oldest = ages.length > 0 ? await store.upkeep.oldest() : null;
    return oldest !== null && oldest < ago(Math.min(...ages)) ? oldest : null;
  }
}
