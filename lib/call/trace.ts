import { randomUUID } from 'node:crypto';
import { uuidv7 } from '../uuid.ts';

/**
 * A call's name in logs, records and in the tracing of others, as W3C Trace Context has it
 * (https://www.w3.org/TR/trace-context/, 3.2): 32 hexadecimal digits, not all of them 0. Those of a UUIDv7:
 * traces sort by their time.
 */
export function newTraceId(at: Date): string {
  return uuidv7(at).replaceAll('-', '');
}

/**
 * The header `traceparent` of one question. "01": recorded, so that a CRM which samples by its caller keeps it. The first 16
 * digits of a UUID hold its version and are never all 0.
 */
export function newTraceparent(traceId: string): string {
  return `00-${traceId}-${randomUUID().replaceAll('-', '').slice(0, 16)}-01`;
}
