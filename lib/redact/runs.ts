import { BREAK, Decoding, type Layer, type Span } from './layer.ts';

/** What stands in base64 and in hexadecimal digits, wherever in a run of letters and digits it begins. */

/** Shorter ones hold nothing that is looked for. */
const MIN_RUN = 12;

/** How bytes are written: so many characters for so many of them. */
interface Coding {
  readonly name: 'base64' | 'hex';
  readonly characters: number;
  readonly bytes: number;
  /** Groups in a row that are text, from which on it is no accident. */
  readonly least: number;
  readonly isText: (text: string, at: number) => boolean;
}

const BASE64: Coding = { name: 'base64', characters: 4, bytes: 3, least: 3, isText: isBase64Text };
const HEX: Coding = { name: 'hex', characters: 2, bytes: 1, least: 6, isText: isHexText };

/** Null when nothing does. */
export function decodedRuns(layer: Layer): Layer | null {
  const { text } = layer;
  let found: Piece[] | null = null;
  let run = 0;
  let hexRun = 0;
  // By hand: with regular expressions a log line takes ten times as long.
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0;
    const isHex = NIBBLES[code] !== NO_VALUE && code < 128;
    const isRun = SEXTETS[code] !== NO_VALUE && code < 128;
    if (!isHex && hexRun >= MIN_RUN) textsIn(layer, at - hexRun, at, HEX, (found ??= []));
    if (!isRun && run >= MIN_RUN) textsIn(layer, at - run, at, BASE64, (found ??= []));
    hexRun = isHex ? hexRun + 1 : 0;
    run = isRun ? run + 1 : 0;
  }
  if (found === null || found.length === 0) return null;
  const decoding = new Decoding(layer);
  for (const { from, to, coding } of found) {
    decoding.add(BREAK, from, to);
    const { name, characters, bytes } = coding;
    const decoded = Buffer.from(text.slice(from, to), name);
    for (let i = 0; i < decoded.length; i++) {
      const at = from + Math.floor((i * characters) / bytes);
      decoding.add(decoded[i] ?? 0, at, Math.min(to, at + Math.ceil(characters / bytes)));
    }
  }
  return decoding.layer();
}

interface Piece extends Span {
  readonly coding: Coding;
}

/** As it stands here it stands in the text itself, of which all runs are read. */
function wasSeen({ written }: Layer, at: number, length: number): boolean {
  return written !== null && (written.to[at + length - 1] ?? 0) - (written.from[at] ?? 0) === length;
}

/** Groups in a row that are text, from each of the places at which groups can begin. */
function textsIn(layer: Layer, from: number, end: number, coding: Coding, found: Piece[]): void {
  if (wasSeen(layer, from, end - from)) return;
  const { text } = layer;
  const { characters, least, isText } = coding;
  for (let phase = 0; phase < characters; phase++) {
    let begin = from + phase;
    for (let at = begin; ; at += characters) {
      if (at < end && isText(text, at)) continue;
      if (at - begin >= least * characters) found.push({ from: begin, to: Math.min(at, end), coding });
      if (at >= end) break;
      begin = at + characters;
    }
  }
}

const NO_VALUE = 255;
const SEXTETS = valuesOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_');
const NIBBLES = valuesOf('0123456789abcdef', 'ABCDEF');
/** Bytes that are a text's. Of letters beyond ASCII there are none: what is looked for has ASCII in it. */
const TEXT = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/[\t\n\r -~]/.test(String.fromCharCode(byte))),
);

function isBase64Text(text: string, at: number): boolean {
  const a = SEXTETS[text.charCodeAt(at)] ?? NO_VALUE;
  const b = SEXTETS[text.charCodeAt(at + 1)] ?? NO_VALUE;
  if (a > 63 || b > 63 || TEXT[(a << 2) | (b >> 4)] !== 1) return false;
  const c = SEXTETS[text.charCodeAt(at + 2)] ?? NO_VALUE;
  // The last group may be short.
  if (c > 63) return true;
  if (TEXT[((b & 15) << 4) | (c >> 2)] !== 1) return false;
  const d = SEXTETS[text.charCodeAt(at + 3)] ?? NO_VALUE;
  return d > 63 || TEXT[((c & 3) << 6) | d] === 1;
}

function isHexText(text: string, at: number): boolean {
  const high = NIBBLES[text.charCodeAt(at)] ?? NO_VALUE;
  const low = NIBBLES[text.charCodeAt(at + 1)] ?? NO_VALUE;
  return high < 16 && low < 16 && TEXT[high * 16 + low] === 1;
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
