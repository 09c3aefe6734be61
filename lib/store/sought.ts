import { RouterError } from '../errors.ts';
import { BREAK } from '../redact/layer.ts';
import { layersOf } from '../redact/layers.ts';
import { digitGroupsIn, type DigitGroup } from '../redact/numbers.ts';
import { digitsPattern, loginPattern } from '../redact/word.ts';
import { someText, type Place } from './texts.ts';
import { digitsOf } from './words.ts';

/** Whose traces are looked for: a telephone number, a short one as extensions are, or a login. */
export interface Sought {
  /** The value is nothing else. */
  readonly is: (value: string) => boolean;
  /** Somewhere in the texts of a value, in any spelling and encoding. */
  readonly isIn: (value: unknown) => boolean;
  /** False: it is not in this JSON, which need not be read. */
  readonly mayBeIn: (json: string) => boolean;
  /** What is to be taken out of texts beside telephone numbers. */
  readonly patterns: readonly RegExp[];
}

/** Digits of a subscriber's number: fewer are an extension. */
const SUBSCRIBER = 7;
/** Countries and trunks change the prefix of a number, not its end. */
const TAIL = 9;
/** The longest of E.164, and all that can be dialled in front of it. */
const LONGEST = 23;
/** `101-2` is a login, and `23-45-67` a number of a town. */
const AMBIGUOUS = /^[1-9]\d*(?:[-.]\d+)+$/;
const BETWEEN_PIECES = String.fromCharCode(BREAK);
const ASCII = /^[\x00-\x7f]*$/;

export function soughtOf(text: string): Sought {
  const given = text.trim();
  const isLogin = /^sip:/i.test(given);
  const what = given.replace(/^sip:/i, '').trim();
  if (!/[\p{L}\p{N}]/u.test(what))
    throw new RouterError('config_invalid', 'say which number or login to erase: this one is blank');
  if (isLogin) return login(what);
  if (AMBIGUOUS.test(what) && what.replace(/\D/g, '').length < TAIL)
    throw new RouterError(
      'config_invalid',
      `${what} may be a login or a number: write sip:${what} for the login, or the number in digits alone`,
    );
  const digits = /^\d$/.test(what) ? what : digitsOf(what);
  if (digits === null) return login(what);
  return withoutZeros(digits).length < SUBSCRIBER ? shortNumber(digits) : telephoneNumber(digits);
}

function login(name: string): Sought {
  const pattern = loginPattern(name);
  const folded = name.toLowerCase();
  const isWord = (text: string): boolean => text.search(pattern) >= 0;
  // Keys are what a CRM calls its fields: whoever is called like one is not in every reply.
  const isIn = (text: string): boolean => {
    const body = documentIn(text);
    if (body !== null) return textsOf(body).some(isIn);
    const layers = layersOf(text);
    // More than anybody reads: nobody knows what is in them.
    if (layers === null) return true;
    return layers
      .flatMap((layer) => layer.text.split(BETWEEN_PIECES))
      .filter(isWord)
      .some((piece) => {
        const inner = documentIn(piece);
        return inner === null || textsOf(inner).some(isIn);
      });
  };
  return {
    is: (value) => value.toLowerCase() === folded,
    isIn: (value) => someText(value, isIn),
    mayBeIn: (json) => json.toLowerCase().includes(folded) || isEncoded(json),
    patterns: [pattern],
  };
}

/** Where numbers alone stand: elsewhere so few digits may be a time, a status, or an id. */
const NUMBERS_STAND = new Set(['steps', 'to', 'destination', 'answeredBy', 'answered_by', 'text']);
/** With so many they are somebody's number in a body too. */
const LOCAL = 5;

function shortNumber(digits: string): Sought {
  const pattern = digits.length < LOCAL ? loginPattern(digits) : digitsPattern(digits);
  const is = (value: string): boolean => value === digits || digitsOf(value) === digits;
  const isIn = (text: string, { key, within }: Place): boolean => {
    if (within === 'headers') return false;
    if (is(text)) return true;
    if (NUMBERS_STAND.has(key) && text.search(pattern) >= 0) return true;
    if (digits.length < LOCAL) return false;
    const value = documentIn(text);
    return value !== null && textsOf(value).some(is);
  };
  return {
    is,
    isIn: (value) => someText(value, isIn),
    // An escaped control character has digits of its own.
    mayBeIn: (json) => json.replace(/\D+/g, '').includes(digits) || json.includes('\\u00'),
    patterns: [pattern],
  };
}

