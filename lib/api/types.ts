/** What the API answers, for whoever asks it from TypeScript: the console. Types alone. */

export type { CallPage, CallSummary } from '../store/calls.ts';
export type { CallRecord, Result } from '../call/record.ts';
export type { LiveCall, LiveCounts } from '../call/live.ts';
export type { Role } from './guard/role.ts';

import type { LiveCall, LiveCounts } from '../call/live.ts';
import type { CallRecord } from '../call/record.ts';
import type { Role } from './guard/role.ts';

/** `GET /session`. */
export interface Me {
  readonly name: string;
  readonly role: Role;
  readonly csrfToken: string | null;
}

/** `GET /live`, and each event of `/live/events`. */
export interface Live {
  readonly at: string;
  readonly counts: LiveCounts;
  readonly calls: readonly LiveCall[];
}

/** `GET /calls/:id`. */
export interface OneCall {
  readonly masked: boolean;
  readonly record: CallRecord;
  /** Calls of the same caller: ids. */
  readonly previous: string | null;
  readonly next: string | null;
}

export interface Breaker {
  readonly name: string;
  readonly state: 'closed' | 'open' | 'half-open' | 'forced-open' | 'forced-closed';
}

/** `GET /status`. */
export interface Status {
  readonly version: string;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly readiness: { readonly status: string } & Readonly<Record<string, unknown>>;
  readonly store: Readonly<Record<string, unknown>>;
  readonly counts: LiveCounts;
  readonly breakers: readonly Breaker[];
}
