import type { CallRecord } from '../../../api/types.ts';
import { rung } from './short.ts';

/** What became of a call, in the order in which it happened: who was rung and did not answer, who did, and where it went if nobody did. */

export type Passage =
  | { readonly kind: 'rung'; readonly who: readonly string[]; readonly outcome: Outcome }
  | { readonly kind: 'ended'; readonly how: Ending; readonly what: string };

type Outcome = NonNullable<CallRecord['bridges'][number]['outcome']> | 'open';
/** Of the ends those that say more than that a conversation is over. */
type Ending = Exclude<NonNullable<CallRecord['end']>, 'bridged'>;

export function courseOf(record: CallRecord): Passage[] {
  const passages: Passage[] = [];
  for (const { dialString, outcome, answeredBy } of record.bridges) {
    const who = outcome === 'answered' && answeredBy !== null ? [answeredBy] : rung(dialString);
    const before = passages.at(-1);
    // Through another gateway: for who was called it is once.
    if (before?.kind === 'rung' && before.outcome === 'unreachable' && isSame(who, before.who))
      passages.pop();
    passages.push({ kind: 'rung', who, outcome: outcome ?? 'open' });
  }
  const { end } = record;
  if (end !== null && end !== 'bridged')
    passages.push({ kind: 'ended', how: end, what: whatOf(record, end) });
  return passages;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** Where it was transferred or taken to, and the cause that a step hung it up with. */
function whatOf({ decisions, moves }: CallRecord, end: Ending): string {
  if (end === 'moved') return moves[0]?.to ?? '';
  const [step = ''] = decisions.at(-1)?.steps ?? [];
  const [verb, first = ''] = step.split(' ');
  return (end === 'transferred' && verb === 'transfer') || (end === 'hangup' && verb === 'hangup')
    ? first
    : '';
}

/** Why a call is not simply where the CRM sent it. */
export interface Cause {
  readonly reason: string;
  /** In the router's words; '' where the reason says it all. */
  readonly detail: string;
  /** What the CRM sent and the router did not take. */
  readonly values: readonly string[];
}

/** What was decided and why, and what came of it if that is something else: a caller may hang up while a fallback rings. */
export function causesOf({ decisions, readings, reason }: CallRecord): Cause[] {
  const causes = new Map<string, Cause>();
  for (const one of decisions) {
    if (one.result === 'routed' || causes.has(one.reason)) continue;
    const refused = readings.filter(({ result }) => {
      const [, why] = /^(?:refused|nobody): ([^]+)$/.exec(result) ?? [];
      return why !== undefined && one.detail.endsWith(why);
    });
    const values = [...new Set(refused.map(({ text }) => text))];
    causes.set(one.reason, {
      reason: one.reason,
      // Of some reasons it says the sentence again.
      detail: values.length > 0 && SAID.test(one.detail) ? '' : one.detail,
      values,
    });
  }
  if (!causes.has(reason)) causes.set(reason, { reason, detail: '', values: [] });
  return [...causes.values()];
}

const SAID = / is (?:neither a number nor a login|not in webhook\.map: [^"]*)$/;

export interface Told {
  readonly decisions: readonly Readonly<Record<'via' | 'reason', string> & { steps: readonly string[] }>[];
  readonly requests: readonly { readonly retries: readonly unknown[] }[];
}

/** Of an advice to set something: whether the call shows that its scheme has it set. */
export function isSet(reason: string, { decisions, requests }: Told): boolean {
  if (reason === 'connection_gone') return requests.some(({ retries }) => retries.length > 0);
  return decisions.some(
    (one) => one.via === 'fallback' && one.reason === reason && one.steps.some((step) => step !== 'dialplan'),
  );
}
