import type { GeneratedAlways } from 'kysely';

/**
 * The tables, as both databases have them. Times are ISO 8601 in UTC with milliseconds, ids are UUIDv7, documents are JSON in
 * text: PostgreSQL's own JSON refuses a U+0000, which a CRM may send.
 */
export interface Tables {
  readonly calls: CallTable;
  /** The index of words: of SQLite a table of its own, of PostgreSQL a column of `calls`. */
  readonly call_words: { rowid: number; words: string };
  readonly scheme_revisions: SchemeRevisionTable;
  readonly users: UserTable;
  readonly tokens: TokenTable;
  readonly sessions: SessionTable;
  readonly audit: AuditTable;
  readonly deliveries: DeliveryTable;
  readonly routers: RouterTable;
  readonly live_calls: LiveCallTable;
  readonly shadows: ShadowTable;
  readonly canaries: CanaryTable;
  readonly problems: ProblemTable;
  readonly schema_versions: { version: number; applied_at: string; program: string };
}

/** The record of a call: what people look for in columns, all of it in `record`. */
export interface CallTable {
  /** Rises with `started_at`: what pages are ordered by, and where a page ends. */
  n: number;
  id: string;
  tenant: string;
  started_at: string;
  uuid: string;
  switch: string;
  caller: string;
  caller_name: string;
  did: string;
  scheme: string | null;
  revision: string | null;
  result: string;
  reason: string;
  destination: string;
  answered_by: string | null;
  end: string | null;
  via: string;
  hangup_cause: string | null;
  decided_ms: number | null;
  answered_ms: number | null;
  ended_ms: number | null;
  /** Its numbers are masked. */
  masked: number;
  record: string;
  /** PostgreSQL only. */
  words: GeneratedAlways<string>;
}

/** A scheme made outside files: each change is a row, and the newest one counts. */
export interface SchemeRevisionTable {
  id: string;
  tenant: string;
  name: string;
  /** 1, 2, 3 of this name. */
  revision: number;
  created_at: string;
  author: string;
  message: string;
  state: 'live' | 'shadow' | 'draft' | 'disabled' | 'deleted';
  document: string;
}

export interface UserTable {
  id: string;
  tenant: string;
  name: string;
  role: 'viewer' | 'operator' | 'editor' | 'admin';
  password_hash: string;
  created_at: string;
  disabled_at: string | null;
}

export interface TokenTable {
  id: string;
  tenant: string;
  name: string;
  /** Of the token itself nothing is kept. */
  hash: string;
  scopes: string;
  created_by: string;
  created_at: string;
  expires_at: string | null;
  used_at: string | null;
  revoked_at: string | null;
}

export interface SessionTable {
  id: string;
  tenant: string;
  hash: string;
  user_id: string;
  address: string;
  created_at: string;
  seen_at: string;
  expires_at: string;
}

/** Append-only: the database itself refuses a change. */
export interface AuditTable {
  id: string;
  tenant: string;
  at: string;
  who: string;
  address: string;
  action: string;
  subject: string;
  change: string;
}

/** An event on its way to a CRM. */
export interface DeliveryTable {
  id: string;
  tenant: string;
  call_id: string;
  /** 1, 2, 3 of this call and webhook: delivered in this order. */
  seq: number;
  scheme: string;
  event: string;
  /** Name of the entry of the scheme's `events`. */
  webhook: string;
  /** What the call gave; empty once it is delivered. */
  body: string;
  state: 'waiting' | 'delivered' | 'parked';
  attempts: number;
  created_at: string;
  next_at: string;
  done_at: string | null;
  last_error: string;
  /** It is parked when it fails later than this. */
  give_up_at: string | null;
}

/** Routers that are alive say so. */
interface RouterTable {
  id: string;
  seen_at: string;
}

/** Calls with events, while they last: if their router dies another one closes them. */
export interface LiveCallTable {
  call_id: string;
  router: string;
  tenant: string;
  scheme: string;
  started_at: string;
  /** The `ended` event for each webhook, `[{"webhook": "1", "body": "..."}]`. */
  ends: string;
}

/** What another scheme would have decided for a call. */
export interface ShadowTable {
  id: string;
  tenant: string;
  call_id: string;
  at: string;
  scheme: string;
  shadow: string;
  differs: number;
  decision: string;
}

/** A call of a scheme that has a canary. */
export interface CanaryTable {
  call_id: string;
  tenant: string;
  at: string;
  scheme: string;
  canary: string;
  side: 'canary' | 'rest';
  result: string;
  answered: number;
  decided_ms: number | null;
}

/** Failures of one kind, counted. */
export interface ProblemTable {
  id: string;
  tenant: string;
  /** Reason, scheme and CRM: what makes it the same problem. */
  kind: string;
  reason: string;
  scheme: string;
  crm: string;
  state: 'open' | 'acknowledged' | 'solved';
  count: number;
  first_at: string;
  last_at: string;
  last_call: string;
  changed_by: string;
}
