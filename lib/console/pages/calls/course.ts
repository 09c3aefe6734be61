import type { CallRecord } from '../../../api/types.ts';
import { isOfReply } from './readings.ts';
import { limitMsOf, rung } from './short.ts';

/** What became of a call, in the order in which it happened: who was rung and did not answer, who did, and where it went if nobody did. */

export type Passage = (Rung | Ended) & {
  /** Not where the CRM sent the call, but where the scheme sends it without it. */
  readonly isFallback: boolean;
};

interface Rung {
  readonly kind: 'rung';
  readonly who: readonly string[];
  readonly outcome: Outcome;
  /** Null: it has not ended. */
  readonly rangMs: number | null;
  /** Null: not known. */
  readonly limitMs: number | null;
}

interface Ended {
  readonly kind: 'ended';
  readonly how: Ending;
  readonly what: string;
}

type Outcome = NonNullable<CallRecord['bridges'][number]['outcome']> | 'open';
/** Of the ends those that say more than that a conversation is over. */
type Ending = Exclude<NonNullable<CallRecord['end']>, 'bridged'>;

export function courseOf(record: CallRecord): Passage[] {
  const passages: Passage[] = [];
  for (const { atMs, endedMs, dialString, outcome, answeredBy } of record.bridges) {
    const who = outcome === 'answered' && answeredBy !== null ? [answeredBy] : rung(dialString);
    const before = passages.at(-1);
    // Through another gateway: for who was called it is once.
    if (before?.kind === 'rung' && before.outcome === 'unreachable' && isSame(who, before.who))
      passages.pop();
    passages.push({
      kind: 'rung',
      who,
      outcome: outcome ?? 'open',
      rangMs: endedMs === null ? null : endedMs - atMs,
      limitMs: limitMsOf(dialString),
      isFallback: record.decisions.findLast((one) => one.atMs <= atMs)?.via === 'fallback',
    });
  }
  const { end } = record;
  if (end !== null && end !== 'bridged') {
    const isFallback = BY_STEP.has(end) && record.decisions.at(-1)?.via === 'fallback';
    passages.push({ kind: 'ended', how: end, what: whatOf(record, end), isFallback });
  }
  return passages;
}

/** Of the ends those that a step brings about. */
const BY_STEP: ReadonlySet<string> = new Set<Ending>(['transferred', 'hangup', 'dialplan']);

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
  /** What the CRM sent and the router did not take, where the detail does not name it. */
  readonly values: readonly string[];
}

/** What was decided and why, and what came of it if that is something else: a caller may hang up while a fallback rings. */
export function causesOf({ decisions, readings, reason }: CallRecord): Cause[] {
  const causes = new Map<string, Cause>();
  for (const one of decisions) {
    if (one.result === 'routed' || causes.has(one.reason)) continue;
    const refused = readings.filter(isOfReply).filter(({ result }) => {
      const [, why] = /^(?:refused|nobody): ([^]+)$/.exec(result) ?? [];
      return why !== undefined && one.detail.endsWith(why);
    });
    const values = [...new Set(refused.map(({ text }) => text))];
    // Of some reasons it says the sentence again.
    const detail = values.length > 0 && SAID.test(one.detail) ? '' : one.detail;
    causes.set(one.reason, {
      reason: one.reason,
      detail,
      values: values.filter((value) => !detail.includes(value)),
    });
  }
  // Of a call that was answered the course says it all.
  if (!causes.has(reason) && reason !== 'answered') causes.set(reason, { reason, detail: '', values: [] });
  return [...causes.values()];
}

const SAID = / is (?:neither a number nor a login|not in webhook\.map: [^"]*)$/;

export interface Told {
  readonly decisions: readonly Readonly<Record<'via' | 'reason', string> & { steps: readonly string[] }>[];
  readonly requests: readonly {
    readonly retries: readonly unknown[];
    readonly url: string;
    readonly reply: { readonly status: number; readonly body: string } | null;
  }[];
  readonly bridges?: readonly { readonly dialString: string; readonly cause: string | null }[];
}

/** Of an advice to set something: whether the call shows that its scheme has it set. */
export function isSet(reason: string, { decisions, requests }: Told): boolean {
  if (reason === 'connection_gone') return requests.some(({ retries }) => retries.length > 0);
  return decisions.some(
    (one) => one.via === 'fallback' && one.reason === reason && one.steps.some((step) => step !== 'dialplan'),
  );
}
