import type { Row } from '../row.ts';
import { callerRows } from './caller.ts';
import { failureRows } from './failure.ts';
import { fallbackRows } from './fallback.ts';
import { fusionRows } from './fusion.ts';
import { gatewayRows } from './gateway.ts';
import { hangupRows } from './hangup.ts';
import { hostileRows } from './hostile.ts';
import { identityRows } from './identity.ts';
import { moveRows } from './move.ts';
import { passRows } from './pass.ts';
import { policyRows } from './policy.ts';
import { raceRows } from './race.ts';
import { readingRows } from './reading.ts';
import { routeRows } from './route.ts';
import { scheduleRows } from './schedule.ts';
import { storeRows } from './store.ts';

/** The long ones first: they run beside all the others. */
export const ROWS: readonly Row[] = [
  ...hostileRows,
  ...failureRows,
  ...passRows,
  ...raceRows,
  ...moveRows,
  ...scheduleRows,
  ...hangupRows,
  ...identityRows,
  ...policyRows,
  ...storeRows,
  ...gatewayRows,
  ...fallbackRows,
  ...fusionRows,
  ...callerRows,
  ...routeRows,
  ...readingRows,
];
