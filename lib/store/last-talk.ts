import type { CallRecord } from '../call/record.ts';
import { talkedMs } from '../call/talk.ts';
import { inSlices } from '../clock.ts';
import type { Database } from './database.ts';

/** Whom a caller talked to, as the records of his calls tell it. */

export interface LastTalk {
  readonly destination: string;
  readonly at: string;
  readonly talkedMs: number;
}

/** The newest of these calls in which the caller talked to somebody for so long; null: none. */
export async function lastTalk(
  { reader }: Database,
  places: readonly number[],
  {
    isCaller,
    domain,
    minTalkMs,
  }: {
    readonly isCaller: (number: string) => boolean;
    /** Where a person has to have been dialled; '' stands for any. */
    readonly domain: string;
    readonly minTalkMs: number;
  },
): Promise<LastTalk | null> {
  if (places.length === 0) return null;
  const rows = await reader
    .selectFrom('calls')
    .select(['n', 'caller', 'destination', 'answered_by', 'started_at', 'answered_ms', 'ended_ms'])
    .where('n', 'in', places)
    .where('masked', '=', 0)
    .orderBy('n', 'desc')
    .execute();
  for (const { n, caller: who, destination, answered_by: by, started_at: at, ...row } of rows) {
    const callMs = (row.ended_ms ?? 0) - (row.answered_ms ?? Infinity);
    // The index knows the end of a number alone: a stranger's may end so too.
    if (by === null || callMs < minTalkMs || !isCaller(who)) continue;
    // Of several that rang together, the one who answered.
    const agent = destination.includes(',') ? by : destination;
    const record = await recordAt(reader, n);
    // Of a call that was moved on, most may have been somebody else's talk: the record knows.
    const ms = (record && talkedMs(record)) ?? callMs;
    if (ms < minTalkMs || (record !== null && isElsewhere(record, agent, domain))) continue;
    return { destination: agent, at, talkedMs: ms };
  }
  return null;
}

async function recordAt(reader: Database['reader'], n: number): Promise<CallRecord | null> {
  const row = await reader.selectFrom('calls').select('record').where('n', '=', n).executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.record) as CallRecord);
}

/** Companies on one switch have the same extensions: `user/201@acme.example` is not 201 of another domain. */
function isElsewhere({ bridges }: CallRecord, agent: string, domain: string): boolean {
  const dialled = bridges.findLast(({ answeredBy }) => answeredBy !== null)?.dialString ?? '';
  const start = `${agent}@`;
  const at = agent === '' || domain === '' ? -1 : dialled.indexOf(start);
  if (at < 0) return false;
  return /^[\w.:-]*/.exec(dialled.slice(at + start.length))?.[0].toLowerCase() !== domain.toLowerCase();
}

/** How long the callee talked in each of these calls, by their places. */
export async function talksAt(
  reader: Database['reader'],
  places: readonly number[],
): Promise<ReadonlyMap<number, number | null>> {
  if (places.length === 0) return new Map();
  const rows = await reader.selectFrom('calls').select(['n', 'record']).where('n', 'in', places).execute();
  return inSlices(talksIn(rows));
}

/** Pauses after each: a record may have replies of 64 KiB in it, and calls go on meanwhile. */
function* talksIn(
  rows: readonly { readonly n: number; readonly record: string }[],
): Generator<void, Map<number, number | null>> {
  const talks = new Map<number, number | null>();
  for (const { n, record } of rows) {
    yield;
    talks.set(n, talkedMs(JSON.parse(record) as CallRecord));
  }
  return talks;
}
