import type { Clock } from '../clock.ts';

export interface WatchOptions {
  /** The state of what is watched: two equal ones mean that nothing has changed. Never rejects. */
  readonly look: () => Promise<string>;
  /** The next look comes when this has settled. Never rejects. */
  readonly onChange: () => Promise<unknown>;
  readonly clock: Clock;
}

/** Editors and deployments write in several steps: changes are loaded when it has been quiet for a moment. */
const QUIET_MS = 100;
/** It never gets quiet if somebody writes all the time. */
const RESTLESS_MS = 2_000;
const BETWEEN_MS = 250;
/** A wide folder is looked at less often, so that its looks take a twentieth of the time at most. */
const SHARE = 20;
const LONGEST_MS = 10_000;

/**
 * Watches by looking. The kernel's notices belong to an inode: they end when a folder is renamed, deleted, or another file system
 * is mounted over it; they do not come from another host's write on NFS, and there can be too few of them. A look needs no
 * more than the name, and costs half a millisecond for three files.
 */
export class Watch {
  /** What is known: a glance that shows something else is a change. */
  seen = '';
  readonly #options: WatchOptions;
  #closed = false;
  #cancel: () => void = () => undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  open(): void {
    this.#wait(BETWEEN_MS);
  }

  /** Does not wait for a look that hangs. */
  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #wait(ms: number): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(ms, () => void this.#round());
  }

  async #round(): Promise<void> {
    const { look, onChange, clock } = this.#options;
    const from = clock.now();
    let seen = await look();
    const tookMs = clock.now() - from;
    if (seen !== this.seen) {
      for (let before = ''; seen !== before && clock.now() - from < RESTLESS_MS;) {
        before = seen;
        await new Promise<void>((resolve) => clock.after(QUIET_MS, resolve));
        seen = await look();
      }
      if (this.#closed) return;
      const changed = seen !== this.seen;
      this.seen = seen;
      if (changed) await onChange();
    }
    this.#wait(Math.min(LONGEST_MS, Math.max(BETWEEN_MS, tookMs * SHARE)));
  }
}
