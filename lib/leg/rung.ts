import { randomUUID } from 'node:crypto';
import { GATEWAY_FAILURES } from '../call/cause.ts';
import type { Destination } from '../dial/destination.ts';
import type { BridgeOver } from './state.ts';

/**
 * The legs that one bridge rings. FreeSWITCH ends a bridge when the last of them has failed and reports the cause of the
 * first in the dial string, whatever became of the others; how each of them ended is in `originate_causes` (measured on
 * 1.11.1). A leg that never came to be (INVALID_GATEWAY, GATEWAY_DOWN, USER_NOT_REGISTERED) is not in there.
 */
export interface Rung {
  readonly destinations: readonly Destination[];
  /** What the legs to numbers are called, when they are not alone; one to a user may be several phones. */
  readonly uuids: ReadonlyMap<Destination, string>;
}

/** Cleared before a bridge, as FreeSWITCH appends to it bridge after bridge. */
export const LEG_CAUSES = 'originate_causes';

export function rungTogether(destinations: readonly Destination[]): Rung {
  const numbers = destinations.length > 1 ? destinations.filter(({ kind }) => kind === 'number') : [];
  return { destinations, uuids: new Map(numbers.map((number) => [number, randomUUID()])) };
}

/** How a bridge that nobody answered has ended, and the numbers that another gateway may reach. */
export function endOf(
  { destinations, uuids }: Rung,
  over: BridgeOver,
): { cause: string; again: Destination[] } {
  const { cause } = over;
  if (uuids.size === 0) {
    const failed = GATEWAY_FAILURES.has(cause);
    return { cause, again: failed ? destinations.filter(({ kind }) => kind === 'number') : [] };
  }
  const legs = legCausesOf(over.legCauses);
  const failed = (uuid: string): boolean => {
    const own = legs.find((leg) => leg.uuid === uuid);
    return own === undefined || GATEWAY_FAILURES.has(own.cause);
  };
  const again = [...uuids].flatMap(([number, uuid]) => (failed(uuid) ? [number] : []));
  // The answer of a callee counts before the failure of a gateway.
  const said = legs.map((leg) => leg.cause).find((text) => !GATEWAY_FAILURES.has(text));
  return {
    cause: GATEWAY_FAILURES.has(cause) ? (said ?? cause) : cause,
    again: cause === 'ORIGINATOR_CANCEL' ? [] : again,
  };
}

/** `uuid;USER_BUSY`, or `ARRAY::uuid;USER_BUSY|:uuid;NO_ANSWER`. */
function legCausesOf(text: string): { uuid: string; cause: string }[] {
  return text
    .replace(/^ARRAY::/, '')
    .split('|:')
    .flatMap((entry) => {
      const [, uuid, cause] = /^(.+);([A-Z0-9_]+)$/.exec(entry) ?? [];
      return uuid === undefined || cause === undefined ? [] : [{ uuid, cause }];
    });
}
