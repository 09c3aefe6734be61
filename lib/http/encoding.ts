import zlib from 'node:zlib';
import { messageOf, RouterError } from '../errors.ts';

/** What we can decode, as Accept-Encoding says it. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/**
 * The text of a body whose bytes are whole and already at most `maxBytes` many. Throws RouterError
 * `body_too_large` as soon as it grows beyond that, `http_malformed` when it can't be decoded.
 *
 * Synchronous: at most 64 KiB come out, in less than a millisecond, and the thread pool of the asynchronous calls
 * is the one that a hung getaddrinfo blocks. axios' own decoder takes a body that was cut off for a whole one.
 */
export function decodeBody(bytes: Buffer, encoding: string, maxBytes: number): string {
  if (bytes.length === 0 || encoding === '' || encoding === 'identity') return bytes.toString('utf8');
  const decode = decoderOf(encoding, bytes);
  if (decode === null)
    throw new RouterError('http_malformed', `the content encoding ${encoding} is not known`);
  try {
    return decode(bytes, { maxOutputLength: maxBytes }).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new RouterError('body_too_large', `more than ${maxBytes} bytes after decompression`);
    }
    throw new RouterError('http_malformed', `the body is not whole ${encoding}: ${messageOf(error)}`);
  }
}

type Decoder = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Buffer;

function decoderOf(encoding: string, bytes: Buffer): Decoder | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync;
    case 'deflate':
      // RFC 9110, 8.4.1.2: zlib's wrapper is meant, some servers send the bare stream. 8 is zlib's method.
      return ((bytes[0] ?? 0) & 0x0f) === 8 ? zlib.inflateSync : zlib.inflateRawSync;
    case 'br':
      return zlib.brotliDecompressSync;
    default:
      return null;
  }
}
