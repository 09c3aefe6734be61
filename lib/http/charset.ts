import { isAscii, isUtf8 } from 'node:buffer';

/** A body as text. */
export interface Text {
  /** Without a byte-order mark. */
  readonly text: string;
  /** Anything out of the ordinary, in words. */
  readonly notes: readonly string[];
}

const MARKS = [
  { encoding: 'utf-8', bytes: Buffer.of(0xef, 0xbb, 0xbf) },
  { encoding: 'utf-16be', bytes: Buffer.of(0xfe, 0xff) },
  { encoding: 'utf-16le', bytes: Buffer.of(0xff, 0xfe) },
] as const;

/** 0x80 to 0x9F by the Encoding Standard. Five of them stay control characters. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

const LABEL_CHARACTERS = 40;

/**
 * Pure and total: bytes as a byte-order mark says (the Encoding Standard, "decode": it goes before everything), else as
 * the charset of `contentType` says, else as UTF-8; and what is not UTF-8 then, as windows-1252.
 */
export function decodeText(bytes: Buffer, contentType: string): Text {
  const label = labelIn(contentType);
  const notes: string[] = [];
  let encoding = label === null ? null : encodingOf(label);
  if (label !== null && encoding === null) notes.push(`the charset ${label} is not known and is ignored`);
  const mark = MARKS.find((candidate) => bytes.subarray(0, candidate.bytes.length).equals(candidate.bytes));
  if (mark !== undefined) {
    if (label !== null && encoding !== null && !agree(label, encoding, mark.encoding)) {
      notes.push(
        `the charset is ${label}, the byte-order mark says ${mark.encoding}: read as ${mark.encoding}`,
      );
    }
    return read(bytes.subarray(mark.bytes.length), mark.encoding, 'its byte-order mark', notes);
  }
  if (encoding === null) return readUtf8(bytes, '', notes);
  // RFC 2781, 3.3: "utf-16" leaves the order open. Text that we can use begins with a character below U+0100.
  if (label !== 'utf-16le' && encoding === 'utf-16le' && bytes[0] === 0) encoding = 'utf-16be';
  return read(bytes, encoding, 'its charset', notes);
}

type Source = 'its charset' | 'its byte-order mark';

/** `source` is what named the encoding. */
function read(bytes: Buffer, encoding: string, source: Source, notes: string[]): Text {
  if (encoding === 'utf-8') return readUtf8(bytes, `, as ${source} says`, notes);
  const utf16 = encoding.startsWith('utf-16');
  // A mark proves itself. UTF-16 has bytes below 0x20 in each digit, Latin or Cyrillic letter and sign of JSON.
  const fitsUtf8 = source === 'its charset' && isUtf8(bytes) && !bytes.some(isControl);
  const text = utf16 && fitsUtf8 ? null : decoded(bytes, encoding, true);
  if (text !== null) {
    // Servers add their default charset to what an application wrote as UTF-8.
    if (fitsUtf8 && !isAscii(bytes)) {
      notes.push(`read as ${encoding}, as ${source} says; it would be valid UTF-8 as well`);
    }
    return { text, notes };
  }
  const not = `the reply is not valid ${encoding}, as ${source} says`;
  notes.push(fitsUtf8 ? `${not}: read as UTF-8` : `${not}: what could not be read is U+FFFD`);
  return { text: fitsUtf8 ? bytes.toString('utf8') : (decoded(bytes, encoding, false) ?? ''), notes };
}

function readUtf8(bytes: Buffer, asPromised: string, notes: string[]): Text {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), notes };
  notes.push(`the reply is not valid UTF-8${asPromised}: read as windows-1252`);
  return { text: windows1252(bytes), notes };
}

/** But tab, line feed and carriage return. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d;
}

/** Null when the bytes are not valid in the encoding. */
function decoded(bytes: Buffer, encoding: string, fatal: boolean): string | null {
  if (encoding === 'windows-1252') return windows1252(bytes);
  try {
    return new TextDecoder(encoding, { fatal }).decode(bytes);
  } catch {
    return null;
  }
}

/** TextDecoder of Node 20.18.3 to 24 leaves 0x80 to 0x9F as they are: https://github.com/nodejs/node/issues/56542. */
function windows1252(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character);
}

/**
 * The name that the Encoding Standard has for a label: `latin1` is windows-1252. Null when it has none. Node 24 also knows
 * x-user-defined, 20 and 22 do not: it is for binary data, and would leave no letter beyond ASCII readable.
 */
function encodingOf(label: string): string | null {
  try {
    const { encoding } = new TextDecoder(label);
    return encoding === 'x-user-defined' ? null : encoding;
  } catch {
    return null;
  }
}

/** Whether a mark says no other than the charset: "utf-16" leaves the order of bytes to it. */
function agree(label: string, encoding: string, marked: string): boolean {
  if (encoding === marked) return true;
  return encoding === 'utf-16le' && label !== 'utf-16le' && marked === 'utf-16be';
}

/** `text/html; charset="Windows-1251"` -> `windows-1251`, printable and cut; null when there is none. */
function labelIn(contentType: string): string | null {
  const found = /(?:^|[;,\s])charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))/i.exec(contentType);
  const label = (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim().toLowerCase();
  if (label === '') return null;
  return label.slice(0, LABEL_CHARACTERS).replace(/[^\x20-\x7e]/g, '?');
}
