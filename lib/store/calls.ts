import { randomInt } from 'node:crypto';
import type { Insertable, Selectable } from 'kysely';
import type { CallRecord } from '../call/record.ts';
import { timeOfUuid } from '../uuid.ts';
import { canaryRowOf } from './canaries.ts';
import type { Database } from './database.ts';
import { groupsOf, hasWords, placesOf, type CallFilter } from './filter.ts';
import { lastTalk, talksAt, type LastTalk } from './last-talk.ts';
import { clean, lineOf, type CallColumns } from './line.ts';
import { newestWith } from './search.ts';
import { shadowRowsOf } from './shadows.ts';
import type { CallTable, CanaryTable, ShadowTable } from './tables.ts';
import { sameDigits, wordsOf } from './words.ts';

/** Records of calls: written in batches, found by filters, a page at a time. */

export type { CallFilter } from './filter.ts';

export interface PageOptions {
  /** Of the page before. */
  readonly cursor?: string;
  /** 50; at most 500. */
  readonly limit?: number;
}

/** A call without its trace, by the names of its record. */
export interface CallSummary {
  readonly id: string;
  readonly tenant: string;
  readonly startedAt: string;
  readonly uuid: string;
  readonly switch: string;
  readonly caller: string;
  readonly callerName: string;
  readonly did: string;
  readonly scheme: string | null;
  readonly revision: string | null;
  readonly result: string;
  readonly reason: string;
  readonly destination: string;
  readonly answeredBy: string | null;
  readonly end: string | null;
  readonly via: string;
  readonly hangupCause: string | null;
  readonly decidedMs: number | null;
  readonly answeredMs: number | null;
  readonly endedMs: number | null;
  /** By the one who answered, until the call ended or was moved. */
  readonly talkedMs: number | null;
  readonly masked: boolean;
}

export interface CallPage {
  readonly calls: readonly CallSummary[];
  /** Null: there are no older ones. */
  readonly next: string | null;
}

export interface StoredCall {
  readonly tenant: string;
  readonly masked: boolean;
  readonly record: CallRecord;
}

export interface LastAgentQuery {
  readonly tenant: string;
  readonly caller: string;
  /** Whether the caller of another call was the same one; unless told otherwise, if the digits are the same. */
  readonly isCaller?: (number: string) => boolean;
  /** Where a person has to have been dialled; '' stands for any. */
  readonly domain?: string;
  readonly since: Date;
  readonly minTalkMs: number;
}

/** A record that is ready to be written, and what is compared of it. */
export interface CallRow {
  readonly id: string;
  readonly startedMs: number;
  readonly line: Uint8Array;
  readonly shadows: readonly Insertable<ShadowTable>[];
  readonly canary: readonly Insertable<CanaryTable>[];
  /** In memory. */
  readonly bytes: number;
}

const COLUMNS = [
  'id',
  'tenant',
  'started_at',
  'uuid',
  'switch',
  'caller',
  'caller_name',
  'did',
  'scheme',
  'revision',
  'result',
  'reason',
  'destination',
  'answered_by',
  'end',
  'via',
  'hangup_cause',
  'decided_ms',
  'answered_ms',
  'ended_ms',
  'masked',
] as const;

const MAX_PAGE = 500;
const DEFAULT_PAGE = 50;
/** Of one caller: further back he talked to nobody for long. */
const MAX_TALKS = 50;

/** Milliseconds since then, times 8192: the order of calls fits into what JavaScript counts exactly until 2054. */
const EPOCH = Date.UTC(2020, 0, 1);
const PER_MS = 8192;
const LAST = Number.MAX_SAFE_INTEGER;

/** What JavaScript keeps around a row, and takes at most for a character of a text. */
const ROW_BYTES = 256;
const BYTES_OF_A_UNIT = 2;

