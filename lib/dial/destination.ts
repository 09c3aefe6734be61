import { NOT_MAPPED } from '../call/reading.ts';
import type { Reason } from '../errors.ts';
import { listOf, readNumber, type Numbering } from '../numbering/number.ts';
import { parseWritten, plainText, splitExtension, type Written } from '../numbering/written.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { Kind } from '../webhook/webhook.ts';
import { hasActiveWord } from './dialstring.ts';
import { describeText, isCommand, lookalikeOf } from './lookalike.ts';
import {
  denyDigits,
  denyLong,
  denyWritten,
  MIN_NUMBER_DIGITS,
  plainDigits,
  prefixForms,
  type Policy,
} from './policy.ts';
import { named, printable, quote } from './quote.ts';

/**
 * Text of a CRM -> a typed destination, or a refusal with its reason. The text is hostile: inside a dial string
 * `,` `|` `@` `;` `^` `[` `$` all mean something to FreeSWITCH (recordings 21 and 22), so nothing is escaped here.
 * And it is real: what could be read in two ways is refused, since that rings a stranger.
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

export interface DestinationRules extends Policy {
  readonly targets: Scheme['targets'];
  /** The CRM's words -> ours. */
  readonly map: ReadonlyMap<string, string>;
  /** What becomes of a word that the map does not have. */
  readonly unmapped: 'nobody' | 'refuse' | 'pass';
  /** The kinds that are taken. */
  readonly expect: readonly Kind[];
  readonly numbering: Numbering;
  /** Our own: `user@domain` is that user. '' when there is none. */
  readonly domain: string;
  /** `host` or `host:port`, as they may be in `sip:user@host`. */
  readonly sipHosts: readonly string[];
  readonly extensions: 'user' | 'dialplan';
  /** Context for extensions that the dialplan handles. */
  readonly extensionContext: string;
}

export type DestinationResult =
  | {
      readonly ok: true;
      readonly target: Transfer | Destination;
      /** For the trace: `number 380441234567, national in UA`. */
      readonly how: string;
      /** Another number that the same digits are, E.164 without `+`; null when there is none. */
      readonly other: string | null;
    }
  | {
      readonly ok: false;
      /** `nobody`: the CRM named somebody who is not mapped here. */
      readonly kind: 'nobody' | 'refused';
      readonly reason: Reason;
      readonly detail: string;
    };

/** A destination is a line of text; anything longer is a page that was sent instead of one. */
const MAX_CHARACTERS = 128;

const COMMAND =
  'is written as a command of FreeSWITCH, and nothing is ever dialled that way: if it is no mistake in the CRM, it is an attack';
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ADDRESS =
  /^(?:sips?:)?(\+?[A-Za-z0-9][A-Za-z0-9._-]{0,63})@([A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::\d{1,5})?)$/i;

export function parseDestination(text: string, rules: DestinationRules): DestinationResult {
  const trimmed = text.trim();
  if (trimmed.length > MAX_CHARACTERS) {
    if (isCommand(trimmed)) return invalid(`${quote(trimmed)} ${COMMAND}`);
    return invalid(`${quote(trimmed)} is longer than ${MAX_CHARACTERS} characters`);
  }
  const plain = plainText(trimmed);
  const mapped = [trimmed, plain, plain.replace(/^(\d+)\.0$/, '$1')].find((word) => rules.map.has(word));
  if (mapped !== undefined) {
    const result = read(plainText(rules.map.get(mapped) ?? ''), rules);
    return result.ok ? { ...result, how: `${result.how}, which ${quote(trimmed)} is mapped to` } : result;
  }
  if (!hasOwn(rules.targets, plain) && rules.map.size > 0 && rules.unmapped !== 'pass') {
    const kind = rules.unmapped === 'nobody' ? 'nobody' : 'refused';
    const detail = `${named(trimmed)} ${NOT_MAPPED}`;
    return { ok: false, kind, reason: 'unmapped', detail };
  }
  return read(plain, rules);
}

/** The digits that a configured prefix may be a prefix of; none of a destination that is not a telephone number. */
export function prefixFormsOf(destination: Destination): string[] {
  if (destination.kind === 'number') return prefixForms(destination);
  const isNumber = destination.kind === 'uri' && /^\+?\d{7,}$/.test(destination.user);
  return isNumber ? prefixForms({ number: destination.user, e164: null }) : [];
}

function read(text: string, rules: DestinationRules): DestinationResult {
  if (text === '')
    return { ok: false, kind: 'nobody', reason: 'empty_value', detail: 'the destination is empty' };
  const target = hasOwn(rules.targets, text) ? rules.targets[text] : undefined;
  if (target !== undefined) {
    const { extension, context } = target.transfer;
    const denial = denyDigits(plainDigits(extension), rules);
    if (denial !== null)
      return refused(denial.reason, `${quote(text)} means ${extension}, which ${denial.detail}`);
    const how = `target ${quote(text)}, extension ${extension} in context ${context}`;
    return taken('target', text, { kind: 'transfer', extension, context }, how, rules);
  }
  if (/^tel:/i.test(text)) return readTel(text, rules);
  if (/^sips?:/i.test(text) || text.includes('@')) return readAddress(text, rules);
  const lookalike = lookalikeOf(text);
  if (lookalike !== null) return invalid(`${quote(text)} ${lookalike}`);
  const written = parseWritten(text);
  // The last brackets of `+380 44 123 45 67 (12)` hold an extension where what is before them is a number.
  const bracketed = text.endsWith(')') ? readWithExtension(text, rules) : null;
  if (written !== null) return bracketed ?? readDigits(text, written, rules);
  return readWithExtension(text, rules) ?? readLogin(text, rules) ?? notOne(text, rules);
}

/** Bare digits are an extension where they are as long as one, and a number else. */
function readDigits(text: string, written: Written, rules: DestinationRules): DestinationResult {
  const { expect } = rules;
  const bare = !written.plus && written.divided === 'no';
  if (bare && isExtension(written.digits, rules)) {
    if (expect.includes('extension') || !(expect.includes('number') || expect.includes('login'))) {
      return readExtension(text, written.digits, rules);
    }
    if (expect.includes('login')) return readUser(text, written.digits, rules);
  }
  if (!expect.includes('number') && expect.includes('login') && LOGIN.test(text)) {
    return readUser(text, written.float ? written.digits : text, rules);
  }
  return readNumberOf(text, written, rules);
}

function isExtension(digits: string, { numbering }: DestinationRules): boolean {
  const [least, most] = numbering.extensionDigits;
  return digits.length >= least && digits.length <= most;
}

function readExtension(text: string, extension: string, rules: DestinationRules): DestinationResult {
  const denial = denyDigits(plainDigits(extension), rules) ?? denyLong(extension, rules);
  if (denial !== null) return refused(denial.reason, `${quote(text)} ${denial.detail}`);
  const float = /\.0+$/.test(text) ? `, written as the float ${text}` : '';
  if (rules.extensions === 'user') {
    return taken(
      'extension',
      text,
      { kind: 'extension', extension },
      `extension ${extension}${float}`,
      rules,
    );
  }
  const target: Transfer = { kind: 'transfer', extension, context: rules.extensionContext };
  return taken('extension', text, target, `extension ${extension} of the dialplan${float}`, rules);
}

/** Too few digits for a number, and yet no extension here. */
function shortDigits(digits: string, { expect, numbering }: DestinationRules): string {
  const [least, most] = numbering.extensionDigits;
  if (digits.length >= least && digits.length <= most) {
    return `is as long as an extension, and webhook.expect takes ${expect.join(', ')} only`;
  }
  const range = least === most ? String(least) : `${least} to ${most}`;
  return `has ${digits.length} digits: an extension has ${range} (numbering.extensionDigits), a number has at least ${MIN_NUMBER_DIGITS}`;
}

/** `behind`: the extension that followed the number and is left out. */
function readNumberOf(
  text: string,
  written: Written,
  rules: DestinationRules,
  behind: string | null = null,
): DestinationResult {
  const number = readNumber(written, rules.numbering);
  const denial = denyWritten(written, number, rules);
  if (denial !== null) return refused(denial.reason, `${quote(text)} ${denial.detail}`);
  if (!number.ok) {
    const bare = written.divided === 'no' && !written.plus && written.digits.length < MIN_NUMBER_DIGITS;
    if (bare && !written.float) return invalid(`${quote(text)} ${shortDigits(written.digits, rules)}`);
    const holder = number.detail.startsWith('holds') ? 'the reply' : quote(text);
    return invalid(`${holder} ${number.detail}`);
  }
  if (behind !== null && rules.numbering.withExtension === 'refuse') {
    return invalid(
      `${quote(text)} is the number ${number.number} with extension ${behind}: send only the number, or set numbering.withExtension to "ignore"`,
    );
  }
  const without = behind === null ? '' : `, without the extension ${behind}`;
  const target: Destination = { kind: 'number', number: number.number, e164: number.e164 };
  const how = `number ${number.number}, ${number.how}${without}`;
  const result = taken('number', text, target, how, rules);
  return result.ok ? { ...result, other: number.other } : result;
}

/** Null when no extension follows digits. `201/202` is something else: two of them. */
function readWithExtension(text: string, rules: DestinationRules): DestinationResult | null {
  const split = splitExtension(text);
  const written = split === null ? null : parseWritten(split.number);
  if (split === null || written === null) return null;
  const number = readNumber(written, rules.numbering);
  // By / people divide an area code as well: `07154/123456`. What follows a number that could go on is not an extension.
  const whole = split.slash ? parseWritten(`${split.number} ${split.extension}`) : null;
  if (whole !== null && readNumber(whole, rules.numbering).ok) {
    return invalid(`${quote(text)} has a / in it, which separates values: write the number without it`);
  }
  if (number.ok || number.surcharge !== null) return readNumberOf(text, written, rules, split.extension);
  const loginAlone = rules.expect.every((kind) => kind === 'login' || kind === 'target');
  // `+352 (2080)` is a number whose brackets hold the most of it.
  const bracketed = text.endsWith(')') && written.plus && written.digits.length < 7;
  if (split.slash || bracketed || (loginAlone && LOGIN.test(text))) return null;
  return invalid(
    `${quote(text)} ends in what looks like the extension ${split.extension}, and ${quote(split.number)} is not a number`,
  );
}

/** RFC 3966: `tel:+380441234567;ext=12`. A number that is local to a context is not read. */
function readTel(text: string, rules: DestinationRules): DestinationResult {
  const number = text.slice('tel:'.length).trim();
  const written = parseWritten(number);
  if (written !== null) return readDigits(number, written, rules);
  if (isCommand(number)) return invalid(`${quote(text)} ${COMMAND}`);
  return (
    readWithExtension(number, rules) ??
    invalid(`${quote(text)} is not a tel: address of a number without parameters other than ext`)
  );
}

/** `user@domain` and `sip:user@domain`: our own users, and the listed hosts. */
function readAddress(text: string, rules: DestinationRules): DestinationResult {
  const { domain, sipHosts } = rules;
  const isSip = /^sips?:/i.test(text);
  // Parameters say how a user is reached: of ours the switch knows that.
  const [, user = '', host = ''] = ADDRESS.exec(text.replace(/;[a-z-]+(?:=[\w.-]*)?(?=;|$)/gi, '')) ?? [];
  if (host === '' || hasActiveWord(user)) {
    if (isCommand(text)) return invalid(`${quote(text)} ${COMMAND}`);
    const values = valuesIn(text, rules);
    if (values !== null) return invalid(values);
    const form = isSip ? 'sip:user@host' : 'user@domain';
    return invalid(`${quote(text)} is not an address of the form ${form}`);
  }
  if (domain !== '' && host.toLowerCase().replace(/:5060$/, '') === domain.toLowerCase()) {
    return readOwnUser(text, user, rules);
  }
  if (!/^sip:/i.test(text)) {
    const ours = domain === '' ? '' : ` than ${domain}`;
    return invalid(`${quote(text)} is an address of another domain${ours}`);
  }
  const listed = sipHosts.find((entry) => entry.toLowerCase() === host.toLowerCase());
  if (listed === undefined) {
    return refused('destination_denied', `${quote(text)}: its host is not on the list of SIP hosts`);
  }
  // The user of an address is often a number, and the other host would dial it for us.
  const written = parseWritten(user);
  if (written !== null) {
    const short = !written.plus && written.digits.length < MIN_NUMBER_DIGITS;
    const denial = short
      ? denyDigits(plainDigits(written.digits), rules)
      : denyWritten(written, readNumber(written, rules.numbering), rules, true);
    if (denial !== null) return refused(denial.reason, `${quote(text)} ${denial.detail}`);
  }
  return taken('login', text, { kind: 'uri', user, host: listed }, `address sip:${user}@${listed}`, rules);
}

