import type { FieldTable } from '../../pages/schemes/words.ts';
export const schemeFields: FieldTable = {};
