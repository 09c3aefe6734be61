import type { Tried } from '../decide/dry-run.ts';
import { sentenceOf, type Reason } from '../errors.ts';

/** What the calls of a file came to. */

export interface CsvReport {
  readonly rows: number;
  readonly seconds: number;
  /** Before the end of the file. */
  readonly stopped: boolean;
  /** What stopped it, unless a person did. */
  readonly fault: string | null;
  readonly reached: number;
  readonly nobody: number;
  readonly refused: number;
  readonly error: number;
  /** Rows that describe no call. */
  readonly unreadable: number;
  /** Took more than half of the time that the scheme gives the decision. */
  readonly slow: number;
  readonly reasons: readonly { readonly result: string; readonly reason: Reason; readonly rows: number }[];
  readonly firstUnreadable: readonly { readonly line: number; readonly why: string }[];
  /** Milliseconds; null without any that was asked. */
  readonly decidedMs: { readonly median: number; readonly p95: number; readonly slowest: number } | null;
}

/** Of the rows that could not be read: the first tell it all. */
const SHOWN = 5;
const WORDS = {
  routed: 'reached',
  no_route: 'nobody',
  refused: 'refused',
  error: 'error',
  no_answer: 'error',
  abandoned: 'error',
} as const;

export class Tally {
  readonly #reasons = new Map<string, { result: string; reason: Reason; rows: number }>();
  readonly #counts = { reached: 0, nobody: 0, refused: 0, error: 0, unreadable: 0, slow: 0 };
  readonly #unreadable: { line: number; why: string }[] = [];
  readonly #decidedMs: number[] = [];
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add({ record: { result, reason, decidedMs }, chosen }: Tried): void {
    this.#rows++;
    this.#counts[WORDS[result]]++;
    const key = `${result} ${reason}`;
    const counted = this.#reasons.get(key) ?? { result, reason, rows: 0 };
    counted.rows++;
    this.#reasons.set(key, counted);
    if (decidedMs === null || chosen === null) return;
    this.#decidedMs.push(decidedMs);
    if (decidedMs > chosen.scheme.webhook.timeoutSeconds * 500) this.#counts.slow++;
  }

  unreadable(line: number, why: string): void {
    this.#rows++;
    this.#counts.unreadable++;
    if (this.#unreadable.length < SHOWN) this.#unreadable.push({ line, why });
  }

  report(seconds: number, { stopped, fault }: Pick<CsvReport, 'stopped' | 'fault'>): CsvReport {
    const sorted = this.#decidedMs.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    return {
      rows: this.#rows,
      seconds: Math.round(seconds * 10) / 10,
      stopped,
      fault,
      ...this.#counts,
      reasons: [...this.#reasons.values()].sort((a, b) => b.rows - a.rows),
      firstUnreadable: this.#unreadable,
      decidedMs: sorted.length === 0 ? null : { median: at(0.5), p95: at(0.95), slowest: at(1) },
    };
  }
}

/** For a person, in lines. */
export function csvLines(
  report: CsvReport,
  table: (rows: readonly (readonly string[])[]) => string,
): string[] {
  const { rows, seconds, stopped, fault, reasons, firstUnreadable, decidedMs } = report;
  const share = (count: number): string => (rows === 0 ? '-' : `${((100 * count) / rows).toFixed(1)} %`);
  const counts = (['reached', 'nobody', 'refused', 'error', 'unreadable', 'slow'] as const).map((name) => [
    ...[name, String(report[name]), share(report[name])],
  ]);
  const why = reasons.map(({ result, reason, rows: count }) => [
    ...[result, reason, String(count), sentenceOf(reason)],
  ]);
  return [
    `${rows} rows in ${seconds} s${stopped ? ', stopped before the end of the file' : ''}`,
    ...(fault === null ? [] : [fault]),
    '',
    table([['', 'rows', 'share'], ...counts]),
    ...(why.length === 0 ? [] : ['', table([['result', 'reason', 'rows', 'why'], ...why])]),
    ...(decidedMs === null
      ? []
      : [
          '',
          `decided in ${decidedMs.median} ms (median), ${decidedMs.p95} ms (95 %), ${decidedMs.slowest} ms at most`,
        ]),
    ...firstUnreadable.map(({ line, why: text }) => `line ${line}: ${text}`),
  ];
}
