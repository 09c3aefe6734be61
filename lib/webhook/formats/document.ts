import type { Answer } from './format.ts';
import { excerpt, notJson } from './seen.ts';

/**
 * JSON.parse takes a million levels and JSON.stringify then overflows the stack, in the record of the call.
 * Replies of real CRMs stay below ten.
 */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** So many characters without an exponent are a number that is held exactly, or a fraction that is none by rounding. */
const EXACT_CHARACTERS = 15;

interface Document {
  readonly document: unknown;
  /** Anything out of the ordinary, in words. */
  readonly notes: readonly string[];
}

/**
 * The JSON of a reply, or the answer that says why there is none. A byte-order mark is skipped. A number that JavaScript
 * can't hold, or that has an exponent, is the text that was there: the ids of two owners, of 18 digits each, would
 * become one, and `3.80E11` a telephone number.
 */
export function parseDocument(body: string): Document | Answer {
  const text = body.trim();
  if (text === '') return { kind: 'none', reason: 'empty_body', detail: 'the body is empty' };
  const scanned = scan(text);
  if (scanned === null) return unreadable(`the reply is nested deeper than ${MAX_DEPTH} levels`);
  try {
    // First as it came: a number that stands where a key belongs must not become one.
    let document = JSON.parse(text) as unknown;
    if (scanned.exact !== text) document = JSON.parse(scanned.exact) as unknown;
    // RFC 8259, 4: what a repeated key means is not said; nearly every reader takes the last.
    const { twice } = scanned;
    const notes =
      twice === null ? [] : [`the reply has the key ${excerpt(twice)} twice: the last one counts`];
    return { document, notes };
  } catch {
    return unreadable(`the reply ${notJson(text)}: ${excerpt(text)}`);
  }
}

function unreadable(detail: string): Answer {
  return { kind: 'unavailable', reason: 'body_not_json', detail };
}

interface Scanned {
  /** The text with quotes around the numbers that JSON.parse would change. */
  readonly exact: string;
  /** The first key that an object has twice. */
  readonly twice: string | null;
}

/** Goes along a JSON text once, without recursion and before anything is built; null when it is nested too deep. */
function scan(text: string): Scanned | null {
  /** For each level that is open the keys of its object; null for a list. */
  const levels: (Set<string> | null)[] = [];
  let expectsKey = false;
  let exact = '';
  let copied = 0;
  let twice: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const start = i + 1;
      i = endOfText(text, start);
      const keys = expectsKey ? levels.at(-1) : undefined;
      if (keys === undefined || keys === null) continue;
      const key = text.slice(start, i);
      if (keys.has(key)) twice ??= key;
      keys.add(key);
      expectsKey = false;
    } else if (code === MINUS || isDigit(code)) {
      const start = i;
      while (isOfNumber(text.charCodeAt(i + 1))) i++;
      const token = text.slice(start, i + 1);
      if (isExact(token)) continue;
      exact += `${text.slice(copied, start)}"${token}"`;
      copied = i + 1;
    } else if (code === COMMA) expectsKey = true;
    else {
      const character = text[i];
      if (character === '{' || character === '[') {
        if (levels.push(character === '{' ? new Set() : null) > MAX_DEPTH) return null;
        expectsKey = true;
      } else if (character === '}' || character === ']') levels.pop();
    }
  }
  return { exact: exact + text.slice(copied), twice };
}

/** Where the quote stands that closes a text; the end where none does. */
function endOfText(text: string, start: number): number {
  let i = start;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i;
    if (code === BACKSLASH) i++;
  }
  return i;
}

function isExact(token: string): boolean {
  const exponent = /e/i.test(token);
  if (token.length <= EXACT_CHARACTERS && !exponent) return true;
  // What is not a number stays as it is, for JSON.parse to refuse.
  if (!NUMBER.test(token)) return true;
  const value = Number(token);
  if (value === 0) return !/[1-9]/.test(token);
  // A fraction that is rounded to an integer would be dialled.
  const rounded = Number.isInteger(value) && /\.\d*[1-9]/.test(token);
  return !exponent && !rounded && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Digits and `+ - . E e`. */
function isOfNumber(code: number): boolean {
  return isDigit(code) || code === MINUS || code === 0x2b || code === 0x2e || code === 0x45 || code === 0x65;
}
