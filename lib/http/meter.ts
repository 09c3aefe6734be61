import { RouterError } from '../errors.ts';

/**
 * What one reply may be made of. Each of these costs a few microseconds, and an answer needs a handful of them: only a
 * CRM that is broken, or that means harm, takes more, and the time for it would be the other callers'. Pure.
 */
const MOST = {
  /** 1xx. Caches and proxies send one or two Early Hints; a server that says "102 Processing" does so every few seconds. */
  interims: { most: 16, words: 'interim responses' },
  /** Of all heads and of the trailers. Behind two proxies with security policies there are about 40. */
  headers: { most: 128, words: 'header lines' },
  /** A template that flushes each line of a large reply comes to some hundreds. */
  chunks: { most: 1024, words: 'chunks' },
  /** Reads of the connection: a body of 64 KiB comes in about 50 packets. */
  reads: { most: 1024, words: 'pieces' },
} as const;

/** Beside the body: heads, the sizes of chunks and their extensions, trailers. */
const BYTES_OF_FRAMING = 64 * 1024;
/** Of one head, or of the trailers: Node's limit, whatever NODE_OPTIONS says. */
export const HEAD_BYTES = 16 * 1024;

/** What a reply has cost so far. Every method gives the error that ends it, or null. */
export class Meter {
  readonly #mostBytes: number;
  readonly #spent = { interims: 0, headers: 0, chunks: 0, reads: 0 };
  #bytes = 0;

  constructor(maxBodyBytes: number) {
    this.#mostBytes = maxBodyBytes + BYTES_OF_FRAMING;
  }

  /** So many bytes were read at once. */
  read(bytes: number): RouterError | null {
    this.#bytes += bytes;
    if (this.#bytes > this.#mostBytes) return abusive(`more than ${this.#mostBytes} bytes, framing included`);
    return this.count('reads');
  }

  count(what: keyof typeof MOST, times = 1): RouterError | null {
    const { most, words } = MOST[what];
    return (this.#spent[what] += times) > most ? abusive(`more than ${most} ${words}`) : null;
  }
}

export function abusive(what: string): RouterError {
  return new RouterError('reply_abusive', `the reply has ${what}`);
}
