import { STANDSTILL_MS, type Clock } from '../clock.ts';

const TICK_MS = 100;

/** Notices that this process was stalled while requests were on their way: what failed then is not a fault of a CRM. */
export class Standstill {
  readonly #clock: Clock;
  /** Requests on their way; without any nothing ticks. */
  #watching = 0;
  #dueMs = 0;
  #latestMs = -Infinity;
  #cancelTimer: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    if (++this.#watching === 1) this.#tick();
  }

  end(): void {
    if (--this.#watching === 0) this.#cancelTimer();
  }

  /** Asked between `begin` and `end`. */
  since(startedMs: number): boolean {
    this.#look();
    return this.#latestMs >= startedMs;
  }

  #look(): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#dueMs >= STANDSTILL_MS) this.#latestMs = nowMs;
  }

  #tick(): void {
    this.#dueMs = this.#clock.now() + TICK_MS;
    this.#cancelTimer = this.#clock.after(TICK_MS, () => {
      this.#look();
      this.#tick();
    });
  }
}
