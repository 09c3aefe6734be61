/** What calls are asked for, as it stands in the address: every value a text, several of one kind divided by commas. */

const TEXT_FILTERS = ['number', 'caller', 'did', 'destination', 'text', 'uuid'] as const;
export const LIST_FILTERS = ['result', 'reason', 'scheme', 'end'] as const;
export const TIME_FILTERS = ['since', 'until'] as const;
export const FILTERS = [...TEXT_FILTERS, ...LIST_FILTERS, ...TIME_FILTERS] as const;

export type ListFilter = (typeof LIST_FILTERS)[number];
export type FilterName = (typeof FILTERS)[number];
export type Filter = Readonly<Partial<Record<FilterName, string>>>;

/** Who sees no numbers may not look for one: the router refuses it. */
export const OF_OPERATORS: ReadonlySet<FilterName> = new Set([
  'number',
  'caller',
  'did',
  'destination',
  'text',
]);

/** The words of `last`, as long as they are good for: an address with "the last hour" is one tomorrow too. */
export const LAST = { '15m': 900, '1h': 3600, '24h': 86_400, '7d': 604_800, '30d': 2_592_000 } as const;
export type Last = keyof typeof LAST;

export function isLast(word: string | undefined): word is Last {
  return word !== undefined && Object.hasOwn(LAST, word);
}

type Search = Readonly<Record<string, string | undefined>>;

/** What of an address is a filter; the rest is how it is looked at. */
export function filterOf(search: Search): Filter {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = search[name]?.trim();
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

export function wordsOf(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** As the router is asked. `last` counts from the moment of asking, in whole minutes, so that the next page is of the same question. */
export function queryOf(
  search: Search,
  nowMs: number,
): Record<string, string | readonly string[] | undefined> {
  const filter = filterOf(search);
  const { last } = search;
  const since = isLast(last)
    ? new Date(Math.floor(nowMs / 60_000) * 60_000 - LAST[last] * 1000).toISOString()
    : momentOf(filter.since);
  return {
    ...filter,
    ...Object.fromEntries(LIST_FILTERS.map((name) => [name, wordsOf(filter[name])])),
    since,
    until: momentOf(filter.until),
  };
}

/** A moment of the address: `2026-11-27T03:00` by the viewer's clock, or with a zone. Undefined where it is none. */
function momentOf(text: string | undefined): string | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

export interface Chip {
  readonly name: FilterName | 'last';
  readonly value: string;
  /** What the address becomes without it. */
  readonly without: Readonly<Record<string, string | undefined>>;
}

/** What calls are looked for and no field on the screen says, a word each. */
export function chipsOf(search: Search, fields: ReadonlySet<string>): Chip[] {
  const set = filterOf(search);
  const { last } = search;
  const chips = FILTERS.filter((name) => !fields.has(name)).flatMap((name): Chip[] => {
    const value = set[name];
    if (value === undefined) return [];
    if (!isListFilter(name)) return [{ name, value, without: { [name]: undefined } }];
    const words = wordsOf(value);
    return words.map((word) => {
      const rest = words.filter((one) => one !== word).join(',');
      return { name, value: word, without: { [name]: rest === '' ? undefined : rest } };
    });
  });
  return isLast(last) && !fields.has('last')
    ? [...chips, { name: 'last', value: last, without: { last: undefined } }]
    : chips;
}

function isListFilter(name: string): name is ListFilter {
  return (LIST_FILTERS as readonly string[]).includes(name);
}

/** The address without filters that the viewer may not use, and without empty ones. */
export function searchWith(search: Search, changes: Search): Record<string, string> {
  const next = { ...search, ...changes };
  return Object.fromEntries(
    Object.entries(next).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''),
  );
}
