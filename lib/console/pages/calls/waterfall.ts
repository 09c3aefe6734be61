import type { CallRecord } from '../../../api/types.ts';

/**
 * What happened in a call, in the order of time: what was asked and how long each part of it took, who rang, who talked. Milliseconds
 * since the reply to `connect`. Pure: the page only draws it.
 */
export interface Waterfall {
  readonly rows: readonly Row[];
  /** Without gaps from 0 to the end. */
  readonly segments: readonly Segment[];
  readonly endMs: number;
  /** When the decision had to be made, and when the dialplan would have taken the call back; null: not known. */
  readonly budgetMs: number | null;
  readonly guardMs: number | null;
}

type RowKind = 'arrival' | 'question' | 'recalled' | 'decision' | 'bridge' | 'move' | 'end';

export interface Row {
  readonly kind: RowKind;
  /** Which one of its kind, as the record has them. */
  readonly index: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** In order; none for a moment. */
  readonly parts: readonly Part[];
  readonly tone: Tone;
}

/** `lost`: it did not come to what it was for. `odd`: nothing is broken, and it is not as usual. */
type Tone = 'usual' | 'good' | 'odd' | 'lost';

type PartKind =
  /** Before the question could go out: an access token, a place among those that ask. */
  | 'before'
  /** Tries that failed. */
  | 'retry'
  | 'dns'
  | 'connect'
  | 'tunnel'
  | 'tls'
  | 'wait'
  | 'body'
  /** The question was out, and more is not known. */
  | 'open'
  | 'reading'
  /** Between the reply and the decision, and too long to have been the reading. */
  | 'untold'
  | 'ring'
  | 'talk';

