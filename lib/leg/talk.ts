import type { CancelSignal } from '../cancel.ts';
import type { Clock } from '../clock.ts';
import { exists } from './command.ts';
import type { Leg } from './leg.ts';
import type { LegState } from './state.ts';

export interface WatchOptions {
  /** Time between two questions whether the channel is still there. */
  readonly heartbeatMs: number;
  readonly clock: Clock;
}

/**
 * While they talk FreeSWITCH only gets a question now and then, so that a dead peer is noticed. `over`: the leg is back in our
 * hands, where its caller would hear silence. `taken`: hung up, or moved. `released`: the router stops, and they go on.
 */
export async function talk(
  leg: Leg,
  { stopping, ...watch }: WatchOptions & { readonly stopping: CancelSignal },
): Promise<'over' | 'taken' | 'released'> {
  const stopHeartbeat = heartbeat(leg, watch);
  const state = await leg.until(isOver, { signal: stopping });
  stopHeartbeat();
  if (state === null) return 'released';
  return state.kind === 'returned' ? 'over' : 'taken';
}

/**
 * Holds the socket of a leg that was taken elsewhere until its channel ends: closing it would end the park of a second
 * socket of the same channel (measured on 1.11.1), and its events tell how the call ended.
 */
export async function follow(leg: Leg, watch: WatchOptions): Promise<void> {
  const stopHeartbeat = heartbeat(leg, watch);
  await leg.ended;
  stopHeartbeat();
}

function isOver(state: LegState): state is Exclude<LegState, { kind: 'talking' }> {
  return state.kind !== 'talking';
}

function heartbeat({ connection, call }: Leg, { heartbeatMs, clock }: WatchOptions): () => void {
  let cancel: () => void = () => undefined;
  const beat = (): void => {
    cancel = clock.after(heartbeatMs, () => {
      connection.request(exists(call)).then(
        ({ text }) => {
          if (text === 'false') void connection.end();
          else beat();
        },
        // An answer that does not come closes the connection, which ends the leg.
        () => undefined,
      );
    });
  };
  beat();
  return () => {
    cancel();
  };
}
