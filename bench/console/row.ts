/** One line of the console's figures. */

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly median: number;
  readonly worst: number;
  /** Null: it is only told. */
  readonly limit: { readonly kind: 'at most' | 'at least'; readonly value: number } | null;
  readonly note: string;
  /** Of the machine, meanwhile: others run there too. */
  readonly load: string;
}

/** The median has to reach it: one stall of a machine that is shared says nothing. */
export function isReached({ median, limit }: Row): boolean {
  if (limit === null) return true;
  return limit.kind === 'at most' ? median <= limit.value : median >= limit.value;
}

export function consoleTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { what, unit, median, worst, limit, note, load } = row;
    const verdict =
      limit === null ? '' : isReached(row) ? 'ok' : `MISSED: ${limit.kind} ${limit.value} ${unit}`;
    const figures = `${median.toFixed(1).padStart(8)} ${unit}, worst ${worst.toFixed(1)}`;
    return `${what.padEnd(44)} ${figures.padEnd(34)} load ${load.split(' ')[0] ?? ''}  ${note.padEnd(36)} ${verdict}`.trimEnd();
  });
  const missed = rows.filter((row) => !isReached(row)).length;
  return [...lines, `${rows.length} figures, ${missed} missed`].join('\n');
}
