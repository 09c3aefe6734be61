import type { CallRecord } from '../../../api/types.ts';

/** Of what the CRM sent, and not of a step of the scheme's fallbacks. */
export function isOfReply({ from }: Pick<CallRecord['readings'][number], 'from'>): boolean {
  return from !== 'fallback';
}

/** Refused, empty, left out: the cause of it says more. */
const NOT_TAKEN = /^(?:refused|nobody|empty|ignored|left out)\b|^scheme$/;
/** Of a list. */
const MOST = 3;

/** What the destinations in one reply were read as: `extension 205`; '' for a reply in which there was none. */
export function readAsOf(
  { answer, reply }: Pick<CallRecord['requests'][number], 'answer' | 'reply'>,
  readings: CallRecord['readings'],
): string {
  if (answer !== 'found' || reply === null) return '';
  // Another reply of the call may have named somebody else.
  const ofThis = readings.filter((reading) => isOfReply(reading) && reply.body.includes(reading.text));
  const results = ofThis.map(({ result }) => result);
  return results.some((result) => NOT_TAKEN.test(result)) ? '' : results.slice(0, MOST).join(', ');
}
