/**
 * The numbering plans of the world as libphonenumber's full metadata has them, and example numbers of every type made
 * from the type's own pattern. Independent of lib/numbering: what is valid is asked of the library alone.
 */
import metadata from 'libphonenumber-js/max/metadata';
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import type { Random } from '../../lib/simulator/random.ts';
import { patternWriter, shortestMatch } from './pattern.ts';

export interface Plan {
  /** Null: a network of no country, `+883`. */
  readonly country: CountryCode | null;
  readonly callingCode: string;
  readonly trunk: string | null;
  /** How calls abroad begin: the usual prefix, and any other of the plan. */
  readonly abroad: string;
  readonly anyAbroad: (random: Random) => string;
  readonly isAbroad: RegExp | null;
  /** What national numbers look like, roughly: for the choice of countries that could confuse digits. */
  readonly national: RegExp;
  readonly types: readonly NumberType[];
}

export interface NumberType {
  readonly plan: Plan;
  readonly name: string;
  readonly write: (random: Random) => string;
}

/** A valid number, and how its plan prints it. */
export interface Example {
  readonly type: NumberType;
  /** E.164 without the plus. */
  readonly digits: string;
  readonly nationalNumber: string;
  readonly national: string;
  /** `+380 44 123 4567`. */
  readonly international: string;
}

const TYPES = [
  'FIXED_LINE',
  'MOBILE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'PERSONAL_NUMBER',
  'VOICEMAIL',
  'UAN',
  'PAGER',
  'VOIP',
  'SHARED_COST',
] as const;

/** The places of the packed metadata that are needed here; the library's own source names them all. */
type Packed = readonly unknown[];
const CALLING_CODE = 0;
const ABROAD = 1;
const NATIONAL = 2;
const TRUNK = 5;
const PATTERNS = 11;
const USUAL_ABROAD = 12;

export const PLANS: readonly Plan[] = [
  ...Object.entries(metadata.countries as Record<CountryCode, Packed>).map(([country, packed]) =>
    unpack(country as CountryCode, packed),
  ),
  ...Object.values(metadata.nonGeographic as Record<string, Packed>).map((packed) => unpack(null, packed)),
];
export const NUMBER_TYPES: readonly NumberType[] = PLANS.flatMap((plan) => plan.types);
export const COUNTRIES: readonly CountryCode[] = PLANS.flatMap((plan) => plan.country ?? []);
const BY_COUNTRY = new Map(PLANS.map((plan) => [plan.country, plan]));

export function planOf(country: CountryCode): Plan {
  return BY_COUNTRY.get(country) as Plan;
}

function unpack(country: CountryCode | null, packed: Packed): Plan {
  const text = (at: number): string | null => {
    const value = packed[at];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const abroad = text(ABROAD);
  const types: NumberType[] = [];
  const plan: Plan = {
    country,
    callingCode: text(CALLING_CODE) ?? '',
    trunk: text(TRUNK),
    abroad: text(USUAL_ABROAD)?.replaceAll('~', '') ?? (abroad === null ? '00' : shortestMatch(abroad)),
    anyAbroad: abroad === null ? () => '00' : patternWriter(abroad),
    isAbroad: abroad === null ? null : new RegExp(`^(?:${abroad})$`),
    national: new RegExp(`^(?:${text(NATIONAL) ?? ''})$`),
    types,
  };
  const patterns = (packed[PATTERNS] ?? []) as readonly (readonly [string] | 0)[];
  patterns.forEach((entry, at) => {
    // An empty pattern: as another type of the plan has it (US mobile numbers are its fixed ones).
    if (entry === 0 || entry[0] === '') return;
    types.push({ plan, name: TYPES[at] ?? `type ${at}`, write: patternWriter(entry[0]) });
  });
  return plan;
}

/** A country whose own numbers look like these digits, if there is one. */
export function likelyReader(digits: string, random: Random): CountryCode | null {
  const start = random.below(COUNTRIES.length);
  for (let at = 0; at < COUNTRIES.length; at++) {
    const country = COUNTRIES[(start + at) % COUNTRIES.length] as CountryCode;
    if (looksNational(digits, planOf(country))) return country;
  }
  return null;
}

function looksNational(digits: string, { national, trunk }: Plan): boolean {
  if (national.test(digits)) return true;
  return trunk !== null && digits.startsWith(trunk) && national.test(digits.slice(trunk.length));
}

/** The number when the library calls exactly these digits a valid number of E.164, with nothing dropped or added. */
export function validE164(digits: string): string | null {
  // E.164 ends at 15 digits, which the library's plan of Germany does not.
  if (digits.length > 15) return null;
  const number = parsePhoneNumberFromString(`+${digits}`);
  return number?.number === `+${digits}` && number.isValid() ? digits : null;
}

/** The number of these digits, taken as they stand, in the plan of a country. */
export function validNational(digits: string, country: CountryCode): string | null {
  return validE164(planOf(country).callingCode + digits);
}

const MOST_KEPT = 100;

/** Examples by type, made when they are first wanted, and kept. */
export class Examples {
  readonly #kept = new Map<NumberType, Example[]>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** @throws Error when the library calls nothing valid that this type's pattern makes */
  next(type: NumberType): Example {
    const kept = this.#kept.get(type) ?? [];
    this.#kept.set(type, kept);
    const fresh = kept.length < MOST_KEPT ? this.#make(type) : null;
    if (fresh !== null) kept.push(fresh);
    const example = fresh ?? kept[this.#random.below(kept.length)];
    if (example === undefined) throw new Error(`${type.plan.country ?? ''} ${type.name} has no valid number`);
    return example;
  }

  #make(type: NumberType): Example | null {
    for (let left = 20; left > 0; left--) {
      const nationalNumber = type.write(this.#random);
      const digits = type.plan.callingCode + nationalNumber;
      const number = parsePhoneNumberFromString(`+${digits}`);
      if (number?.number !== `+${digits}` || !number.isValid()) continue;
      const [national, international] = [number.formatNational(), number.formatInternational()];
      return { type, digits, nationalNumber, national, international };
    }
    return null;
  }
}
