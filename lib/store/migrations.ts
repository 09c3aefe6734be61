/**
 * The tables, forward only: a migration that was released is never changed, what is to be otherwise comes after it. The words
 * in capitals differ: see TYPES.
 */
export interface Migration {
  readonly both: readonly string[];
  readonly sqlite: readonly string[];
  readonly postgres: readonly string[];
}

export type Kind = 'sqlite' | 'postgres';

const TYPES: Readonly<Record<string, Readonly<Record<Kind, string>>>> = {
  TIME: { sqlite: 'text', postgres: 'timestamptz(3)' },
  // SQLite's key must be called so to be its own row number.
  ORDER_KEY: { sqlite: 'integer primary key', postgres: 'bigint primary key' },
  WORDS_COLUMN: { sqlite: '', postgres: ', words tsvector not null' },
};

export function statementsOf(migration: Migration, kind: Kind): string[] {
  return [...migration.both, ...migration[kind]].map((statement) =>
    statement.replace(/\b[A-Z]{2}[A-Z_]*\b/g, (word) => TYPES[word]?.[kind] ?? word),
  );
}

export const MIGRATIONS: readonly Migration[] = [
  {
    both: [
      `create table calls (
        n ORDER_KEY, id text not null unique, tenant text not null, started_at TIME not null,
        uuid text not null, switch text not null, caller text not null, caller_name text not null, did text not null,
        scheme text, revision text, result text not null, reason text not null, destination text not null,
        answered_by text, "end" text, via text not null, hangup_cause text,
        decided_ms integer, answered_ms integer, ended_ms integer,
        masked smallint not null default 0, record text not null WORDS_COLUMN)`,
      `create table scheme_revisions (
        id text primary key, tenant text not null, name text not null, revision integer not null, created_at TIME not null,
        author text not null, message text not null, state text not null, document text not null,
        unique (tenant, name, revision))`,
      `create table users (
        id text primary key, tenant text not null, name text not null unique, role text not null,
        password_hash text not null, created_at TIME not null, disabled_at TIME)`,
      `create table tokens (
        id text primary key, tenant text not null, name text not null, hash text not null unique, scopes text not null,
        created_by text not null, created_at TIME not null, expires_at TIME, used_at TIME, revoked_at TIME)`,
      `create table sessions (
        id text primary key, tenant text not null, hash text not null unique, user_id text not null,
        address text not null, created_at TIME not null, seen_at TIME not null, expires_at TIME not null)`,
      'create index sessions_by_user on sessions (user_id)',
      `create table audit (
        id text primary key, tenant text not null, at TIME not null, who text not null, address text not null,
        action text not null, subject text not null, change text not null)`,
      `create table deliveries (
        id text primary key, tenant text not null, call_id text not null, seq integer not null, scheme text not null,
        event text not null, webhook text not null, body text not null, state text not null, attempts integer not null,
        created_at TIME not null, next_at TIME not null, done_at TIME, last_error text not null,
        unique (call_id, webhook, seq))`,
      'create index deliveries_by_state on deliveries (state, next_at)',
      'create index deliveries_by_age on deliveries (created_at)',
      `create table shadows (
        id text primary key, tenant text not null, call_id text not null, at TIME not null, scheme text not null,
        shadow text not null, differs smallint not null, decision text not null, unique (call_id, shadow))`,
      'create index shadows_by_scheme on shadows (shadow, id)',
      `create table problems (
        id text primary key, tenant text not null, kind text not null, reason text not null, scheme text not null,
        crm text not null, state text not null, count integer not null, first_at TIME not null, last_at TIME not null,
        last_call text not null, changed_by text not null, unique (tenant, kind))`,
    ],
    sqlite: [
      // Without the text itself and the places of the words in it: a row number for each word is all.
      `create virtual table call_words using fts5(words, content='', contentless_delete=1, detail=none,
        tokenize="ascii tokenchars ':_-.'")`,
      `create trigger audit_kept before update on audit begin select raise(abort, 'the audit log is append-only'); end`,
      `create trigger audit_stays before delete on audit begin select raise(abort, 'the audit log is append-only'); end`,
    ],
    postgres: [
      // The list of what is not yet in the index is read by every search: short.
      'create index calls_by_word on calls using gin (words) with (gin_pending_list_limit = 256)',
      `create function esl_router_append_only() returns trigger language plpgsql as
        $$ begin raise exception 'the audit log is append-only'; end $$`,
      `create trigger audit_kept before update or delete or truncate on audit
        for each statement execute function esl_router_append_only()`,
    ],
  },
  {
    both: [
      'alter table deliveries add column give_up_at TIME',
      "create index deliveries_waiting on deliveries (scheme, webhook, next_at) where state = 'waiting'",
      'create table routers (id text primary key, seen_at TIME not null)',
      `create table live_calls (
        call_id text primary key, router text not null, tenant text not null, scheme text not null,
        started_at TIME not null, ends text not null)`,
    ],
    sqlite: [],
    postgres: [],
  },
  {
    // Figures of a day are read from it alone: from the rows a hundred thousand calls took seconds.
    both: ['create index calls_by_time on calls (n, tenant, scheme, result, decided_ms)'],
    sqlite: [],
    postgres: [],
  },
  {
    both: [
      `create table canaries (
        call_id text primary key, tenant text not null, at TIME not null, scheme text not null, canary text not null,
        side text not null, result text not null, answered smallint not null, decided_ms integer)`,
      'create index canaries_by_scheme on canaries (scheme, canary, at)',
    ],
    sqlite: [],
    postgres: [],
  },
];
