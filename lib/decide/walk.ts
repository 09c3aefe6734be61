import type { Outcome } from '../call/cause.ts';
import type { Result, Via } from '../call/record.ts';
import type { Step } from '../dial/route.ts';
import type { Reason } from '../errors.ts';
import { stepsFor, type FallbackStep, type Scheme } from '../scheme/scheme.ts';
import type { Occasion } from '../webhook/macro.ts';
import type { CalleeHeaders } from './headers.ts';

/**
 * How far a call has come in its search for somebody who answers: the list that it walks, and the steps that are left. A walk
 * is an immutable value: each event on the way makes a new one.
 */
export type Walk = RouteWalk | FallbackWalk;

/** What holds for every list of one scheme. */
export interface Start {
  readonly scheme: Scheme;
  /** The schemes that the call has been through, this one among them: each is asked once. */
  readonly visited: ReadonlySet<string>;
  /** When the CRM's answers must be there, by the clock. */
  readonly deadlineMs: number;
  /** The same for a question and for its backup, so that a CRM can tell a repetition. */
  readonly webhookId: string;
  /** What a further question reports about the earlier ones. */
  readonly past: Past;
}

type Past = Omit<Occasion, 'event'>;

export const NO_PAST: Past = { failedReason: '', failedStatus: '', outcome: '', tried: '' };

interface List extends Start {
  readonly via: Via;
  /** Not yet taken. */
  readonly steps: readonly ListedStep[];
}

type Dial = Extract<Step, { kind: 'dial' }>;

/**
 * A step, with what its callees are told besides the call: that depends on the reply that named it, and one list may hold steps
 * of a backup's reply and of the scheme.
 */
export type ListedStep = Exclude<Step, Dial> | (Dial & { readonly calleeHeaders: CalleeHeaders });

export function withHeaders(steps: readonly Step[], calleeHeaders: CalleeHeaders): ListedStep[] {
  return steps.map((step) => (step.kind === 'dial' ? { ...step, calleeHeaders } : step));
}

/** Along the list that the CRM gave. */
export interface RouteWalk extends List {
  readonly via: 'primary';
  /** The CRM could not answer: this is what it said earlier. */
  readonly stale: boolean;
  /** Why the last step that was left out could not be taken. */
  readonly refusal: Why;
  /** The last bridge that nobody answered; null before the first. */
  readonly unanswered: { readonly outcome: Outcome; readonly cause: string } | null;
}

/** Along one of the scheme's own lists. */
export interface FallbackWalk extends List {
  readonly via: 'fallback';
  readonly why: Why;
}

/** Why a call is not where the CRM sent it, as records and markers say it. */
export interface Why {
  readonly result: Result;
  readonly reason: Reason;
  readonly detail: string;
}

/** The list to go on with when the CRM's own is used up. */
export function listBehind({ scheme, refusal, unanswered }: RouteWalk): {
  list: readonly FallbackStep[];
  why: Why;
} {
  if (unanswered === null) return { list: scheme.fallback.onError, why: refusal };
  const { outcome, cause } = unanswered;
  return { list: stepsFor(scheme, outcome), why: { result: 'no_answer', reason: outcome, detail: cause } };
}

/** The walk as it goes on after a bridge that nobody answered. */
export function afterBridge(walk: Walk, outcome: Outcome, cause: string, dialled: string): Walk {
  const tried = walk.past.tried === '' ? dialled : `${walk.past.tried},${dialled}`;
  const past = { failedReason: outcome, failedStatus: '', outcome, tried };
  return walk.via === 'primary'
    ? { ...walk, past, unanswered: { outcome, cause } }
    : { ...walk, past, why: { ...walk.why, detail: cause } };
}

/** Why a webhook of a list is asked. */
export function occasionOf({ why, past }: FallbackWalk): Occasion {
  return { ...past, event: EVENT_AFTER[why.result] };
}

const EVENT_AFTER = {
  no_route: 'route.no_route',
  error: 'route.backup',
  refused: 'route.backup',
  no_answer: 'route.no_answer',
  // No list follows them; for the type.
  routed: 'route.backup',
  abandoned: 'route.backup',
} as const satisfies Record<Result, Occasion['event']>;
