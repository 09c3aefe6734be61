import { Minutes } from './minutes.ts';
import type { CallObserver } from './observer.ts';
import type { CallEvent, CallRecord, Result } from './record.ts';

/** The calls of now, and how many there have been: for people who watch. It keeps some words of each call and no record. */

export interface LiveCall {
  readonly id: string;
  readonly startedAt: string;
  readonly state: LiveState;
  /** Since when, ISO 8601. */
  readonly since: string;
  readonly caller: string;
  readonly callerName: string;
  readonly did: string;
  readonly scheme: string | null;
  readonly destination: string;
}

/** `asking` the CRM, `ringing` a destination, `talking`; `deciding` is all else. */
export type LiveState = 'deciding' | 'asking' | 'ringing' | 'talking';

export interface LiveCounts {
  readonly live: number;
  /** Since the start of the router. */
  readonly ended: number;
  readonly byResult: Readonly<Record<Result, number>>;
}

export class LiveCalls implements CallObserver {
  readonly minutes: Minutes;
  readonly #now: () => Date;
  readonly #calls = new Map<string, LiveCall>();
  readonly #byResult: Record<Result, number> = {
    routed: 0,
    no_route: 0,
    error: 0,
    no_answer: 0,
    refused: 0,
    abandoned: 0,
  };
  #ended = 0;
  /** Rises with each change of a call. */
  #version = 0;

  constructor(now: () => Date) {
    this.#now = now;
    this.minutes = new Minutes(now);
  }

  noted(record: CallRecord, event: CallEvent): void {
    const before = this.#calls.get(record.id);
    const state = STATES[event.type] ?? before?.state ?? 'deciding';
    const { id, startedAt, call, scheme, destination } = record;
    const isNew = before?.state !== state;
    if (!isNew && !SHOWN.has(event.type)) return;
    this.#version++;
    this.#calls.set(id, {
      id,
      startedAt,
      state,
      since: isNew ? this.#now().toISOString() : before.since,
      caller: call?.caller ?? '',
      callerName: call?.callerName ?? '',
      did: call?.did ?? '',
      scheme: scheme?.name ?? null,
      destination,
    });
  }

  ended(record: CallRecord): void {
    this.#version++;
    this.#ended++;
    this.minutes.ended(record);
    this.#byResult[record.result]++;
    this.#calls.delete(record.id);
  }

  get version(): number {
    return this.#version;
  }

  get counts(): LiveCounts {
    return { live: this.#calls.size, ended: this.#ended, byResult: { ...this.#byResult } };
  }

  /** How many are in each state. */
  get states(): Record<LiveState, number> {
    const states = { deciding: 0, asking: 0, ringing: 0, talking: 0 };
    for (const { state } of this.#calls.values()) states[state]++;
    return states;
  }

  /** The oldest first. */
  list(limit: number): LiveCall[] {
    return [...this.#calls.values()].slice(0, limit);
  }
}

/** What people who watch see of a call, though its state stays. */
const SHOWN: ReadonlySet<CallEvent['type']> = new Set(['call', 'disclosed', 'scheme']);

const STATES: Readonly<Partial<Record<CallEvent['type'], LiveState>>> = {
  request: 'asking',
  answer: 'deciding',
  bridge: 'ringing',
  answered: 'talking',
  bridge_end: 'deciding',
};
