/** Time as the straight path sees it, so that a test can hold it still. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** The wall clock, for records and `{{timestamp}}`. */
  date(): Date;
  /** Calls back once; the returned function takes it back. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
