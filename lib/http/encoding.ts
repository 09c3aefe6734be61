import zlib from 'node:zlib';
import { messageOf, RouterError } from '../errors.ts';

/** What we can decode, as Accept-Encoding says it. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/**
 * Codings that there are (IANA's registry, and what servers used before it) and that are not undone here. Any other
 * word that is in their place is not a coding: applications write the charset there, or `none`.
 */
const FOREIGN = new Set([
  ...['zstd', 'compress', 'x-compress', 'exi', 'pack200-gzip', 'aes128gcm', 'dcb', 'dcz'],
  ...['sdch', 'bzip2', 'x-bzip2', 'xz', 'x-xz', 'lzma', 'x-lzma', 'lz4', 'snappy', 'x-snappy'],
]);

/** One is what servers send, two come of a proxy that compresses again. Each takes up to a millisecond. */
const MAX_CODINGS = 3;

export interface DecodedBody {
  readonly bytes: Buffer;
  /** Anything out of the ordinary, in words. */
  readonly notes: readonly string[];
}

/**
 * A body without its content codings, from the one that was applied last to the first (RFC 9110, 8.4). Its bytes are
 * whole and already at most `maxBytes` many. Throws RouterError `body_too_large` as soon as it grows beyond that,
 * `http_malformed` when it can't be decoded.
 *
 * Synchronous: at most 64 KiB come out, in less than a millisecond, and the thread pool of the asynchronous calls
 * is the one that a hung getaddrinfo blocks. axios' own decoder takes a body that was cut off for a whole one.
 */
export function decodeBody(bytes: Buffer, contentEncoding: string, maxBytes: number): DecodedBody {
  const notes: string[] = [];
  if (bytes.length === 0 || contentEncoding === '') return { bytes, notes };
  const codings: string[] = [];
  for (const word of contentEncoding.split(',')) {
    // A coding has no parameters; that of `gzip;q=1.0` was copied from Accept-Encoding.
    const name = (word.split(';')[0] ?? '').replaceAll('"', '').trim().toLowerCase();
    if (name === '' || name === 'identity') continue;
    if (FOREIGN.has(name)) {
      throw new RouterError(
        'http_malformed',
        `the content encoding ${name} was not offered and cannot be decoded`,
      );
    }
    if (decoderOf(name, bytes) !== null) codings.push(name);
    else if (notes.length === 0) notes.push(`Content-Encoding names no coding, ${shown(name)}: ignored`);
  }
  if (codings.length > MAX_CODINGS) {
    const many = `${codings.length} content encodings, at most ${MAX_CODINGS} are decoded`;
    throw new RouterError('http_malformed', many);
  }
  return { bytes: codings.reduceRight((body, coding) => undo(coding, body, maxBytes, notes), bytes), notes };
}

function undo(coding: string, bytes: Buffer, maxBytes: number, notes: string[]): Buffer {
  // Two that both name it (application and proxy), or one that names it and does not do it. No text begins so.
  if (coding.endsWith('gzip') && !(bytes[0] === 0x1f && bytes[1] === 0x8b)) {
    notes.push(`Content-Encoding says ${coding}, and the body is not compressed so: read as it is`);
    return bytes;
  }
  let left: Buffer;
  let body: Buffer;
  try {
    const decoded = decoderOf(coding, bytes)?.(bytes, { maxOutputLength: maxBytes, info: true });
    if (decoded === undefined) return bytes;
    left = bytes.subarray(decoded.engine.bytesWritten);
    body = decoded.buffer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new RouterError('body_too_large', `more than ${maxBytes} bytes after decompression`);
    }
    throw new RouterError('http_malformed', `the body is not complete ${coding}: ${messageOf(error)}`);
  }
  // As after a Content-Length that is too small. Zeros are padding, which gzip(1) and Node take as well.
  if (left.some((byte) => byte !== 0)) {
    throw new RouterError('http_malformed', `${left.length} bytes after the end of the ${coding} data`);
  }
  return body;
}

/** With `info` Node's functions give this instead of a buffer. */
interface Decoded {
  readonly buffer: Buffer;
  /** `bytesWritten`: of the coded bytes, those that belong to the coding. */
  readonly engine: { readonly bytesWritten: number };
}
type Decoder = (bytes: Buffer, options: { maxOutputLength: number; info: true }) => Decoded;

function decoderOf(coding: string, bytes: Buffer): Decoder | null {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync as unknown as Decoder;
    case 'deflate':
      // RFC 9110, 8.4.1.2: zlib's wrapper is meant, some servers send the bare stream. 8 is zlib's method.
      return ((bytes[0] ?? 0) & 0x0f) === 8
        ? (zlib.inflateSync as unknown as Decoder)
        : (zlib.inflateRawSync as unknown as Decoder);
    case 'br':
      return zlib.brotliDecompressSync as unknown as Decoder;
    default:
      return null;
  }
}

function shown(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}
