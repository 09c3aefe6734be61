/** switch_ivr_park looks at a leg's private events every 20 ms, and then runs all that is there. */
const POLL_MS = 20;

export type QueuedCommand = () => undefined | Promise<void>;

/** The private events of one leg. Timers run only while something waits, so that 2,000 parked legs cost nothing. */
export class CommandQueue {
  readonly #commands: QueuedCommand[] = [];
  /** Whoever looks at the queue now: the parked leg, or the innermost application that runs. */
  #poll: { readonly wake: () => void; readonly since: number; timer: NodeJS.Timeout | null } | null = null;

  get length(): number {
    return this.#commands.length;
  }

  push(command: QueuedCommand): void {
    this.#commands.push(command);
    this.#arm();
  }

  shift(): QueuedCommand | undefined {
    return this.#commands.shift();
  }

  clear(): void {
    this.#commands.length = 0;
  }

  /** Resolves at the next look that finds something, or when woken. Looks are 20 ms apart, counted from now. */
  nextPoll(): Promise<void> {
    this.forget();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.forget();
        resolve();
      };
      this.#poll = { wake, since: performance.now(), timer: null };
      this.#arm();
    });
  }

  wake(): void {
    this.#poll?.wake();
  }

  /** Nobody looks any more. */
  forget(): void {
    clearTimeout(this.#poll?.timer ?? undefined);
    this.#poll = null;
  }

  #arm(): void {
    const poll = this.#poll;
    if (poll === null || poll.timer !== null || this.#commands.length === 0) return;
    const waited = performance.now() - poll.since;
    poll.timer = setTimeout(poll.wake, POLL_MS - (waited % POLL_MS));
  }
}