export function rowOf(record: CallRecord, tenant: string): CallRow {
  const columns = columnsOf(record, tenant);
  const shadows = shadowRowsOf(record, columns.tenant);
  const line = lineOf(columns, wordsOf(record, tenant));
  const beside = shadows.reduce((sum, { decision }) => sum + decision.length, 0);
  return {
    id: record.id,
    startedMs: timeOfUuid(record.id) ?? Date.parse(record.startedAt),
    line,
    shadows,
    canary: canaryRowOf(record, columns.tenant),
    bytes: line.length + beside * BYTES_OF_A_UNIT + ROW_BYTES,
  };
}

export function columnsOf(record: CallRecord, tenant: string): CallColumns {
  const { call, scheme } = record;
  return {
    id: record.id,
    tenant: clean(tenant),
    started_at: record.startedAt,
    uuid: clean(call?.uuid ?? ''),
    switch: clean(call?.switch ?? ''),
    caller: clean(call?.caller ?? ''),
    caller_name: clean(call?.callerName ?? ''),
    did: clean(call?.did ?? ''),
    scheme: scheme?.name ?? null,
    revision: scheme?.revision ?? null,
    result: record.result,
    reason: record.reason,
    destination: clean(record.destination),
    answered_by: record.answeredBy === null ? null : clean(record.answeredBy),
    end: record.end,
    via: record.via,
    hangup_cause: record.hangupCause === null ? null : clean(record.hangupCause),
    decided_ms: rounded(record.decidedMs),
    answered_ms: rounded(record.answeredMs),
    ended_ms: rounded(record.endedMs),
    masked: 0,
    record: JSON.stringify(record),
  };
}

export class Calls {
  readonly #database: Database;
  #last = randomInt(PER_MS);

  constructor(database: Database) {
    this.#database = database;
  }

  /** All of them or none. A call that is there already stays as it is: a batch may have been written when its answer was lost. */
  async insert(rows: readonly CallRow[]): Promise<void> {
    await this.#database.append(rows.map((row) => ({ n: this.#orderOf(row), line: row.line })));
  }

