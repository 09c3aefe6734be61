import type { Author } from './author.ts';
import type { Random } from './random.ts';

/** One entry of FreeSWITCH's scheduler. */
export interface Task {
  readonly id: number;
  /** What `show tasks` calls it, which is the function that made it. */
  readonly description: TaskDescription;
  /** The uuid of a channel, mostly. */
  readonly group: string;
  readonly owner: Author;
  /** It gives the call to the fallback extension when its router is silent. */
  readonly guard: boolean;
  /** Of `performance.now()`: it fires up to a second earlier, by the whole-second clock. */
  readonly dueMs: number;
  outcome: 'due' | 'fired' | 'deleted';
  /** Who deleted it. */
  deletedBy: Author['kind'] | null;
}

export type TaskDescription =
  | 'switch_ivr_schedule_transfer'
  | 'switch_ivr_schedule_hangup'
  | 'switch_ivr_schedule_broadcast'
  | 'sched_api_function';

/** What is asked of the scheduler. */
export interface Appointment {
  readonly seconds: number;
  readonly description: TaskDescription;
  readonly group: string;
  readonly owner: Author;
  readonly guard: boolean;
  readonly run: () => void;
}

/** `show tasks` reads a table that a thread of its own writes: a new task is there 45 to 160 ms later (1.11.1). */
const SHOWN_AFTER_MS = { least: 45, spread: 115 };

/** A deleted task is swept by the scheduler's next round, up to a second later; till then it is deleted "again". */
const SWEPT_AFTER_SECONDS = 0.6;

/** The scheduler of the switch: `sched_transfer`, `sched_hangup`, `sched_broadcast` and `sched_api` of every call. */
export class Tasks {
  readonly #random: Random;
  readonly #secondMs: number;
  /** What is due, and what was deleted and not yet swept. */
  readonly #entries = new Map<number, { task: Task; timer: NodeJS.Timeout; shownMs: number }>();
  /** All that ever was scheduled for a channel, as long as it lives. */
  readonly #groups = new Map<string, Task[]>();
  #last = 0;
  #lastShownMs = 0;

  constructor(random: Random, secondMs: number) {
    this.#random = random;
    this.#secondMs = secondMs;
  }

  /** A whole-second clock: what is due in N seconds fires after N-1 to N of them. */
  add({ seconds, run, ...asked }: Appointment): Task {
    const now = performance.now();
    const dueMs = now + seconds * this.#secondMs;
    const task: Task = { ...asked, id: ++this.#last, dueMs, outcome: 'due', deletedBy: null };
    const timer = setTimeout(
      () => {
        this.#entries.delete(task.id);
        task.outcome = 'fired';
        run();
      },
      Math.max(0, seconds - this.#random.next()) * this.#secondMs,
    );
    // Written from a queue: none overtakes the one before it.
    const shownMs = Math.max(
      this.#lastShownMs,
      now + SHOWN_AFTER_MS.least + this.#random.next() * SHOWN_AFTER_MS.spread,
    );
    this.#lastShownMs = shownMs;
    this.#entries.set(task.id, { task, timer, shownMs });
    const group = this.#groups.get(task.group) ?? [];
    this.#groups.set(task.group, [...group, task]);
    return task;
  }

  get(id: number): Task | undefined {
    return this.#entries.get(id)?.task;
  }

  /** All of a group, in the order of their ids: due, fired and deleted. */
  of(group: string): readonly Task[] {
    return this.#groups.get(group) ?? [];
  }

  due(group: string): Task[] {
    return this.of(group).filter(({ outcome }) => outcome === 'due');
  }

  /** How many were deleted: 1 or 0. */
  delete(id: number, by: Author['kind']): number {
    const entry = this.#entries.get(id);
    if (entry === undefined) return 0;
    clearTimeout(entry.timer);
    const { task } = entry;
    if (task.outcome === 'deleted') return 1;
    task.outcome = 'deleted';
    task.deletedBy = by;
    setTimeout(() => this.#entries.delete(id), SWEPT_AFTER_SECONDS * this.#secondMs).unref();
    return 1;
  }

  deleteGroup(group: string, by: Author['kind']): number {
    const tasks = this.due(group);
    for (const { id } of tasks) this.delete(id, by);
    return tasks.length;
  }

  /** The channel was hung up: what is still due stays so, and does nothing any more. */
  stop(group: string): void {
    for (const { id } of this.due(group)) clearTimeout(this.#entries.get(id)?.timer);
  }

  /** A channel takes its tasks with it (switch_core_session_perform_destroy). */
  forget(group: string): void {
    this.stop(group);
    for (const { id } of this.of(group)) this.#entries.delete(id);
    this.#groups.delete(group);
  }

  /** `show tasks`, and `show tasks as json`. */
  show(asJson: boolean): string {
    const now = performance.now();
    const entries = [...this.#entries.values()].filter(({ shownMs }) => shownMs <= now);
    const rows = entries.map(({ task }) => ({
      task_id: String(task.id),
      task_desc: task.description,
      task_group: task.group,
      task_runtime: String(Math.round((Date.now() + task.dueMs - now) / 1000)),
      task_sql_manager: '0',
      hostname: 'fs1',
    }));
    const count = rows.length;
    if (asJson) return count === 0 ? '{"row_count": 0}\n' : `${JSON.stringify({ row_count: count, rows })}\n`;
    const lines = rows.map((row) => `${Object.values(row).join(',')}\n`).join('');
    const titles = count === 0 ? '' : `${Object.keys(rows[0] ?? {}).join(',')}\n`;
    return `${titles}${lines}\n${count} total.\n`;
  }
}
