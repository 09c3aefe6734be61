import type { CancelSignal } from './cancel.ts';
import { within, type Clock } from './clock.ts';
import type { Command } from './esl/command.ts';
import type { Leg } from './leg.ts';

export interface TalkOptions {
  /** Answered by a bridge. */
  readonly leg: Leg;
  /** Resolves when that bridge is over. */
  readonly over: Promise<void>;
  /** Time between two questions whether the call is still there. */
  readonly heartbeatMs: number;
  readonly clock: Clock;
  /** Aborted when the router stops. */
  readonly stopping: CancelSignal;
}

/** After an answered bridge FreeSWITCH hangs the leg up itself (`hangup_after_bridge`); past this we do. */
const HANGUP_AFTER_BRIDGE_MS = 500;

/**
 * While they talk nothing is said to FreeSWITCH but a question now and then, so that a dead peer is noticed. Resolves
 * when the leg has ended, its connection is closed, or the router stops.
 */
export async function talk({ leg, over, heartbeatMs, clock, stopping }: TalkOptions): Promise<void> {
  const stopHeartbeat = heartbeat(leg, heartbeatMs, clock);
  void over.then(() => part(leg, clock));
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  stopping.addEventListener('abort', stop);
  if (stopping.aborted) stop();
  await Promise.race([stopped, leg.ended]);
  stopping.removeEventListener('abort', stop);
  stopHeartbeat();
}

function heartbeat({ connection, call }: Leg, ms: number, clock: Clock): () => void {
  const exists: Command = { kind: 'api', command: 'uuid_exists', args: call.uuid };
  let cancel: () => void = () => undefined;
  const beat = (): void => {
    cancel = clock.after(ms, () => {
      connection.request(exists).then(
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

/** The conversation is over: a caller who is still there, and whom nobody hung up, would hear silence. */
async function part(leg: Leg, clock: Clock): Promise<void> {
  await within(leg.ended, HANGUP_AFTER_BRIDGE_MS, clock);
  if (leg.gone.aborted) return;
  // A failure means that the connection is gone, which ends the leg.
  await leg.hangUp('NORMAL_CLEARING').catch(() => undefined);
}
