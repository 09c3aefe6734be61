import { writtenAt, type Layer, type Span } from './layer.ts';
import { layersOf } from './layers.ts';

/** Whole words in a text, in any case and in any layer of it: a name or a login of four letters is part of many other words. */

const INSIDE = String.raw`[\p{L}\p{N}\p{M}]`;
const INSIDE_ONE = new RegExp(INSIDE, 'u');
/** `anna` is not in `anna.k`, who is somebody else, nor `101` in `10.0.0.101`. */
const JOINED = '[._-]';
/** What programs and people put between the words of a name. */
const BETWEEN_NAMES = String.raw`[\s\p{Z}\p{Cc}\p{Cf}+,._-]{0,4}`;
/** What people put between the digits of a number. */
const BETWEEN_DIGITS = String.raw`[\s\p{Pd}().]{0,2}`;
const NAMES = /[\p{L}\p{N}\p{M}'’]+/gu;
const HIDDEN = '***';

/** A login or an extension. */
export function loginPattern(login: string): RegExp {
  return pattern(
    formsOf(login),
    `(?<!${INSIDE}|${INSIDE}${JOINED})`,
    `(?!${INSIDE}|${JOINED}${INSIDE})`,
    login,
  );
}

/** Digits, together or in groups. */
export function digitsPattern(digits: string): RegExp {
  return pattern(
    digits.split('').join(BETWEEN_DIGITS),
    `(?<!${INSIDE}|${INSIDE}${JOINED})`,
    `(?!${INSIDE}|${JOINED}${INSIDE})`,
    digits,
  );
}

/** CRMs say the surname first; of more words there are too many orders. */
const MOST_TURNED = 4;

/** Somebody's name, its words in any order, in addresses of mail too; null where it has neither a letter nor a digit. */
export function namePattern(name: string): RegExp | null {
  const words = name.match(NAMES) ?? [];
  if (!INSIDE_ONE.test(name)) return null;
  const orders = words.length > MOST_TURNED ? [words] : ordersOf(words);
  const source = orders.map((order) => order.map(formsOf).join(BETWEEN_NAMES)).join('|');
  return pattern(`(?:${source})`, `(?<!${INSIDE})`, `(?!${INSIDE})`, name);
}

function ordersOf(words: readonly string[]): string[][] {
  if (words.length < 2) return [[...words]];
  return words.flatMap((word, at) => ordersOf(words.toSpliced(at, 1)).map((rest) => [word, ...rest]));
}

/** Letters with their marks, as one character or as two. */
function formsOf(word: string): string {
  const forms = [word, word.normalize('NFC'), word.normalize('NFD')].map(escaped);
  return `(?:${[...new Set(forms)].join('|')})`;
}

/** What begins with a sign, as a feature code does, has no edge there. */
function pattern(source: string, before: string, behind: string, word: string): RegExp {
  const begins = new RegExp(`^${INSIDE}`, 'u').test(word) ? before : '';
  const ends = new RegExp(`${INSIDE}$`, 'u').test(word) ? behind : '';
  return new RegExp(begins + source + ends, 'giu');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** The text with what matches taken out wherever it was written. */
export function withoutWords(text: string, patterns: readonly RegExp[]): string {
  const layers = layersOf(text);
  // More than anybody reads: nobody knows what is in them.
  if (layers === null) return HIDDEN;
  const spans = layers
    .flatMap((layer) => patterns.flatMap((one) => spansOf(layer, one)))
    .sort((a, b) => a.from - b.from);
  let shown = '';
  let end = 0;
  for (const { from, to } of spans) {
    if (from >= end) shown += text.slice(end, from) + HIDDEN;
    end = Math.max(end, to);
  }
  return shown + text.slice(end);
}

function spansOf(layer: Layer, one: RegExp): Span[] {
  return [...layer.text.matchAll(one)].map(({ 0: word, index }) =>
    writtenAt(layer, index, index + word.length),
  );
}
