/**
 * What a row of digits can mean in a country, by the library's word on each reading and by nothing of ours. Where there
 * are two valid ones, the reader may take the one that the rules prefer, and has to name the other.
 */
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import { groupsOf } from './spelling.ts';
import { planOf, validE164, validNational, type Plan } from './plan.ts';
import type { Reader } from './seen.ts';

/** Prefixes that people still type though the plan dropped them. */
const DROPPED: Partial<Record<CountryCode, readonly string[]>> = {
  CZ: ['0'],
  GR: ['0'],
  LV: ['8'],
  MX: ['1', '01', '044', '045'],
  PL: ['0'],
  PT: ['0'],
  TJ: ['8'],
  UA: ['80'],
  UZ: ['8'],
};
const LONGEST_ABROAD = 8;

/** E.164 digits of every valid number that these digits, without a plus, can be. */
export function validReadings(digits: string, reader: Reader): Set<string> {
  const found: (string | null)[] = [validE164(digits)];
  if (reader !== null) {
    const plan = planOf(reader);
    found.push(validNational(digits, reader), libraryReading(digits, reader));
    for (const prefix of [plan.trunk ?? '', ...(DROPPED[reader] ?? [])]) {
      if (prefix !== '' && digits.startsWith(prefix))
        found.push(validNational(digits.slice(prefix.length), reader));
    }
    for (const prefix of abroadPrefixes(digits, plan)) found.push(validE164(digits.slice(prefix.length)));
  }
  return new Set(found.filter((reading) => reading !== null));
}

function abroadPrefixes(digits: string, plan: Plan): string[] {
  const lengths = Array.from({ length: LONGEST_ABROAD }, (_, at) => at + 1);
  return lengths.map((length) => digits.slice(0, length)).filter((prefix) => plan.isAbroad?.test(prefix));
}

function libraryReading(digits: string, reader: CountryCode): string | null {
  const number = parsePhoneNumberFromString(digits, reader);
  return number?.isValid() === true ? number.number.slice(1) : null;
}

export interface RuleThree {
  readonly taken: string;
  readonly other: string | null;
}

/**
 * Rule 3 of the destination, for bare digits; null where a prefix is in front, so that rules 1 or 2 decide, or where
 * neither reading is valid.
 */
export function byRuleThree(digits: string, reader: Reader): RuleThree | null {
  if (reader === null) return null;
  const { callingCode, trunk } = planOf(reader);
  const plan = planOf(reader);
  const prefixes = [...(trunk === null ? [] : [trunk]), ...(DROPPED[reader] ?? [])];
  if (prefixes.some((prefix) => digits.startsWith(prefix))) return null;
  if (abroadPrefixes(digits, plan).length > 0) return null;
  const library = parsePhoneNumberFromString(digits, reader)?.number.slice(1);
  if (library !== undefined && library !== digits && library !== callingCode + digits) return null;

  const [international, national] = [validE164(digits), validNational(digits, reader)];
  const isOwn = international !== null && digits.startsWith(callingCode);
  // A number that its plan prints without the trunk prefix, as in North America, is national when it stands so.
  const printed = parsePhoneNumberFromString(`+${callingCode}${digits}`)?.formatNational() ?? '';
  const usesTrunk = trunk !== null && printed.replace(/\D/g, '') !== digits;
  const order = isOwn || usesTrunk ? [international, national] : [national, international];
  const [taken, other = null] = order.filter((reading) => reading !== null);
  return taken === undefined ? null : { taken, other };
}

/** Whether the groups are divided just as a plan prints the number that they make together: then they are one number. */
export function isUsualGrouping(groups: readonly string[], reader: Reader): boolean {
  const digits = groups.join('');
  const given = groups.join(' ');
  const numbers = [parsePhoneNumberFromString(`+${digits}`)];
  if (reader !== null) {
    numbers.push(parsePhoneNumberFromString(digits, reader));
    numbers.push(parsePhoneNumberFromString(`+${planOf(reader).callingCode}${digits}`));
  }
  return numbers.some((number) => {
    if (number?.isValid() !== true) return false;
    const international = groupsOf(number.formatInternational().slice(1));
    const usual = [international, international.slice(1), groupsOf(number.formatNational())];
    return usual.some((those) => those.join(' ') === given);
  });
}
