import type { Database } from './database.ts';
import { newestWith } from './search.ts';
import { isFound, isLong, numberWord, textWords, wordOf } from './words.ts';

/** Which calls are meant, and where they are. */

export interface CallFilter {
  readonly since?: Date;
  readonly until?: Date;
  /** In any spelling; `number` is any of the three. */
  readonly caller?: string;
  readonly did?: string;
  readonly destination?: string;
  readonly number?: string;
  readonly uuid?: string;
  /** Of a list each one is as good. */
  readonly scheme?: readonly string[];
  readonly result?: readonly string[];
  readonly reason?: readonly string[];
  readonly end?: readonly string[];
  readonly tenant?: string;
  /** Whole words, in any order. */
  readonly text?: string;
}

/** Of `n`. */
interface Within {
  readonly from: number;
  readonly below: number;
  readonly limit: number;
}

const NUMBERS = ['caller', 'did', 'destination'] as const;
/** Calls that are compared for a page: it takes no longer if more calls of strangers have the same last seven digits. */
const MOST_LOOKED = 500;

/** Whether it takes words to find them. */
export function hasWords(filter: CallFilter): boolean {
  return groupsOf(filter, 'exact').length > 0;
}

/** The places in the order of the newest calls that are meant. */
export async function placesOf(database: Database, filter: CallFilter, within: Within): Promise<number[]> {
  const exact = groupsOf(filter, 'exact');
  // A text of which no word is left, "!?", is in no call.
  if (exact.some((words) => words.length === 0)) return [];
  const isNumber = [...NUMBERS, 'number' as const].some((name) => isLong(filter[name] ?? ''));
  if (!isNumber) return newestWith(database, { groups: exact, ...within });
  const { from, limit } = within;
  const groups = groupsOf(filter, 'near');
  const found: number[] = [];
  let { below } = within;
  for (let looked = 0; looked < MOST_LOOKED;) {
    const near = await newestWith(database, { groups, from, below, limit });
    found.push(...(await fittingOf(database, filter, near)));
    if (near.length < limit || found.length >= limit) return found.slice(0, limit);
    looked += near.length;
    below = near.at(-1) ?? from;
  }
  // Among so many strangers a number is found that is written with its area.
  return [
    ...found,
    ...(await newestWith(database, { groups: exact, from, below, limit: limit - found.length })),
  ];
}

/** Of these the calls whose numbers are those of the filter, newest first: strangers' have the same end. */
async function fittingOf(
  { reader }: Database,
  filter: CallFilter,
  places: readonly number[],
): Promise<number[]> {
  if (places.length === 0) return [];
  const rows = await reader
    .selectFrom('calls')
    .select(['n', 'caller', 'did', 'destination', 'answered_by'])
    .where('n', 'in', places)
    .orderBy('n', 'desc')
    .execute();
  const fits = (sought: string | undefined, ...numbers: readonly (string | null)[]): boolean =>
    sought === undefined || !isLong(sought) || numbers.some((number) => isFound(number ?? '', sought));
  return rows
    .filter(
      ({ caller, did, destination, answered_by: by }) =>
        fits(filter.caller, caller) &&
        fits(filter.did, did) &&
        fits(filter.destination, destination, by) &&
        fits(filter.number, caller, did, destination, by),
    )
    .map(({ n }) => n);
}

/** The words that must be in a call, one of each group. */
export function groupsOf(
  { text, uuid, tenant, number, ...filter }: CallFilter,
  by: 'exact' | 'near',
): string[][] {
  const groups: string[][] = [];
  for (const facet of NUMBERS) {
    const value = filter[facet];
    if (value !== undefined) groups.push([numberWord(facet, value, by)]);
  }
  if (number !== undefined) groups.push(NUMBERS.map((facet) => numberWord(facet, number, by)));
  for (const facet of ['scheme', 'result', 'reason', 'end'] as const) {
    const values = filter[facet];
    if (values !== undefined) groups.push(values.map((value) => wordOf(facet, value)));
  }
  if (uuid !== undefined) groups.push([wordOf('uuid', uuid)]);
  if (tenant !== undefined) groups.push([wordOf('tenant', tenant)]);
  if (text !== undefined) {
    const words = textWords(text);
    groups.push(...(words.length === 0 ? [[]] : words.map((word) => [word])));
  }
  return groups;
}
