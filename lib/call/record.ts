import type { Reason } from '../errors.ts';
import type { HttpPhases } from '../http/message.ts';
import type { Outcome } from './cause.ts';
import type { Call } from './channel.ts';
import type { HungUpBy } from './hangup.ts';
import type { Join, Move } from './move.ts';
import { shownCall, type ShownCall } from './shown.ts';

/**
 * The record of a call: one JSON object that explains every decision. It is folded from events, and nothing on
 * the call's path reads it. Times are milliseconds since the reply to `connect`.
 */
export interface CallRecord {
  readonly id: string;
  readonly startedAt: string;
  call: ShownCall | null;
  /** How often routers have had this channel, this time included. */
  pass: number;
  /** The record of the time before. */
  previous: string | null;
  scheme: { name: string; revision: string; chosenBy: string } | null;
  /** On which side of a canary the caller is; null: the scheme has none. */
  canary: CanaryRecord | null;
  readonly requests: RequestRecord[];
  /** Answers of before that were used, in place of a request or after one that failed. */
  readonly recalled: RecalledRecord[];
  readonly readings: ReadingRecord[];
  /** What was decided, in order: the first decision, then one for each hand-over and fallback. */
  readonly decisions: DecisionRecord[];
  readonly bridges: BridgeRecord[];
  /** What schemes would have done that are asked alongside the call. */
  readonly shadows: ShadowRecord[];
  /** Where others took the call, in order. */
  readonly moves: MoveRecord[];
  /** Anything out of the ordinary, in words. */
  readonly notes: string[];
  result: Result;
  reason: Reason;
  destination: string;
  /** Number or login of the leg that answered last; null when nobody did. */
  answeredBy: string | null;
  end: End | null;
  via: Via;
  hangupCause: string | null;
  hungUpBy: HungUpBy | null;
  /** When the first decision had to be made. */
  budgetMs: number | null;
  /** When the dialplan's guard was due, before it was pushed back. */
  guardMs: number | null;
  decidedMs: number | null;
  answeredMs: number | null;
  endedMs: number | null;
}

/** `abandoned`: the call was gone before it was decided, hung up or taken elsewhere; nothing has failed. */
export type Result = 'routed' | 'no_route' | 'error' | 'no_answer' | 'refused' | 'abandoned';
export type Via = 'primary' | 'fallback';

/** How a call left the router: exactly one for each. */
export type End =
  /** The conversation with our callee is over. */
  | 'bridged'
  /** A step sent it to an extension. */
  | 'transferred'
  /** A step hung it up. */
  | 'hangup'
  /** Given back: the dialplan goes on. */
  | 'dialplan'
  /** The caller hung up before anybody answered. */
  | 'caller_hangup'
  /** Somebody else than the caller did, on the switch. */
  | 'switch_hangup'
  /** The dialplan's guard took it back. */
  | 'guard'
  /** Somebody took it elsewhere: a transfer, a pickup, a park. */
  | 'moved'
  /** The router stopped while it rang, or while they talked. */
  | 'released'
  | 'switch_lost';

interface RequestRecord {
  readonly atMs: number;
  readonly attempt: number;
  readonly scheme: string;
  readonly webhookId: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** `http://proxy.example.com:3128`, through which it was asked; null: directly. */
  readonly proxy: string | null;
  /** Tries that failed and were followed by another, with the same bytes. */
  readonly retries: { readonly reason: Reason; readonly detail: string }[];
  reply: { status: number; headers: Readonly<Record<string, string>>; body: string } | null;
  phases: HttpPhases | null;
  /** `found`, or the reason why nothing was. */
  answer: string | null;
  detail: string | null;
}

interface RecalledRecord {
  readonly atMs: number;
  readonly scheme: string;
  /** The CRM could not answer; false: within `cacheSeconds` it was not asked. */
  readonly stale: boolean;
  readonly ageSeconds: number;
  readonly status: number;
  readonly body: string;
}

interface ReadingRecord {
  /** Of the CRM's reply, or of a fallback. */
  readonly from: 'reply' | 'fallback';
  readonly path: string;
  readonly text: string;
  readonly result: string;
}

type Read = Omit<ReadingRecord, 'from'>;

