import type { Clock } from '../../lib/clock.ts';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 1000;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 10, 22, 9, 0, 0) + this.#now);
  }

  after(ms: number, callback: () => void): () => void {
    // A timer is never called in the turn that sets it, as Node's are not.
    const timer = { at: this.#now + Math.max(1, ms), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Calls back what falls due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [due] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }

  /** Time goes by and nothing is called back: the event loop hangs. */
  stall(ms: number): void {
    this.#now += ms;
  }

  get timers(): number {
    return this.#timers.size;
  }
}
