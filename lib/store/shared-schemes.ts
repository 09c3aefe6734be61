import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Schemes } from './schemes.ts';

/**
 * The schemes of the store that are live or shadows, for every router on it: read with each load, and a word whenever somebody has saved one. A
 * database that can't be reached leaves those that were read last.
 */

export interface SharedOptions {
  readonly schemes: Pick<Schemes, 'mark' | 'current' | 'listen'>;
  readonly tenant: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface LiveSchemes {
  readonly schemes: readonly {
    readonly name: string;
    readonly revision: number;
    readonly document: string;
    readonly state: 'live' | 'shadow';
  }[];
  /** False: none was ever read. */
  readonly isKnown: boolean;
}

/** For when no notification comes: a SQLite file of another process, a LISTEN that is cut. */
const POLL_MS = 1_000;
/** The files wait for it, and so may a caller at the start. */
const READ_MS = 3_000;

/** Those in use, as they are stored now. */
export async function liveSchemes(schemes: Pick<Schemes, 'current'>, tenant: string): Promise<LiveSchemes> {
  const live = (await schemes.current(tenant)).flatMap(({ name, revision, document, state }) =>
    state === 'live' || state === 'shadow' ? [{ name, revision, document, state }] : [],
  );
  return { schemes: live, isKnown: true };
}

export class SharedSchemes {
  readonly #options: SharedOptions;
  #live: LiveSchemes = { schemes: [], isKnown: false };
  /** Of what was read last; null: the database must be read again. */
  #mark: number | null = null;
  #warned = false;

  constructor(options: SharedOptions) {
    this.#options = options;
  }

  /** Never rejects, and takes some seconds at most. */
  async read(): Promise<LiveSchemes> {
    try {
      const { live, mark } = await this.#inTime(this.#readNow());
      this.#live = live;
      this.#mark = mark;
      this.#warned = false;
    } catch (error) {
      this.#mark = null;
      if (!this.#warned) {
        this.#options.log.warn('store: the schemes cannot be read; those read last stay in use', {
          error: messageOf(error),
        });
      }
      this.#warned = true;
    }
    return this.#live;
  }

  /** Calls back when what was read last is not what is there. Returns what ends it. */
  follow(onChange: () => void): () => void {
    const { clock, schemes } = this.#options;
    let ended = false;
    let looking = false;
    let again = false;
    const goesOn = (): boolean => !ended;
    const isAsked = (): boolean => again;
    let cancel: () => void = () => undefined;
    const look = async (): Promise<void> => {
      if (looking) {
        again = true;
        return;
      }
      looking = true;
      do {
        again = false;
        const mark = await this.#look();
        if (goesOn() && mark !== null && mark !== this.#mark) onChange();
      } while (isAsked() && goesOn());
      looking = false;
    };
    const poll = (): void => {
      cancel = clock.after(
        POLL_MS,
        () =>
          void look().then(() => {
            if (goesOn()) poll();
          }),
        { keepsAlive: false },
      );
    };
    const deaf = schemes.listen(() => void look());
    poll();
    return () => {
      ended = true;
      cancel();
      deaf();
    };
  }

  async #readNow(): Promise<{ live: LiveSchemes; mark: number }> {
    const { schemes, tenant } = this.#options;
    // What is saved between the two is read once more.
    const mark = await schemes.mark(tenant);
    return { live: await liveSchemes(schemes, tenant), mark };
  }

  async #look(): Promise<number | null> {
    const { schemes, tenant } = this.#options;
    return schemes.mark(tenant).catch(() => null);
  }

  async #inTime<T>(reading: Promise<T>): Promise<T> {
    let cancel: () => void = () => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = this.#options.clock.after(READ_MS, () => {
        reject(new Error(`no answer within ${READ_MS / 1000} s`));
      });
    });
    try {
      return await Promise.race([reading, late]);
    } finally {
      cancel();
    }
  }
}
