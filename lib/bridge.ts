import { randomUUID } from 'node:crypto';
import type { CancelSignal } from './cancel.ts';
import { outcomeOf, type Outcome } from './cause.ts';
import type { Clock } from './clock.ts';
import type { DialString } from './dialstring.ts';
import type { Command } from './esl/command.ts';
import type { EslEvent } from './esl/parser.ts';
import type { Leg } from './leg.ts';

/** What became of one bridge. `answered` comes when the callee picks up, the others when the bridge is over. */
export type BridgeOutcome =
  | { readonly kind: 'answered'; readonly over: Promise<void> }
  | { readonly kind: 'failed'; readonly cause: string; readonly outcome: Outcome }
  /** The leg is gone; `leg.gone.reason` says why. */
  | { readonly kind: 'cancelled' }
  /** The router stops: FreeSWITCH carries the ringing bridge on. */
  | { readonly kind: 'released' }
  /** FreeSWITCH never said how it ended. */
  | { readonly kind: 'overrun' };

export interface BridgeOptions {
  readonly leg: Leg;
  /** Commands that leave in the same write, in front of the bridge. */
  readonly before: readonly Command[];
  readonly dialString: DialString;
  /** What `originate_timeout` says. */
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  /** Aborted when the router stops. */
  readonly stopping: CancelSignal;
}

/** FreeSWITCH's clock counts whole seconds, and the teardown of legs takes its time. */
const OVERRUN_MS = 5000;

/** Time for the events that say why a bridge was cancelled. */
const CANCEL_MS = 500;

/** Placeholders that stand in `originate_disposition` while legs are still being tried (recording 09). */
const PLACEHOLDERS: ReadonlySet<string | undefined> = new Set([undefined, '', 'failure', 'INVALIDARGS']);

/** One bridge on one leg. Rejects with RouterError when FreeSWITCH does not take the command. */
export async function bridge(options: BridgeOptions): Promise<BridgeOutcome> {
  const { leg, before, dialString, timeoutSeconds, clock, stopping } = options;
  const eventUuid = randomUUID();
  let finish: (outcome: BridgeOutcome) => void = () => undefined;
  let completed: () => void = () => undefined;
  const finished = new Promise<BridgeOutcome>((resolve) => (finish = resolve));
  const over = new Promise<void>((resolve) => (completed = resolve));
  let executing = false;

  const observe = (event: EslEvent): void => {
    switch (event.name) {
      case 'CHANNEL_EXECUTE':
        if (event.get('Application-UUID') !== eventUuid) return;
        executing = true;
        if (stopping.aborted) finish({ kind: 'released' });
        return;
      // A leg that an IVR has answered gets no CHANNEL_ANSWER; with early media ignored CHANNEL_BRIDGE can be trusted.
      case 'CHANNEL_ANSWER':
      case 'CHANNEL_BRIDGE':
        if (event.name === 'CHANNEL_BRIDGE' && !leg.call.answered) return;
        leg.answered = true;
        finish({ kind: 'answered', over });
        return;
      case 'CHANNEL_EXECUTE_COMPLETE':
        if (event.get('Application-UUID') !== eventUuid) return;
        settle(outcomeOfBridge(event, over));
        completed();
        return;
      default:
    }
  };
  const cancel = (): void => {
    finish({ kind: 'cancelled' });
  };
  // ORIGINATOR_CANCEL: the caller gave up, or the leg was taken elsewhere. The event that tells which follows at once.
  let stopWaiting: () => void = () => undefined;
  const settle = (outcome: BridgeOutcome): void => {
    if (outcome.kind !== 'failed' || outcome.cause !== 'ORIGINATOR_CANCEL') finish(outcome);
    else
      stopWaiting = clock.after(CANCEL_MS, () => {
        finish(outcome);
      });
  };
  // A bridge that is still in FreeSWITCH's queue would be dropped with the socket: it must have begun.
  const release = (): void => {
    if (executing) finish({ kind: 'released' });
  };
  const unsubscribe = leg.connection.on(observe);
  void over.then(unsubscribe);
  leg.gone.addEventListener('abort', cancel);
  stopping.addEventListener('abort', release);
  const stopTimer = clock.after(timeoutSeconds * 1000 + OVERRUN_MS, () => {
    finish({ kind: 'overrun' });
  });
  try {
    if (leg.gone.aborted) return { kind: 'cancelled' };
    const command: Command = { kind: 'execute', app: 'bridge', arg: dialString, eventUuid };
    await Promise.race([finished, leg.command([...before, command])]);
    return await finished;
  } finally {
    stopTimer();
    stopWaiting();
    leg.gone.removeEventListener('abort', cancel);
    stopping.removeEventListener('abort', release);
    if (!leg.answered) unsubscribe();
  }
}

function outcomeOfBridge(event: EslEvent, over: Promise<void>): BridgeOutcome {
  const disposition = event.get('variable_originate_disposition');
  if (disposition?.toUpperCase() === 'SUCCESS') return { kind: 'answered', over };
  const cause = PLACEHOLDERS.has(disposition) ? 'DESTINATION_OUT_OF_ORDER' : (disposition ?? '');
  return { kind: 'failed', cause, outcome: outcomeOf(cause) };
}
