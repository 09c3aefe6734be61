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
}

const BASE64: Coding = { name: 'base64', characters: 4, bytes: 3, least: 3, read: readBase64 };
const HEX: Coding = { name: 'hex', characters: 2, bytes: 1, least: 6, read: readHex };

/** Read last. */
const group = new Uint8Array(3);

/** Null when nothing does. */
export function decodedRuns(layer: Layer): Layer | null {
  const { text } = layer;
  let found: Piece[] | null = null;
  let run = 0;
  let hexRun = 0;
  let digits = 0;
  // By hand: with regular expressions a log line takes ten times as long.
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0;
    const isHex = NIBBLES[code] !== NO_VALUE && code < 128;
    const isRun = SEXTETS[code] !== NO_VALUE && code < 128;
    if (!isHex && hexRun >= MIN_HEX) textsIn(layer, at - hexRun, at, HEX, (found ??= []));
    if (!isRun && run >= MIN_BASE64 && run > digits) textsIn(layer, at - run, at, BASE64, (found ??= []));
    hexRun = isHex ? hexRun + 1 : 0;
    run = isRun ? run + 1 : 0;
    digits = code >= 48 && code <= 57 ? digits + 1 : 0;
  }
  if (found === null || found.length === 0) return null;
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

/** As it is here it is in the text itself, of which all runs are read. */
function wasSeen({ written }: Layer, at: number, length: number): boolean {
  return written !== null && (written.to[at + length - 1] ?? 0) - (written.from[at] ?? 0) === length;
}

/** Groups in a row that are text, from each of the places at which groups can begin. */
function textsIn(layer: Layer, from: number, end: number, coding: Coding, found: Piece[]): void {
  if (wasSeen(layer, from, end - from)) return;
  const { text } = layer;
  const { characters, least, read } = coding;
  for (let phase = 0; phase < characters; phase++) {
    let begin = from + phase;
    let expected = 0;
    for (let at = begin; ; at += characters) {
      const count = at < end ? read(text, at) : 0;
      let good = 0;
      for (; good < count; good++) {
        expected = nextExpected(expected, group[good] ?? 0);
        if (expected < 0) break;
      }
      if (count > 0 && good === count) continue;
      // The last group may be a short one, with what is not part of it after it.
      const to = Math.min(end, good === 0 ? at : at + good + 1);
      if (at - begin >= least * characters) found.push({ from: begin, to, coding });
      if (at >= end) break;
      begin = at + characters;
      expected = 0;
    }
  }
}

/** Bytes of a character in UTF-8 that are still to come; below zero where no text goes on so. */
function nextExpected(expected: number, byte: number): number {
  if (expected > 0) return byte >= 0x80 && byte < 0xc0 ? expected - 1 : -1;
  if (byte < 0x80) return byte >= 0x20 || byte === 9 || byte === 10 || byte === 13 ? 0 : -1;
  return byte < 0xc2 || byte > 0xf4 ? -1 : byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
}

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

function readHex(text: string, at: number): number {
  const high = NIBBLES[text.charCodeAt(at)] ?? NO_VALUE;
  const low = NIBBLES[text.charCodeAt(at + 1)] ?? NO_VALUE;
  group[0] = high * 16 + low;
  return high < 16 && low < 16 ? 1 : 0;
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
