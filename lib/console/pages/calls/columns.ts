/**
 * What the table of calls can show. The widths are in pixels, `tiny` those of a narrow screen, where a result is its sign alone; `grow`
 * takes what is left. The usual ones fit into the 1015 that a screen of 1280 has for them.
 */
export const COLUMNS = {
  startedAt: { width: 108, tiny: 104 },
  result: { width: 160, tiny: 62 },
  caller: { width: 141, tiny: 128, grow: 4 },
  did: { width: 120, grow: 1 },
  scheme: { width: 84, grow: 1 },
  destination: { width: 112, grow: 2 },
  reason: { width: 134, grow: 3 },
  decidedMs: { width: 90, right: true },
  rangMs: { width: 72, right: true },
  talkedMs: { width: 66, right: true },
  answeredBy: { width: 112, grow: 1 },
  end: { width: 150 },
  via: { width: 90 },
  hangupCause: { width: 180 },
  switch: { width: 120, grow: 1 },
  revision: { width: 110 },
  uuid: { width: 300 },
} as const satisfies Record<string, Shape>;

interface Shape {
  readonly width: number;
  readonly tiny?: number;
  readonly grow?: number;
  readonly right?: true;
}

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

export function gridOf(columns: readonly Column[], isTiny = false): { template: string; minWidth: number } {
  const shapes = columns.map((column) => {
    const { width, tiny, grow }: Shape = COLUMNS[column];
    return { width: isTiny ? (tiny ?? width) : width, grow };
  });
  return {
    template: shapes
      .map(({ width, grow }) => (grow === undefined ? `${width}px` : `minmax(${width}px, ${grow}fr)`))
      .join(' '),
    minWidth: shapes.reduce((sum, { width }) => sum + width, 0) + 24,
  };
}
