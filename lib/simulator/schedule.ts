import type { Random } from './random.ts';

/** What the switch has in mind for one leg: `sched_hangup`, `sched_transfer`, and among them the dialplan's guard. */
export class Schedule {
  readonly #random: Random;
  readonly #secondMs: number;
  readonly #tasks = new Map<number, NodeJS.Timeout>();
  #last = 0;
  #guard: number | null = null;
  #guardDueMs = 0;

  constructor(random: Random, secondMs: number) {
    this.#random = random;
    this.#secondMs = secondMs;
  }

  /** A whole-second clock: what is due in N seconds fires after N-1 to N of them. */
  add(seconds: number, task: () => void): number {
    const id = ++this.#last;
    const timer = setTimeout(
      () => {
        this.#tasks.delete(id);
        task();
      },
      Math.max(0, seconds - this.#random.next()) * this.#secondMs,
    );
    this.#tasks.set(id, timer);
    return id;
  }

  /** `sched_transfer +N` before `socket`. */
  addGuard(seconds: number, task: () => void): void {
    this.#guard = this.add(seconds, task);
    this.#guardDueMs = performance.now() + seconds * this.#secondMs;
  }

  /** Simulated seconds until the guard fires at the latest. */
  get guardSecondsLeft(): number {
    return (this.#guardDueMs - performance.now()) / this.#secondMs;
  }

  /** Whether the guard is still due. */
  get guarded(): boolean {
    return this.#guard !== null && this.#tasks.has(this.#guard);
  }

  /** Deletes by task group, the leg's uuid: a guard and a hang-up alike. */
  clear(): number {
    const count = this.#tasks.size;
    for (const timer of this.#tasks.values()) clearTimeout(timer);
    this.#tasks.clear();
    return count;
  }
}