interface DecisionRecord {
  readonly atMs: number;
  readonly scheme: string;
  readonly via: Via;
  readonly result: Result;
  readonly reason: Reason;
  readonly detail: string;
  readonly steps: readonly string[];
}

export interface CanaryRecord {
  /** The scheme that has the canary, and the one that has the share. */
  readonly of: string;
  readonly scheme: string;
  readonly percent: number;
  readonly side: 'canary' | 'rest';
}

/** What a call was decided to: `dial 201, dialplan`, and by which scheme. */
export interface Outlook {
  readonly scheme: string | null;
  readonly result: Result;
  readonly reason: Reason;
  readonly steps: readonly string[];
}

export interface ShadowRecord {
  readonly scheme: string;
  readonly revision: string;
  /** Null: it was dropped; then `dropped` says why. */
  readonly would: Outlook | null;
  readonly dropped: Reason | null;
  /** What was decided for the call; null: it ended before. */
  readonly live: Outlook | null;
  /** Null: there is nothing to compare. */
  readonly differs: boolean | null;
  readonly tookMs: number;
  /** As those of the call, with times since the shadow's own beginning. */
  readonly requests: readonly RequestRecord[];
  readonly readings: readonly ReadingRecord[];
  readonly notes: readonly string[];
}

export interface RungLeg {
  readonly name: string;
  readonly kind: 'person' | 'number';
}

export interface BridgeRecord {
  readonly atMs: number;
  readonly dialString: string;
  endedMs: number | null;
  /** Of the leg that answered: its number or login; null while nobody has. */
  answeredBy: string | null;
  outcome: BridgeEnd | null;
  cause: string | null;
}

/** `cancelled`: the caller was gone. `moved`: the call was taken elsewhere. `released`: it rings on without the router. */
export type BridgeEnd = 'answered' | 'cancelled' | 'moved' | 'released' | Outcome;

export interface MoveRecord {
  readonly atMs: number;
  readonly from: Move['from'];
  readonly by: Move['by'];
  readonly to: string;
}

export type CallEvent =
  /** Once, and first of all. */
  | { readonly type: 'call'; readonly call: Call }
  /** The same call, with the number that its caller withholds: the scheme may see it. */
  | { readonly type: 'disclosed'; readonly call: Call }
  | { readonly type: 'pass'; readonly pass: number; readonly previous: string | null }
  | { readonly type: 'scheme'; readonly name: string; readonly revision: string; readonly chosenBy: string }
  | { readonly type: 'due'; readonly budgetMs: number; readonly guardMs: number | null }
  | { readonly type: 'canary'; readonly canary: CanaryRecord }
  | { readonly type: 'request'; readonly request: RequestRecord }
  | { readonly type: 'retry'; readonly reason: Reason; readonly detail: string }
  | { readonly type: 'recalled'; readonly recalled: RecalledRecord }
  | {
      readonly type: 'reply';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly phases: HttpPhases;
    }
  | { readonly type: 'answer'; readonly answer: string; readonly detail: string }
  | (Pick<ReadingRecord, 'from'> & { readonly type: 'readings'; readonly readings: readonly Read[] })
  | { readonly type: 'decision'; readonly decision: DecisionRecord }
  | {
      readonly type: 'bridge';
      readonly atMs: number;
      readonly dialString: string;
      readonly destination: string;
      /** Each of those that ring together. */
      readonly rung: readonly RungLeg[];
    }
  | { readonly type: 'answered'; readonly atMs: number; readonly by: string }
  /** At once, with all that have been seen so far: the last one may only be better known than before. */
  | { readonly type: 'moves'; readonly moves: readonly MoveRecord[] }
  /** Who has a moved call in its new place: told to whoever watches, and no part of the record, which is about ours. */
  | ({ readonly type: 'joined'; readonly atMs: number } & Join)
  | {
      readonly type: 'bridge_end';
      readonly atMs: number;
      readonly outcome: BridgeEnd;
      readonly cause: string | null;
    }
  /** The only one that may follow the end: the call does not wait for it. */
  | { readonly type: 'shadow'; readonly shadow: ShadowRecord }
  /** A question that could not even be written, and to which host: there is no request that could say why. */
  | (Pick<DecisionRecord, 'scheme' | 'reason' | 'detail'> & {
      readonly type: 'unasked';
      readonly crm: string;
    })
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'result'; readonly result: Result; readonly reason: Reason }
  | {
      readonly type: 'end';
      readonly end: End;
      readonly atMs: number;
      readonly hangupCause: string | null;
      readonly hungUpBy: CallRecord['hungUpBy'];
      /** What the channel variable of the recording holds; no part of the record. */
      readonly recording: string;
    };

