import { setImmediate as immediate } from 'node:timers/promises';
import type { EventName, SwitchIdentity } from './channel.ts';
import type { Bytes } from './message.ts';
import type { Random } from './random.ts';
import type { Tasks } from './tasks.ts';

/** The switch around the legs. */
export interface Exchange extends SwitchIdentity {
  readonly random: Random;
  readonly secondMs: number;
  readonly lean: boolean;
  readonly sessionCount: number;
  /** Everything that is scheduled, of every call. */
  readonly tasks: Tasks;
  knowsGateway(name: string): boolean;
  /** Whether the dialplan has an extension of this name. */
  knowsExtension(name: string): boolean;
  /** Why a user can't be dialled; null when he can. */
  missingUser(login: string, domain: string): 'USER_NOT_REGISTERED' | 'SUBSCRIBER_ABSENT' | null;
  /** Whether an API command fails, whatever it asks for. */
  refuses(api: string): boolean;
  /** Legs by uuid: A legs, and B legs while they ring or talk. */
  readonly legs: Map<string, Killable>;
  /** Sockets that subscribed to the events of every call, not only of theirs. */
  readonly listeners: Set<Listener>;
}

/** Who ends a leg. */
export type Ender = 'caller' | 'callee' | 'router' | 'switch';

export interface Killable {
  kill(cause: string, by: Ender): void;
}

/** A socket that hears of a leg. */
export interface Listener {
  hear(leg: { readonly uuid: string }, name: EventName, head: Bytes, body: Bytes): void;
  /** The leg is about to say CHANNEL_HANGUP. */
  legHangsUp(): void;
  /** The leg has said its last. */
  legIsOver(): void;
  /** The leg has been taken away, and so long ago that the router knows. */
  legIsTaken(by: Taker): void;
}

/** Who takes a leg away from its router. */
export type Taker = 'guard' | 'others';

export interface Extension {
  readonly extension: string;
  readonly context: string;
}

/** `extension` or `extension/context` */
export function extensionNamed(text: string, context: string): Extension {
  const [extension = '', own = context] = text.split('/');
  return { extension, context: own };
}

/** Waits, on behalf of something that FreeSWITCH does no faster. */
export function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

/** A command and what takes the leg away may cross. */
const CROSSING_MS = 50;

/**
 * The routers of a leg are told who has taken it when they can know: its events are out, and a command of theirs that was on
 * its way has come. By turns of the event loop, so that a stall of this process is not checked against them: out, a while, and
 * in.
 */
export async function tellWhenKnown(taker: Taker, routers: readonly Listener[]): Promise<void> {
  await immediate();
  await pause(CROSSING_MS);
  await immediate();
  for (const router of routers) router.legIsTaken(taker);
}
