import type { Call } from '../call/channel.ts';
import type { Cancellation } from '../cancel.ts';
import { STANDSTILL_MS, type Clock } from '../clock.ts';
import { RouterError } from '../errors.ts';

/** The time that a question has, by its budget and by the dialplan's guard. */

/** The dialplan's guard must not fire while the last command is on its way. */
export const GUARD_MARGIN_SECONDS = 2;
/** FreeSWITCH's clock counts whole seconds: a guard of 8 s fires after 7 to 8. */
const GUARD_SECOND_MS = 1000;

interface Timing {
  readonly call: Call;
  readonly clock: Clock;
  readonly elapsedMs: () => number;
}

/** A guard of 1 or 2 s leaves none from the beginning. */
export function noTimeLeft({ guardSeconds }: Call): RouterError {
  if (guardSeconds === null || guardSeconds > GUARD_MARGIN_SECONDS)
    return new RouterError('webhook_timeout', 'no time is left to ask');
  const detail = `the dialplan's guard of ${guardSeconds} s leaves no time to ask: make it 2 s longer than webhook.timeoutSeconds`;
  return new RouterError('guard_too_short', detail);
}

/**
 * Ends the question when its time is up. When this process was stalled the timer fires late, and before sockets are read: a
 * reply that is there is used, unless the guard may have the call by now. A missing one says nothing about the CRM.
 */
export function watchDeadline(
  limitMs: number,
  controller: Cancellation,
  { call, clock, elapsedMs }: Timing,
): () => void {
  const dueMs = clock.now() + Math.max(0, limitMs);
  let cancelTimer = clock.after(Math.max(0, limitMs), () => {
    const lateMs = Math.round(clock.now() - dueMs);
    if (lateMs < STANDSTILL_MS) {
      controller.abort(
        new RouterError(
          'webhook_timeout',
          `no reply within ${Math.round(limitMs)} ms (webhook.timeoutSeconds)`,
        ),
      );
      return;
    }
    const stalled = (): void => {
      controller.abort(new RouterError('router_stalled', `the router itself was stalled for ${lateMs} ms`));
    };
    const guardMs = (call.guardSeconds ?? Infinity) * 1000 - GUARD_SECOND_MS;
    if (call.ageMs + elapsedMs() >= guardMs) stalled();
    // Sockets are read before the next timer.
    else cancelTimer = clock.after(0, stalled);
  });
  return () => {
    cancelTimer();
  };
}
