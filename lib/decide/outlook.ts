import type { CallRecord, Outlook } from '../call/record.ts';

/** What a call was decided to first: what came of it, other callees and other times would change. */
export function outlookOf({ decisions: [first], scheme, result, reason }: CallRecord): Outlook {
  if (first === undefined) return { scheme: scheme?.name ?? null, result, reason, steps: ['dialplan'] };
  return { scheme: first.scheme, result: first.result, reason: first.reason, steps: first.steps };
}

export function sameOutlook(one: Outlook, other: Outlook): boolean {
  return one.result === other.result && one.steps.join('\n') === other.steps.join('\n');
}
