import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Settled } from '../store/deliveries.ts';
import { StoreFault } from '../store/fault.ts';

export interface SettlerOptions {
  readonly settle: (results: readonly Settled[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Waiting {
  readonly result: Settled;
  readonly resolve: () => void;
}

/** Writes the results of tries: those that end while a batch is written go into the next one. */
export class Settler {
  readonly #options: SettlerOptions;
  #waiting: Waiting[] = [];
  #running = false;
  #closed = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** Resolves when it is written, the database rejects it, or the router stops. */
  add(result: Settled): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ result, resolve });
      if (!this.#running) void this.#run();
    });
  }

  /** What can't be written at the first try from now on is left to the next router, which sends the event again. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Tries that end together are written together.
    await this.#pause(GATHER_MS);
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, MOST));
    this.#running = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    for (;;) {
      const fault = await this.#faultOf(batch);
      if (fault === null) break;
      if (fault.kind === 'row') {
        // One of them is rejected, and the others are not to wait for it.
        if (batch.length === 1) this.#reject(batch, fault);
        else for (const one of batch) await this.#write([one]);
        break;
      }
      // The outbox reports a database that can't be reached.
      if (this.#closed) break;
      await this.#pause(AGAIN_MS);
    }
    for (const { resolve } of batch) resolve();
  }

  async #faultOf(
    batch: readonly Waiting[],
  ): Promise<{ readonly kind: string; readonly message: string } | null> {
    try {
      await this.#options.settle(batch.map(({ result }) => result));
      return null;
    } catch (error) {
      return error instanceof StoreFault ? error : { kind: '', message: String(error) };
    }
  }

  /** The event is sent again when it is free again. */
  #reject([one]: readonly Waiting[], { message }: { readonly message: string }): void {
    const { id, scheme, webhook } = one?.result.delivery ?? {};
    this.#options.log.error('events: the database rejects the result of a try', {
      ...{ id, scheme, webhook },
      error: message,
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(ms, resolve);
    });
  }
}

const MOST = 200;
const GATHER_MS = 5;
const AGAIN_MS = 1_000;
