import { BREAK, Decoding, type Layer, type Span } from './layer.ts';

/** What is in base64 and in hexadecimal digits, wherever in a run of letters and digits it begins. */

/** Shorter ones hold nothing that is looked for; twelve digits are a telephone number. */
const MIN_BASE64 = 12;
const MIN_HEX = 16;

/** How bytes are written: so many characters for so many of them. */
interface Coding {
  readonly name: 'base64' | 'hex';
  readonly characters: number;
  readonly bytes: number;
  /** Groups in a row that are text, from which on it is not an accident. */
  readonly least: number;
  /** The bytes of the group at `at` are put into `group`; how many they are, 0 for no group. */
  readonly read: (text: string, at: number) => number;
  /** Of the groups from `at` on, the next one whose first byte may begin a text: in a word or an id few do. */
  readonly seek: (text: string, at: number, end: number) => number;
}

const BASE64: Coding = {
  name: 'base64',
  characters: 4,
  bytes: 3,
  least: 3,
  read: readBase64,
  seek: seekBase64,
};
const HEX: Coding = { name: 'hex', characters: 2, bytes: 1, least: 6, read: readHex, seek: seekHex };

/** Read last. */
const group = new Uint8Array(3);

/** Null when nothing does. */
export function decodedRuns(layer: Layer): Layer | null {
  const { text } = layer;
  const found: Piece[] = [];
  // By hand: with regular expressions a log line takes ten times as long.
  for (let from = 0; from + MIN_BASE64 <= text.length;) {
    // From behind: of most texts one character in twelve is looked at.
    let begin = from + MIN_BASE64;
    while (begin > from && isSextet(text.charCodeAt(begin - 1))) begin--;
    let end = begin;
    if (begin === from) {
      end = from + MIN_BASE64;
      while (end < text.length && isSextet(text.charCodeAt(end))) end++;
      textsInRun(layer, from, end, found);
    }
    from = end;
  }
  if (found.length === 0) return null;
  const decoding = new Decoding(layer);
  for (const { from, to, coding } of found) {
    decoding.add(BREAK, from, to);
    const { name, characters, bytes } = coding;
    decoding.addBytes(Buffer.from(text.slice(from, to), name), from, to, characters / bytes);
  }
  return decoding.layer();
}

interface Piece extends Span {
  readonly coding: Coding;
}

/** Of a run of letters and digits; hexadecimal ones are in a run too. */
function textsInRun(layer: Layer, from: number, end: number, found: Piece[]): void {
  const { text } = layer;
  let hexRun = 0;
  let digits = 0;
  for (let at = from; at <= end; at++) {
    const code = at < end ? text.charCodeAt(at) : 0;
    const isHex = code < 128 && NIBBLES[code] !== NO_VALUE;
    if (!isHex && hexRun >= MIN_HEX) textsIn(layer, at - hexRun, at, HEX, found);
    hexRun = isHex ? hexRun + 1 : 0;
    if (code >= 48 && code <= 57) digits++;
  }
  if (digits < end - from) textsIn(layer, from, end, BASE64, found);
}

function isSextet(code: number): boolean {
  return code < 128 && SEXTETS[code] !== NO_VALUE;
}

/** As it is here it is in the text itself, of which all runs are read. */
function wasSeen({ written }: Layer, at: number, length: number): boolean {
  return written !== null && (written.to[at + length - 1] ?? 0) - (written.from[at] ?? 0) === length;
}

/** Groups in a row that are text, from each of the places at which groups can begin. */
function textsIn(layer: Layer, from: number, end: number, coding: Coding, found: Piece[]): void {
  if (wasSeen(layer, from, end - from)) return;
  const { text } = layer;
  const { characters, least, seek, read } = coding;
  /** Behind it no text is long enough. */
  const last = end - (least - 1) * characters;
  for (let phase = 0; phase < characters; phase++) {
    for (let at = seek(text, from + phase, last); at < last; at = seek(text, at + characters, last)) {
      const begin = at;
      let expected = 0;
      let good = 0;
      for (; ; at += characters) {
        const count = at < end ? read(text, at) : 0;
        for (good = 0; good < count; good++) {
          expected = nextExpected(expected, group[good] ?? 0);
          if (expected < 0) break;
        }
        if (count === 0 || good < count) break;
      }
      // The last group may be a short one, with what is not part of it after it.
      const to = Math.min(end, good === 0 ? at : at + good + 1);
      if (at - begin >= least * characters) found.push({ from: begin, to, coding });
    }
  }
}

/** Bytes of a character in UTF-8 that are still to come; below zero where no text goes on so. */
function nextExpected(expected: number, byte: number): number {
  if (expected > 0) return byte >= 0x80 && byte < 0xc0 ? expected - 1 : -1;
  if (byte < 0x80) return byte >= 0x20 || byte === 9 || byte === 10 || byte === 13 ? 0 : -1;
  return byte < 0xc2 || byte > 0xf4 ? -1 : byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
}

/** 1 for each byte that begins a character of a text. */
const BEGINS_TEXT = Uint8Array.from({ length: 256 }, (_, byte) => (nextExpected(0, byte) < 0 ? 0 : 1));

const NO_VALUE = 255;
const SEXTETS = valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_');
const NIBBLES = valuesOf('0123456789abcdef', 'ABCDEF');
function readBase64(text: string, at: number): number {
  const a = SEXTETS[text.charCodeAt(at)] ?? NO_VALUE;
  const b = SEXTETS[text.charCodeAt(at + 1)] ?? NO_VALUE;
  if (a > 63 || b > 63) return 0;
  const c = SEXTETS[text.charCodeAt(at + 2)] ?? NO_VALUE;
  const d = SEXTETS[text.charCodeAt(at + 3)] ?? NO_VALUE;
  group[0] = (a << 2) | (b >> 4);
  group[1] = ((b & 15) << 4) | (c >> 2);
  group[2] = ((c & 3) << 6) | d;
  // The last group may be short.
  return c > 63 ? 1 : d > 63 ? 2 : 3;
}

function seekBase64(text: string, at: number, end: number): number {
  let place = at;
  for (; place < end; place += 4) {
    const a = SEXTETS[text.charCodeAt(place)] ?? NO_VALUE;
    const b = SEXTETS[text.charCodeAt(place + 1)] ?? NO_VALUE;
    if (BEGINS_TEXT[((a << 2) | (b >> 4)) & 255] === 1) break;
  }
  return place;
}

function readHex(text: string, at: number): number {
  const high = NIBBLES[text.charCodeAt(at)] ?? NO_VALUE;
  const low = NIBBLES[text.charCodeAt(at + 1)] ?? NO_VALUE;
  group[0] = high * 16 + low;
  return high < 16 && low < 16 ? 1 : 0;
}

function seekHex(text: string, at: number, end: number): number {
  let place = at;
  for (; place < end; place += 2) {
    const high = NIBBLES[text.charCodeAt(place)] ?? NO_VALUE;
    const low = NIBBLES[text.charCodeAt(place + 1)] ?? NO_VALUE;
    if (BEGINS_TEXT[(high * 16 + low) & 255] === 1) break;
  }
  return place;
}

/** Characters in the order of their values, and others that stand for the last of them. */
function valuesOf(characters: string, others: string): Uint8Array {
  const values = new Uint8Array(128).fill(NO_VALUE);
  for (const alphabet of [characters, others]) {
    const first = characters.length - alphabet.length;
    for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = first + i;
  }
  return values;
}
