import { setTimeout as delay } from 'node:timers/promises';
import {
  runLoad,
  type CallEnd,
  type CallReport,
  type CallScript,
  type LoadReport,
  type SwitchOptions,
} from '../../lib/simulator/index.ts';
import { VoidRun } from './row.ts';

/** Of 99 in 100 calls, unless another is allowed: a collection of the generator's own garbage takes 10 to 15 ms. */
export const MOST_LAG_MS = 10;
/** Calls of one batch: what is played again when the generator was late. */
const BATCH = 1000;
/** Of what was void. */
export const REPETITIONS = 8;
/** The rate of the first repetitions: a generator that cannot keep up is one that measures itself. */
const SLOWER = 0.75;
const SLOWINGS = 2;
/** A repetition waits for a machine that is quiet so long, and for that so long at most. */
const QUIET_MS = 1000;
const PATIENCE_MS = 120_000;

export interface LoadOrder extends Omit<SwitchOptions, 'seed'> {
  readonly seed: number;
  /** The n-th call of all, counted from 0; called again for the calls of a repeated batch. */
  readonly script: (n: number) => CallScript;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Where the call should have gone; what is wrong with it, null for nothing. */
  readonly astray?: (report: CallReport, n: number) => string | null;
  /** Whose decision times are kept; all when absent. */
  readonly timed?: (report: CallReport) => boolean;
  /** Calls of one batch, when not a thousand. */
  readonly batch?: number;
  /** False: a batch cannot be played again, since something else happens meanwhile. */
  readonly repeatable?: boolean;
  /** A generator that begins a call later than this measures itself. */
  readonly mostLagMs: number;
  readonly signal: AbortSignal;
}

/** Batches of calls, of which those are counted in which the generator was in time. */
export class Load {
  calls = 0;
  lost = 0;
  violations = 0;
  astray = 0;
  /** Calls of batches that were played again, and how many of those were lost. */
  voided = 0;
  voidedLost = 0;
  lagMs = 0;
  worstLagMs = 0;
  /** Of the slowest batch. */
  callsPerSecond = Infinity;
  readonly ends: Partial<Record<CallEnd['kind'], number>> = {};
  /** The first few that were lost, went astray or saw a violation, in words. */
  readonly examples: string[] = [];
  /** From the reply to `connect` to the first command that ends or moves the call; sorted at the end. */
  decisionsMs: number[] = [];

  /** @throws VoidRun when a batch stays void */
  static async play(order: LoadOrder): Promise<Load> {
    const load = new Load();
    const { calls, batch = BATCH, signal } = order;
    let { callsPerSecond } = order;
    for (let first = 0; first < calls && !signal.aborted; first += batch) {
      const part = { ...order, callsPerSecond };
      callsPerSecond = await load.#batch(part, first, Math.min(batch, calls - first));
    }
    load.decisionsMs.sort((a, b) => a - b);
    return load;
  }

  get clean(): boolean {
    return this.lost === 0 && this.violations === 0 && this.astray === 0;
  }

  /** The part-th smallest decision time, 0.999 for p99.9. */
  at(part: number): number {
    const { decisionsMs } = this;
    return decisionsMs[Math.max(0, Math.ceil(decisionsMs.length * part) - 1)] ?? NaN;
  }

  /** `0 lost of 5000`, and whatever else there is to say. */
  toString(): string {
    return [
      `${this.lost} lost of ${this.calls} at ${Math.round(this.callsPerSecond)}/s`,
      ...(this.astray > 0 ? [`${this.astray} astray`] : []),
      ...(this.violations > 0 ? [`${this.violations} violations`] : []),
      `generator late by ${this.lagMs.toFixed(1)} ms at p99, ${this.worstLagMs.toFixed(0)} at worst`,
      ...(this.voided > 0 ? [`${this.voided} calls void and repeated (${this.voidedLost} lost)`] : []),
      ...(this.examples.length > 0 ? [`e.g. ${this.examples[0] ?? ''}`] : []),
    ].join(', ');
  }

  add(other: Load): void {
    this.calls += other.calls;
    this.lost += other.lost;
    this.violations += other.violations;
    this.astray += other.astray;
    this.voided += other.voided;
    this.voidedLost += other.voidedLost;
    this.callsPerSecond = Math.min(this.callsPerSecond, other.callsPerSecond);
    this.lagMs = Math.max(this.lagMs, other.lagMs);
    this.worstLagMs = Math.max(this.worstLagMs, other.worstLagMs);
    for (const [end, count] of Object.entries(other.ends)) this.#count(end as CallEnd['kind'], count);
    this.examples.push(...other.examples.slice(0, 5 - this.examples.length));
    this.decisionsMs = [...this.decisionsMs, ...other.decisionsMs].sort((a, b) => a - b);
  }

  /** The rate at which the generator was in time: what follows begins with it. */
  async #batch(order: LoadOrder, first: number, calls: number): Promise<number> {
    const { script, astray, batch: _batch, mostLagMs, timed, repeatable, signal, seed, ...options } = order;
    let { callsPerSecond } = order;
    for (let again = 0; ; again++) {
      // Reports are read and let go: a thousand of them kept make the generator's own collections last 30 ms.
      const seen = { decisionsMs: [] as number[], astray: [] as string[] };
      const report = await runLoad({
        ...options,
        seed: seed + first + again,
        calls,
        callsPerSecond,
        script: (n) => script(first + n),
        onReport: (call, n) => {
          const { firstDecisionMs } = call.timings;
          if (firstDecisionMs !== null && timed?.(call) !== false) seen.decisionsMs.push(firstDecisionMs);
          const why = astray?.(call, first + n) ?? null;
          if (why !== null) seen.astray.push(`${call.uuid}: ${why}`);
        },
        signal,
      });
      if (report.lagMs <= mostLagMs || signal.aborted) {
        this.#take(report, seen.decisionsMs, seen.astray);
        this.callsPerSecond = Math.min(this.callsPerSecond, callsPerSecond);
        return callsPerSecond;
      }
      this.voided += report.calls;
      this.voidedLost += report.lost;
      if (again === REPETITIONS || repeatable === false)
        throw new VoidRun(`the generator was ${report.lagMs.toFixed(1)} ms late at p99`);
      if (again < SLOWINGS) callsPerSecond *= SLOWER;
      await quiet(mostLagMs / 2, signal);
    }
  }

  #take(report: LoadReport, decisionsMs: readonly number[], astray: readonly string[]): void {
    this.calls += report.calls;
    this.lost += report.lost;
    this.violations += report.violations;
    this.astray += astray.length;
    this.lagMs = Math.max(this.lagMs, report.lagMs);
    this.worstLagMs = Math.max(this.worstLagMs, report.worstLagMs);
    for (const [end, count] of Object.entries(report.ends)) this.#count(end as CallEnd['kind'], count);
    this.decisionsMs.push(...decisionsMs);
    this.#example(...report.lostExamples, ...report.violationExamples, ...astray);
  }

  #count(end: CallEnd['kind'], count: number): void {
    this.ends[end] = (this.ends[end] ?? 0) + count;
  }

  #example(...texts: readonly string[]): void {
    this.examples.push(...texts.slice(0, Math.max(0, 5 - this.examples.length)));
  }
}

/** Until the timers of this process have been in time for a while: others may use the machine too. */
export async function quiet(mostLagMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let since = performance.now(); performance.now() - since < QUIET_MS && !signal.aborted;) {
    const before = performance.now();
    await delay(2);
    const now = performance.now();
    if (now > deadline) return;
    if (now - before - 2 > mostLagMs) since = now;
  }
}
