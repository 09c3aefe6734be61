import {
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
} from 'libphonenumber-js';
import { parsePhoneNumberFromString as parseFully } from 'libphonenumber-js/max';

export type Country = CountryCode;

/** How numbers are written towards the trunk; the country is the one that national numbers belong to. */
export interface Numbering {
  readonly country?: Country | undefined;
  readonly dialAs: 'digits' | 'plus' | 'national' | 'as-given';
}

/** A telephone number as it was written: digits alone, and what stood in front of them. */
export interface WrittenNumber {
  /** Without `+` and `00`. */
  readonly digits: string;
  readonly prefix: '' | '+' | '00';
}

export interface DialledNumber {
  /** Digits, or `+` and digits: exactly what is dialled. */
  readonly number: string;
  /** `+380441234567`; null when it is not known to be one. */
  readonly e164: string | null;
  /** The numbering plan of the country knows the number. */
  readonly planned: boolean;
}

/** ISO 3166-1 alpha-2, `UA`. */
export function isCountry(text: string): text is Country {
  return isSupportedCountry(text);
}

/**
 * `+380441234567`, or null when the text is no number of the plan. Without a country only an international
 * number can be understood; trunks commonly deliver one without its plus.
 */
export function toE164(text: string, country: Country | undefined): string | null {
  return parse(text, country)?.number ?? null;
}

/** Digits of the national form with its trunk prefix, `0441234567`, or null. */
export function toNational(text: string, country: Country | undefined): string | null {
  const parsed = parse(text, country);
  return parsed === undefined ? null : nationalOf(parsed);
}

/**
 * A number as the trunk wants it. One that the plan does not know is dialled as it is: numbering plans grow
 * faster than libraries. Without a country the plan is not even asked.
 */
export function dialAs(written: WrittenNumber, { country, dialAs: form }: Numbering): DialledNumber {
  const { digits, prefix } = written;
  const parsed = country === undefined ? undefined : parse(prefix === '' ? digits : `+${digits}`, country);
  // No country code begins with 0, so these digits are national for certain.
  const international = prefix !== '' && !digits.startsWith('0') ? `+${digits}` : null;
  const e164 = parsed?.number ?? international;
  const planned = parsed !== undefined;
  switch (form) {
    case 'digits':
      return { number: e164?.slice(1) ?? digits, e164, planned };
    case 'plus':
      return { number: e164 ?? (digits.startsWith('0') ? digits : `+${digits}`), e164, planned };
    case 'national': {
      // The national form of a number abroad would be somebody else's number here.
      const own = country !== undefined && parsed?.countryCallingCode === callingCode(country);
      return { number: own ? nationalOf(parsed) : (e164?.slice(1) ?? digits), e164, planned };
    }
    case 'as-given':
      return { number: prefix + digits, e164, planned };
  }
}

/**
 * International premium rate (979), and networks of no country: Inmarsat (870), the Global Mobile Satellite System (881),
 * and the International Networks (882, 883), where Thuraya and the networks of ships and aircraft have their numbers.
 * Source: ITU, List of Recommendation E.164 Assigned Country Codes. 878 (personal numbers) is neither.
 */
const INTERNATIONAL_PREMIUM = /^\+979/;
const SATELLITE = /^\+(870|88[123])/;

/** With their trunk prefix national numbers have up to 11 digits: `8 701 ...` in Kazakhstan, `870 ...` in Arkansas. */
const MIN_SATELLITE_DIGITS = 12;

/**
 * What makes a number dearer than its country says. Digits of which nothing is known but themselves are read as an
 * international number, the way in which they are dialled; a national reading is tried in the plan's own country only.
 */
export function surchargeOf({ number, e164 }: DialledNumber): 'premium' | 'satellite' | null {
  const digits = number.replace(/^\+/, '').replace(/^00+/, '');
  const international = e164 ?? `+${digits}`;
  const certain = e164 !== null || digits.length >= MIN_SATELLITE_DIGITS;
  if (certain && SATELLITE.test(international)) return 'satellite';
  if (certain && INTERNATIONAL_PREMIUM.test(international)) return 'premium';
  // The smaller metadata of the room know the type of few countries' numbers.
  return parseFully(international)?.getType() === 'PREMIUM_RATE' ? 'premium' : null;
}

type Parsed = NonNullable<ReturnType<typeof parse>>;

/** `380` for UA. */
export function callingCode(country: Country): string {
  return getCountryCallingCode(country);
}

function nationalOf(parsed: Parsed): string {
  return parsed.formatNational().replace(/\D/g, '');
}

function parse(text: string, country: Country | undefined) {
  const digits = text.replace(/^00/, '+');
  const own = parsePhoneNumberFromString(digits, country);
  if (own?.isValid() === true) return own;
  const international = digits.startsWith('+') ? undefined : parsePhoneNumberFromString(`+${digits}`);
  return international?.isValid() === true ? international : undefined;
}
