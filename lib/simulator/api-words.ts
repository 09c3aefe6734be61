import type { Author } from './author.ts';
import type { Exchange } from './exchange.ts';
import { Leg } from './leg.ts';
import type { Bytes } from './message.ts';

/** One API command as it was given. */
export interface ApiCall {
  readonly exchange: Exchange;
  /** What follows the name, word by word. */
  readonly words: readonly Bytes[];
  /** The same as it was written. */
  readonly argument: Bytes;
  readonly author: Author;
  /** Another command, on behalf of the same author. */
  readonly run: (command: Bytes) => Bytes;
}

export type Api = (call: ApiCall) => Bytes;

export const NO_CHANNEL = '-ERR No such channel!\n';

export function aLeg(exchange: Exchange, uuid: string | undefined): Leg | null {
  const found = exchange.legs.get(uuid ?? '');
  return found instanceof Leg ? found : null;
}

/** A leg that still has something before it: a task for one that is gone would never be cleared. */
export function liveLeg(exchange: Exchange, uuid: string | undefined): Leg | null {
  const leg = aLeg(exchange, uuid);
  return leg === null || leg.hungUp ? null : leg;
}
