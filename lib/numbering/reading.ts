import { PhoneNumber } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/max/metadata';
import { callingCodeOf, planOf, plansBehind, type Country, type Plan } from './plan.ts';
import type { Written } from './written.ts';

/** How the numbers of a scheme are written, and how they are dialled. */
export interface Numbering {
  /** Whose national numbers are understood. Without one all digits are E.164. */
  readonly country?: Country | undefined;
  readonly dialAs: 'digits' | 'plus' | 'national' | 'as-given';
  /** What digits with neither `+` nor prefix are, where they could be both. */
  readonly bareDigits: 'auto' | 'international' | 'national';
  /** A number of the plan, one of a length that the plan has, or any digits at all. */
  readonly accept: 'valid' | 'possible' | 'any';
  /** How many digits an extension has: at least, at most. */
  readonly extensionDigits: readonly [number, number];
  /** A number with an extension. */
  readonly withExtension: 'refuse' | 'ignore';
}

/** One way to read digits. */
export interface Reading {
  readonly callingCode: string;
  /** The national number, without trunk prefix. */
  readonly national: string;
  /** E.164 without `+`. */
  readonly digits: string;
  /** The plan has this number. */
  readonly valid: boolean;
  /** The plan has numbers of this length. */
  readonly possible: boolean;
  /** As records and `try` say it. */
  readonly how: string;
  /** Of digits without any prefix, which can be national and international. */
  readonly bare: boolean;
  /** National in the country of the numbering. */
  readonly home: boolean;
  /** No calling code is written so: never taken, and yet it may be what was meant. */
  readonly doubted: boolean;
}

type Manner = Pick<Reading, 'how' | 'bare' | 'home'> & { readonly doubted?: boolean };

/** E.164: at most 15 digits. */
export const MAX_DIGITS = 15;
/** The longest that is dialled in front of an international number: Australia's 1488 0011. */
export const MAX_PREFIX = 8;

/** Every way in which the digits can be read, in the order in which they count. */
export function readingsOf(written: Written, { country, bareDigits: preferred }: Numbering): Reading[] {
  const { digits, plus } = written;
  if (digits.length > MAX_PREFIX + MAX_DIGITS) return [];
  if (plus) return readAbroad(written, 0, ABROAD);
  const plan = country === undefined ? null : planOf(country);
  const prefixed = readPrefixed(written, plan);
  const world = readWorld(written, plan);
  if (plan === null || country === undefined) return [...prefixed, ...world];
  const here = `national in ${country}`;
  const readings = [...prefixed, ...readNational(digits, plan, here)];
  // No national number begins with a 0 that is the trunk prefix.
  if (plan.trunkPrefix === '0' && digits.startsWith('0')) return readings;
  const home = reading(plan.callingCode, digits, nationally(here, true));
  // A length alone is not a sign that the 0 in front belongs to it.
  if (digits.startsWith('0') && !home.valid) return readings;
  readings.push(...readOwnJoined(digits, plan));
  const own = world.filter((one) => one.valid && one.callingCode === plan.callingCode);
  if (preferred === 'international') readings.push(...world);
  else if (preferred === 'national') readings.push(home, ...own);
  else readings.push(...own, ...(hasTrunkPrefix(home, plan, country) ? [...world, home] : [home, ...world]));
  return readings;
}

const ABROAD: Manner = { how: 'international', bare: false, home: false };

/** After the trunk prefix, or behind one that people still type though the plan has dropped it. */
function readNational(digits: string, plan: Plan, here: string): Reading[] {
  const readings: Reading[] = [];
  const stripped = plan.strip(digits);
  if (stripped !== null && !(plan.trunkPrefix === '0' && stripped.startsWith('0'))) {
    readings.push(reading(plan.callingCode, stripped, nationally(here, false)));
  }
  const dropped = plan.stripDropped(digits, false);
  if (dropped !== null) {
    const prefix = digits.slice(0, digits.length - dropped.length);
    const rest = reading(plan.callingCode, dropped, nationally(`${here}, without ${prefix}`, false));
    if (rest.valid) readings.push(rest);
  }
  return readings;
}

/**
 * Digits without any prefix as an E.164 number. Where they are grouped, another country's code has a group of its own, without
 * brackets: `(495) 123-45-67` is Moscow's, and no number of Germany.
 */
function readWorld(written: Written, plan: Plan | null): Reading[] {
  const { digits, groups, divided, bracketed } = written;
  const code = callingCodeOf(digits);
  if (code === null) return [];
  const fits = startsGroup(groups, code.length) && !bracketed;
  const doubted = !fits && divided !== 'no' && plan !== null && plan.callingCode !== code;
  const behind = digits.slice(code.length);
  const trunk = plansBehind(code)[0]?.trunkPrefix === '0' && behind.startsWith('0');
  // `49 0711 123456` is a code and a number that somebody joined.
  const joined = trunk && fits && groups.length > 1;
  return readAbroad(written, 0, { ...ABROAD, bare: !joined, doubted }, !joined);
}

/** `490711123456`: the country's code, and a number with its trunk prefix after it. */
function readOwnJoined(digits: string, { callingCode, trunkPrefix }: Plan): Reading[] {
  if (trunkPrefix !== '0' || !digits.startsWith(`${callingCode}0`)) return [];
  const how = `international, without the 0 after ${callingCode}`;
  const joined = reading(callingCode, digits.slice(callingCode.length + 1), { ...ABROAD, how });
  return joined.valid ? [joined] : [];
}

/** A group begins where so many digits end. */
function startsGroup(groups: readonly string[], digits: number): boolean {
  let at = 0;
  return groups.some((group) => (at += group.length) === digits);
}

