import type { Row } from '../row.ts';
import { crm } from './crm.ts';

/** In the order of the table. */
export const ROWS: readonly Row[] = [crm];
