import type { CallObserver } from './observer.ts';
import type { CallRecord, Result } from './record.ts';

/** What the last minutes brought: calls by result, and how long CRMs took. For people who watch; some numbers a minute, whatever the load. */

export interface Minute {
  /** Its beginning, ISO 8601. */
  readonly at: string;
  /** Calls that ended in it. */
  readonly byResult: Readonly<Record<Result, number>>;
  readonly crm: Latency;
}

/** Milliseconds from the question to the end of the reply, within 6 %; null: none was answered. */
interface Latency {
  readonly answers: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

const MINUTE_MS = 60_000;
const KEPT = 120;

interface Counted {
  readonly minute: number;
  readonly byResult: Record<Result, number>;
  readonly times: Times;
}

export class Minutes implements CallObserver {
  readonly #now: () => Date;
  readonly #minutes: Counted[] = [];

  constructor(now: () => Date) {
    this.#now = now;
  }

  ended({ result, requests }: CallRecord): void {
    const { byResult, times } = this.#current();
    byResult[result]++;
    for (const { phases, reply } of requests) if (phases !== null && reply !== null) times.add(phases.total);
  }

  /** The oldest first; minutes without a call are there too. */
  list(count = KEPT): Minute[] {
    const last = Math.floor(this.#now().getTime() / MINUTE_MS);
    return Array.from({ length: Math.min(count, KEPT) }, (_, index) => last - index)
      .reverse()
      .map((minute) => shown(this.#minutes.find((one) => one.minute === minute) ?? empty(minute)));
  }

  #current(): Counted {
    const minute = Math.floor(this.#now().getTime() / MINUTE_MS);
    const newest = this.#minutes.at(-1);
    if (newest !== undefined && newest.minute >= minute) return newest;
    const begun = empty(minute);
    this.#minutes.push(begun);
    if (this.#minutes.length > KEPT) this.#minutes.shift();
    return begun;
  }
}

function empty(minute: number): Counted {
  const byResult = { routed: 0, no_route: 0, error: 0, no_answer: 0, refused: 0, abandoned: 0 };
  return { minute, byResult, times: new Times() };
}

function shown({ minute, byResult, times }: Counted): Minute {
  return {
    at: new Date(minute * MINUTE_MS).toISOString(),
    byResult: { ...byResult },
    crm: { answers: times.count, p50: times.below(0.5), p95: times.below(0.95), p99: times.below(0.99) },
  };
}

/** Buckets from 1 ms to 60 s, each 12 % wider than the one before; a percentile is the middle of its bucket. */
const STEP = Math.log(1.12);
const STEPS = Math.ceil(Math.log(60_000) / STEP) + 1;

class Times {
  #steps: Uint32Array | null = null;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#steps ??= new Uint32Array(STEPS);
    const step = Math.min(STEPS - 1, Math.max(0, Math.floor(Math.log(Math.max(1, ms)) / STEP)));
    this.#steps[step] = (this.#steps[step] ?? 0) + 1;
    this.#count++;
  }

  /** The milliseconds that this part of all stays below. */
  below(part: number): number | null {
    let left = Math.ceil(this.#count * part);
    for (const [step, count] of (this.#steps ?? []).entries()) {
      left -= count;
      if (count > 0 && left <= 0) return Math.round(Math.exp((step + 0.5) * STEP));
    }
    return null;
  }
}