export interface Part {
  readonly kind: PartKind;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stretch of the call that has a scale of its own: a decision is counted in milliseconds, a conversation in minutes. */
export interface Segment {
  readonly kind: 'decide' | 'ring' | 'talk' | 'rest';
  readonly fromMs: number;
  readonly toMs: number;
}

/** A reply is read and judged within a few milliseconds. */
const READING_MS = 50;
/** Between two bridges the router is done so soon. */
const HUNTING_MS = 50;
/** Shorter than this it is no wait. */
const AT_ONCE_MS = 2;

export function waterfallOf(record: CallRecord): Waterfall {
  const rows = [
    arrivalOf(record),
    ...record.requests.map((_, index) => questionOf(record, index)),
    ...record.recalled.map(({ atMs, stale }, index) =>
      momentOf('recalled', index, atMs, stale ? 'odd' : 'usual'),
    ),
    ...record.decisions.map(({ atMs, result, via }, index) =>
      momentOf('decision', index, atMs, toneOfResult(result, via)),
    ),
    ...record.bridges.map((_, index) => bridgeOf(record, index)),
    ...record.moves.map(({ atMs }, index) => momentOf('move', index, atMs, 'odd')),
  ];
  const last = Math.max(...rows.map(({ toMs }) => toMs), record.decidedMs ?? 0);
  const endMs = record.endedMs ?? last;
  if (record.end !== null) rows.push(momentOf('end', 0, endMs, toneOfEnd(record)));
  return {
    rows: rows
      .map((row, place) => ({ row, place }))
      .sort((a, b) => a.row.fromMs - b.row.fromMs || a.place - b.place)
      .map(({ row }) => row),
    segments: segmentsOf(record, Math.max(endMs, last)),
    endMs: Math.max(endMs, last),
    budgetMs: record.budgetMs,
    guardMs: record.guardMs,
  };
}

function arrivalOf({ pass }: CallRecord): Row {
  return momentOf('arrival', 0, 0, pass > 1 ? 'odd' : 'usual');
}

function momentOf(kind: RowKind, index: number, atMs: number, tone: Tone): Row {
  return { kind, index, fromMs: atMs, toMs: atMs, parts: [], tone };
}

function questionOf(record: CallRecord, index: number): Row {
  const request = record.requests[index];
  if (request === undefined) throw new RangeError('no such question');
  const { atMs, retries, reply, phases, answer } = request;
  const next = nextMoment(record, index);
  const parts: Part[] = [];
  const add = (kind: PartKind, fromMs: number, toMs: number): void => {
    if (toMs > fromMs) parts.push({ kind, fromMs, toMs });
  };
  const before = record.requests[index - 1] === undefined ? 0 : lastMoment(record, index);
  if (atMs - before > AT_ONCE_MS) add('before', before, atMs);
  if (reply === null || phases === null) {
    add(retries.length > 0 ? 'retry' : 'open', atMs, Math.max(atMs, next ?? atMs));
  } else {
    // The phases are those of the last try, which ended as the next thing began.
    const isRetried = retries.length > 0 && next !== null;
    const begin = isRetried ? Math.max(atMs, next - phases.total) : atMs;
    add('retry', atMs, begin);
    const end = begin + phases.total;
    let from = begin;
    for (const [kind, ms] of [
      ['dns', phases.dns],
      ['connect', phases.connect],
      ['tunnel', phases.tunnel],
      ['tls', phases.tls],
      ['wait', phases.firstByte],
      ['body', phases.total],
    ] as const) {
      if (ms === undefined) continue;
      const to = Math.min(end, begin + ms);
      add(kind, from, to);
      from = Math.max(from, to);
    }
    if (next !== null) add(next - end > READING_MS ? 'untold' : 'reading', end, next);
  }
  const toMs = parts.at(-1)?.toMs ?? atMs;
  const fromMs = parts[0]?.fromMs ?? atMs;
  return { kind: 'question', index, fromMs, toMs, parts, tone: toneOfAnswer(answer, retries.length > 0) };
}

/** What came first after the question was asked; null when nothing did. */
function nextMoment(
  { requests, recalled, decisions, bridges, endedMs }: CallRecord,
  index: number,
): number | null {
  const atMs = requests[index]?.atMs ?? 0;
  const later = [
    ...requests.slice(index + 1).map((one) => one.atMs),
    ...[...recalled, ...decisions, ...bridges].map((one) => one.atMs).filter((ms) => ms >= atMs),
    ...(endedMs === null ? [] : [endedMs]),
  ];
  return later.length === 0 ? null : Math.min(...later);
}

/** What came last before the question was asked: only a wait from there on was before this question. */
function lastMoment(record: CallRecord, index: number): number {
  const { requests, recalled, decisions, bridges, answeredMs } = record;
  const atMs = requests[index]?.atMs ?? 0;
  const previous = index > 0 ? questionOf(record, index - 1).toMs : 0;
  const moments = [
    previous,
    ...[...recalled, ...decisions].map((one) => one.atMs),
    ...bridges.flatMap((one) => [one.atMs, one.endedMs ?? one.atMs]),
    answeredMs ?? 0,
  ];
  return Math.max(0, ...moments.filter((ms) => ms <= atMs));
}

function bridgeOf(record: CallRecord, index: number): Row {
  const bridge = record.bridges[index];
  if (bridge === undefined) throw new RangeError('no such bridge');
  const { atMs, outcome } = bridge;
  const toMs = endOfBridge(record, index);
  const answeredMs = answerOf(record, index);
  const parts: Part[] =
    answeredMs === null
      ? [{ kind: 'ring', fromMs: atMs, toMs }]
      : [
          { kind: 'ring', fromMs: atMs, toMs: answeredMs },
          { kind: 'talk', fromMs: answeredMs, toMs },
        ];
  const tone: Tone =
    answeredMs !== null
      ? 'good'
      : outcome === 'moved' || outcome === 'released'
        ? 'odd'
        : outcome === 'cancelled'
          ? 'usual'
          : 'lost';
  return {
    kind: 'bridge',
    index,
    fromMs: atMs,
    toMs,
    parts: parts.filter((part) => part.toMs > part.fromMs),
    tone,
  };
}

/** The record has one moment of an answer, that of the last leg which did. */
function answerOf({ bridges, answeredMs }: CallRecord, index: number): number | null {
  const bridge = bridges[index];
  if (bridge === undefined || answeredMs === null || answeredMs < bridge.atMs) return null;
  const isLater = bridges.slice(index + 1).some((one) => one.atMs <= answeredMs);
  return isLater || (bridge.endedMs !== null && answeredMs > bridge.endedMs) ? null : answeredMs;
}

function endOfBridge({ bridges, endedMs, moves }: CallRecord, index: number): number {
  const bridge = bridges[index];
  if (bridge === undefined) return 0;
  const { atMs, outcome } = bridge;
  if (bridge.endedMs !== null) return Math.max(atMs, bridge.endedMs);
  const moved = outcome === 'moved' ? moves.find((one) => one.atMs >= atMs)?.atMs : undefined;
  return Math.max(atMs, moved ?? bridges[index + 1]?.atMs ?? endedMs ?? atMs);
}

/** Decisions, rings and talks one after the other; what is too short to be told apart goes to what follows. */
function segmentsOf(record: CallRecord, endMs: number): Segment[] {
  const segments: Segment[] = [];
  let cursor = 0;
  const add = (kind: Segment['kind'], toMs: number): void => {
    if (toMs <= cursor) return;
    const last = segments.at(-1);
    if (last?.kind === kind) segments.splice(-1, 1, { ...last, toMs });
    else segments.push({ kind, fromMs: cursor, toMs });
    cursor = toMs;
  };
  record.bridges.forEach((bridge, index) => {
    const { atMs } = bridge;
    const isAsked = asks(record, cursor, atMs);
    if (segments.length === 0 || isAsked || atMs - cursor > HUNTING_MS) add('decide', atMs);
    const answeredMs = answerOf(record, index);
    const toMs = endOfBridge(record, index);
    add('ring', answeredMs ?? toMs);
    if (answeredMs !== null) add('talk', toMs);
  });
  const rest = record.bridges.length === 0 || asks(record, cursor, endMs) ? 'decide' : 'rest';
  // Behind the last decision of a call that rang nobody the router only watches.
  if (record.bridges.length === 0) {
    const decided = Math.max(0, ...record.decisions.map(({ atMs }) => atMs), ...askedUntil(record));
    if (decided > 0 && endMs - decided > HUNTING_MS) add('decide', decided);
  }
  const last = segments.at(-1);
  if (last !== undefined && rest === 'rest' && endMs - cursor <= HUNTING_MS && endMs > cursor) {
    segments.splice(-1, 1, { ...last, toMs: endMs });
  } else {
    add(record.bridges.length === 0 && segments.length > 0 ? 'rest' : rest, endMs);
  }
  return segments.length === 0 ? [{ kind: 'decide', fromMs: 0, toMs: 1 }] : segments;
}

function asks({ requests }: CallRecord, fromMs: number, toMs: number): boolean {
  return requests.some(({ atMs }) => atMs >= fromMs && atMs < toMs);
}

function askedUntil(record: CallRecord): number[] {
  return record.requests.map((_, index) => questionOf(record, index).toMs);
}

/** Reasons that say that the CRM knows nobody; the rest of those that are not `found` say that it failed. */
const NOBODY = new Set([
  'no_content',
  'empty_body',
  'empty_value',
  'missing_key',
  'no_route_status',
  'when_unmet',
  'unmapped',
  'reply_ends_chain',
  'nothing_to_ask',
]);

function toneOfAnswer(answer: string | null, isRetried: boolean): Tone {
  if (answer === 'found') return isRetried ? 'odd' : 'good';
  if (answer === null) return 'odd';
  return NOBODY.has(answer) ? 'usual' : 'lost';
}

function toneOfResult(result: string, via: string): Tone {
  if (result === 'routed') return via === 'fallback' ? 'odd' : 'good';
  return result === 'error' || result === 'refused' ? 'lost' : 'usual';
}

function toneOfEnd({ end, result }: CallRecord): Tone {
  if (end === 'switch_lost' || end === 'guard') return 'lost';
  if (end === 'released' || end === 'moved') return 'odd';
  return end === 'bridged' && result === 'routed' ? 'good' : 'usual';
}
