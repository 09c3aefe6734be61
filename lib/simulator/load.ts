import { setTimeout as delay } from 'node:timers/promises';
import { SimulatedFreeSwitch } from './freeswitch.ts';
import type { CallEnd, CallReport, CallScript, SwitchOptions } from './types.ts';

export interface LoadOptions extends SwitchOptions {
  /** The n-th call, counted from 0. */
  readonly script: (n: number) => CallScript;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** No further call begins; those that run are played to their end. */
  readonly signal?: AbortSignal;
  /** Looked at and forgotten: reports are not kept. */
  readonly onReport?: (report: CallReport, n: number) => void;
}

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface LoadReport {
  /** How many were placed. */
  readonly calls: number;
  readonly ends: Readonly<Partial<Record<CallEnd['kind'], number>>>;
  readonly lost: number;
  /** The first few reasons, each with its uuid. */
  readonly lostExamples: readonly string[];
  readonly violations: number;
  readonly violationExamples: readonly string[];
  /** From the connect reply to the first command that ends or moves the call. */
  readonly decisionMs: Percentiles;
  /** By how much 99 of 100 calls began too late at most: a generator that can't keep up measures itself. */
  readonly lagMs: number;
  /** The same of the latest one: a single stall of the machine, mostly. */
  readonly worstLagMs: number;
  readonly mostActive: number;
  readonly durationMs: number;
}

/** What is told of losses and violations by example. */
const EXAMPLES = 10;

/** Places calls at a steady rate, whether or not the earlier ones have ended, and counts what becomes of them. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { script, calls, callsPerSecond, signal, onReport, ...switchOptions } = options;
  const freeswitch = new SimulatedFreeSwitch(switchOptions);
  const tally = new Tally();
  const began = performance.now();
  const running = new Set<Promise<void>>();
  let placed = 0;
  const lagsMs = new Float64Array(calls);
  let mostActive = 0;
  while (placed < calls && signal?.aborted !== true) {
    const elapsed = performance.now() - began;
    const due = Math.min(calls, Math.floor((elapsed / 1000) * callsPerSecond) + 1);
    for (; placed < due; placed++) {
      lagsMs[placed] = Math.max(0, elapsed - (placed / callsPerSecond) * 1000);
      const n = placed;
      const call = freeswitch.call(script(n)).then((report) => {
        tally.add(report);
        onReport?.(report, n);
        running.delete(call);
      });
      running.add(call);
    }
    mostActive = Math.max(mostActive, freeswitch.active);
    const next = (placed / callsPerSecond) * 1000 - (performance.now() - began);
    if (placed < calls)
      await delay(Math.max(1, next), undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
  await Promise.all(running);
  await freeswitch.close();
  const sortedLags = lagsMs.subarray(0, placed).sort();
  const lagMs = sortedLags[Math.max(0, Math.ceil(placed * 0.99) - 1)] ?? 0;
  const worstLagMs = sortedLags.at(-1) ?? 0;
  return {
    calls: placed,
    ...tally.report(),
    lagMs,
    worstLagMs,
    mostActive,
    durationMs: performance.now() - began,
  };
}

/** Sums up calls as they end, so that a hundred thousand of them need no more room than their latencies. */
class Tally {
  readonly #ends: Partial<Record<CallEnd['kind'], number>> = {};
  readonly #lost: string[] = [];
  readonly #violations: string[] = [];
  #lostCount = 0;
  #violationCount = 0;
  #decisions = new Float64Array(1024);
  #decided = 0;

  add({ uuid, end, lost, violations, timings }: CallReport): void {
    this.#ends[end.kind] = (this.#ends[end.kind] ?? 0) + 1;
    if (lost !== null) {
      this.#lostCount++;
      if (this.#lost.length < EXAMPLES) this.#lost.push(`${uuid}: ${lost}`);
    }
    this.#violationCount += violations.length;
    for (const violation of violations) {
      if (this.#violations.length < EXAMPLES) this.#violations.push(`${uuid}: ${violation}`);
    }
    if (timings.firstDecisionMs === null) return;
    if (this.#decided === this.#decisions.length) {
      const larger = new Float64Array(this.#decisions.length * 2);
      larger.set(this.#decisions);
      this.#decisions = larger;
    }
    this.#decisions[this.#decided++] = timings.firstDecisionMs;
  }

  report(): Omit<LoadReport, 'calls' | 'lagMs' | 'worstLagMs' | 'mostActive' | 'durationMs'> {
    const sorted = this.#decisions.subarray(0, this.#decided).slice().sort();
    const at = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
    return {
      ends: this.#ends,
      lost: this.#lostCount,
      lostExamples: this.#lost,
      violations: this.#violationCount,
      violationExamples: this.#violations,
      decisionMs: { p50: at(0.5), p99: at(0.99), p999: at(0.999) },
    };
  }
}
