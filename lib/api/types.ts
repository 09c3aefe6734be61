/** What the API answers, for whoever asks it from TypeScript: the console. Types alone. */

export type { CallPage, CallSummary } from '../store/calls.ts';
export type { CallRecord, Result } from '../call/record.ts';
export type { LiveCall, LiveCounts } from '../call/live.ts';
export type { Minute } from '../call/minutes.ts';
export type { Role } from './guard/role.ts';

import type { LiveCall, LiveCounts } from '../call/live.ts';
import type { CallRecord } from '../call/record.ts';
import type { StoreState } from '../store/store.ts';
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
  readonly store: StoreState;
  readonly counts: LiveCounts;
  readonly breakers: readonly Breaker[];
}

/** Of `GET /problems`. */
export interface ProblemGroup {
  readonly id: string;
  readonly state: 'open' | 'acknowledged' | 'solved';
  readonly reason: string;
  readonly sentence: string;
  readonly whatToDo: string | null;
  readonly scheme: string;
  readonly crm: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly lastCall: string;
  readonly changedBy: string;
}

/** `GET /deliveries`. */
export interface DeliveriesView {
  readonly counts: readonly {
    readonly state: 'waiting' | 'delivered' | 'parked';
    readonly count: number;
    readonly oldest: string;
  }[];
  readonly parked: readonly {
    readonly id: string;
    readonly call: string;
    readonly scheme: string;
    readonly event: string;
    readonly seq: number;
    readonly attempts: number;
    readonly createdAt: string;
    readonly error: string;
  }[];
}

/** Of `GET /settings`. */
export interface Setting {
  readonly name: string;
  readonly value: unknown;
  readonly default: unknown;
  readonly env: string;
  readonly doc: string;
  readonly format: string;
  readonly origin: string;
  readonly source: string;
}

/** Of `GET /users`. */
export interface UserView {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly disabledAt: string | null;
}

/** Of `GET /tokens`. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: Role | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly usedAt: string | null;
  readonly revokedAt: string | null;
}

/** `GET /audit`. */
export interface AuditPage {
  readonly entries: readonly {
    readonly id: string;
    readonly at: string;
    readonly who: string;
    readonly address: string;
    readonly action: string;
    readonly subject: string;
    readonly change: unknown;
  }[];
  readonly next: string | null;
}
