import type { Clock } from '../clock.ts';
import type { Counts } from '../esl/listener.ts';

/**
 * Whether the router can take more calls. Two things show that it cannot: the event loop is late, or callers wait in the
 * kernel's queue. libuv accepts one per turn, so under load calls pile up there while the loop is still on time.
 */

export interface LoadOptions {
  readonly clock: Clock;
  readonly counts: () => Counts;
  readonly maxCalls: number;
  /** Calls being given back at once, each with a file descriptor of its own: more of them close the port. */
  readonly maxRefused: number;
  /** Number of open file descriptors at which the port closes, before there are none for a caller. */
  readonly maxDescriptors: number;
  /** Lag of the event loop from which calls are given back. */
  readonly lagMs: number;
  /** The port closes when callers wait so long in the kernel's queue. */
  readonly queueMs: number;
  readonly onChange: (state: LoadState) => void;
}

export type LoadState =
  | { readonly kind: 'normal' }
  /** The loop lags: calls are given back. `calmSince`: since when it no longer does; null while it does. */
  | { readonly kind: 'shedding'; readonly since: number; readonly calmSince: number | null }
  /** The port is closed, so that FreeSWITCH's next host gets the calls. Those accepted before are served. */
  | {
      readonly kind: 'closed';
      readonly because: 'lag' | 'queue' | 'calls' | 'descriptors';
      readonly calmSince: number | null;
    };

const SAMPLE_MS = 50;
/** A garbage collection or a stall of the machine is over by then: giving calls back does not help. */
const SHEDDING_MS = 1_000;
/** If there is not a single free place for this long, calls are long, and the next host serves callers better. */
const FULL_MS = 2_000;
/** A queued caller hears nothing: one that has waited longer is given back, which costs half the work. */
const LONGEST_WAIT_MS = 2_000;
/** Short: a core that only waits is lost for calls. */
const CALM_MS = 100;
/** Part of each mark below which the way back begins. */
const LAG_CALM = 0.5;
const QUEUE_CALM = 0.5;
const CALLS_CALM = 0.9;

export class Load {
  readonly #options: LoadOptions;
  #state: LoadState = { kind: 'normal' };
  #dueAt: number;
  #lagMs = 0;
  /** Late samples in a row. One is a pause, as after a start: callers who waited through it are served. */
  #late = 0;
  #fullSince: number | null = null;
  #cancel: () => void = () => undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#dueAt = options.clock.now() + SAMPLE_MS;
    this.#wait();
  }

  get state(): LoadState {
    return this.#state;
  }

  /** How late the event loop is, in milliseconds: as last measured, or right now when that is more. */
  get lagMs(): number {
    return Math.max(this.#lagMs, this.#options.clock.now() - this.#dueAt);
  }

  /** Null: one more call can be served. */
  admit({ calls, refused, descriptors }: Counts, waitedMs = 0): 'overloaded' | 'over_capacity' | null {
    const { clock, maxCalls, maxRefused, maxDescriptors, lagMs } = this.#options;
    const now = clock.now();
    if (descriptors >= maxDescriptors) {
      this.#close('descriptors');
      return 'over_capacity';
    }
    if (refused >= maxRefused) this.#close('calls');
    if (waitedMs >= LONGEST_WAIT_MS) return 'overloaded';
    // A closed port is relief enough: calls accepted before have already waited.
    if (this.#state.kind !== 'closed' || this.#state.because === 'lag') {
      const stillLate = this.#late === 1 && now - this.#dueAt >= lagMs;
      if (this.#state.kind === 'normal' && stillLate) this.#shed(now);
      if (this.#state.kind !== 'normal') return 'overloaded';
    }
    if (calls < maxCalls) {
      this.#fullSince = null;
      return null;
    }
    this.#fullSince ??= now;
    if (now - this.#fullSince >= FULL_MS) this.#close('calls');
    return 'over_capacity';
  }

  stop(): void {
    this.#cancel();
  }

  #wait(): void {
    this.#cancel = this.#options.clock.after(SAMPLE_MS, () => {
      this.#sample();
      this.#wait();
    });
  }

  #sample(): void {
    const { clock, lagMs, queueMs, counts } = this.#options;
    const now = clock.now();
    this.#lagMs = Math.max(0, now - this.#dueAt);
    this.#dueAt = now + SAMPLE_MS;
    this.#late = this.#lagMs >= lagMs ? this.#late + 1 : 0;
    const state = this.#state;
    if (state.kind !== 'closed' && this.#lagMs < lagMs && counts().queuedMs >= queueMs) {
      this.#close('queue');
    } else if (state.kind === 'normal') {
      if (this.#late > 1) this.#shed(now);
    } else if (this.#lagMs >= lagMs * LAG_CALM) {
      this.#state = { ...state, calmSince: null };
      if (state.kind === 'shedding' && this.#lagMs >= lagMs && now - state.since >= SHEDDING_MS) {
        this.#close('lag');
      }
    } else if (state.calmSince === null) {
      this.#state = { ...state, calmSince: now };
    } else if (now - state.calmSince >= CALM_MS && (state.kind === 'shedding' || this.#hasRoom())) {
      this.#fullSince = null;
      this.#become({ kind: 'normal' });
    }
  }

  #hasRoom(): boolean {
    const { counts, maxCalls, maxRefused, queueMs } = this.#options;
    const { calls, refused, waiting, queuedMs } = counts();
    const through = waiting === 0 && queuedMs < queueMs * QUEUE_CALM;
    return through && calls <= maxCalls * CALLS_CALM && refused <= maxRefused * CALLS_CALM;
  }

  #shed(now: number): void {
    this.#become({ kind: 'shedding', since: now, calmSince: null });
  }

  #close(because: (LoadState & { kind: 'closed' })['because']): void {
    if (this.#state.kind !== 'closed') this.#become({ kind: 'closed', because, calmSince: null });
  }

  #become(state: LoadState): void {
    this.#state = state;
    this.#options.onChange(state);
  }
}
