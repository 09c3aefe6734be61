import { sentenceOf } from '../errors.ts';
import type { BridgeRecord, CallRecord, MoveRecord } from './record.ts';

/** The record of a call as two lines of the log have it. */

/** Where the caller goes, as the log line `decided` says it. */
export function decisionOf(record: CallRecord, where: string): Record<string, unknown> {
  const last = record.requests.at(-1);
  return {
    to: where,
    result: record.result,
    reason: record.reason,
    why: sentenceOf(record.reason),
    ...whoOf(record),
    via: record.via,
    ...(last === undefined ? {} : { asked: record.requests.length, status: last.reply?.status ?? null }),
    decidedMs: rounded(record.decidedMs),
    ...idsOf(record),
  };
}

function idsOf({ id, call }: CallRecord): Record<string, unknown> {
  return { trace: id, uuid: call?.uuid ?? '' };
}

function whoOf({ call, scheme, canary }: CallRecord): Record<string, unknown> {
  return {
    caller: call?.caller ?? '',
    did: call?.did ?? '',
    scheme: scheme?.name ?? null,
    ...(canary === null ? {} : { canary: canary.side }),
  };
}

/** The record as it stands in the log line `ended` of a call: no bodies, no headers. */
export function summaryOf(record: CallRecord): Record<string, unknown> {
  const last = record.requests.at(-1);
  const retries = record.requests.reduce((sum, request) => sum + request.retries.length, 0);
  const recalled = record.recalled.at(-1);
  return {
    end: record.end,
    result: record.result,
    reason: record.reason,
    why: sentenceOf(record.reason),
    ...whoOf(record),
    destination: record.destination,
    via: record.via,
    ...(last === undefined
      ? {}
      : {
          requests: record.requests.length,
          ...(last.proxy === null ? {} : { proxy: last.proxy }),
          status: last.reply?.status ?? null,
          answer: last.answer,
          detail: last.detail,
          ...(retries === 0 ? {} : { retries }),
        }),
    ...(recalled === undefined ? {} : { stale: recalled.stale, ageSeconds: recalled.ageSeconds }),
    ...(record.answeredBy === null ? {} : { answeredBy: record.answeredBy }),
    ...(record.moves.length === 0 ? {} : { moves: record.moves.map(movedTo) }),
    ...(record.pass === 1 ? {} : { pass: record.pass, previous: record.previous }),
    rang: record.bridges.map(rangOf),
    hangupCause: record.hangupCause,
    hungUpBy: record.hungUpBy,
    decidedMs: rounded(record.decidedMs),
    answeredMs: rounded(record.answeredMs),
    endedMs: rounded(record.endedMs),
    ...(record.notes.length === 0 ? {} : { notes: record.notes }),
    ...idsOf(record),
  };
}

/** `busy (USER_BUSY)` */
function rangOf({ outcome, cause }: BridgeRecord): string {
  const text = outcome ?? 'the end was not seen';
  return cause === null ? text : `${text} (${cause})`;
}

/** `transfer while talking to 700 default` */
function movedTo({ from, by, to }: MoveRecord): string {
  return `${by} while ${from}${to === '' ? '' : ` to ${to}`}`;
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