function telephoneNumber(digits: string): Sought {
  const number = withoutZeros(digits);
  const end = number.slice(-SUBSCRIBER);
  const isIn = (text: string): boolean => {
    const layers = layersOf(text);
    if (layers === null) return true;
    return layers.some(
      (layer) =>
        !(ASCII.test(layer.text) && !layer.text.replace(/\D+/g, '').includes(end)) &&
        digitGroupsIn(layer).some((groups) => isAmong(groups, number)),
    );
  };
  return {
    is: (value) => {
      const own = digitsOf(value);
      return own !== null && spellingOf(own, number) !== null;
    },
    isIn: (value) => someText(value, isIn),
    mayBeIn: (json) => json.replace(/\D+/g, '').includes(end) || isEncoded(json),
    // All numbers of the record are masked.
    patterns: [],
  };
}

/** How digits are a spelling of the number: in full, with more or less in front, or without its area; null: they are not. */
function spellingOf(written: string, number: string): 'full' | 'prefixed' | 'local' | null {
  const digits = withoutZeros(written);
  if (digits === number) return 'full';
  const [short, long] = digits.length < number.length ? [digits, number] : [number, digits];
  if (!long.endsWith(short)) return null;
  if (short.length >= TAIL) return 'prefixed';
  // The other way round it would be everybody's number that ends so.
  return short === digits && short.length >= SUBSCRIBER && long.length >= TAIL ? 'local' : null;
}

/** Divides numbers of a list. */
const DIVIDES = /[,/\r\n]/;
/** Stands behind a number, or begins the next. */
const ENDS = /[,/\r\n+(]/;

/**
 * Whether one of the numbers that stand side by side is the one: no person writes which groups are one number. A part of somebody's
 * number is not: the last nine digits of `+49 44 111 22 33` are those of `+380 44 111 22 33`.
 */
function isAmong(groups: readonly DigitGroup[], number: string): boolean {
  let first = 0;
  let digitsBefore = 0;
  for (const [from, { before, digits: own }] of groups.entries()) {
    if (from > 0 && before.includes('+')) [first, digitsBefore] = [from, 0];
    const hasPlus = groups[first]?.before.includes('+') === true;
    const begins = from === first || (!hasPlus && DIVIDES.test(before));
    let digits = '';
    for (let to = from; to < groups.length; to++) {
      const group = groups[to];
      if (group === undefined || (to > from && group.before.includes('+'))) break;
      digits += group.digits;
      const next = groups[to + 1];
      const ends = next === undefined || ENDS.test(next.before);
      switch (spellingOf(digits, number)) {
        case 'full':
          if (number.length < TAIL ? begins && ends : begins || !hasPlus || digitsBefore >= SUBSCRIBER)
            return true;
          break;
        case 'prefixed':
          if (begins || digitsBefore >= SUBSCRIBER) return true;
          // `5 0441112233` or `5 380441112233`, and not `49 441112233`.
          if (!hasPlus && (digits.startsWith('0') || (from === to && digits.length >= number.length)))
            return true;
          break;
        case 'local':
          if (begins && ends && !(hasPlus && from === first)) return true;
          break;
        case null:
      }
      if (digits.length > LONGEST) break;
    }
    digitsBefore += own.length;
  }
  return false;
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, '');
}

/** Whether a text of the JSON may be written otherwise than it is read; quotes alone are not. */
function isEncoded(json: string): boolean {
  if (!ASCII.test(json)) return true;
  const layers = layersOf(json.replaceAll('\\"', '"'));
  return layers === null || layers.length > 1;
}

/** What the JSON of a body says; null: it is none. */
function documentIn(text: string): object | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}

/** Without recursion: a body may be nested thousands of levels deep. */
function textsOf(value: unknown): string[] {
  const texts: string[] = [];
  const left = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === 'string') texts.push(one);
    else if (typeof one === 'object' && one !== null) {
      for (const inner of Object.values(one)) left.push(inner);
    }
  }
  return texts;
}
