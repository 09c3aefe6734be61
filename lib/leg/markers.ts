import { PASS } from '../call/channel.ts';
import type { CallRecord, Result } from '../call/record.ts';
import type { Reason } from '../errors.ts';

/** What the dialplan's conditions and the CDRs of FreeSWITCH see. */
export function markersOf(
  record: CallRecord,
  result: Result,
  reason: Reason,
  destination: string,
): Record<string, string> {
  return {
    esl_router_result: result,
    esl_router_reason: reason,
    esl_router_scheme: record.scheme?.name ?? '',
    esl_router_destination: destination,
    esl_router_trace: record.id,
    ...passMarker(record),
  };
}

/** Links what a leg does next with this record. */
export function passMarker({ pass, id }: CallRecord): Record<string, string> {
  return { [PASS]: `${pass}:${id}` };
}
