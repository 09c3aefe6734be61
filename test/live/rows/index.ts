import type { Row } from '../row.ts';
import { callerRows } from './caller.ts';
import { failureRows } from './failure.ts';
import { fallbackRows } from './fallback.ts';
import { hostileRows } from './hostile.ts';
import { policyRows } from './policy.ts';
import { routeRows } from './route.ts';

/** The long ones first: they run beside all the others. */
export const ROWS: readonly Row[] = [
  ...hostileRows,
  ...failureRows,
  ...policyRows,
  ...fallbackRows,
  ...callerRows,
  ...routeRows,
];
