import { writtenAt, type Layer, type Span } from './layer.ts';

/** Where secrets are in a layer of a text. All of them are looked for at once: a log line is searched for every secret there is. */

/** A shorter one would be found in texts that have nothing to do with it. */
const MIN_LENGTH = 6;
/** Part of a secret between its punctuation, which some programs write in ways of their own, or cut off. */
const PART = /[A-Za-z0-9]{8,}/g;
/** Needles are found by their first four characters, four bits apart. */
const KEY_LENGTH = 4;
const KEYS = 65_536;

/** What is looked for, folded. */
interface Needle {
  readonly folded: Uint16Array;
  /** As it is written: for a secret that is a word, which other cases of it are not. */
  readonly written: readonly number[] | null;
  /** At the edges of base64 stands what is of the secret too, and of its neighbours. */
  readonly isBase64: boolean;
}

export interface SecretFinder {
  readonly find: (layer: Layer) => readonly Span[];
  /** Nothing is found in a text of fewer characters. */
  readonly shortest: number;
}

/** Null when there is nothing to look for. */
export function finderOf(secrets: readonly string[]): SecretFinder | null {
  const known = [...new Set(secrets)].filter(({ length }) => length >= MIN_LENGTH);
  const needles = known.flatMap(needlesOf);
  // Of spaces and signs, folded away: one like this is looked for as it is.
  const signs = known.filter((secret) => needleOf(secret, true, false).folded.length < MIN_LENGTH);
  if (known.length === 0) return null;
  const shortest = Math.min(
    ...needles.map(({ folded }) => folded.length),
    ...signs.map(({ length }) => length),
  );
  const { find } = new Finder(needles);
  if (signs.length === 0) return { find, shortest };
  return {
    find: (layer) => [...find(layer), ...signs.flatMap((secret) => placesOf(secret, layer))],
    shortest,
  };
}

function placesOf(secret: string, layer: Layer): Span[] {
  const spans: Span[] = [];
  for (let at = layer.text.indexOf(secret); at >= 0; at = layer.text.indexOf(secret, at + 1)) {
    spans.push(writtenAt(layer, at, at + secret.length));
  }
  return spans;
}

const NONE: readonly Span[] = [];

class Finder {
  readonly #byKey = new Map<number, Needle[]>();
  /** A bit for each key: a log line has hundreds of places, and next to none where a needle could begin. */
  readonly #begins = new Uint32Array(KEYS / 32);

