import type { Row } from '../row.ts';
import { bombs } from './bombs.ts';
import { breaker } from './breaker.ts';
import { bulkhead } from './bulkhead.ts';
import { canary } from './canary.ts';
import { crm } from './crm.ts';
import { drip } from './drip.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hosts } from './hosts.ts';
import { keepAlive } from './keep-alive.ts';
import { sigterm } from './sigterm.ts';
import { states } from './states.ts';

/** In the order of the table. */
export const ROWS: readonly Row[] = [
  crm,
  drip,
  bombs,
  keepAlive,
  bulkhead,
  breaker,
  states,
  hostileBytes,
  sigterm,
  hosts,
  canary,
];
