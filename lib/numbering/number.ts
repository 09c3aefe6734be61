import { PhoneNumber } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/max/metadata';
import { callingCodeOf, planOf, plansBehind, type Country, type Plan } from './plan.ts';
import { groupsOf, parseWritten, plainText, type Written } from './written.ts';

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

export type Surcharge = 'premium' | 'satellite';

export type NumberResult = (
  | {
      readonly ok: true;
      /** Exactly what is dialled: digits, or `+` and digits. */
      readonly number: string;
      /** `+380441234567`; null for a number of a private plan. */
      readonly e164: string | null;
      /** How it was read: `national in UA`. */
      readonly how: string;
      /** The number that the same digits are by another reading, E.164 without `+`; null when there is none. */
      readonly other: string | null;
    }
  /** `detail` goes on behind the text: `has 17 digits, a number has 15 at most`. */
  | { readonly ok: false; readonly detail: string }
) & {
  /** What makes it dearer than its country says, in any reading that the digits can have. */
  readonly surcharge: Surcharge | null;
};

/** One way to read digits. */
interface Reading {
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

/** E.164: at most 15 digits. No country has numbers of fewer than 7, its code included. */
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;
/** Fewer that no plan has are an id rather than a number: CRMs count their users up to eight or nine digits. */
const MIN_BARE_DIGITS = 10;
/** The longest that is dialled in front of an international number: Australia's 1488 0011. */
const MAX_PREFIX = 8;

/** The digits, and what stands between them -> the one number that they are, or why they are none. Pure and total. */
export function readNumber(written: Written, numbering: Numbering): NumberResult {
  const readings = readingsOf(written, numbering);
  const chosen = choose(readings, written, numbering);
  if ('refusal' in chosen) {
    const surcharge = surchargeOf(readings, null);
    if (numbering.accept === 'any' && written.divided !== 'marks') return readPrivate(written, surcharge);
    return { ok: false, detail: chosen.refusal, surcharge };
  }
  const { digits, how, valid } = chosen;
  const other = readings.find((reading) => reading.valid && reading.digits !== digits) ?? null;
  const number = dialled(chosen, written, numbering);
  return {
    ok: true,
    number,
    e164: `+${digits}`,
    how: `${how}${valid ? '' : ', not a number of the plan'}${floatNote(written)}${otherNote(chosen, other)}`,
    other: other?.digits ?? null,
    // A trunk may read what goes out on the wire in its own way.
    surcharge: surchargeOf([chosen, ...readingsOf(onTheWire(number), numbering)], chosen),
  };
}

/** `+380441234567`, or null when the text is no number by the rules of the scheme. */
export function toE164(text: string, numbering: Numbering): string | null {
  const reading = readText(text, numbering);
  return reading === null ? null : `+${reading.digits}`;
}

/** Digits of the national form with its trunk prefix, `0441234567`, or null. */
export function toNational(text: string, numbering: Numbering): string | null {
  const reading = readText(text, numbering);
  return reading === null ? null : nationalForm(reading, numbering.country);
}

/** `380` for UA. */
export function callingCode(country: Country): string {
  return planOf(country).callingCode;
}

function readText(text: string, numbering: Numbering): Reading | null {
  const written = parseWritten(plainText(text));
  if (written === null) return null;
  const chosen = choose(readingsOf(written, numbering), written, numbering);
  return 'refusal' in chosen ? null : chosen;
}

/** Every way in which the digits can be read, in the order in which they count. */
function readingsOf(written: Written, { country, bareDigits: preferred }: Numbering): Reading[] {
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

function reading(code: string, national: string, manner: Manner): Reading {
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

/** The one reading that the rules give. */
function choose(
  readings: readonly Reading[],
  written: Written,
  numbering: Numbering,
): Reading | { readonly refusal: string } {
  const { accept, bareDigits: preferred, country } = numbering;
  const { digits, plus, divided } = written;
  const valid = readings.find((one) => one.valid);
  const list = listIn(written, valid, numbering);
  if (list !== null) return { refusal: list };
  if (valid !== undefined) return valid;
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS + MAX_PREFIX)
    return { refusal: lengthOf(digits) };
  const possible = readings.filter(
    (one) => one.possible && !(one.bare && one.digits.length < MIN_BARE_DIGITS),
  );
  const [first] = possible;
  if (first === undefined) return { refusal: whyNone(readings, written, country) };
  if (accept === 'valid') return { refusal: 'is no number of the plan, and numbering.accept is "valid"' };
  if (divided === 'marks' && !plus) {
    return { refusal: 'is no number of the plan: one that has "-", "." or brackets in it must be' };
  }
  const second = possible.find((one) => one.bare && one.digits !== first.digits);
  if (preferred !== 'auto' || !first.bare || second === undefined) return first;
  const both = [first, second].map((one) => `+${one.digits} (${one.how})`).join(' or ');
  return {
    refusal: `is no number of the plan, and can be ${both}: write it with a +, or set numbering.bareDigits`,
  };
}

/**
 * Groups of the same length, each as long as an extension, are a list, but for the numbers that their plan writes so
 * (Poland, Singapore), and even there when they are neighbours (`601 602 603`). Groups that are each as long as a number are
 * several of them.
 */
function listIn(written: Written, valid: Reading | undefined, numbering: Numbering): string | null {
  const { groups, plus, divided } = written;
  const [first = ''] = groups;
  if (plus || divided === 'no' || groups.length < 2) return null;
  if (valid === undefined && groups.every((group) => group.length >= MIN_DIGITS))
    return listOf('value', groups);
  const alike = groups.every((group) => group.length === first.length && !group.startsWith('0'));
  const [least, most] = numbering.extensionDigits;
  if (!alike || first.length < Math.max(2, least) || first.length > most) return null;
  const neighbours = groups.every((group) => group.slice(0, -1) === first.slice(0, -1));
  // Nobody's extensions have six digits, and so do the halves of `447400 123456`.
  const likely = valid !== undefined && (first.length === 6 || isUsual(groups, valid, numbering.country));
  return likely && !neighbours ? null : listOf('extension', groups);
}

/** Divided as the plan of the country writes such a number. */
function isUsual(
  groups: readonly string[],
  { home, digits }: Reading,
  country: Country | undefined,
): boolean {
  if (!home) return false;
  const written = groupsOf(formatted(digits, country));
  return written.length === groups.length && written.every((group, index) => group === groups[index]);
}

/** `holds two extensions, 201 and 202: send a list` */
export function listOf(kind: string, values: readonly string[]): string {
  const count = ['two', 'three', 'four', 'five', 'six'][values.length - 2] ?? String(values.length);
  return `holds ${count} ${kind}s, ${values.slice(0, -1).join(', ')} and ${values.at(-1) ?? ''}: send a list`;
}

function whyNone(readings: readonly Reading[], { digits }: Written, country: Country | undefined): string {
  const [first] = readings;
  if (first === undefined && digits.startsWith('0')) {
    return country === undefined
      ? 'begins with 0: set numbering.country to say whose national number it is'
      : `is no number of ${country}`;
  }
  if (first === undefined) return 'begins with no calling code of any country';
  const { callingCode: code, national } = first;
  return `is no number: behind +${code} no number has ${national.length} digits`;
}

function lengthOf(digits: string): string {
  return digits.length < MIN_DIGITS
    ? `is too short for a number: ${digits.length} digits, a number has ${MIN_DIGITS} at least`
    : `has ${digits.length} digits, a number has ${MAX_DIGITS} at most`;
}

/** Any digits, for private plans: nothing is known of them. */
function readPrivate(written: Written, surcharge: Surcharge | null): NumberResult {
  const { digits, plus } = written;
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS) {
    return { ok: false, detail: lengthOf(digits), surcharge };
  }
  const how = `in no plan, as it stands${floatNote(written)}`;
  return { ok: true, number: (plus ? '+' : '') + digits, e164: null, how, other: null, surcharge };
}

function dialled(chosen: Reading, { digits, plus }: Written, { dialAs, country }: Numbering): string {
  switch (dialAs) {
    case 'digits':
      return chosen.digits;
    case 'plus':
      return `+${chosen.digits}`;
    case 'national': {
      // The national form of a number abroad would be somebody else's number here.
      const own = country !== undefined && chosen.callingCode === callingCode(country);
      return own ? nationalForm(chosen, country) : chosen.digits;
    }
    case 'as-given':
      return (plus ? '+' : '') + digits;
  }
}

/** As it is dialled within its country: `0441234567`, and Argentina's mobile telephones with 15. */
function nationalForm({ digits, callingCode: code, national, valid }: Reading, country?: Country): string {
  const trunk = plansBehind(code)[0]?.trunkPrefix ?? '';
  if (!valid) return trunk === code ? national : trunk + national;
  return formatted(digits, country).replace(/\D/g, '');
}

/** `044 123 4567` */
function formatted(digits: string, country: Country | undefined): string {
  const number = new PhoneNumber(`+${digits}`, metadata);
  if (country !== undefined && number.countryCallingCode === callingCode(country)) number.country = country;
  return number.formatNational();
}

function floatNote({ float, plus, digits }: Written): string {
  return float ? `, written as the float ${plus ? '+' : ''}${digits}.0` : '';
}

function otherNote(chosen: Reading, other: Reading | null): string {
  if (other === null) return '';
  const setting = chosen.bare && other.bare ? ', and numbering.bareDigits decides' : '';
  return `; ${other.digits} (${other.how}) is a number too${setting}`;
}

function onTheWire(number: string): Written {
  const digits = number.replace(/^\+/, '');
  const plus = digits !== number;
  return { digits, plus, groups: [digits], divided: 'no', bracketedZeroAt: null, float: false };
}

/**
 * International premium rate (979), and networks of no country: Inmarsat (870), the Global Mobile Satellite System (881),
 * and the International Networks (882, 883), where Thuraya and the networks of ships and aircraft have their numbers.
 * Source: ITU, List of Recommendation E.164 Assigned Country Codes. 878 (personal numbers) is neither.
 */
const SATELLITE = /^(?:870|88[123])$/;
const PREMIUM = '979';

/**
 * Of every reading that the digits can have, so that no way of writing hides it. Where the plan does not have the number,
 * those that begin like it count: a carrier may dial on when it has enough digits, and wait for more when it has not. A
 * number that the plan has is held against such readings alone as are numbers of a plan too.
 */
function surchargeOf(readings: readonly Reading[], chosen: Reading | null): Surcharge | null {
  for (const { callingCode: code, national, valid } of readings) {
    if (!valid && chosen?.valid === true) continue;
    if (SATELLITE.test(code)) return 'satellite';
    if (code === PREMIUM) return 'premium';
    const premium = plansBehind(code).some((plan) =>
      valid ? plan.typeOf(national) === 'PREMIUM_RATE' : plan.isPremium(national),
    );
    if (premium) return 'premium';
  }
  return null;
}
