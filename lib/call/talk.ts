import type { CallRecord } from './record.ts';

/**
 * How long the caller talked to the callee who answered last. When the call is moved their talk is over, and the call may go on for
 * long with somebody else. Null: nobody answered, or the end is not known yet.
 */
export function talkedMs({
  answeredMs,
  endedMs,
  bridges,
}: Pick<CallRecord, 'answeredMs' | 'endedMs' | 'bridges'>): number | null {
  const answered = bridges.findLast(({ answeredBy }) => typeof answeredBy === 'string');
  const overMs = answered?.endedMs ?? endedMs;
  return answeredMs === null || overMs === null ? null : Math.max(0, overMs - answeredMs);
}
