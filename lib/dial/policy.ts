import type { Reason } from '../errors.ts';
import {
  callingCode,
  readNumber,
  toE164,
  type NumberResult,
  type Numbering,
  type Surcharge,
} from '../numbering/number.ts';
import { parseWritten, type Written } from '../numbering/written.ts';

/** What may not be dialled although it can be read: configuration's and scheme's say about numbers. */
interface NumberRules {
  /** Prefixes in digits, of the E.164 number without `+` or of what is dialled. The longest match decides. */
  readonly deny: readonly string[];
  /** When it is not empty, only what it matches is dialled. */
  readonly allow: readonly string[];
  /** False: premium-rate numbers are refused. */
  readonly premium?: boolean | undefined;
  /** False: satellite telephones and the other networks of no country are refused. */
  readonly satellite?: boolean | undefined;
}

export interface Policy {
  /** The configuration's and the scheme's: a number has to pass each of them. */
  readonly numbers: readonly NumberRules[];
  readonly emergency: readonly string[];
  /** The called number. */
  readonly did: string;
  readonly numbering: Numbering;
}

/** Why something may not be dialled; `detail` goes on after its text. */
export interface Denial {
  readonly reason: Reason;
  readonly detail: string;
}

/** Digits of whatever kind, as they were written and as they are dialled. */
export interface Digits {
  readonly digits: string;
  /** `+` or a 0 was in front: a calling code may follow. */
  readonly prefixed: boolean;
  /** What is dialled, and the E.164 number where it is known. */
  readonly number: string;
  readonly e164: string | null;
}

/** What is shorter is nobody's number. */
export const MIN_NUMBER_DIGITS = 7;

/** What holds for extensions and numbers alike: no emergency number, not the called number. */
export function denyDigits({ digits, prefixed, number, e164 }: Digits, policy: Policy): Denial | null {
  const { emergency, did, numbering } = policy;
  const { country } = numbering;
  // A trunk may take `0112`, `+380112` or `+380 0 112` for 112; `7112` is an extension like any other.
  const bare = withoutZeros(digits);
  const own = country === undefined ? '' : callingCode(country);
  const isOwn = own !== '' && bare.startsWith(own) && bare.length > MAX_EXTENSION_DIGITS;
  const long = bare.length >= MIN_CODED_DIGITS;
  const codeLengths = prefixed && long ? [1, 2, 3] : isOwn ? [own.length] : [];
  const forms = [digits, bare, ...codeLengths.map((length) => withoutZeros(bare.slice(length)))];
  if (emergency.some((entry) => forms.includes(entry))) {
    return { reason: 'emergency_number', detail: 'is an emergency number' };
  }
  const called = /^(?:\+|00(?=[1-9]))?(\d+)$/.exec(did)?.[1] ?? '';
  const same =
    called !== '' &&
    ([digits, bare, digitsOf(number)].includes(called) || (e164 !== null && e164 === toE164(did, numbering)));
  return same ? { reason: 'called_number', detail: 'is the called number' } : null;
}

/** Up to so many digits, after a calling code, are no emergency number. */
const MAX_EXTENSION_DIGITS = 6;
/** A calling code and an emergency number: `1911`. */
const MIN_CODED_DIGITS = 4;

/** What the dialplan, or another host, gets may be dialled there as a number: the same policy holds. */
export function denyLong(digits: string, policy: Policy): Denial | null {
  if (digits.length < MIN_NUMBER_DIGITS) return null;
  const written = parseWritten(digits);
  return written === null ? null : denyWritten(written, readNumber(written, policy.numbering), policy, true);
}

export function plainDigits(digits: string): Digits {
  return { digits, prefixed: digits.startsWith('00'), number: digits, e164: null };
}

/** Dear numbers before all else: what is refused for a digit too many was still meant to be one. */
export function denyWritten(
  { digits, plus }: Written,
  number: NumberResult,
  policy: Policy,
  unread = number.ok,
): Denial | null {
  const prefixed = plus || digits.startsWith('0');
  const dialled: Digits = number.ok
    ? { digits, prefixed, number: number.number, e164: number.e164 }
    : { digits, prefixed, number: digits, e164: null };
  const denial = denyDigits(dialled, policy) ?? denySurcharge(number.surcharge, policy);
  return denial ?? (unread ? denyNumber(dialled, policy) : null);
}

/** Dear networks, whatever the number is otherwise. A scheme can narrow what the configuration allows and never widen it. */
function denySurcharge(surcharge: Surcharge | null, { numbers }: Policy): Denial | null {
  if (surcharge === null || !numbers.some((rules) => rules[surcharge] === false)) return null;
  const what = surcharge === 'premium' ? 'a premium-rate number' : 'a number of a satellite network';
  return { reason: `number_${surcharge}`, detail: `is ${what}` };
}

function denyNumber(dialled: Pick<Digits, 'number' | 'e164'>, { numbers }: Policy): Denial | null {
  const forms = prefixForms(dialled);
  for (const rules of numbers) {
    const denial = denyPrefix(forms, rules);
    if (denial !== null) return denial;
  }
  return null;
}

/** The digits that a prefix may be a prefix of: what is dialled, and the E.164 number. */
export function prefixForms({ number, e164 }: Pick<Digits, 'number' | 'e164'>): string[] {
  const dialled = digitsOf(number);
  return [dialled, withoutZeros(dialled), digitsOf(e164 ?? dialled)];
}

/** The longest matching prefix decides between denied and allowed; of two equal ones the denied. */
function denyPrefix(forms: readonly string[], { allow, deny }: NumberRules): Denial | null {
  const longest = (prefixes: readonly string[]): number =>
    prefixes
      .map(digitsOf)
      .filter((prefix) => forms.some((form) => form.startsWith(prefix)))
      .reduce((length, prefix) => Math.max(length, prefix.length), -1);
  const denied = longest(deny);
  const allowed = longest(allow);
  if (denied >= 0 && denied >= allowed) {
    return { reason: 'destination_denied', detail: 'is a denied number' };
  }
  if (allow.length > 0 && allowed < 0) {
    return { reason: 'destination_denied', detail: 'is not among the allowed numbers' };
  }
  return null;
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}
