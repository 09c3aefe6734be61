import { RouterError } from '../errors.ts';
import { BREAK } from '../redact/layer.ts';
import { layersOf } from '../redact/layers.ts';
import { digitsIn } from '../redact/numbers.ts';
import { digitsPattern, loginPattern } from '../redact/word.ts';
import { someText, type Place } from './texts.ts';
import { digitsOf, sameNumber } from './words.ts';

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
const BETWEEN_PIECES = String.fromCharCode(BREAK);
const ASCII = /^[\x00-\x7f]*$/;

export function soughtOf(text: string): Sought {
  const what = text.trim();
  if (!/[\p{L}\p{N}]/u.test(what))
    throw new RouterError('config_invalid', 'say which number or login to erase: this one is blank');
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
  const end = digits.slice(-SUBSCRIBER);
  const isIn = (text: string): boolean =>
    layersOf(text)?.some((layer) => digitsIn(layer).some((one) => sameNumber(one, digits))) ?? true;
  return {
    is: (value) => sameNumber(value, digits),
    isIn: (value) => someText(value, isIn),
    mayBeIn: (json) => json.replace(/\D+/g, '').includes(end),
    // All numbers of the record are masked.
    patterns: [],
  };
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
