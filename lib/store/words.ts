import { unmappedWords } from '../call/reading.ts';
import type { CallRecord } from '../call/record.ts';

/**
 * The words by which a call is found: those of filters, `result:routed`, and those in the texts of its record. Made here, so
 * that both databases find the same: lower case, only letters, digits and `._-`, and nothing that is query syntax.
 */

/** What can be filtered by, and the prefix of its words. */
const FACETS = {
  caller: 'c:',
  did: 'd:',
  destination: 'to:',
  scheme: 's:',
  result: 'r:',
  reason: 'why:',
  end: 'e:',
  uuid: 'u:',
  tenant: 't:',
} as const;

export type Facet = keyof typeof FACETS;

/** Of the free text of one call. */
const MAX_WORDS = 48;
const MAX_TEXT = 1_000;
const MAX_LENGTH = 48;
/** The same where a text is ASCII, at a third of the time. */
const ASCII_PARTS = /[a-z0-9]+(?:[._-][a-z0-9]+)*/g;
const ASCII = /^[\x00-\x7f]*$/;
const PARTS = /[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}]|[._-](?=[\p{L}\p{N}]))*/gu;

export function wordsOf(record: CallRecord, tenant: string): string[] {
  const { call, decisions, requests, readings } = record;
  // In a list of so few a word is found faster than in a set.
  const words: string[] = [];
  const addWord = (word: string): void => {
    if (!words.includes(word)) words.push(word);
  };
  const add = (facet: Facet, value: string | null | undefined): void => {
    if (value !== '' && value !== null && value !== undefined) addWord(wordOf(facet, value));
  };
  const addNumber = (facet: Facet, value: string | null | undefined): void => {
    for (const end of endsOf(value ?? '')) addWord(FACETS[facet] + end);
  };
  add('tenant', tenant);
  add('uuid', call?.uuid);
  addNumber('caller', call?.caller);
  addNumber('did', call?.did);
  addNumber('destination', record.destination);
  addNumber('destination', record.answeredBy);
  add('scheme', record.scheme?.name);
  for (const { scheme } of decisions) add('scheme', scheme);
  add('result', record.result);
  add('reason', record.reason);
  for (const { reason } of decisions) add('reason', reason);
  // What a backup, an earlier answer or the rest of a list has helped over is looked for too.
  for (const { answer } of requests) if (answer !== 'found') add('reason', answer);
  if (unmappedWords(readings).length > 0) add('reason', 'unmapped');
  add('end', record.end);
  // None of these has a facet's colon in it.
  for (const word of textWords(textOf(record))) words.push(word);
  return words;
}

/** What people remember of a call, the shortest first: a long reply must not crowd out a name. */
function textOf({
  call,
  destination,
  answeredBy,
  hangupCause,
  decisions,
  requests,
  notes,
  readings,
}: CallRecord): string {
  let whole = '';
  const add = (text: string | null | undefined): void => {
    if (text === undefined || text === null || whole.length >= MAX_TEXT) return;
    whole += `${text.slice(0, MAX_TEXT)}\n`;
  };
  add(call?.callerName);
  add(call?.context);
  add(call?.switch);
  add(call?.sourceIp);
  add(destination);
  add(answeredBy);
  add(hangupCause);
  for (const { detail } of decisions) add(detail);
  for (const { text } of readings) add(text);
  for (const { detail } of requests) add(detail);
  for (const note of notes) add(note);
  for (const { reply } of requests) add(reply?.body);
  return whole.slice(0, MAX_TEXT);
}

/** The words of a text, each once. */
export function textWords(text: string): string[] {
  const words: string[] = [];
  const parts = ASCII.test(text)
    ? text.toLowerCase().match(ASCII_PARTS)
    : text.normalize('NFKC').toLowerCase().match(PARTS);
  for (const part of parts ?? []) {
    const word = part.slice(0, MAX_LENGTH);
    if (!words.includes(word)) words.push(word);
    if (words.length === MAX_WORDS) break;
  }
  return words;
}

export function wordOf(facet: Facet, value: string): string {
  return FACETS[facet] + plainOf(value);
}

const PLAIN = /^[a-z0-9._-]{0,48}$/;

function plainOf(value: string): string {
  if (PLAIN.test(value)) return value;
  return value
    .toLowerCase()
    .slice(0, MAX_LENGTH)
    .replace(/[^\p{L}\p{N}._-]/gu, '_');
}

/** Countries and trunks change the prefix of a number, not its end. */
const TAIL = 9;
const LOCAL = 7;

/** `+380 44 111 22 33`, `0441112233` and `1112233` are found by one another; what is no number is itself. */
function endsOf(value: string): string[] {
  if (value === '') return [];
  const digits = digitsOf(value);
  if (digits === null) return [plainOf(value)];
  return digits.length > LOCAL ? [digits.slice(-TAIL), digits.slice(-LOCAL)] : [digits];
}

/**
 * The word that a number is looked for by. `exact` is the end that longer spellings share, or it as it is; `near` has in it those without
 * an area or a country, and the same end of strangers: what is found by it has to be compared.
 */
export function numberWord(facet: Facet, value: string, by: 'exact' | 'near'): string {
  const digits = digitsOf(value);
  return digits === null ? wordOf(facet, value) : wordOf(facet, digits.slice(by === 'near' ? -LOCAL : -TAIL));
}

/** Whether strangers may be found by its `near` word. */
export function isLong(value: string): boolean {
  return (digitsOf(value) ?? '').length > LOCAL;
}

/** Whether a number that was found so is the one: in any spelling, with any trunk prefix in front, or without area and country. */
export function isFound(number: string, sought: string): boolean {
  const [a, b] = [digitsOf(number), digitsOf(sought)];
  if (a === null || b === null) return false;
  const [short = '', long = ''] = [a, b].map(withoutZeros).sort((x, y) => x.length - y.length);
  if (short.length >= TAIL) return short.slice(-TAIL) === long.slice(-TAIL);
  return short.length >= LOCAL && long.endsWith(short);
}

/** Whether two spellings are the same digits: with a plus, 00, or neither in front. */
export function sameDigits(one: string, other: string): boolean {
  const [a, b] = [digitsOf(one), digitsOf(other)];
  return a === null || b === null ? one !== '' && one === other : withoutZeros(a) === withoutZeros(b);
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, '');
}

const DIGITS = /^\d{2,}$/;
/** What people put between digits, and what a number brings along unseen when it is copied. */
const BETWEEN = /[\s()./+\p{Pd}\p{Cf}]/gu;

/** Null for what is a login, or nothing. */
export function digitsOf(value: string): string | null {
  if (DIGITS.test(value)) return value;
  const digits = value.replace(BETWEEN, '');
  return DIGITS.test(digits) ? digits : null;
}