  async page(filter: CallFilter, { cursor, limit = DEFAULT_PAGE }: PageOptions = {}): Promise<CallPage> {
    const { reader } = this.#database;
    const size = Math.max(1, Math.min(MAX_PAGE, limit));
    const from = filter.since === undefined ? 0 : orderOf(filter.since.getTime());
    const until = filter.until === undefined ? LAST : orderOf(filter.until.getTime());
    const below = Math.min(until, cursorOf(cursor));
    let query = reader
      .selectFrom('calls')
      .select(['n', ...COLUMNS])
      .where('n', '>=', from)
      .where('n', '<', below)
      .orderBy('n', 'desc')
      .limit(size + 1);
    if (hasWords(filter)) {
      const places = await placesOf(this.#database, filter, { from, below, limit: size + 1 });
      if (places.length === 0) return { calls: [], next: null };
      query = query.where('n', 'in', places);
    }
    const rows = await query.execute();
    const shown = rows.slice(0, size);
    // How long the call went on elsewhere is in the columns too: how long the callee talked is in the record.
    const moved = shown.filter(({ end, answered_ms }) => end === 'moved' && answered_ms !== null);
    const talks = await talksAt(
      reader,
      moved.map(({ n }) => n),
    );
    const calls = shown.map((row) => summaryOf(row, talks.get(row.n)));
    return { calls, next: rows.length > size ? String(shown.at(-1)?.n ?? '') : null };
  }

  /** By the id of its record, the trace. */
  async find(id: string): Promise<StoredCall | null> {
    if (!/^[\w-]{1,64}$/.test(id)) return null;
    const written = id.toLowerCase();
    const row = await this.#database.reader
      .selectFrom('calls')
      .select(['tenant', 'masked', 'record'])
      .where('id', 'in', [written, written.replaceAll('-', '')])
      .executeTakeFirst();
    if (row === undefined) return null;
    return { tenant: row.tenant, masked: row.masked === 1, record: JSON.parse(row.record) as CallRecord };
  }

  /** Whom a caller last talked to for so long; null: nobody, or nobody whose record still holds the numbers. */
  async lastAgent({
    tenant,
    caller,
    isCaller = (number) => sameDigits(number, caller),
    domain = '',
    since,
    minTalkMs,
  }: LastAgentQuery): Promise<LastTalk | null> {
    const within = { from: orderOf(since.getTime()), below: LAST, limit: MAX_TALKS };
    const places = await placesOf(this.#database, { tenant, caller }, within);
    return lastTalk(this.#database, places, { isCaller, domain, minTalkMs });
  }

  /** The calls of the same caller next to this one; null where there is none. */
  async neighbours(
    id: string,
    { tenant, caller, at }: { readonly tenant: string; readonly caller: string; readonly at: Date },
  ): Promise<{ readonly previous: string | null; readonly next: string | null }> {
    const own = await this.#database.reader
      .selectFrom('calls')
      .select('n')
      .where('id', '=', id)
      .executeTakeFirst();
    const n = own?.n ?? orderOf(at.getTime());
    const groups = groupsOf({ tenant, caller }, 'exact');
    const [before] = await newestWith(this.#database, { groups, from: 0, below: n, limit: 1 });
    // Searched from the newest: if the caller has had more calls than that since, the next one is not found.
    const after = await newestWith(this.#database, { groups, from: n + 1, below: LAST, limit: MAX_PAGE });
    const idOf = async (place: number | undefined): Promise<string | null> => {
      if (place === undefined) return null;
      const row = await this.#database.reader
        .selectFrom('calls')
        .select('id')
        .where('n', '=', place)
        .executeTakeFirst();
      return row?.id ?? null;
    };
    return {
      previous: await idOf(before),
      next: await idOf(after.length < MAX_PAGE ? after.at(-1) : undefined),
    };
  }

  /** The place of the call in the order. Two in the same millisecond differ by a count, those of other routers by chance. */
  #orderOf({ startedMs }: CallRow): number {
    this.#last = (this.#last + 1) % PER_MS;
    return orderOf(startedMs) + this.#last;
  }
}

function orderOf(ms: number): number {
  return Math.max(0, Math.round(ms) - EPOCH) * PER_MS;
}

/** The moment of a place in the order. */
export function momentOf(n: number): Date {
  return new Date(Math.floor(n / PER_MS) + EPOCH);
}

/** Rows from before this moment have a smaller `n`. */
export function orderBefore(moment: Date): number {
  return orderOf(moment.getTime());
}

function cursorOf(cursor: string | undefined): number {
  if (cursor === undefined) return LAST;
  return /^\d{1,16}$/.test(cursor) ? Math.min(LAST, Number(cursor)) : 0;
}

/** `movedAfterMs`: how long they had talked when the call was moved. */
function summaryOf(
  row: Pick<Selectable<CallTable>, (typeof COLUMNS)[number]>,
  movedAfterMs?: number | null,
): CallSummary {
  const { started_at, caller_name, answered_by, hangup_cause, decided_ms, answered_ms, ended_ms, ...same } =
    row;
  return {
    id: same.id,
    tenant: same.tenant,
    startedAt: started_at,
    uuid: same.uuid,
    switch: same.switch,
    caller: same.caller,
    callerName: caller_name,
    did: same.did,
    scheme: same.scheme,
    revision: same.revision,
    result: same.result,
    reason: same.reason,
    destination: same.destination,
    answeredBy: answered_by,
    end: same.end,
    via: same.via,
    hangupCause: hangup_cause,
    decidedMs: decided_ms,
    answeredMs: answered_ms,
    endedMs: ended_ms,
    talkedMs: rounded(
      movedAfterMs ?? (answered_ms === null || ended_ms === null ? null : ended_ms - answered_ms),
    ),
    masked: same.masked === 1,
  };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
