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
  /** A number with an extension behind it. */
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
}

type Manner = Pick<Reading, 'how' | 'bare' | 'home'>;

/** E.164: at most 15 digits. */
export const MAX_DIGITS = 15;
/** The longest that is dialled in front of an international number: Australia's 1488 0011. */
export const MAX_PREFIX = 8;

/** Every way in which the digits can be read, in the order in which they count. */
export function readingsOf(written: Written, { country, bareDigits: preferred }: Numbering): Reading[] {
  const { digits, plus } = written;
  if (digits.length > MAX_PREFIX + MAX_DIGITS) return [];
  if (plus) return readAbroad(written, 0, { how: 'international', bare: false, home: false });
  const plan = country === undefined ? null : planOf(country);
  const readings = readPrefixed(written, plan);
  const world = readAbroad(written, 0, { how: 'international', bare: true, home: false }, true);
  if (plan === null || country === undefined) return [...readings, ...world];
  const here = `national in ${country}`;
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
  const home = reading(plan.callingCode, digits, nationally(here, true));
  // No national number begins with a 0 that is the trunk prefix.
  if (plan.trunkPrefix === '0' && digits.startsWith('0')) return readings;
  const own = world.filter((one) => one.valid && one.callingCode === plan.callingCode);
  if (preferred === 'international') readings.push(...world);
  else if (preferred === 'national') readings.push(home, ...own);
  else readings.push(...own, ...(hasTrunkPrefix(home, plan, country) ? [...world, home] : [home, ...world]));
  return readings;
}

/**
 * Whether people of the country dial something in front of such a number. Of a plan that has a trunk prefix, North America's
 * ten digits and China's mobile telephones are written without it: to them bare digits are national.
 */
function hasTrunkPrefix(home: Reading, { trunkPrefix }: Plan, country: Country): boolean {
  return trunkPrefix !== '' && !(home.valid && nationalForm(home, country) === home.national);
}

/** The country's own international prefixes; without a country `00`, which is everybody's but a few's. */
function readPrefixed(written: Written, plan: Plan | null): Reading[] {
  const { digits } = written;
  const readings: Reading[] = [];
  // The longest first: Hong Kong dials 001 as well as 00.
  for (let length = MAX_PREFIX; length >= 1; length--) {
    const prefix = digits.slice(0, length);
    const dials = plan === null ? prefix === '00' : plan.internationalPrefix.test(prefix);
    if (prefix.length < length || !dials) continue;
    const how = `international behind ${prefix}`;
    const exact = readings.some(({ valid }) => valid);
    readings.push(...readAbroad(written, length, { how, bare: false, home: false }, exact));
  }
  return readings;
}

/**
 * The digits from `from` on as an E.164 number; none when they begin with no calling code. `exact`: what people put behind a
 * calling code by mistake is not looked for.
 */
function readAbroad(
  { digits, bracketedZeroAt }: Written,
  from: number,
  manner: Manner,
  exact = false,
): Reading[] {
  const code = callingCodeOf(digits.slice(from));
  const [plan] = code === null ? [] : plansBehind(code);
  if (code === null || plan === undefined) return [];
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
  const best =
    readings.find(({ valid }) => valid) ??
    likely.find(({ possible }) => possible) ??
    likely[0] ??
    readings[0];
  return best === undefined ? [] : [best];
}

/**
 * National digits behind a calling code, without what people put there by mistake: `+44 020 ...`, `+52 1 55 ...`. Bare digits
 * are not searched for a trunk prefix: where a spreadsheet has eaten the 0 of `0490 911498`, they would become +49 911498.
 */
function withoutPrefix(plan: Plan, digits: string, exact: boolean): string[] {
  const dropped = plan.stripDropped(digits, true);
  const stripped = exact
    ? [dropped]
    : [plan.strip(digits), dropped, dropped === null ? null : plan.strip(dropped)];
  // A second 1 behind +1 is a slip, and no trunk prefix. Nor is what makes a number longer: an area code for local numbers.
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
