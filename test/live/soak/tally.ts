import type { Caller, Outcome } from './caller.ts';
import type { Mood } from './timetable.ts';

/** Counts callers whose calls are over. */

const OUTCOMES: readonly Outcome[] = [
  'callee',
  'fallback',
  'busy',
  'gave up',
  'turned away',
  'left in silence',
];
/** Of each kind. */
const EXAMPLES = 3;

interface Row {
  placed: number;
  readonly outcomes: Map<Outcome, number>;
  rescued: number;
  readonly waitsMs: number[];
}

export class Tally {
  torn = 0;
  /** Milliseconds to 100 Trying. */
  readonly tryingsMs: number[] = [];
  readonly #guardMs: number;
  readonly #rows = new Map<Mood, Row>();
  readonly #silences = new Map<string, number>();
  readonly #examples = new Map<string, string[]>();

  constructor(guardMs: number) {
    this.#guardMs = guardMs;
  }

  add(caller: Caller): void {
    const { mood, outcome, waitedMs, silence, isTorn } = caller;
    const row = this.#row(mood);
    row.placed++;
    row.outcomes.set(outcome, (row.outcomes.get(outcome) ?? 0) + 1);
    if (caller.isRescued(this.#guardMs)) row.rescued++;
    if (caller.tryingMs !== null) this.tryingsMs.push(caller.tryingMs);
    if (waitedMs !== null) row.waitsMs.push(waitedMs);
    if (silence !== null) this.#silences.set(silence, (this.#silences.get(silence) ?? 0) + 1);
    if (isTorn) this.torn++;
    const wrong =
      silence ?? (isTorn ? 'torn out of a conversation' : outcome === 'turned away' ? outcome : null);
    if (wrong === null) return;
    const examples = this.#examples.get(wrong) ?? [];
    this.#examples.set(wrong, examples);
    if (examples.length < EXAMPLES) examples.push(`${wrong}: ${caller.told()}`);
  }

  get examples(): string[] {
    return [...this.#examples.values()].flat();
  }

  count(outcome: Outcome): number {
    return this.#sum((row) => row.outcomes.get(outcome) ?? 0);
  }

  get placed(): number {
    return this.#sum((row) => row.placed);
  }

  get rescued(): number {
    return this.#sum((row) => row.rescued);
  }

  /** Milliseconds to the first ringing, answer or refusal, in order. */
  get waitsMs(): number[] {
    return [...this.#rows.values()].flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
  }

  /** `nothing heard 12, rings on 3` */
  get silences(): string {
    return [...this.#silences].map(([silence, count]) => `${silence} ${count}`).join(', ');
  }

  /** A line for each mood of the CRM, and one for all. */
  table(): string[] {
    const heads = ['CRM', 'placed', ...OUTCOMES, 'by the guard', 'p99 wait', 'worst'];
    const line = (name: string, row: Row): string[] => {
      const waits = row.waitsMs.toSorted((a, b) => a - b);
      const counts = OUTCOMES.map((outcome) => String(row.outcomes.get(outcome) ?? 0));
      const times = [quantile(waits, 0.99), waits.at(-1) ?? 0].map((ms) => `${(ms / 1000).toFixed(2)} s`);
      return [name, String(row.placed), ...counts, String(row.rescued), ...times];
    };
    const all: Row = {
      placed: this.placed,
      outcomes: new Map(OUTCOMES.map((outcome) => [outcome, this.count(outcome)])),
      rescued: this.rescued,
      waitsMs: this.waitsMs,
    };
    const lines = [heads, ...[...this.#rows].map(([mood, row]) => line(mood, row)), line('all', all)];
    const widths = heads.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
    return lines.map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    );
  }

  #row(mood: Mood): Row {
    let row = this.#rows.get(mood);
    if (row === undefined) {
      row = { placed: 0, outcomes: new Map(), rescued: 0, waitsMs: [] };
      this.#rows.set(mood, row);
    }
    return row;
  }

  #sum(of: (row: Row) => number): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + of(row), 0);
  }
}

/** Of values in order; 0 of none. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
