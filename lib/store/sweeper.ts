import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Accounts } from './accounts.ts';
import type { Canaries } from './canaries.ts';
import type { Deliveries } from './deliveries.ts';
import type { Shadows } from './shadows.ts';
import type { Upkeep } from './upkeep.ts';

/** Keeps the store as small and as masked as the settings say: a round when the router starts, and one every minute. */

export interface SweeperOptions {
  readonly store: {
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
  readonly clock: Clock;
  readonly log: Logger;
}

const FIRST_MS = 5_000;
const ROUND_MS = 60_000;
const DAY_MS = 86_400_000;
const ROWS = 500;

export class Sweeper {
  readonly #options: SweeperOptions;
  #cancel: () => void = () => undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
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
    const { upkeep, accounts, deliveries, shadows, canaries } = store;
    const ago = (count: number): Date => new Date(clock.date().getTime() - count * DAY_MS);
    try {
      let deleted = 0;
      if (days > 0) {
        deleted += await upkeep.deleteBefore(ago(days));
        while ((await deliveries.deleteBefore(ago(days), ROWS)) === ROWS && !this.#stopped);
        while ((await shadows.deleteBefore(ago(days), ROWS)) === ROWS && !this.#stopped);
        while ((await canaries.deleteBefore(ago(days), ROWS)) === ROWS && !this.#stopped);
      }
      if (maxMegabytes > 0) deleted += await upkeep.shrinkTo(maxMegabytes * 1024 * 1024);
      const masked = maskAfterDays > 0 ? await upkeep.maskBefore(ago(maskAfterDays)) : 0;
      await accounts.dropExpired(clock.date());
      if (deleted + masked > 0) log.info('store: old records', { deleted, masked });
    } catch (error) {
      // The writer reports a database that can't be reached.
      log.debug('store: old records are left for the next round', { error: messageOf(error) });
    }
  }
}
