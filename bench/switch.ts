/** The simulated FreeSWITCH of the benchmark: its own process, so that its CPU is not the controller's. */
import { setTimeout as delay } from 'node:timers/promises';
import { SimulatedFreeSwitch, type CallReport, type CallScript } from '../lib/simulator/index.ts';
import type { LoadOrder, LoadResult, SwitchOrder, SwitchReport } from './order.ts';

/** Of every decision: what runs on a busy machine is measured and not given up. */
const BUDGET_MS = 30_000;
/** The dialplan's guard, which has to be lifted: it would take calls away that wait for their CRM. */
const GUARD_SECONDS = 60;

const PROGRESS_CALLS = 250;

function tell(report: SwitchReport): void {
  process.send?.(report);
}

function scriptOf(n: number, { ringMs = 0, talkMs = 20 }: LoadOrder): CallScript {
  const callee = { kind: 'answer', afterMs: ringMs, talkMs, hangup: 'caller' } as const;
  return {
    caller: String(380_501_000_000 + (n % 1_000_000)),
    did: '380441112233',
    guardSeconds: GUARD_SECONDS,
    callee: () => callee,
  };
}

class Tally {
  readonly #ends: Record<string, number> = {};
  readonly #decisions: number[] = [];
  #lost = 0;
  #hanging = 0;
  #violations = 0;
  #example: string | null = null;
  ended = 0;

  add({ end, lost, violations, timings }: CallReport): void {
    this.ended++;
    this.#ends[end.kind] = (this.#ends[end.kind] ?? 0) + 1;
    if (lost !== null) this.#lost++;
    if (timings.connectReplyMs === null) this.#hanging++;
    this.#violations += violations.length;
    this.#example ??= lost ?? violations[0] ?? null;
    if (timings.firstDecisionMs !== null) this.#decisions.push(timings.firstDecisionMs);
    if (this.ended % PROGRESS_CALLS === 0) tell({ kind: 'progress', ended: this.ended });
  }

  result(durationMs: number, cpuMicros: number): LoadResult {
    const sorted = Float64Array.from(this.#decisions).sort();
    const at = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN;
    return {
      calls: this.ended,
      ends: this.#ends,
      lost: this.#lost,
      hanging: this.#hanging,
      violations: this.#violations,
      example: this.#example,
      durationMs,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      switchCpuMicros: cpuMicros / Math.max(1, this.ended),
    };
  }
}

let freeswitch: SimulatedFreeSwitch | null = null;

async function play(order: LoadOrder): Promise<LoadResult> {
  const { port, calls, callsPerSecond, concurrency, fullEvents } = order;
  freeswitch = new SimulatedFreeSwitch({
    routers: [{ host: '127.0.0.1', port }],
    budgetMs: BUDGET_MS,
    lean: !fullEvents,
  });
  const placing = freeswitch;
  const tally = new Tally();
  const running = new Set<Promise<void>>();
  const began = performance.now();
  const cpu = process.cpuUsage();
  for (let placed = 0; placed < calls;) {
    const due = Math.min(calls, Math.floor(((performance.now() - began) / 1000) * callsPerSecond) + 1);
    for (; placed < due && running.size < concurrency; placed++) {
      const call = placing.call(scriptOf(placed, order)).then((report) => {
        tally.add(report);
        running.delete(call);
      });
      running.add(call);
    }
    if (running.size >= concurrency) await Promise.race(running);
    else await delay(1);
  }
  await Promise.all(running);
  const { user, system } = process.cpuUsage(cpu);
  return tally.result(performance.now() - began, user + system);
}

process.on('message', (order: SwitchOrder) => {
  if (order.kind === 'release') {
    void freeswitch?.close();
    return;
  }
  play(order).then(
    (result) => {
      tell({ kind: 'result', result });
    },
    (error: unknown) => {
      tell({ kind: 'failed', error: String(error) });
    },
  );
});
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });
