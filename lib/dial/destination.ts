import type { Reason } from '../errors.ts';
import {
  callingCode,
  dialAs,
  surchargeOf,
  toE164,
  type DialledNumber,
  type WrittenNumber,
} from '../numbering/number.ts';
import type { Scheme } from '../scheme/scheme.ts';
import { hasActiveWord } from './dialstring.ts';

/**
 * Text of a CRM -> a typed destination, or a refusal with its reason. The text is hostile: inside a dial string
 * `,` `|` `@` `;` `^` `[` `$` all mean something to FreeSWITCH (recordings 21 and 22), so nothing is escaped here.
 * What is not a number, an extension, a login or a listed address is refused.
 */
export type Destination =
  | {
      readonly kind: 'number';
      /** Exactly what is dialled: digits, or `+` and digits. */
      readonly number: string;
      readonly e164: string | null;
    }
  | { readonly kind: 'extension'; readonly extension: string }
  | { readonly kind: 'user'; readonly login: string }
  | { readonly kind: 'uri'; readonly user: string; readonly host: string };

/** The call leaves the router: the dialplan runs `extension` in `context`. */
export interface Transfer {
  readonly kind: 'transfer';
  readonly extension: string;
  readonly context: string;
}

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

export interface DestinationRules {
  readonly targets: Scheme['targets'];
  /** The CRM's words -> ours. */
  readonly map: Readonly<Record<string, string>>;
  readonly numbering: Scheme['numbering'];
  /** `host` or `host:port`, as they may stand in `sip:user@host`. */
  readonly sipHosts: readonly string[];
  /** The configuration's and the scheme's: a number has to pass each of them. */
  readonly numbers: readonly NumberRules[];
  readonly emergency: readonly string[];
  /** The called number. */
  readonly did: string;
  readonly extensions: 'user' | 'dialplan';
  /** Context for extensions that the dialplan handles. */
  readonly extensionContext: string;
}

export type DestinationResult =
  | {
      readonly ok: true;
      readonly target: Transfer | Destination;
      /** For the trace: `number 380441234567, by the numbering plan of UA`. */
      readonly how: string;
    }
  | { readonly ok: false; readonly reason: Reason; readonly detail: string };

/** A destination is a line of text; anything longer is a page that was sent instead of one. */
const MAX_CHARACTERS = 128;
/** E.164: at most 15 digits. Up to 6 are an extension. */
const MAX_DIGITS = 15;
const MAX_EXTENSION_DIGITS = 6;

/** Contact lists wrap numbers into bidi marks and split them at zero-width spaces. */
const MARKS = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
/** Spaces and dashes of any script, but no line break: two lines are not one number. U+2212 is the minus sign. */
const SEPARATORS = /[\p{Zs}\t\p{Pd}\u2212()./]/gu;
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SIP = /^sip:(\+?[A-Za-z0-9][A-Za-z0-9._-]{0,63})@([A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::\d{1,5})?)$/i;
/** What programs write when they have nothing to write. */
const NO_LOGIN = new Set(['null', 'none', 'error', 'true', 'false', 'undefined', 'ok']);
export function parseDestination(text: string, rules: DestinationRules): DestinationResult {
  const trimmed = text.trim();
  if (trimmed.length > MAX_CHARACTERS) return invalid(trimmed, `is longer than ${MAX_CHARACTERS} characters`);
  const mapped = Object.hasOwn(rules.map, trimmed) ? (rules.map[trimmed] ?? '').trim() : null;
  const result = read(mapped ?? trimmed, rules);
  return result.ok && mapped !== null
    ? { ...result, how: `${result.how}, which ${quote(trimmed)} is mapped to` }
    : result;
}

/** Any text, printable, cut and in quotes: what a CRM sent may be shown on a terminal. */
export function quote(text: string): string {
  return `"${printable(text, 64).replace(/"/g, '\\"')}"`;
}

/** At most `limit` characters, control and format characters written as escapes. */
export function printable(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

function read(text: string, rules: DestinationRules): DestinationResult {
  if (text === '') return refused('empty_value', 'the destination is empty');
  const target = Object.hasOwn(rules.targets, text) ? rules.targets[text] : undefined;
  if (target !== undefined) {
    const { extension, context } = target.transfer;
    const how = `target ${quote(text)}, extension ${extension} in context ${context}`;
    return { ok: true, target: { kind: 'transfer', extension, context }, how };
  }
  if (/^tel:/i.test(text)) {
    const written = readDigits(text.slice('tel:'.length));
    return written === null
      ? invalid(text, 'is no tel: address of a number without parameters')
      : readNumber(text, written, rules);
  }
  if (/^sips?:/i.test(text)) return readSip(text, rules);
  const written = readDigits(text);
  return written === null ? readLogin(text) : readNumber(text, written, rules);
}

/** Takes separators out; null when anything but digits and a leading `+` remains. */
function readDigits(text: string): WrittenNumber | null {
  const withoutTrunkPrefix = text
    .replace(MARKS, '')
    // `+44 (0)20 ...`: the bracketed 0 is dialled within the country only. At the very beginning it is a plain 0.
    .replace(/(?<=\d.*)\(\p{Zs}*0\p{Zs}*\)/u, '');
  const match = /^(\+|00(?=[1-9]))?(\d+)$/.exec(withoutTrunkPrefix.replace(SEPARATORS, ''));
  if (match === null) return null;
  const [, prefix = '', digits = ''] = match;
  return { digits, prefix: prefix as WrittenNumber['prefix'] };
}

function readNumber(text: string, written: WrittenNumber, rules: DestinationRules): DestinationResult {
  const { digits, prefix } = written;
  // "-1" is how programs say "nobody"; as a dash in front of extension 1 it would ring somebody.
  if (/^-\d+$/.test(text)) return invalid(text, 'is a negative number');
  const extension = prefix === '' && digits.length <= MAX_EXTENSION_DIGITS;
  if (!extension && digits.length > MAX_DIGITS) {
    return invalid(text, `has ${digits.length} digits, a number has ${MAX_DIGITS} at most`);
  }
  const dialled: DialledNumber = extension
    ? { number: digits, e164: null, planned: false }
    : dialAs(written, rules.numbering);
  const policy = checkCommon(text, written, dialled, rules);
  if (policy !== null) return policy;
  if (extension) {
    if (rules.extensions === 'user') {
      return { ok: true, target: { kind: 'extension', extension: digits }, how: `extension ${digits}` };
    }
    const target: Transfer = { kind: 'transfer', extension: digits, context: rules.extensionContext };
    return { ok: true, target, how: `extension ${digits} of the dialplan` };
  }
  if (digits.length <= MAX_EXTENSION_DIGITS) {
    return invalid(text, `is too short for a number with ${quote(prefix)} in front`);
  }
  const denial = checkNumber(text, dialled, rules);
  if (denial !== null) return denial;
  const { number, e164, planned } = dialled;
  const { country } = rules.numbering;
  const plan =
    country === undefined
      ? 'as it is'
      : planned
        ? `by the numbering plan of ${country}`
        : `not known in ${country}`;
  return { ok: true, target: { kind: 'number', number, e164 }, how: `number ${number}, ${plan}` };
}

function readSip(text: string, rules: DestinationRules): DestinationResult {
  const [, user = '', host = ''] = SIP.exec(text) ?? [];
  if (host === '' || hasActiveWord(user)) return invalid(text, 'is no address of the form sip:user@host');
  const listed = rules.sipHosts.find((entry) => entry.toLowerCase() === host.toLowerCase());
  if (listed === undefined) {
    return refused('destination_denied', `${quote(text)}: its host is not on the list of SIP hosts`);
  }
  // The user of an address is often a number, and the other host would dial it for us.
  const written = readDigits(user);
  if (written !== null) {
    const dialled = dialAs(written, rules.numbering);
    const policy =
      checkCommon(text, written, dialled, rules) ??
      (written.digits.length > MAX_EXTENSION_DIGITS ? checkNumber(text, dialled, rules) : null);
    if (policy !== null) return policy;
  }
  return { ok: true, target: { kind: 'uri', user, host: listed }, how: `address sip:${user}@${listed}` };
}

function readLogin(text: string): DestinationResult {
  if (!LOGIN.test(text)) {
    const foreign = /(?![0-9])\p{Nd}/u.test(text)
      ? 'has digits of another script'
      : 'is neither a number nor a login';
    return invalid(text, foreign);
  }
  if (NO_LOGIN.has(text.toLowerCase())) return invalid(text, 'is a word for nothing, not a login');
  // Recording 21e: `mod_event_socket` and `unload` in one header block unload the event socket, and every call of
  // the router is lost with it. Markers carry destinations, and a caller may well be named "unload".
  if (hasActiveWord(text)) return invalid(text, 'is a word that FreeSWITCH acts upon, not a login');
  return { ok: true, target: { kind: 'user', login: text }, how: `login ${text}` };
}

/** What holds for extensions and numbers alike: no emergency number, not the called number. */
function checkCommon(
  text: string,
  { digits, prefix }: WrittenNumber,
  { number, e164 }: DialledNumber,
  { emergency, did, numbering: { country } }: DestinationRules,
): DestinationResult | null {
  // A trunk may take `0112`, `+380112` or `+380 0 112` for 112; `7112` is an extension like any other.
  const bare = withoutZeros(digits);
  const own = country === undefined ? '' : callingCode(country);
  const isOwn = own !== '' && bare.startsWith(own) && bare.length > MAX_EXTENSION_DIGITS;
  const codeLengths = prefix !== '' ? [1, 2, 3] : isOwn ? [own.length] : [];
  const forms = [digits, bare, ...codeLengths.map((length) => withoutZeros(bare.slice(length)))];
  if (emergency.some((entry) => forms.includes(entry))) {
    return refused('emergency_number', `${quote(text)} is an emergency number`);
  }
  const called = /^(?:\+|00(?=[1-9]))?(\d+)$/.exec(did)?.[1] ?? '';
  const same =
    called !== '' &&
    ([digits, digitsOf(number)].includes(called) || (e164 !== null && e164 === toE164(called, country)));
  return same ? refused('called_number', `${quote(text)} is the called number`) : null;
}

/** A scheme's rules can narrow what the configuration allows and never widen it. */
function checkNumber(
  text: string,
  dialled: DialledNumber,
  { numbers }: DestinationRules,
): DestinationResult | null {
  const surcharge = surchargeOf(dialled);
  if (surcharge !== null && numbers.some((rules) => rules[surcharge] === false)) {
    const what = surcharge === 'premium' ? 'a premium-rate number' : 'a number of a satellite network';
    return refused(`number_${surcharge}`, `${quote(text)} is ${what}`);
  }
  const forms = prefixForms(dialled);
  for (const rules of numbers) {
    const denial = checkPrefixes(text, forms, rules);
    if (denial !== null) return denial;
  }
  return null;
}

/** The digits that a prefix may be a prefix of: what is dialled, and the E.164 number. */
function prefixForms({ number, e164 }: Pick<DialledNumber, 'number' | 'e164'>): string[] {
  const dialled = digitsOf(number);
  return [dialled, dialled.replace(/^00+/, ''), digitsOf(e164 ?? dialled)];
}

/** The same of a destination; none of one that is no telephone number. */
export function prefixFormsOf(destination: Destination): string[] {
  if (destination.kind === 'number') return prefixForms(destination);
  const isNumber = destination.kind === 'uri' && /^\+?\d{7,}$/.test(destination.user);
  return isNumber ? prefixForms({ number: destination.user, e164: null }) : [];
}

/** The longest matching prefix decides between denied and allowed; of two equal ones the denied. */
function checkPrefixes(
  text: string,
  forms: readonly string[],
  { allow, deny }: NumberRules,
): DestinationResult | null {
  const longest = (prefixes: readonly string[]): number =>
    prefixes
      .map(digitsOf)
      .filter((prefix) => forms.some((form) => form.startsWith(prefix)))
      .reduce((length, prefix) => Math.max(length, prefix.length), -1);
  const denied = longest(deny);
  const allowed = longest(allow);
  if (denied >= 0 && denied >= allowed) {
    return refused('destination_denied', `${quote(text)} is a denied number`);
  }
  if (allow.length > 0 && allowed < 0) {
    return refused('destination_denied', `${quote(text)} is not among the allowed numbers`);
  }
  return null;
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}

function invalid(text: string, what: string): DestinationResult {
  return refused('destination_invalid', `${quote(text)} ${what}`);
}

function refused(reason: Reason, detail: string): DestinationResult {
  return { ok: false, reason, detail };
}
