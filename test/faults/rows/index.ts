import type { Row } from '../row.ts';
import { bombs } from './bombs.ts';
import { breaker } from './breaker.ts';
import { bulkhead } from './bulkhead.ts';
import { canary } from './canary.ts';
import { crm } from './crm.ts';
import { drip } from './drip.ts';
import { eventsShared } from './events-shared.ts';
import { events } from './events.ts';
import { growth } from './growth.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileText } from './hostile-text.ts';
import { hostileNeighbour } from './hostile-neighbour.ts';
import { hosts } from './hosts.ts';
import { keepAlive } from './keep-alive.ts';
import { overload } from './overload.ts';
import { reload } from './reload.ts';
import { sigterm } from './sigterm.ts';
import { states } from './states.ts';
import { store } from './store.ts';
import { strangers } from './strangers.ts';

/** In the order of the table; the one that waits for half a minute begins first. */
export const ROWS: readonly Row[] = [
  events,
  eventsShared,
  store,
  crm,
  drip,
  bombs,
  keepAlive,
  bulkhead,
  hostileNeighbour,
  breaker,
  overload,
  strangers,
  states,
  hostileBytes,
  hostileText,
  sigterm,
  hosts,
  reload,
  growth,
  canary,
];
