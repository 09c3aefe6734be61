import type { Logger } from '../log.ts';
import type { Calls } from './calls.ts';
import type { SharedClock } from './shared-clock.ts';

/**
 * Whether the date may be believed where records are deleted or masked by their age. A machine that starts years ahead would take
 * every record for old, and nobody gets them back; a day later is soon enough for what really is.
 */

export interface BelievableOptions {
  readonly calls: Pick<Calls, 'page'>;
  readonly clock: Pick<SharedClock, 'now' | 'isKnown'>;
  readonly log: Logger;
}

const DAY_MS = 86_400_000;
/** A correction by NTP is less. */
const JUMP_MS = 3_600_000;
/** A call of these days says that the date has come about by itself: over a weekend there may be none. */
const LATELY_DAYS = 4;
/** A clock that was set has the days before it by chance at most once: a machine that sleeps each night has them all. */
const DAYS_AFTER_JUMP = 2;

export class Believable {
  readonly #options: BelievableOptions;
  /** The date less the time that has passed: it stays the same until the clock is set. */
  #offsetMs: number | null = null;
  #evenSince = 0;
  #hasJumped = false;
  #warned = false;

  constructor(options: BelievableOptions) {
    this.#options = options;
  }

  /** To be asked every minute, with the date. `findOldest`: of what would be deleted or masked by it; null: nothing. */
  async isSo(date: Date, findOldest: () => Promise<Date | null>): Promise<boolean> {
    const { clock, log } = this.#options;
    if (!clock.isKnown) return false;
    const nowMs = clock.now();
    const offsetMs = date.getTime() - nowMs;
    if (this.#offsetMs === null) this.#evenSince = nowMs;
    else if (Math.abs(offsetMs - this.#offsetMs) > JUMP_MS) {
      this.#evenSince = nowMs;
      this.#hasJumped = true;
      this.#warned = false;
    }
    this.#offsetMs = offsetMs;
    if (nowMs - this.#evenSince >= DAY_MS) return true;
    if ((await this.#daysWithCalls(date)) >= (this.#hasJumped ? DAYS_AFTER_JUMP : 1)) return true;
    const oldest = this.#warned ? null : await findOldest();
    if (oldest !== null) {
      this.#warned = true;
      log.warn(
        'store: the date may be wrong: the clock has jumped, or there was no call in the days before. Nothing is deleted or masked by its age for a day: if the date is wrong, set it right until then',
        { date: date.toISOString(), oldest: oldest.toISOString() },
      );
    }
    return false;
  }

  /** On how many of the days before today there were calls. */
  async #daysWithCalls(date: Date): Promise<number> {
    const ago = (days: number): Date => new Date(date.getTime() - days * DAY_MS);
    let days = 0;
    for (let day = 1; day < LATELY_DAYS; day++) {
      const within = { since: ago(day + 1), until: ago(day) };
      const { calls } = await this.#options.calls.page(within, { limit: 1 });
      if (calls.length > 0) days++;
    }
    return days;
  }
}
