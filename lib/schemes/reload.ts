import type { Clock } from '../clock.ts';
import type { Secrets } from '../config/secret.ts';
import { messageOf, RouterError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { lookAt } from './folder.ts';
import type { LoadResult, SchemeSet } from './schemes.ts';
import { leftOutLines, type StoredUse } from './stored.ts';
import { Watch } from './watch.ts';

export interface ReloadOptions {
  readonly read: () => Promise<LoadResult>;
  /** The folder to be watched; null: nobody changes it, or says so himself. */
  readonly watched: string | null;
  /** A glance at what else the schemes depend on: the files of secrets. Never rejects. */
  readonly lookBeside?: () => Promise<string>;
  readonly log: Logger;
  readonly clock: Clock;
}

type Loaded = Extract<LoadResult, { ok: true }>;

const NOTHING: Loaded = {
  ok: true,
  set: { schemes: new Map(), default: null, variables: new Set() },
  notes: [],
  files: new Map(),
};

type Follower = (set: SchemeSet, secrets?: Secrets) => void;

/** Between the beginnings of two loads: who asks more often is served by the same one. */
const SPACING_MS = 250;
/** A file that is gone for this long was deleted; until then somebody may be writing it again. */
const SETTLED_MS = 5_000;
/** What the file system refuses now it may allow later, without a visible change. */
const AGAIN_MS = 5_000;

/**
 * The current schemes. Calls keep the ids that they began with. A load is all or nothing: a fault keeps the old ones, and so do
 * files that have vanished, until it is certain that this was intended.
 */
export class ReloadableSchemes {
  readonly #options: ReloadOptions;
  readonly #watch: Watch | null;
  #current = NOTHING;
  /** Files that schemes name, as of the last load, whether it was taken or not. */
  #named: readonly string[] = [];
  #largestBudgetMs = 0;
  /** Files of schemes in use that were not there any more, and since when. */
  readonly #goneSince = new Map<string, number>();
  /** The load that has not begun yet: whoever asks meanwhile gets what it reads. */
  #next: Promise<readonly string[]> | null = null;
  #lastLoad: Promise<unknown> = Promise.resolve();
  #lastBegan = -Infinity;
  /** Somebody waits for the result of the load that has not begun: it is not just a retry. */
  #isAwaited = false;
  #told: readonly string[] = [];
  #cancelAgain: () => void = () => undefined;
  #closed = false;
  #follower: Follower = () => undefined;

  private constructor(options: ReloadOptions) {
    this.#options = options;
    const { watched, clock, lookBeside = () => Promise.resolve('') } = options;
    this.#watch =
      watched === null
        ? null
        : new Watch({
            look: async () => (await lookAt(watched, this.#named)) + (await lookBeside()),
            onChange: () => this.reload(),
            clock,
          });
  }

  /** Rejects with RouterError `config_invalid`: its message holds every fault, one per line. */
  static async open(options: ReloadOptions): Promise<ReloadableSchemes> {
    const schemes = new ReloadableSchemes(options);
    const loaded = await options.read();
    if (!loaded.ok) throw new RouterError('config_invalid', loaded.faults.join('\n'));
    for (const note of loaded.notes) options.log.warn(note);
    schemes.#take(loaded);
    schemes.#remember(loaded);
    schemes.#watch?.open();
    return schemes;
  }

  get current(): SchemeSet {
    return this.#current.set;
  }

  /** What happened to each scheme of the store when they were read. */
  get stored(): readonly StoredUse[] {
    return this.#current.stored ?? [];
  }

  /** The file of each scheme that has one. */
  get files(): ReadonlyMap<string, string> {
    return this.#current.files;
  }

  /** The secrets that were read with them; undefined where they never change. */
  get secrets(): Secrets | undefined {
    return this.#current.secrets;
  }

  /** Calls back with the current set, and with each later one. */
  follow(follower: Follower): void {
    this.#follower = follower;
    follower(this.current, this.secrets);
  }

  /** Of all schemes since the start: the longest that a call may take to be decided. */
  get largestBudgetMs(): number {
    return this.#largestBudgetMs;
  }

  /**
   * Reads the schemes once more. One load follows the other, so that what was read first is not taken last; however often this
   * is asked meanwhile, one more follows. Resolves to what kept the old ones. Never rejects.
   */
  reload(): Promise<readonly string[]> {
    this.#isAwaited = true;
    return this.#request();
  }

  #request(): Promise<readonly string[]> {
    this.#next ??= this.#after(this.#lastLoad);
    return this.#next;
  }

  /** Waits for no file. */
  close(): Promise<void> {
    this.#closed = true;
    this.#watch?.close();
    this.#cancelAgain();
    return Promise.resolve();
  }

  async #after(last: Promise<unknown>): Promise<readonly string[]> {
    const { clock } = this.#options;
    await last;
    const waitMs = this.#lastBegan + SPACING_MS - clock.now();
    if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    this.#next = null;
    this.#lastBegan = clock.now();
    const load = this.#load(this.#isAwaited);
    this.#isAwaited = false;
    this.#lastLoad = load;
    return load;
  }

  async #load(isAwaited: boolean): Promise<readonly string[]> {
    const { read, log } = this.#options;
    const result = await read().catch((error: unknown): LoadResult => {
      return { ok: false, faults: [`an internal error: ${messageOf(error)}`], mayPass: true };
    });
    if (this.#closed) return [];
    this.#cancelAgain();
    this.#remember(result);
    if (!result.ok) {
      if (result.mayPass === true) this.#again(AGAIN_MS);
      return this.#keep(result.faults, isAwaited);
    }
    const gone = this.#goneFrom(result);
    if (gone.length > 0 && result.files.size === 0) {
      const text =
        'every scheme file is gone: bring the folder back, or restart the router to run without schemes';
      return this.#keep([`${gone.join(', ')}: ${text}`], isAwaited);
    }
    const waitMs = this.#waitFor(gone);
    if (waitMs > 0) {
      this.#again(waitMs);
      const text = `is gone: its scheme is deleted if the file is not back within ${SETTLED_MS / 1000} s`;
      const texts = gone.map((file) => `${file}: ${text}`);
      log.warn('schemes not loaded yet: the old ones stay in use', { faults: texts });
      return texts;
    }
    this.#take(result);
    log.info('schemes loaded', {
      schemes: [...result.set.schemes.keys()],
      notes: result.notes,
      ...(gone.length === 0 ? {} : { deleted: gone }),
    });
    return [];
  }

  /** What was read is what the watch compares with, whether it is taken or not. */
  #remember({ named, seen }: LoadResult): void {
    this.#named = named ?? this.#named;
    if (this.#watch !== null && seen !== undefined) this.#watch.seen = seen;
  }

  /** Otherwise every retry would log the same, all night. */
  #keep(faults: readonly string[], isAwaited: boolean): readonly string[] {
    if (isAwaited || faults.join('\n') !== this.#told.join('\n')) {
      this.#options.log.error('schemes not loaded: the old ones stay in use', { faults });
    }
    this.#told = faults;
    return faults;
  }

  #again(ms: number): void {
    this.#cancelAgain = this.#options.clock.after(ms, () => void this.#request());
  }

  /** Files whose scheme would be lost. One that another file has now, by a new name or merged into it, is not. */
  #goneFrom({ set, files }: Loaded): string[] {
    const there = new Set(files.values());
    return [...this.#current.files]
      .filter(([scheme, file]) => !set.schemes.has(scheme) && !there.has(file))
      .map(([, file]) => file);
  }

  /** How long it takes until the last of these files has been gone for long enough; 0: now. */
  #waitFor(gone: readonly string[]): number {
    const now = this.#options.clock.now();
    for (const file of this.#goneSince.keys()) if (!gone.includes(file)) this.#goneSince.delete(file);
    for (const file of gone) if (!this.#goneSince.has(file)) this.#goneSince.set(file, now);
    return Math.max(0, ...[...this.#goneSince.values()].map((since) => since + SETTLED_MS - now));
  }

  #take(loaded: Loaded): void {
    const leftOut = leftOutLines(loaded.stored ?? []);
    if (leftOut.length > 0 && leftOut.join('\n') !== leftOutLines(this.stored).join('\n')) {
      this.#options.log.error('stored schemes left out: not valid any more', { faults: leftOut });
    }
    this.#current = loaded;
    this.#goneSince.clear();
    const budgets = [...loaded.set.schemes.values()].map(({ webhook }) => webhook.timeoutSeconds * 1000);
    this.#largestBudgetMs = Math.max(this.#largestBudgetMs, ...budgets);
    this.#follower(loaded.set, loaded.secrets);
  }
}
