import { callingCodeOf, planOf, type Country } from './plan.ts';
import {
  formatted,
  MAX_DIGITS,
  MAX_PREFIX,
  nationalForm,
  reading,
  readingsOf,
  type Numbering,
  type Reading,
} from './reading.ts';
import { surchargeOf, type Surcharge } from './toll.ts';
import { groupsOf, parseWritten, plainText, type Written } from './written.ts';

export type { Numbering } from './reading.ts';
export type { Surcharge } from './toll.ts';

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
  /** `detail` goes on after the text: `has 17 digits, a number has 15 at most`. */
  | { readonly ok: false; readonly detail: string }
) & {
  /** What makes it dearer than its country says, in any reading that the digits can have. */
  readonly surcharge: Surcharge | null;
};

/** No country has numbers of fewer, its code included. */
const MIN_DIGITS = 7;
/** Fewer that no plan has are an id rather than a number: CRMs count their users up to eight or nine digits. */
const MIN_BARE_DIGITS = 10;

/** The digits, and what is between them -> the one number that they are, or why they are none. Pure and total. */
export function readNumber(written: Written, numbering: Numbering): NumberResult {
  const readings = readingsOf(written, numbering);
  const chosen = choose(readings, written, numbering);
  if ('refusal' in chosen) {
    const surcharge = surchargeOf(readings, null);
    const isPrivate = numbering.accept === 'any' && written.divided === 'no';
    return isPrivate ? readPrivate(written, numbering) : { ok: false, detail: chosen.refusal, surcharge };
  }
  const { digits, how, valid } = chosen;
  // What somebody may have joined by mistake is not a rival of what is there.
  const rivals = readings.filter((one) => one.valid && !one.doubted && (one.bare || one.home));
  const other = rivals.find((one) => one.digits !== digits) ?? null;
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

/** `+380441234567`, or null when the text is not a number by the rules of the scheme. */
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

/** The one reading that the rules give. */
function choose(
  readings: readonly Reading[],
  written: Written,
  numbering: Numbering,
): Reading | { readonly refusal: string } {
  const { accept, bareDigits: preferred, country } = numbering;
  const { digits, plus, divided } = written;
  const valid = readings.find((one) => one.valid && !one.doubted);
  const refusal =
    listIn(written, valid, numbering) ?? slipIn(written, numbering) ?? eitherOf(readings, written);
  if (refusal !== null) return { refusal };
  if (valid !== undefined) return valid;
  if (digits.length < MIN_DIGITS || digits.length > MAX_DIGITS + MAX_PREFIX)
    return { refusal: lengthOf(digits) };
  const possible = readings.filter(
    (one) => one.possible && !(one.bare && one.digits.length < MIN_BARE_DIGITS),
  );
  const [first] = possible;
  if (first === undefined) return { refusal: whyNone(readings, written, country) };
  if (first.doubted && !first.bare) return { refusal: whyNone(readings, written, country) };
  if (first.doubted) {
    return {
      refusal: `can be +${first.digits}, and nobody splits a calling code like that: write it with a +`,
    };
  }
  if (accept === 'valid') return { refusal: 'is not a number of the plan, and numbering.accept is "valid"' };
  if (divided === 'marks' && !plus) {
    return { refusal: 'is not a number of the plan: one that has "-", "." or brackets in it must be' };
  }
  // Nothing undoubted is valid here: what is doubted may well be what was meant.
  const meant = readings.find((one) => one.valid);
  if (meant !== undefined) return { refusal: canBeBoth(first, meant) };
  const second = possible.find((one) => one.bare && one.digits !== first.digits);
  if (preferred !== 'auto' || !first.bare || second === undefined) return first;
  return {
    refusal: `is not a number of the plan, and ${canBeBoth(first, second)}, or set numbering.bareDigits`,
  };
}

function canBeBoth(first: Reading, second: Reading): string {
  const both = [first, second].map(({ digits, how }) => `+${digits} (${how})`).join(' or ');
  return `can be ${both}: write it with a +`;
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

/** `+8 495 123-45-67`: somebody put a + in front of the trunk prefix, and it would ring in Vietnam. */
function slipIn({ plus, groups, digits }: Written, { country }: Numbering): string | null {
  const plan = country === undefined ? null : planOf(country);
  if (!plus || plan === null || plan.trunkPrefix === plan.callingCode || groups[0] !== plan.trunkPrefix)
    return null;
  const home = reading(plan.callingCode, plan.strip(digits) ?? '', { how: '', bare: false, home: true });
  return home.valid
    ? `has the trunk prefix ${plan.trunkPrefix} after a +: write it as ${digits}, or as +${home.digits}`
    : null;
}

/**
 * Two numbers of the plan, and no rule that prefers one. `0081 ...` in Hong Kong: after 00 a number in Japan, after 008 another
 * one. `490211...` in Germany: its own code and 0211, or the area code 0490 that has lost its 0.
 */
function eitherOf(readings: readonly Reading[], { divided, bracketedZeroAt }: Written): string | null {
  const [first, ...others] = readings.filter(({ valid }) => valid);
  if (first === undefined || first.bare || first.home || bracketedZeroAt !== null) return null;
  const rivals = others.filter(
    ({ digits, home, bare }) => digits !== first.digits && (home ? bare && divided === 'no' : !bare),
  );
  const [second] = rivals;
  if (second === undefined) return null;
  return canBeBoth(first, second);
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

function whyNone(
  readings: readonly Reading[],
  { digits, plus }: Written,
  country: Country | undefined,
): string {
  const [first] = readings;
  if (country !== undefined && !plus && first?.bare !== false) {
    const { lengths } = planOf(country);
    return `is not a number of ${country}, where national numbers have ${rangeOf(lengths)} digits, nor of another country`;
  }
  if (first === undefined && digits.startsWith('0')) {
    return 'begins with 0: set numbering.country to say whose national number it is';
  }
  if (first === undefined) {
    const code = callingCodeOf(digits);
    return code === null
      ? 'begins with no calling code of any country'
      : `has a gap within the calling code ${code}: if that code is meant, write it without the gap`;
  }
  const { callingCode: code, national } = first;
  return `is not a number: after +${code} no number has ${national.length} digits`;
}

/** `9`, `6 to 11` */
function rangeOf(lengths: readonly number[]): string {
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function lengthOf(digits: string): string {
  return digits.length < MIN_DIGITS
    ? `is too short for a number: it has ${digits.length === 1 ? 'one digit' : `${digits.length} digits`}, a number has at least ${MIN_DIGITS}`
    : `has ${digits.length} digits, a number has at most ${MAX_DIGITS}`;
}

/** Any digits, for private plans: nothing is known of them, but what they are when the zeros in front of them are dialled away. */
function readPrivate(written: Written, numbering: Numbering): NumberResult {
  const { digits, plus } = written;
  const plain = onTheWire(digits.replace(/^0+/, ''));
  const surcharge = surchargeOf([...readingsOf(written, numbering), ...readingsOf(plain, numbering)], null);
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
  return {
    digits,
    plus,
    groups: [digits],
    divided: 'no',
    bracketed: false,
    bracketedZeroAt: null,
    float: false,
  };
}
