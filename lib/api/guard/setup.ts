import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { hashOf, newSecret } from './auth.ts';

/** Good for an hour from the start of the router. */
export const SETUP_MS = 60 * 60_000;

/**
 * The one-time code that makes the first user. It stands in the log, so whoever has it may read the log of this machine; here only
 * its hash is kept.
 */
export class Setup {
  readonly #clock: Clock;
  #hash: Buffer | null = null;
  #untilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The code; one of before is worth nothing from now on. */
  begin(): string {
    const code = newSecret();
    this.#hash = Buffer.from(hashOf(code));
    this.#untilMs = this.#clock.now() + SETUP_MS;
    return code;
  }

  get isOpen(): boolean {
    return this.#hash !== null && this.#clock.now() < this.#untilMs;
  }

  matches(code: string): boolean {
    return this.#hash !== null && this.isOpen && timingSafeEqual(Buffer.from(hashOf(code)), this.#hash);
  }

  end(): void {
    this.#hash = null;
  }
}
