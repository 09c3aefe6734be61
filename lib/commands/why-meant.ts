import { digitsOf, isFound } from '../store/words.ts';

/** What a person may mean with one word: a trace, a uuid, or the number of a caller. */
export interface Meant {
  readonly text: string;
  /** One of them is in every text that names what is meant. */
  readonly needles: readonly string[];
}

/** How well a call is what is meant: by an id or the whole number; by the end of the number, which others may have too. */
export type Fit = 'exact' | 'ending';

interface Names {
  readonly trace: unknown;
  readonly uuid: unknown;
  readonly caller: unknown;
}

export function meantBy(text: string): Meant {
  const digits = digitsOf(text);
  const needles = digits === null ? [text, plain(text), bare(text)] : [digits.slice(-SHORT)];
  return { text, needles: needles.filter((needle) => needle !== '') };
}

/** With its hyphens or without. */
export function isTrace({ text }: Meant, trace: unknown): boolean {
  return typeof trace === 'string' && bare(trace) === bare(text);
}

/** Null: it is another call. */
export function fitOf(meant: Meant, { trace, uuid, caller }: Names): Fit | null {
  const { text } = meant;
  if (isTrace(meant, trace)) return 'exact';
  if (typeof uuid === 'string' && plain(uuid) === plain(text)) return 'exact';
  if (typeof caller !== 'string' || caller === '') return null;
  return isSame(caller, text) ? 'exact' : isFound(caller, text) ? 'ending' : null;
}

/** As both are written in full. A national and an international spelling may be two subscribers of two countries. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [digitsOf(one), digitsOf(other)].map((digits) => digits?.replace(/^00/, ''));
  return a === undefined || b === undefined ? plain(one) === plain(other) : a === b;
}

/** The digits that subscribers of one town dial: where the store finds one number by another, both have at least these in common. */
const SHORT = 7;

function plain(text: string): string {
  return text.toLowerCase();
}

function bare(id: string): string {
  return plain(id).replaceAll('-', '');
}

/** A call among others that may be meant. */
export interface Told {
  readonly id: string;
  readonly caller: string;
  readonly fit: Fit;
}

/** For the first lines of the story: whose call it is, where the number alone may have found another's. `last`: of all of them. */
export function foundBy({ text }: Meant, told: Told, last: Told): string[] {
  if (told.fit === 'ending') return [`the caller is ${told.caller}, found by the last digits of ${text}`];
  return last.id === told.id ? [] : [`a later call, of ${last.caller}, has the same last digits: ${last.id}`];
}
