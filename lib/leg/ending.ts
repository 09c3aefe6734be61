import { holdsCaller, type Call, type HeaderLookup } from '../call/channel.ts';
import type { CallRecord, End, Result } from '../call/record.ts';
import type { Reason } from '../errors.ts';
import { isGone } from '../reasons/index.ts';
import type { Leg } from './leg.ts';

export interface Ending {
  readonly end: End;
  readonly result: Result;
  readonly reason: Reason;
  /** For people, if the reason does not say everything. */
  readonly note?: string;
}

/** The extension was not found: the caller gets 404, and nothing has run in his new place. */
const NOWHERE = 'NO_ROUTE_DESTINATION';

/** How a call ended that was taken out of our hands, judged by its leg and its record. Call it when the leg has ended. */
export function endingOf(leg: Leg, record: CallRecord, guardFired: boolean): Ending {
  const { answeredMs, decidedMs } = record;
  const { end, reason, note } = endOf(leg, record.reason, answeredMs !== null, guardFired);
  const result = decidedMs === null ? goneResult(record.result, reason) : record.result;
  const isLost = reason === 'transfer_failed';
  return { end, result: isLost ? 'error' : result, reason, ...(note === undefined ? {} : { note }) };
}

/** Of a call that nothing was decided about: when it is gone, it has not failed. */
export function goneResult(otherwise: Result, reason: Reason): Result {
  return isGone(reason) ? 'abandoned' : otherwise;
}

function endOf(
  { state, moves, hungUpBy, hangupCause, arrived }: Leg,
  reason: Reason,
  talked: boolean,
  guardFired: boolean,
): Omit<Ending, 'result'> {
  const [first] = moves;
  if (first !== undefined) {
    if (guardFired) return { end: 'guard', reason: 'guard_fired' };
    if (first.by !== 'router') return { end: 'moved', reason: talked ? reason : 'moved' };
    if (arrived || hangupCause !== NOWHERE) return { end: 'transferred', reason };
    return {
      end: 'switch_hangup',
      reason: 'transfer_failed',
      note: `${first.to}: there is no such extension`,
    };
  }
  const error = state.kind === 'gone' ? state.error : null;
  if (error !== null && error.code !== 'caller_hung_up' && error.code !== 'switch_hung_up') {
    return { end: 'switch_lost', reason: error.code, note: error.message };
  }
  if (talked) return { end: 'bridged', reason };
  if (hungUpBy === 'caller') return { end: 'caller_hangup', reason: 'caller_hung_up' };
  return { end: 'switch_hangup', reason: 'switch_hung_up' };
}

/** What the hang-up event says about the recording; null: nothing. Its name may contain a withheld number. */
export function recordingIn(headers: HeaderLookup, call: Call, variable: string): string | null {
  const name = variable === '' ? undefined : headers.get(`variable_${variable}`);
  if (name === undefined) return null;
  return call.withheld && holdsCaller(call)(name) ? '' : name;
}