/** A user of our own domain: an extension, a login, or a number that the sender wrote as an address. */
function readOwnUser(text: string, user: string, rules: DestinationRules): DestinationResult {
  const written = parseWritten(user);
  if (written?.plus === true) return readNumberOf(text, written, rules);
  return /^\d+$/.test(user) && isExtension(user, rules) && rules.expect.includes('extension')
    ? readExtension(text, user, rules)
    : readUser(text, user, rules);
}

/** Null for a text that no login can be. */
function readLogin(text: string, rules: DestinationRules): DestinationResult | null {
  return LOGIN.test(text) && !/^\d+$/.test(text) ? readUser(text, text, rules) : null;
}

function readUser(text: string, login: string, rules: DestinationRules): DestinationResult {
  // Recording 21e: `mod_event_socket` and `unload` in one header block unload the event socket, and every call of
  // the router is lost with it. Markers carry destinations, and a caller may well be named "unload".
  if (hasActiveWord(login)) return invalid(`${quote(text)} is a word that FreeSWITCH acts on, not a login`);
  const written = parseWritten(login);
  if (written !== null) {
    const denial = denyDigits(plainDigits(written.digits), rules);
    if (denial !== null) return refused(denial.reason, `${quote(text)} ${denial.detail}`);
  }
  return taken('login', text, { kind: 'user', login }, `login ${login}`, rules);
}

/** What the text is, when it is not a destination: several of them, or something else altogether. */
function notOne(text: string, rules: DestinationRules): DestinationResult {
  if (isCommand(text)) return invalid(`${quote(text)} ${COMMAND}`);
  const values = valuesIn(text, rules);
  return invalid(values ?? `${quote(text)} ${describeText(text)}`);
}

/** `the reply holds two extensions, 201 and 202: send a list`; null when the text does not hold several destinations. */
function valuesIn(text: string, rules: DestinationRules): string | null {
  const parts = text
    .split(/\s*(?:[,;|/&\n\r\t]+|\s(?:or|and|und|oder|ou|et|y|o|или|и|або|та|і|\+|-)\s)\s*/iu)
    .filter((part) => part !== '');
  if (parts.length < 2 || parts.length > 20) return null;
  const kinds = parts.map((part) => {
    const written = parseWritten(part);
    if (written === null) return LOGIN.test(part) && lookalikeOf(part) === null ? 'login' : null;
    if (written.divided === 'no' && isExtension(written.digits, rules)) return 'extension';
    return readNumber(written, rules.numbering).ok ? 'number' : 'value';
  });
  if (kinds.includes(null)) return null;
  const numbers = kinds.every((kind) => kind === 'number');
  if (text.includes('/') && !numbers && parts.some((part) => part.startsWith('0'))) {
    return `${quote(text)} has a / in it, which separates values: write a number without it`;
  }
  const kind = kinds.every((one) => one === kinds[0]) ? (kinds[0] ?? 'value') : 'value';
  return `the reply ${listOf(
    kind,
    parts.map((part) => printable(part, 24)),
  )}`;
}

/** The one place where `webhook.expect` narrows what is taken. */
function taken(
  kind: Kind,
  text: string,
  target: Transfer | Destination,
  how: string,
  { expect }: DestinationRules,
): DestinationResult {
  if (expect.includes(kind)) return { ok: true, target, how, other: null };
  const article = kind === 'extension' ? 'an' : 'a';
  return invalid(`${quote(text)} is ${article} ${kind}, and webhook.expect takes ${expect.join(', ')} only`);
}

function hasOwn(holder: object, key: string): boolean {
  return Object.hasOwn(holder, key);
}

function invalid(detail: string): DestinationResult {
  return refused('destination_invalid', detail);
}

function refused(reason: Reason, detail: string): DestinationResult {
  return { ok: false, kind: 'refused', reason, detail };
}
