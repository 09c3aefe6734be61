import type { Clock } from '../clock.ts';
import type { Settled } from '../store/deliveries.ts';

/** Writes the results of tries: those that end while a batch is written go into the next one. */
export class Settler {
  readonly #settle: (results: readonly Settled[]) => Promise<void>;
  readonly #clock: Clock;
  #waiting: { readonly result: Settled; readonly resolve: () => void }[] = [];
  #running = false;
  #closed = false;

  constructor(settle: (results: readonly Settled[]) => Promise<void>, clock: Clock) {
    this.#settle = settle;
    this.#clock = clock;
  }

  /** Resolves when it is written, or the router stops. */
  add(result: Settled): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ result, resolve });
      if (!this.#running) void this.#run();
    });
  }

  /** What can't be written now is tried again by the next router. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Tries that end together are written together.
    await this.#pause(GATHER_MS);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST);
      while (!(await this.#written(batch.map(({ result }) => result))) && !this.#closed)
        await this.#pause(AGAIN_MS);
      for (const { resolve } of batch) resolve();
    }
    this.#running = false;
  }

  async #written(results: readonly Settled[]): Promise<boolean> {
    try {
      await this.#settle(results);
      return true;
    } catch {
      // The outbox reports a database that can't be reached.
      return false;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }
}

const MOST = 200;
const GATHER_MS = 5;
const AGAIN_MS = 1_000;
