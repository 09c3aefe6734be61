import { once } from 'node:events';
import { watch, type FSWatcher } from 'chokidar';
import type { Clock } from '../clock.ts';
import { RouterError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { LoadResult, SchemeSet } from './schemes.ts';

export interface ReloadOptions {
  readonly read: () => Promise<LoadResult>;
  /** The folder to be watched; null: nobody changes it, or says so himself. */
  readonly watched: string | null;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Editors write a file in several steps: one load follows when the folder has been quiet for a moment. */
const QUIET_MS = 100;

/** The schemes of now. Calls keep those that they began with; a load with any fault leaves the old ones. */
export class ReloadableSchemes {
  readonly #options: ReloadOptions;
  readonly #watcher: FSWatcher | null;
  #current: SchemeSet = { schemes: new Map(), default: null, variables: new Set() };
  #largestBudgetMs = 0;
  #cancelLoad: () => void = () => undefined;
  #lastLoad: Promise<unknown> = Promise.resolve();

  private constructor(options: ReloadOptions) {
    this.#options = options;
    const { watched } = options;
    this.#watcher = watched === null ? null : watch(watched, { ignoreInitial: true, depth: 0 });
    this.#watcher?.on('all', () => {
      this.#cancelLoad();
      this.#cancelLoad = options.clock.after(QUIET_MS, () => void this.reload());
    });
  }

  /** Rejects with RouterError `config_invalid`: its message holds every fault, a line each. */
  static async open(options: ReloadOptions): Promise<ReloadableSchemes> {
    const schemes = new ReloadableSchemes(options);
    // What changes before it looks would count as having been there, and never be loaded.
    if (schemes.#watcher !== null) await once(schemes.#watcher, 'ready');
    const loaded = await options.read();
    if (!loaded.ok) {
      await schemes.close();
      throw new RouterError('config_invalid', loaded.faults.join('\n'));
    }
    for (const note of loaded.notes) options.log.warn(note);
    schemes.#take(loaded.set);
    return schemes;
  }

  get current(): SchemeSet {
    return this.#current;
  }

  /** Of all schemes since the start: the longest that a call may take to be decided. */
  get largestBudgetMs(): number {
    return this.#largestBudgetMs;
  }

  /** One after the other, so that what was read first is not taken last. Resolves to the faults. */
  reload(): Promise<readonly string[]> {
    const load = this.#lastLoad.then(() => this.#load());
    this.#lastLoad = load.catch(() => undefined);
    return load;
  }

  async #load(): Promise<readonly string[]> {
    const { read, log } = this.#options;
    const result = await read();
    if (!result.ok) {
      log.error('schemes not loaded: the old ones stay', { faults: result.faults });
      return result.faults;
    }
    this.#take(result.set);
    log.info('schemes loaded', { schemes: [...result.set.schemes.keys()], notes: result.notes });
    return [];
  }

  async close(): Promise<void> {
    this.#cancelLoad();
    await this.#watcher?.close();
  }

  #take(set: SchemeSet): void {
    this.#current = set;
    const budgets = [...set.schemes.values()].map(({ webhook }) => webhook.timeoutSeconds * 1000);
    this.#largestBudgetMs = Math.max(this.#largestBudgetMs, ...budgets);
  }
}