  constructor(needles: Needle[]) {
    // One secret may be the beginning of another: the longest is found first.
    for (const needle of needles.sort((a, b) => b.folded.length - a.folded.length)) {
      const key = needle.folded.subarray(0, KEY_LENGTH).reduce(nextKey, 0);
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), needle]);
      this.#begins[key >> 5] = (this.#begins[key >> 5] ?? 0) | (1 << (key & 31));
    }
  }

  readonly find = (layer: Layer): readonly Span[] => {
    const { text } = layer;
    let spans: Span[] | null = null;
    let key = 0;
    let count = 0;
    for (let at = 0; at < text.length; at++) {
      const code = FOLDED[text.charCodeAt(at)] ?? LEFT_OUT;
      if (code === LEFT_OUT) continue;
      key = nextKey(key, code);
      count++;
      if (((this.#begins[key >> 5] ?? 0) & (1 << (key & 31))) === 0 || count < KEY_LENGTH) continue;
      const span = this.#spanOf(key, text, at);
      if (span !== null) (spans ??= []).push(writtenAt(layer, span.from, span.to));
    }
    return spans ?? NONE;
  };

  /** The key's last character stands at `last`. */
  #spanOf(key: number, text: string, last: number): Span | null {
    const needles = this.#byKey.get(key);
    if (needles === undefined) return null;
    let from = last;
    for (let n = 1; n < KEY_LENGTH; n++) {
      do from--;
      while (FOLDED[text.charCodeAt(from)] === LEFT_OUT);
    }
    for (const needle of needles) {
      const to = endOf(needle, text, from);
      if (to > 0) return needle.isBase64 ? withEdges(text, from, to) : { from, to };
    }
    return null;
  }
}

/** Behind the needle, when it stands at `from`; 0 when it does not. */
function endOf({ folded, written }: Needle, text: string, from: number): number {
  let n = 0;
  let at = from;
  for (; n < folded.length; at++) {
    if (at >= text.length) return 0;
    const code = text.charCodeAt(at);
    const plain = FOLDED[code] ?? LEFT_OUT;
    if (plain === LEFT_OUT) continue;
    if (plain !== folded[n] || (written !== null && code !== written[n])) return 0;
    n++;
  }
  return at;
}

function nextKey(key: number, code: number): number {
  return ((key << 4) ^ code) & (KEYS - 1);
}

/** Secrets are few, and asked for at every call; signatures come once. */
const MOST_KNOWN = 256;
const needlesBySecret = new Map<string, Needle[]>();

function needlesOf(secret: string): Needle[] {
  let needles = needlesBySecret.get(secret);
  if (needles === undefined) {
    needles = formsOf(secret);
    if (needlesBySecret.size >= MOST_KNOWN) needlesBySecret.clear();
    needlesBySecret.set(secret, needles);
  }
  return needles;
}

function formsOf(secret: string): Needle[] {
  // In the base64 of a longer text there are three ways in which a secret may stand; its edges are others' as well.
  const base64 = ['', '-', '--'].map((before) => {
    const text = Buffer.from(before + secret, 'utf8').toString('base64');
    return text.slice(before === '' ? 0 : 4, -4);
  });
  return [
    needleOf(secret, isNoWord(secret), false),
    ...(secret.match(PART) ?? []).filter(isNoWord).map((part) => needleOf(part, true, false)),
    ...base64.filter(({ length }) => length >= MIN_LENGTH).map((text) => needleOf(text, false, true)),
  ].filter(({ folded }) => folded.length >= MIN_LENGTH);
}

function needleOf(text: string, anyCase: boolean, isBase64: boolean): Needle {
  const written = codesOf(text).filter((code) => FOLDED[code] !== LEFT_OUT);
  return {
    folded: Uint16Array.from(written, (code) => FOLDED[code] ?? LEFT_OUT),
    written: anyCase ? null : written,
    isBase64,
  };
}

/** "password" in a secret is also the name of a field, which has to be found in the reply. */
function isNoWord(part: string): boolean {
  return /[A-Z0-9]/.test(part.slice(1)) && /[a-z]/i.test(part);
}

/** Base64 goes on for less than a group on either side of what is known of it. */
function withEdges(text: string, from: number, to: number): Span {
  const before = /[A-Za-z0-9+/_-]{0,4}$/.exec(text.slice(Math.max(0, from - 4), from));
  const behind = /^[A-Za-z0-9+/_-]{0,4}={0,2}/.exec(text.slice(to, to + 6));
  return { from: from - (before?.[0].length ?? 0), to: to + (behind?.[0].length ?? 0) };
}

/** No character of a folded text. */
const LEFT_OUT = 0xffff;
/**
 * What each character is without what programs put in and leave out: case, spaces and line ends, backslashes, what is not
 * seen, and what base64 and its URL-safe sister write in two ways.
 */
const FOLDED = foldingTable();

function foldingTable(): Uint16Array {
  const table = new Uint16Array(65_536);
  const leftOut = /[\s\p{Cc}\p{DI}+\\-]/u;
  for (let code = 0; code < table.length; code++) {
    table[code] = leftOut.test(String.fromCharCode(code)) ? LEFT_OUT : code;
  }
  for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')
    table[letter.charCodeAt(0)] = letter.toLowerCase().charCodeAt(0);
  table['_'.charCodeAt(0)] = '/'.charCodeAt(0);
  return table;
}

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}