/**
 * Whether people of the country dial something in front of such a number. Of a plan that has a trunk prefix, North America's
 * ten digits and China's mobile telephones are written without it: to them bare digits are national.
 */
function hasTrunkPrefix(home: Reading, { trunkPrefix }: Plan, country: Country): boolean {
  return trunkPrefix !== '' && !(home.valid && nationalForm(home, country) === home.national);
}

/**
 * The country's own international prefixes; without a country `00`, which is everybody's but a few's. Where the country's own
 * are longer, `00` is looked at anyway: whoever means it must not ring somebody after 003.
 */
function readPrefixed(written: Written, plan: Plan | null): Reading[] {
  const { digits } = written;
  const readings: Reading[] = [];
  // The longest first: Hong Kong dials 001 as well as 00.
  for (let length = MAX_PREFIX; length >= 1; length--) {
    const prefix = digits.slice(0, length);
    const dials = plan === null ? prefix === '00' : plan.internationalPrefix.test(prefix);
    const doubted = !dials && prefix === '00' && readings.length > 0;
    if (prefix.length < length || !(dials || doubted)) continue;
    const exact = readings.some(({ valid }) => valid);
    const manner = { ...ABROAD, how: `international, after the prefix ${prefix}`, doubted };
    readings.push(...readAbroad(written, length, manner, exact));
  }
  return readings;
}

/**
 * The digits from `from` on as an E.164 number; none when they begin with no calling code. `exact`: what people put after a
 * calling code by mistake is not looked for.
 */
function readAbroad(written: Written, from: number, manner: Manner, exact = false): Reading[] {
  const { digits, bracketedZeroAt } = written;
  const code = callingCodeOf(digits.slice(from));
  const [plan] = code === null ? [] : plansBehind(code);
  if (code === null || plan === undefined || isCut(written, from, code)) return [];
  const at = from + code.length;
  const asWritten = digits.slice(at);
  const texts = [asWritten];
  // `+44 (0)20 ...`: the 0 is dialled within the country only. Italy's stays.
  if (bracketedZeroAt !== null && bracketedZeroAt >= at) {
    const without = digits.slice(at, bracketedZeroAt) + digits.slice(bracketedZeroAt + 1);
    if (plan.trunkPrefix === '') texts.push(without);
    else texts.unshift(without);
  }
  const readings = texts
    .flatMap((text) => [text, ...withoutPrefix(plan, text, exact)])
    .map((national) => reading(code, national, manner));
  // No national number begins with a 0 that is the trunk prefix.
  const likely = readings.filter(({ national }) => plan.trunkPrefix !== '0' || !national.startsWith('0'));
  const best = readings.find(({ valid }) => valid) ?? likely.find(({ possible }) => possible) ?? readings[0];
  if (best === undefined) return [];
  return [best.valid || written.plus || likely.includes(best) ? best : { ...best, possible: false }];
}

/**
 * A gap within the calling code: `+8 (495) ...` is not a number of +84. But for Ukraine's `+38 (044)`, where the code ends in the
 * 0 that people write in front of the area code, and for one digit too far left, `3 80123456789`.
 */
function isCut({ groups, divided, plus }: Written, from: number, code: string): boolean {
  const ends: number[] = [];
  let at = 0;
  for (const group of groups) ends.push((at += group.length));
  const gap = ends.findLast((end) => end > from && end < from + code.length);
  if (gap === undefined) return false;
  const behind = code.slice(gap - from);
  const stray = !plus && divided === 'spaces' && groups.length === 2;
  return behind !== '0' && !stray;
}

/**
 * National digits after a calling code, without what people put there by mistake: `+44 020 ...`, `+52 1 55 ...`. Bare digits
 * are not searched for a trunk prefix: where a spreadsheet has eaten the 0 of `0490 911498`, they would become +49 911498.
 */
function withoutPrefix(plan: Plan, digits: string, exact: boolean): string[] {
  const dropped = plan.stripDropped(digits, true);
  const stripped = exact
    ? [dropped]
    : [plan.strip(digits), dropped, dropped === null ? null : plan.strip(dropped)];
  // A second 1 after +1 is a slip, and no trunk prefix. Nor is what makes a number longer: an area code for local numbers.
  if (plan.trunkPrefix === plan.callingCode) return [];
  return stripped.filter((text) => text !== null && text.length < digits.length) as string[];
}

export function reading(code: string, national: string, manner: Manner): Reading {
  const digits = code + national;
  const plans = plansBehind(code);
  return {
    callingCode: code,
    national,
    digits,
    valid: digits.length <= MAX_DIGITS && plans.some((plan) => plan.typeOf(national) !== null),
    possible: digits.length <= MAX_DIGITS && plans.some(({ lengths }) => lengths.includes(national.length)),
    doubted: false,
    ...manner,
  };
}

function nationally(how: string, bare: boolean): Manner {
  return { how, bare, home: true };
}

/** As it is dialled within its country: `0441234567`, and Argentina's mobile telephones with 15. */
export function nationalForm(
  { digits, callingCode: code, national, valid }: Reading,
  country?: Country,
): string {
  const trunk = plansBehind(code)[0]?.trunkPrefix ?? '';
  if (!valid) return trunk === code ? national : trunk + national;
  return formatted(digits, country).replace(/\D/g, '');
}

/** `044 123 4567` */
export function formatted(digits: string, country: Country | undefined): string {
  const number = new PhoneNumber(`+${digits}`, metadata);
  if (country !== undefined && number.countryCallingCode === planOf(country).callingCode)
    number.country = country;
  return number.formatNational();
}
