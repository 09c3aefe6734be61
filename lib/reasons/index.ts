import type { About } from './about.ts';
import { CRM, NOBODY } from './crm.ts';
import { BRIDGE, REFUSED } from './destination.ts';
import { OWN } from './router.ts';

/**
 * What went wrong, as a closed list. A code is stable: it stands in records, in the channel variable
 * `esl_router_reason` and in log lines, and telephone engineers write dialplan conditions on it. Each has the sentence that a person
 * reads, what mostly causes it, and what to do about it: docs/reasons.md is made from this table (`npm run docs`).
 */

/** In the order of docs/reasons.md. */
export const REASON_GROUPS: Readonly<Record<string, Readonly<Record<string, About>>>> = {
  'The CRM knows nobody for this caller': NOBODY,
  'The CRM could not be asked, or its reply could not be read': CRM,
  'The CRM answered, and the answer may not be dialled': REFUSED,
  'How the bridge ended': BRIDGE,
  "The router's own": OWN,
};

export const REASONS = { ...NOBODY, ...CRM, ...REFUSED, ...BRIDGE, ...OWN };

const GONE: ReadonlySet<string> = new Set([
  'caller_hung_up',
  'switch_hung_up',
  'moved',
] satisfies (keyof typeof REASONS)[]);

/** The call was gone, and neither the CRM nor the router had a part in it. */
export function isGone(reason: string): boolean {
  return GONE.has(reason);
}

/** It is the CRM that whoever runs it has to look at. */
export const CRM_FAILURES: readonly string[] = Object.keys(CRM);

/** One of those. Takes any text, as a record holds `found` beside the reasons. */
export function isCrmFailure(answer: string): answer is keyof typeof CRM {
  return Object.hasOwn(CRM, answer);
}
