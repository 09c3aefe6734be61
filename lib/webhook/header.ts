import { z } from 'zod';

/** Names of HTTP headers in a scheme. */

/** Headers that frame the message; a scheme that set them could split one request into two. */
const FRAMING = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-connection',
]);

/** Headers that the router sets itself: where the message goes, which question it is, and what proves both. */
export const IDENTITY: ReadonlySet<string> = new Set([
  'host',
  'webhook-id',
  'traceparent',
  'tracestate',
  'webhook-timestamp',
  'webhook-signature',
  'webhook-signed-headers',
]);

/** These have a meaning already, and are no place for a value of the call, or for a key. */
const MEANING = new Set([...IDENTITY, 'content-type', 'content-encoding', 'accept-encoding']);

/** Headers that prove who we are, also where a scheme writes their value out instead of naming a secret. */
export const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'expected the name of an HTTP header');

/** A header of the scheme's own, which may say what the router says by itself. */
export const ownHeader = headerName.refine((name) => !FRAMING.has(name.toLowerCase()), {
  error: ({ input }) => `the header ${String(input)} frames the message and cannot be set`,
});

/** A header that carries a key or a parameter. */
export const freeHeader = ownHeader.refine((name) => !MEANING.has(name.toLowerCase()), {
  error: ({ input }) => `the header ${String(input)} has a meaning already: use another name`,
});

/** The first of some names that stands for the same header as one before it; undefined when each is another one. */
export function sameHeader(names: readonly string[]): string | undefined {
  const lower = names.map((name) => name.toLowerCase());
  return names.find((name, index) => lower.indexOf(name.toLowerCase()) < index);
}
