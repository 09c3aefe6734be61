import { randomUUID } from 'node:crypto';
import { outcomeOf, type Outcome } from '../call/cause.ts';
import type { CancelSignal } from '../cancel.ts';
import type { Destination } from '../dial/destination.ts';
import type { DialString } from '../dial/dialstring.ts';
import type { Command } from '../esl/command.ts';
import type { Leg } from './leg.ts';
import { endOf, type Rung } from './rung.ts';
import type { Callee, LegState } from './state.ts';

/** How one bridge went. `answered` comes when the callee is connected, the others when it is over. */
export type BridgeOutcome =
  | { readonly kind: 'answered'; readonly callee: Callee }
  | {
      readonly kind: 'failed';
      readonly cause: string;
      readonly outcome: Outcome;
      /** Whose gateway failed. */
      readonly again: readonly Destination[];
    }
  /** The leg is not ours any more; its state says why. */
  | { readonly kind: 'taken' }
  /** The router stops: FreeSWITCH carries the ringing bridge on. */
  | { readonly kind: 'released' }
  /** FreeSWITCH never said how it ended. */
  | { readonly kind: 'overrun' };

export interface BridgeOptions {
  readonly leg: Leg;
  /** Commands sent in the same write, before the bridge. */
  readonly before: readonly Command[];
  readonly dialString: DialString;
  readonly rung: Rung;
  /** Seconds, as in `originate_timeout`. */
  readonly timeoutSeconds: number;
  /** Aborted when the router stops. */
  readonly stopping: CancelSignal;
}

/** FreeSWITCH's clock counts whole seconds, and the teardown of legs takes its time. */
const OVERRUN_MS = 5000;

/** One bridge on a leg that is known to be ours. Rejects with RouterError when FreeSWITCH does not take the command. */
export async function bridge({
  leg,
  before,
  dialString,
  rung,
  timeoutSeconds,
  stopping,
}: BridgeOptions): Promise<BridgeOutcome> {
  if (leg.taken.aborted) return { kind: 'taken' };
  const eventUuid = randomUUID();
  leg.bridging(eventUuid);
  await leg.command([...before, { kind: 'execute', app: 'bridge', arg: dialString, eventUuid }]);
  const withinMs = timeoutSeconds * 1000 + OVERRUN_MS;
  const state =
    (await leg.until(isOver, { withinMs, signal: stopping })) ??
    // One that is still in FreeSWITCH's queue would be dropped with the socket: it must have begun.
    (stopping.aborted ? await leg.until(hasBegun, { withinMs }) : null);
  // A whole conversation may have come in one piece.
  if (leg.connected?.eventUuid === eventUuid) return { kind: 'answered', callee: leg.connected.callee };
  switch (state?.kind) {
    case undefined:
      return { kind: 'overrun' };
    case 'asked':
    case 'bridging':
      return { kind: 'released' };
    case 'talking':
      return { kind: 'answered', callee: state.callee };
    case 'returned': {
      const { cause, again } = endOf(rung, state.over);
      return { kind: 'failed', cause, outcome: outcomeOf(cause), again };
    }
    case 'moved':
    case 'gone':
      return { kind: 'taken' };
  }
}

function isOver(state: LegState): state is Exclude<LegState, { kind: 'bridging' }> {
  return state.kind !== 'bridging';
}

function hasBegun(state: LegState): state is LegState {
  return state.kind !== 'bridging' || state.executing;
}
