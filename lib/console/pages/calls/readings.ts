import type { CallRecord } from '../../../api/types.ts';

/** Of what the CRM sent, and not of a step of the scheme's fallbacks. */
export function isOfReply({ from }: Pick<CallRecord['readings'][number], 'from'>): boolean {
  return from !== 'fallback';
}
