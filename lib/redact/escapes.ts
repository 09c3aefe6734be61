import { BREAK, Decoding, type Layer } from './layer.ts';

/** What programs escape: in URLs, in JSON and its relatives, in HTML, in the lines of a mail. Read by hand: a page may be nothing but escapes. */

const MAY_ESCAPE = /%[0-9a-fu]|\\|&[#a-z]|=(?:3D|\r?\n)/i;
const PERCENT = '%'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const AMPERSAND = '&'.charCodeAt(0);
const HASH = '#'.charCodeAt(0);
const EQUALS = '='.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
const LINE_FEED = '\n'.charCodeAt(0);
const SEMICOLON = ';'.charCodeAt(0);
const BRACE = '{'.charCodeAt(0);
/** What JSON and its relatives write with one letter. */
const LETTERS = new Map(
  Object.entries({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v' }).map(([letter, character]) => [
    letter.charCodeAt(0),
    character.charCodeAt(0),
  ]),
);
/** Every character of ASCII that has a name in HTML, and what else is in numbers. */
const NAMED = new Map(
  'amp& lt< gt> quot" apos\' nbsp\u00a0 excl! num# dollar$ percnt% lpar( rpar) ast* plus+ comma, period. sol/ colon: semi; equals= quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] hat^ lowbar_ underbar_ grave` diacriticalgrave` lcub{ lbrace{ verbar| vert| verticalline| midast* newline\n rcub} rbrace} dash\u2010 ndash\u2013 mdash\u2014 shy\u00ad tab\t'
    .split(' ')
    .map((entry) => [entry.slice(0, -1), entry.charCodeAt(entry.length - 1)]),
);
const NAME = /[a-z]{2,16}/iy;

/** One level of escapes undone; null when there is none. */
export function unescaped(layer: Layer): Layer | null {
  const { text } = layer;
  if (!MAY_ESCAPE.test(text)) return null;
  const decoding = new Decoding(layer);
  let found = false;
  for (let at = 0; at < text.length;) {
    const length = escapeAt(text, at);
    decoding.add(length === 0 ? text.charCodeAt(at) : read, at, at + Math.max(1, length));
    found ||= length > 0;
    at += Math.max(1, length);
  }
  return found ? decoding.layer() : null;
}

/** What the escape stands for that was found last: with an object for each a page takes five times as long. */
let read = 0;

/** Length of the escape that begins there, 0 for none. */
function escapeAt(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === PERCENT)
    return isLetter(text, at + 1, 'u') ? hex(text, at, 2, 4, 4) : character(text, at, 1, 2, 16);
  if (sign === BACKSLASH) return behindBackslash(text, at);
  if (sign === EQUALS) return quotedPrintable(text, at);
  return sign === AMPERSAND ? entity(text, at) : 0;
}

function behindBackslash(text: string, at: number): number {
  if (at + 1 >= text.length) return 0;
  const next = text.charCodeAt(at + 1);
  const length = isLetter(text, at + 1, 'u')
    ? text.charCodeAt(at + 2) === BRACE
      ? hex(text, at, 3, 1, 6, 1)
      : hex(text, at, 2, 4, 4)
    : isLetter(text, at + 1, 'x')
      ? character(text, at, 2, 2, 16)
      : character(text, at, 1, 3, 8);
  if (length > 0) return length;
  read = LETTERS.get(next) ?? next;
  return 2;
}

function entity(text: string, at: number): number {
  let length: number;
  if (text.charCodeAt(at + 1) === HASH) {
    const isHex = isLetter(text, at + 2, 'x');
    const begin = isHex ? 3 : 2;
    let skipped = begin;
    while (text.charCodeAt(at + skipped) === ZERO) skipped++;
    const least = skipped === begin ? 1 : 0;
    length = isHex ? hex(text, at, skipped, least, 6) : number(text, at, skipped, least, 7, 10);
  } else {
    NAME.lastIndex = at + 1;
    const name = NAME.exec(text)?.[0] ?? '';
    const code = NAMED.get(name.toLowerCase());
    if (code === undefined) return 0;
    read = code;
    length = name.length + 1;
  }
  return length > 0 && text.charCodeAt(at + length) === SEMICOLON ? length + 1 : length;
}

/** RFC 2045: of the text itself it writes the equals sign alone as an escape, and breaks lines after one. */
function quotedPrintable(text: string, at: number): number {
  if (text.startsWith('3D', at + 1)) {
    read = EQUALS;
    return 3;
  }
  const length = text.startsWith('\r\n', at + 1) ? 3 : text.startsWith('\n', at + 1) ? 2 : 0;
  if (length > 0) read = LINE_FEED;
  return length;
}

function hex(text: string, at: number, skipped: number, least: number, most: number, more = 0): number {
  const length = number(text, at, skipped, least, most, 16);
  return length === 0 ? 0 : length + more;
}

/** A code point in digits, which begin after `skipped` characters. */
function number(
  text: string,
  at: number,
  skipped: number,
  least: number,
  most: number,
  radix: number,
): number {
  let value = 0;
  let digits = 0;
  for (; digits < most; digits++) {
    const digit = digitAt(text, at + skipped + digits);
    if (digit >= radix) break;
    value = value * radix + digit;
  }
  if (digits < least) return 0;
  read = value > 0x10ffff ? BREAK : value;
  return skipped + digits;
}

/** A byte written in `digits` digits after `skipped` characters; or the bytes of a character in UTF-8, all written so. */
function character(text: string, at: number, skipped: number, digits: number, radix: number): number {
  const width = number(text, at, skipped, digits, digits, radix);
  if (width === 0 || read > 255) return 0;
  const first = read;
  if (first < 0xc2 || first > 0xf4) return width;
  const bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  let code = first & (0x7f >> bytes);
  for (let i = 1; i < bytes; i++) {
    const next = at + i * width;
    const isSame = text.charCodeAt(next) === text.charCodeAt(at);
    if (!isSame || number(text, next, skipped, digits, digits, radix) === 0 || (read & ~0x3f) !== 0x80) {
      // Latin-1.
      read = first;
      return width;
    }
    code = code * 64 + (read & 0x3f);
  }
  read = code > 0x10ffff ? BREAK : code;
  return bytes * width;
}

function isLetter(text: string, at: number, letter: 'u' | 'x'): boolean {
  return (text.charCodeAt(at) | 0x20) === letter.charCodeAt(0);
}

/** 0 to 15, 99 for no digit. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : 99;
}
