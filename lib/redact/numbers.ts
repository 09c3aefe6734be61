import { writtenAt, type Layer, type Span } from './layer.ts';

/** Telephone numbers as people, switches and CRMs write them. An extension has fewer than seven digits, a subscriber's number has not. */

/** Digits of any script, in circles and brackets too: names of callers may hold them. */
const DIGIT = String.raw`[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea]`;
/** What people put between the groups of a number, and what is not seen. What divides lists, addresses and pairs is not among it. */
const BETWEEN = String.raw`[\s\p{Z}\p{Pd}\p{Cc}\p{Cf}\p{M}\p{DI}\u2212().\[\]/+'’*_,~·•]`;
const NUMBER = new RegExp(String.raw`\+?${DIGIT}(?:${BETWEEN}{0,4}${DIGIT}){6,}`, 'gu');
/** The same where a text is ASCII, at a third of the time. */
const ASCII_NUMBER = /\+?\d(?:[\s\x00-\x1f\x7f\-().[\]/+'*_,~]{0,4}\d){6,}/g;
const ASCII = /^[\x00-\x7f]*$/;
const MAY_HOLD = /\d(?:[^A-Za-z\d]{0,4}\d){6}|[^\x00-\x7f]/;
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ADDRESS = `${OCTET}(?:\\.${OCTET}){3}(?:/\\d{1,2})?`;
/** `10.0.0.1, 10.0.0.2` */
const ADDRESSES = new RegExp(`^${ADDRESS}(?:,? ${ADDRESS})*$`);

export interface NumberSpan extends Span {
  /** Its digits, 0 to 9. */
  readonly digits: string;
}

/** Where numbers are in a layer. An address of IPv4 is none, unless one of its groups is above 255. */
export function numbersIn(layer: Layer): NumberSpan[] {
  const { text } = layer;
  if (text.length < 7 || !MAY_HOLD.test(text)) return [];
  const spans: NumberSpan[] = [];
  for (const { 0: number, index } of text.matchAll(ASCII.test(text) ? ASCII_NUMBER : NUMBER)) {
    if (ADDRESSES.test(number)) continue;
    spans.push({ ...writtenAt(layer, index, index + number.length), digits: asciiDigits(number) });
  }
  return spans;
}

/** Digits that stand together, 0 to 9, and what stands between them and those before. */
export interface DigitGroup {
  readonly before: string;
  readonly digits: string;
}

const GROUP = new RegExp(`(${DIGIT}+)`, 'u');

/** What may be a number, or several side by side, as the groups of its digits. */
export function digitGroupsIn({ text }: Layer): DigitGroup[][] {
  return [...text.matchAll(ASCII.test(text) ? ASCII_NUMBER : NUMBER)].flatMap(({ 0: run }) => {
    if (ADDRESSES.test(run)) return [];
    const pieces = run.split(GROUP);
    const groups: DigitGroup[] = [];
    for (let at = 1; at < pieces.length; at += 2)
      groups.push({ before: pieces[at - 1] ?? '', digits: asciiDigits(pieces[at] ?? '') });
    return [groups];
  });
}

/** The numbers in a layer by their digits alone, 0 to 9. */
export function digitsIn({ text }: Layer): string[] {
  return [...text.matchAll(NUMBER)].map(({ 0: number }) => asciiDigits(number));
}

/** Digits of any script as 0 to 9, and nothing else. */
export function asciiDigits(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\P{Nd}+/gu, '')
    .replace(/[^0-9]/gu, asciiDigit);
}

/** Digits are in rows of ten. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--;
  return String((code - zero) % 10);
}
