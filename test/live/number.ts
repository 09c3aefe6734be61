/** Numbers of the rows: twelve digits, of which three say the row. No two rows share one. */

export type Numbers = (nth?: number) => string;

/** What the row's callers dial. */
export const didOf = (row: number): string => numberOf('38044', row, 0);
/** Whom the dialplan's own fallback rings. */
export const groupOf = (row: number): string => numberOf('38063', row, 0);
export const callersOf =
  (row: number): Numbers =>
  (nth = 0) =>
    numberOf('38067', row, nth);
export const calleesOf =
  (row: number): Numbers =>
  (nth = 0) =>
    numberOf('38050', row, nth);

function numberOf(prefix: string, row: number, nth: number): string {
  return `${prefix}${String(row).padStart(3, '0')}${String(nth).padStart(4, '0')}`;
}
