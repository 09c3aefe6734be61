/** Time as the straight path sees it, so that a test can hold it still. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** The wall clock, for records and `{{timestamp}}`. */
  date(): Date;
  /** Calls back once; the returned function takes it back. */
  after(ms: number, callback: () => void, options?: AfterOptions): () => void;
}

interface AfterOptions {
  /** False: the process may end before. */
  readonly keepsAlive: boolean;
}

/** A timer that fires so late shows that this process was stalled: a stopped process, a long garbage collection. */
export const STANDSTILL_MS = 200;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, callback, { keepsAlive } = { keepsAlive: true }) => {
    const timer = setTimeout(callback, ms);
    if (!keepsAlive) timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Waits for a promise, `ms` at the longest. */
export async function within(promise: Promise<void>, ms: number, clock: Clock): Promise<void> {
  let cancel: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([promise, late]);
  cancel();
}

/** A call that has something to do in between waits so long at most. */
const SLICE_MS = 8;

/** Does long work in slices: whatever has come up meanwhile is served between two of them. */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < until);
    await new Promise(setImmediate);
  }
}