export function newRecord(id: string, startedAt: Date): CallRecord {
  return {
    id,
    startedAt: startedAt.toISOString(),
    call: null,
    pass: 1,
    previous: null,
    scheme: null,
    canary: null,
    requests: [],
    recalled: [],
    readings: [],
    decisions: [],
    bridges: [],
    shadows: [],
    moves: [],
    notes: [],
    result: 'error',
    reason: 'internal',
    destination: '',
    answeredBy: null,
    end: null,
    via: 'primary',
    hangupCause: null,
    hungUpBy: null,
    budgetMs: null,
    guardMs: null,
    decidedMs: null,
    answeredMs: null,
    endedMs: null,
  };
}

/** Folds one event in. But for shadows an event after the end changes nothing: a call has one end. */
export function apply(record: CallRecord, event: CallEvent): void {
  if (record.end !== null && event.type !== 'shadow') return;
  switch (event.type) {
    case 'call':
    case 'disclosed':
      record.call = shownCall(event.call);
      break;
    case 'pass':
      record.pass = event.pass;
      record.previous = event.previous;
      break;
    case 'scheme':
      record.scheme = { name: event.name, revision: event.revision, chosenBy: event.chosenBy };
      break;
    case 'due':
      record.budgetMs = event.budgetMs;
      record.guardMs = event.guardMs;
      break;
    case 'canary':
      record.canary = event.canary;
      break;
    case 'shadow':
      record.shadows.push(event.shadow);
      break;
    case 'request':
      record.requests.push(event.request);
      break;
    case 'retry':
      record.requests.at(-1)?.retries.push({ reason: event.reason, detail: event.detail });
      break;
    case 'recalled':
      record.recalled.push(event.recalled);
      break;
    case 'reply': {
      const request = record.requests.at(-1);
      if (request === undefined) break;
      request.reply = { status: event.status, headers: event.headers, body: event.body };
      request.phases = event.phases;
      break;
    }
    case 'answer': {
      const request = record.requests.at(-1);
      if (request === undefined) break;
      request.answer = event.answer;
      request.detail = event.detail;
      break;
    }
    case 'readings':
      record.readings.push(...event.readings.map((reading) => ({ from: event.from, ...reading })));
      break;
    case 'decision': {
      const { decision } = event;
      record.decisions.push(decision);
      record.decidedMs ??= decision.atMs;
      record.via = decision.via;
      record.result = decision.result;
      record.reason = decision.reason;
      break;
    }
    case 'bridge':
      record.bridges.push({
        atMs: event.atMs,
        dialString: event.dialString,
        endedMs: null,
        answeredBy: null,
        outcome: null,
        cause: null,
      });
      record.destination = event.destination;
      break;
    case 'answered': {
      record.answeredMs = event.atMs;
      record.answeredBy = event.by;
      const bridge = record.bridges.at(-1);
      if (bridge === undefined) break;
      bridge.answeredBy = event.by;
      // Whoever loses sight of it later, a router that stops or a dead peer, has seen so much.
      bridge.outcome = 'answered';
      break;
    }
    case 'moves':
      record.moves.splice(0, Infinity, ...event.moves);
      break;
    case 'joined':
      break;
    case 'bridge_end': {
      const bridge = record.bridges.at(-1);
      if (bridge === undefined) break;
      // It goes on without the router.
      if (event.outcome !== 'released') bridge.endedMs = event.atMs;
      bridge.outcome = event.outcome;
      bridge.cause = event.cause;
      break;
    }
    case 'unasked':
      record.notes.push(`not asked: ${event.reason}: ${event.detail}`);
      break;
    case 'note':
      record.notes.push(event.text);
      break;
    case 'result':
      record.result = event.result;
      record.reason = event.reason;
      break;
    case 'end':
      record.end = event.end;
      record.endedMs = event.atMs;
      record.hangupCause = event.hangupCause;
      record.hungUpBy = event.hungUpBy;
      break;
  }
}
