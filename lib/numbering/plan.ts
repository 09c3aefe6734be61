import { Metadata, type CountryCode, type PhoneNumberType } from 'libphonenumber-js/core';
import metadata from 'libphonenumber-js/max/metadata';

/**
 * What the numbering plans of the world say, by libphonenumber's full metadata. Its own parser guesses where digits can
 * be read in two ways (a missing plus, a prefix within a prefix), so that only its tables are used here: number.ts reads.
 */
export type Country = CountryCode;

/** One plan: a country's, or that of a code of no country (+800, +883). National numbers are without trunk prefix. */
export interface Plan {
  readonly callingCode: string;
  /** What is dialled in front of a calling code: `00`, `0011`, `011`. */
  readonly internationalPrefix: RegExp;
  /** What is dialled in front of a national number, `0`; '' where nothing is. */
  readonly trunkPrefix: string;
  /** Lengths of national numbers. */
  readonly lengths: readonly number[];
  /**
   * Takes the trunk prefix off, with what people and carriers put after it: a carrier's code, Argentina's 15. Null when the
   * digits do not begin so.
   */
  strip(digits: string): string | null;
  /**
   * Takes off what people still type though the plan has dropped it; `behindCode`: after the calling code. Null when the digits
   * do not begin so.
   */
  stripDropped(digits: string, behindCode: boolean): string | null;
  /** The kind of number that these digits are as a whole; null when the plan has no such number. */
  typeOf(national: string): PhoneNumberType | null;
  /** Premium-rate numbers begin like these digits, which may be so many too many or too few. */
  isPremium(national: string, tolerance: number): boolean;
}

/** The library's own accessors, of which its types name three. */
interface Tables {
  callingCode(): string;
  IDDPrefix(): string | 0 | undefined;
  nationalNumberPattern(): string;
  possibleLengths(): number[];
  nationalPrefix(): string | 0 | undefined;
  nationalPrefixForParsing(): string | 0 | undefined;
  nationalPrefixTransformRule(): string | 0 | undefined;
  type(name: PhoneNumberType): { pattern(): string; possibleLengths(): number[] } | undefined;
}

const TYPES: readonly PhoneNumberType[] = [
  'FIXED_LINE',
  'MOBILE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'SHARED_COST',
  'VOIP',
  'PERSONAL_NUMBER',
  'PAGER',
  'UAN',
  'VOICEMAIL',
];

/**
 * Prefixes that people still type though the plan has dropped them, by country. MX: 01, 044 and 045 until 2019, and 1 after +52
 * (IFT). AR: 9 after +54 with 15 after the area code (ENACOM). UA: 8 0 until 2009. CL: 0 until 2016. CZ (2002), GR (2002), PL
 * (2009), PT (1999): 0. LV (2008), TJ, UZ: 8. Source: the countries' notices to ITU (E.129).
 */
const DROPPED: Readonly<Record<string, { readonly typed?: RegExp; readonly behindCode?: RegExp }>> = {
  AR: { behindCode: /^9/ },
  CL: { typed: /^0/ },
  CZ: { typed: /^0/ },
  GR: { typed: /^0/ },
  LV: { typed: /^8/ },
  MX: { typed: /^0(?:1|4[45])/, behindCode: /^(?:1|01|04[45])/ },
  PL: { typed: /^0/ },
  PT: { typed: /^0/ },
  TJ: { typed: /^8/ },
  UA: { typed: /^80/, behindCode: /^80/ },
  UZ: { typed: /^8/ },
};

const plans = new Map<string, Plan>();

/** ISO 3166-1 alpha-2, `UA`: those that have a plan, in order. */
export const COUNTRIES = (Object.keys(metadata.countries) as Country[]).sort();

export function planOf(country: Country): Plan {
  return cached(country);
}

/** The plans after a calling code, the main country's first: those of 25 countries for `1`. Empty when there is none. */
export function plansBehind(callingCode: string): readonly Plan[] {
  const { country_calling_codes: codes, nonGeographic } = metadata;
  if (Object.hasOwn(codes, callingCode)) return (codes[callingCode] ?? []).map(cached);
  return Object.hasOwn(nonGeographic, callingCode) ? [cached(callingCode)] : [];
}

/** `380` of `380441234567`; null when no calling code is in front. No code is the beginning of another. */
export function callingCodeOf(digits: string): string | null {
  for (const length of [1, 2, 3]) {
    const code = digits.slice(0, length);
    if (Object.hasOwn(metadata.country_calling_codes, code) || Object.hasOwn(metadata.nonGeographic, code)) {
      return code;
    }
  }
  return null;
}

/** By country, or by the calling code of no country. */
function cached(name: string): Plan {
  let plan = plans.get(name);
  if (plan === undefined) {
    plan = makePlan(name);
    plans.set(name, plan);
  }
  return plan;
}

function makePlan(name: string): Plan {
  const library = new Metadata(metadata);
  // It takes calling codes too, which its types do not say.
  library.selectNumberingPlan(name as Country);
  const tables = library.numberingPlan as unknown as Tables;
  const general = whole(tables.nationalNumberPattern());
  const types = TYPES.flatMap((type) => {
    const table = tables.type(type);
    return table === undefined
      ? []
      : [{ type, pattern: whole(table.pattern()), lengths: table.possibleLengths() }];
  });
  const premium = types.find(({ type }) => type === 'PREMIUM_RATE');
  const trunkPrefix = tables.nationalPrefix() || '';
  const prefix = tables.nationalPrefixForParsing() || trunkPrefix;
  const stripped = prefix === '' ? null : new RegExp(`^(?:${prefix})`);
  const rule = tables.nationalPrefixTransformRule() || '';
  return {
    callingCode: tables.callingCode(),
    internationalPrefix: whole(tables.IDDPrefix() || '00'),
    trunkPrefix,
    lengths: tables.possibleLengths(),
    strip: (digits) => {
      const match = stripped?.exec(digits) ?? null;
      if (match === null || stripped === null || match[0] === '') return null;
      // The rule builds on what was captured; where nothing was, the prefix is all that there is to take off.
      const captured = match.length > 1 && match.at(-1) !== undefined;
      return captured && rule !== '' ? digits.replace(stripped, rule) : digits.slice(match[0].length);
    },
    stripDropped: (digits, behindCode) => {
      const { typed, behindCode: behind } = DROPPED[name] ?? {};
      const prefix = (behindCode ? behind : typed)?.exec(digits)?.[0];
      return prefix === undefined ? null : digits.slice(prefix.length);
    },
    typeOf: (national) => {
      if (!general.test(national)) return null;
      const found = types.find(
        ({ pattern, lengths }) => lengths.includes(national.length) && pattern.test(national),
      );
      return found?.type ?? null;
    },
    isPremium: (national, tolerance) =>
      premium !== undefined &&
      premium.lengths
        .filter((length) => Math.abs(length - national.length) <= tolerance)
        .some((length) => fillings(national, length).some((text) => premium.pattern.test(text))),
  };
}

/** The digits cut to a length, or filled up to it with each digit in turn: patterns end in any digits. */
function fillings(digits: string, length: number): string[] {
  if (digits.length >= length) return [digits.slice(0, length)];
  return Array.from({ length: 10 }, (_, digit) => digits.padEnd(length, String(digit)));
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}
