/** What the table of calls can show. The widths are in pixels; `grow` takes what is left. */

export const COLUMNS = {
  startedAt: { width: 150 },
  result: { width: 148 },
  caller: { width: 190, grow: 2 },
  did: { width: 140, grow: 1 },
  scheme: { width: 110, grow: 1 },
  destination: { width: 150, grow: 2 },
  reason: { width: 150, grow: 1 },
  decidedMs: { width: 96, right: true },
  rangMs: { width: 88, right: true },
  talkedMs: { width: 88, right: true },
  answeredBy: { width: 130, grow: 1 },
  end: { width: 130 },
  via: { width: 90 },
  hangupCause: { width: 180 },
  switch: { width: 120, grow: 1 },
  revision: { width: 110 },
  uuid: { width: 290 },
} as const satisfies Record<string, { width: number; grow?: number; right?: true }>;

export type Column = keyof typeof COLUMNS;

export const ALL_COLUMNS = Object.keys(COLUMNS) as Column[];

export const USUAL_COLUMNS: readonly Column[] = [
  'startedAt',
  'result',
  'caller',
  'did',
  'scheme',
  'destination',
  'reason',
  'decidedMs',
  'talkedMs',
];

/** Beside one call that is open there is room for these, the last one on a wide screen. */
export const BESIDE_COLUMNS: readonly Column[] = ['startedAt', 'result', 'caller', 'destination'];

function isColumn(word: string): word is Column {
  return Object.hasOwn(COLUMNS, word);
}

/** In the order of the table, whatever the order of choosing. */
export function columnsOf(words: readonly string[]): Column[] {
  const chosen = new Set(words.filter(isColumn));
  return chosen.size === 0 ? [...USUAL_COLUMNS] : ALL_COLUMNS.filter((column) => chosen.has(column));
}

export function gridOf(columns: readonly Column[]): { template: string; minWidth: number } {
  const shapes = columns.map((column): { width: number; grow?: number } => COLUMNS[column]);
  return {
    template: shapes
      .map(({ width, grow }) => (grow === undefined ? `${width}px` : `minmax(${width}px, ${grow}fr)`))
      .join(' '),
    minWidth: shapes.reduce((sum, { width }) => sum + width, 0) + 24,
  };
}
