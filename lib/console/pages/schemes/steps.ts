import { isObject, valueAt, type SchemeDocument } from './document.ts';

/** The lists of steps of `fallback`: what each step is, and how long it may take. */

export const OUTCOMES = [
  'onNoRoute',
  'onError',
  'onNoAnswer',
  'onBusy',
  'onRejected',
  'onUnreachable',
] as const;
export type OutcomeList = (typeof OUTCOMES)[number];

export const STEP_KINDS = [
  'dial',
  'lastAgent',
  'webhook',
  'scheme',
  'transfer',
  'hangup',
  'dialplan',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** What a list is when the scheme has none. */
export type StepList =
  | { readonly from: 'scheme'; readonly steps: readonly unknown[] }
  /** It is given back to the dialplan. */
  | { readonly from: 'default' }
  | { readonly from: 'onNoAnswer' };

const DEFAULT_RING_SECONDS = 30;
const DEFAULT_BUDGET_SECONDS = 4;
/** What the router leaves of the dialplan's guard. */
const GUARD_MARGIN_SECONDS = 2;

/** Those that the router has, by the JSON schema. */
export function kindsIn(schema: unknown): readonly StepKind[] {
  const ways = valueAt(schema, ['definitions', 'Step', 'anyOf']);
  const known = (Array.isArray(ways) ? ways : []).flatMap((way: unknown) => {
    const properties = valueAt(way, ['properties']);
    return isObject(properties) ? Object.keys(properties) : [];
  });
  return STEP_KINDS.filter((kind) => known.includes(kind));
}

/** Null: a step of a kind that is not known here. */
export function kindOf(step: unknown): StepKind | null {
  return isObject(step) ? (STEP_KINDS.find((kind) => Object.hasOwn(step, kind)) ?? null) : null;
}

export function newStep(kind: StepKind): Readonly<Record<string, unknown>> {
  switch (kind) {
    case 'dial':
      return { dial: '' };
    case 'lastAgent':
      return { lastAgent: {} };
    case 'webhook':
      return { webhook: 'https://' };
    case 'scheme':
      return { scheme: '' };
    case 'transfer':
      return { transfer: { extension: '', context: 'default' } };
    case 'hangup':
      return { hangup: 'USER_BUSY' };
    case 'dialplan':
      return { dialplan: true };
  }
}

/** After one of these nothing of the list follows. */
export function isLast(step: unknown): boolean {
  const kind = kindOf(step);
  return kind === 'scheme' || kind === 'transfer' || kind === 'hangup' || kind === 'dialplan';
}

export function listOf(document: SchemeDocument, list: OutcomeList): StepList {
  const steps = valueAt(document, ['fallback', list]);
  if (Array.isArray(steps)) return { from: 'scheme', steps };
  return list === 'onBusy' || list === 'onRejected' || list === 'onUnreachable'
    ? { from: 'onNoAnswer' }
    : { from: 'default' };
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const [...rest] = list;
  const taken = rest.splice(from, 1);
  rest.splice(Math.max(0, Math.min(rest.length, to)), 0, ...taken);
  return rest;
}

/** Seconds that destinations ring, one turn after the other; a list within `dial` rings together. 0 for other steps. */
export function ringSeconds(step: unknown, document: SchemeDocument): number {
  const kind = kindOf(step);
  if (kind === 'lastAgent') return forwardingSeconds(document);
  if (kind !== 'dial') return 0;
  const dialled = valueAt(step, ['dial']);
  const turns = Array.isArray(dialled) ? dialled.length : 1;
  const own = valueAt(step, ['timeout']);
  return turns * (isSeconds(own) ? own : forwardingSeconds(document));
}

/** Of the whole list, until it has come to its end. */
export interface ListTime {
  /** While nobody rings: it counts against the guard. */
  readonly askSeconds: number;
  readonly ringSeconds: number;
}

/** A backup of `onNoRoute` and `onError` has the rest of the first question's budget, one of the other lists a fresh one. */
export function timeOf(document: SchemeDocument, list: OutcomeList): ListTime {
  const found = listOf(document, list);
  const all =
    found.from === 'scheme'
      ? found.steps
      : found.from === 'onNoAnswer'
        ? stepsOf(document, 'onNoAnswer')
        : [];
  const reached = all.slice(0, 1 + lastIndex(all));
  const isAsked = reached.some((step) => kindOf(step) === 'webhook');
  const afterAnswer = list === 'onNoRoute' || list === 'onError';
  return {
    askSeconds: isAsked || afterAnswer ? budgetSeconds(document) : 0,
    ringSeconds: reached.reduce<number>((sum, step) => sum + ringSeconds(step, document), 0),
  };
}

/** What `dial` holds as texts, a turn each: `201 + 202` rings both together. */
export function dialTexts(dial: unknown): string[] {
  if (dial === undefined || dial === '') return [];
  return [dial].flat(1).map((turn: unknown) => [turn].flat().map(String).join(' + '));
}

/** One turn stays a text, several become a list. A plus without spaces belongs to a number. */
export function dialValue(texts: readonly string[]): unknown {
  const turns = texts.map((text) => {
    const legs = text
      .split(/\s\+\s/)
      .map((leg) => leg.trim())
      .filter((leg) => leg !== '');
    return legs.length > 1 ? legs : (legs[0] ?? '');
  });
  const [only = ''] = turns;
  return turns.length > 1 || Array.isArray(only) ? turns : only;
}

/** What a guard of so many seconds leaves for the question. */
export function guardLeaves(guardSeconds: number): number {
  return Math.max(0, guardSeconds - GUARD_MARGIN_SECONDS);
}

export function budgetSeconds(document: SchemeDocument): number {
  const own = valueAt(document, ['webhook', 'timeoutSeconds']);
  return isSeconds(own) ? own : DEFAULT_BUDGET_SECONDS;
}

export function forwardingSeconds(document: SchemeDocument): number {
  const own = valueAt(document, ['forwardingTimeoutSeconds']);
  return isSeconds(own) ? own : DEFAULT_RING_SECONDS;
}

/** Index of the last step that is reached. */
export function lastIndex(steps: readonly unknown[]): number {
  const index = steps.findIndex(isLast);
  return index < 0 ? steps.length - 1 : index;
}

function stepsOf(document: SchemeDocument, list: OutcomeList): readonly unknown[] {
  const found = listOf(document, list);
  return found.from === 'scheme' ? found.steps : [];
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
