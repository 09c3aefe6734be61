import { apply, newRecord, type CallRecord } from '../call/record.ts';
import { newTraceId } from '../call/trace.ts';
import { STANDSTILL_MS, type Clock } from '../clock.ts';

/** For a connection that was reset before it was accepted: there is no way to know which call it was. */
export function unserved(stalledMs: number, clock: Clock): CallRecord {
  const now = clock.date();
  const record = newRecord(newTraceId(now), now);
  const stalled = stalledMs >= STANDSTILL_MS;
  const text = 'FreeSWITCH reset the connection before it was accepted';
  const meanwhile = `; the router was stalled for ${Math.round(stalledMs)} ms`;
  apply(record, { type: 'note', text: stalled ? `${text}${meanwhile}` : text });
  apply(record, { type: 'result', result: 'error', reason: stalled ? 'router_stalled' : 'switch_lost' });
  apply(record, {
    type: 'end',
    end: 'switch_lost',
    atMs: 0,
    hangupCause: null,
    hungUpBy: null,
    recording: '',
  });
  return record;
}
