/** The ways in which people and programs write a number down. */
import type { Random } from '../../lib/simulator/random.ts';
import { planOf, type Example, type Plan } from './plan.ts';
import type { Reader } from './seen.ts';

export const SPELLINGS = [
  'plus',
  'digits',
  'national',
  'abroad',
  'dots',
  'hyphens',
  'brackets',
  'nbsp',
  'bidi',
  'float',
] as const;
export type Spelling = (typeof SPELLINGS)[number];

/** What means the same number whatever the country; `abroad` begins as calls abroad do in the reader's country. */
export const INTERNATIONAL = SPELLINGS.filter((spelling) => spelling !== 'national');

export function spell(spelling: Spelling, example: Example, reader: Reader, random: Random): string {
  const { digits, international, type } = example;
  const isHome = reader !== null && reader === type.plan.country;
  switch (spelling) {
    case 'plus':
      return `+${digits}`;
    case 'digits':
      return digits;
    case 'national':
      return nationalDigits(example, random);
    case 'abroad':
      return `${abroad(reader, random)}${random.chance(0.5) ? digits : ` ${international.slice(1)}`}`;
    case 'dots':
      return printed(example, isHome, random).join('.');
    case 'hyphens':
      return printed(example, isHome, random).join(pick(['-', '-', '\u2011'], random));
    case 'brackets':
      return bracketed(example, isHome, random);
    case 'nbsp':
      return printed(example, isHome, random).join(pick(['\u00a0', '\u202f', '\u2007', '\u2009'], random));
    case 'bidi':
      return marked(printed(example, isHome, random), random);
    case 'float': {
      const lostItsZero = isHome && !example.nationalNumber.startsWith('0') && random.chance(0.5);
      return `${lostItsZero ? example.nationalNumber : digits}.0`;
    }
  }
}

/** The digits that are in a text, without the fraction of a float. */
export function digitsOf(text: string): string {
  return text.replace(/\.0$/, '').replaceAll(/\D/g, '');
}

function abroad(reader: Reader, random: Random): string {
  const plan = reader === null ? null : planOf(reader);
  if (plan === null) return '00';
  return random.chance(0.3) ? plan.anyAbroad(random) : plan.abroad;
}

/** With the trunk prefix, as the plan prints it; where it prints none, sometimes with it all the same. */
function nationalDigits(example: Example, random: Random): string {
  const { nationalNumber, type } = example;
  const { trunk } = type.plan;
  if (trunk === null) return nationalNumber;
  const digits = digitsOf(example.national);
  const isBare = digits === nationalNumber && !digits.startsWith('0');
  return isBare && random.chance(0.5) ? trunk + nationalNumber : digits;
}

/** The groups of a printed number, at home half of the time the national ones: `+49`, `30`, `123456`. */
function printed(example: Example, isHome: boolean, random: Random): string[] {
  return groupsOf(isHome && random.chance(0.5) ? nationalText(example) : example.international);
}

/** Where there is no trunk prefix, a format that writes one is not how people write (Gabon's old numbers). */
function nationalText({ national, nationalNumber, type }: Example): string {
  return type.plan.trunk === null && digitsOf(national) !== nationalNumber ? nationalNumber : national;
}

export function groupsOf(text: string): string[] {
  return text.split(/[^\d+]+/).filter((group) => group !== '');
}

function bracketed(example: Example, isHome: boolean, random: Random): string {
  const [first = '', ...rest] = printed(example, isHome, random);
  if (!first.startsWith('+')) return cut(first, rest);
  const [area = '', ...others] = rest;
  const tail = others.length === 0 ? '' : ` ${others.join(' ')}`;
  const zero = zeroOf(example.type.plan, area);
  const style = random.next();
  if (zero !== null && style < 0.4) return `${first} (0)${zero}${tail}`;
  if (style < 0.55) return `(${first}) ${area}${tail}`;
  return `${first} ${cut(area, others)}`;
}

function cut(first: string, rest: readonly string[]): string {
  if (rest.length > 0) return `(${first}) ${rest.join(' ')}`;
  return first.length < 5 ? `(${first})` : `(${first.slice(0, 3)}) ${first.slice(3)}`;
}

/** What follows `(0)` behind the calling code: Germany drops the 0, Italy's number has it. */
function zeroOf(plan: Plan, area: string): string | null {
  if (plan.trunk === '0' && !area.startsWith('0')) return area;
  return plan.trunk === null && area.startsWith('0') ? area.slice(1) : null;
}

/** As telephones' contact lists copy it: embedded, with non-breaking spaces or hyphens. */
function marked(groups: readonly string[], random: Random): string {
  const text = groups.join(pick(['\u00a0', '\u00a0', '\u2011', ' ', ''], random));
  const [before, after] = pick(
    [
      ['\u202a', '\u202c'],
      ['\u202d', '\u202c'],
      ['\u2066', '\u2069'],
      ['\u200e', ''],
      ['\u200f', '\u200f'],
      ['\ufeff', '\u200b'],
    ] as const,
    random,
  );
  return `${before}${text}${after}`;
}

export function pick<T>(choices: readonly T[], random: Random): T {
  return choices[random.below(choices.length)] as T;
}
