/** What the API answers, for whoever asks it from TypeScript: the console. Types alone. */

export type { CallPage, CallSummary } from '../store/calls.ts';
export type { CallRecord, Result } from '../call/record.ts';
export type { LiveCall } from '../call/live.ts';
export type { SchemeState } from '../schemes/desk.ts';
export type { Minute } from '../call/minutes.ts';
export type { Role } from './guard/role.ts';
export type { DialplanView } from './context.ts';

import type { LiveCall, LiveCounts } from '../call/live.ts';
import type { CallRecord } from '../call/record.ts';
import type { SchemeState } from '../schemes/desk.ts';
import type { StoredUse } from '../schemes/stored.ts';
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

/** Of `GET /reasons`; words in backticks stand for code. */
export interface ReasonView {
  readonly group: string;
  readonly code: string;
  readonly sentence: string;
  readonly cause: string;
  readonly cure: string;
}

/** `POST /calls/:id/decide-again`. */
export type Verdict = { readonly id: string } & (
  | { readonly kind: 'same' }
  | { readonly kind: 'moved'; readonly from: Outlook; readonly to: Outlook }
  | { readonly kind: 'unknown'; readonly why: string }
);

export interface Outlook {
  readonly scheme: string | null;
  readonly result: string;
  readonly reason: string;
  readonly steps: readonly string[];
}

/** `POST /try` and `/calls/:id/try`: the record of a call that was not placed, and what would be done. */
export interface TriedCall extends CallRecord {
  readonly steps: readonly string[];
  readonly dialStrings: readonly string[];
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

/** A scheme of the store, without its document. */
export interface StoredSchemeSummary {
  readonly name: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly author: string;
  readonly message: string;
  readonly state: SchemeState;
  /** Null: it is not live, or is not loaded yet. */
  readonly use: StoredUse | null;
}

export interface SchemeFigures {
  readonly calls: number;
  /** How many calls came to each result. */
  readonly byResult: Readonly<Record<string, number>>;
  /** From the connect of a call to its decision. */
  readonly decidedMs: {
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
  };
  readonly lastError: { readonly at: string; readonly call: string; readonly reason: string } | null;
}

/** `GET /schemes`. */
export interface SchemeList {
  /** Those of files: they are changed there. */
  readonly files: readonly {
    readonly name: string;
    readonly file: string | null;
    readonly revision: string;
  }[];
  readonly stored: readonly StoredSchemeSummary[];
  /** Of the last 24 hours, by name: of those that had a call. */
  readonly figures: Readonly<Record<string, SchemeFigures>>;
  /** Name of the scheme for calls that no other one takes; null: there is none. */
  readonly default: string | null;
}

/** `GET /schemes/:name`. */
export type OneScheme = { readonly document: Readonly<Record<string, unknown>> } & (
  | (StoredSchemeSummary & { readonly file: null })
  /** It is changed there, and has no ETag. */
  | {
      readonly name: string;
      readonly file: string;
      /** Words of its map that the document leaves out. */
      readonly wordsLeftOut: number;
    }
);

/** Of `GET /presets`. */
export interface PresetSummary {
  readonly name: string;
  readonly what: string;
  /** What its entries for events send; null: it has none. */
  readonly events: string | null;
}

/** `GET /presets/:name`. */
export interface Preset extends Omit<PresetSummary, 'events'> {
  /** Entries for `events` of the scheme. */
  readonly events: {
    readonly what: string;
    readonly entries: readonly Readonly<Record<string, unknown>>[];
    readonly toDo: readonly string[];
    readonly limits: readonly string[];
  } | null;
  /** A scheme without a name. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly toDo: readonly string[];
  readonly limits: readonly string[];
}

/** Of `GET /macros`. */
export interface MacroView {
  readonly name: string;
  readonly what: string;
  /** For the call that was asked about; null: it has none before a question is sent. */
  readonly value: string | null;
}

/** Of `GET /schemes/:name/revisions`. */
export interface SchemeRevision {
  readonly revision: number;
  readonly createdAt: string;
  readonly author: string;
  readonly message: string;
  readonly state: SchemeState;
}

/** `POST /try`: the record of the call, and what it would do. */
export interface TriedCall extends CallRecord {
  readonly steps: readonly string[];
  readonly dialStrings: readonly string[];
  /** What follows a bridge that ended in one of these ways. */
  readonly next: readonly {
    readonly outcomes: readonly string[];
    readonly steps: readonly string[];
    readonly dialStrings: readonly string[];
  }[];
}

/** Where a call was sent, and by which scheme. */
export interface CallOutlook {
  readonly scheme: string | null;
  readonly result: string;
  readonly reason: string;
  readonly steps: readonly string[];
}

/** `POST /what-would-change`. */
export interface WhatWouldChange {
  readonly verdicts: readonly ({ readonly id: string } & (
    | { readonly kind: 'same' }
    | { readonly kind: 'moved'; readonly from: CallOutlook; readonly to: CallOutlook }
    | { readonly kind: 'unknown'; readonly why: string }
  ))[];
  /** Calls that the time did not suffice for. */
  readonly unread: number;
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
  /** Whether a value that the CRM sent is to blame: only of such a problem `values` are worth asking for. */
  readonly hasValues: boolean;
}

/** `GET /problems/:id/values`, the most frequent first. */
export type OffendingValues = readonly {
  readonly value: string;
  readonly calls: number;
  /** The newest of them. */
  readonly lastCall: string;
}[];

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

/** `GET /schemes/:name/shadow`: what it would have done beside calls. */
export interface ShadowView {
  /** Those that it has, or has the share of. */
  readonly canaries: readonly {
    readonly scheme: string;
    readonly canary: string;
    readonly counts: readonly {
      readonly side: 'canary' | 'rest';
      readonly result: string;
      readonly calls: number;
      readonly answered: number;
      readonly decidedMs: number | null;
    }[];
  }[];
  readonly counts: readonly {
    readonly result: string;
    readonly reason: string;
    readonly calls: number;
    /** Of them those that went elsewhere. */
    readonly differing: number;
  }[];
  readonly differing: readonly {
    readonly id: string;
    readonly at: string;
    readonly trace: string;
    readonly caller: string | null;
    readonly did: string | null;
    readonly live: CallOutlook;
    readonly would: CallOutlook;
  }[];
  /** Null: there are no older ones. */
  readonly next: string | null;
}

/** `GET /ways`. */
export interface WaysView {
  readonly ways: readonly {
    readonly kind: 'gateway' | 'domain';
    readonly name: string;
    readonly dialled: number;
    readonly answered: number;
    readonly cause: string | null;
    readonly lastAt: string;
  }[];
  /** That calls came with, the newest first. */
  readonly domains: readonly string[];
}
