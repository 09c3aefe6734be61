import { randomUUID } from 'node:crypto';

/**
 * A call's name in logs, records and in the tracing of others, as W3C Trace Context has it
 * (https://www.w3.org/TR/trace-context/, 3.2): 32 hexadecimal digits, not all of them 0.
 */
export function newTraceId(): string {
  return randomUUID().replaceAll('-', '');
}

/**
 * The header `traceparent` of one question. "01": recorded, so that a CRM which samples by its caller keeps it. The first 16
 * digits of a UUID hold its version and are never all 0.
 */
export function newTraceparent(traceId: string): string {
  return `00-${traceId}-${newTraceId().slice(0, 16)}-01`;
}
