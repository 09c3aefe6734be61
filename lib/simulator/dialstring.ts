import type { Bytes } from './message.ts';

/**
 * FreeSWITCH's dial strings, read by the simulation alone:
 *
 *     {k=v,...}leg,leg|leg:_:{...}leg      leg = [k=v,...]endpoint
 *
 * `,` rings together, `|` one after the other, `:_:` several such strings at once (enterprise, 22f).
 */
export interface DialString {
  /** One per enterprise thread; a plain dial string has one. */
  readonly threads: readonly DialThread[];
}

interface DialThread {
  readonly variables: ReadonlyMap<string, Bytes>;
  /** Alternatives, tried in order; each rings all its legs together. */
  readonly alternatives: readonly (readonly DialLeg[])[];
}

export interface DialLeg {
  readonly endpoint: Bytes;
  readonly variables: ReadonlyMap<string, Bytes>;
}

export function readDialString(text: Bytes): DialString {
  return { threads: splitOutside(text, ':_:').map(readThread) };
}

function readThread(text: Bytes): DialThread {
  const variables = new Map<string, Bytes>();
  let rest = text.trimStart();
  while (rest.startsWith('{')) rest = takeBlock(rest, '}', variables).trimStart();
  const alternatives = splitOutside(rest, '|').map((group) => splitOutside(group, ',').map(readLeg));
  return { variables, alternatives };
}

function readLeg(text: Bytes): DialLeg {
  const variables = new Map<string, Bytes>();
  let rest = text.trimStart();
  while (rest.startsWith('[')) rest = takeBlock(rest, ']', variables).trimStart();
  return { endpoint: rest, variables };
}

/** Reads the block that `text` begins with, and returns what follows. The first closing sign ends it (22d5). */
function takeBlock(text: Bytes, closing: string, into: Map<string, Bytes>): Bytes {
  const end = text.indexOf(closing);
  const inside = end < 0 ? text.slice(1) : text.slice(1, end);
  for (const [name, value] of readAssignments(inside, ',')) into.set(name, value);
  return end < 0 ? '' : text.slice(end + 1);
}

/**
 * `a=1,b='x, y'`, or with another delimiter `^^;a=1;b=x, y` (22d1, 22d2). A delimiter inside single quotes, or
 * after a backslash, is text. Also what `multiset` and `uuid_setvar_multi` read.
 */
export function readAssignments(text: Bytes, delimiter: string): [string, Bytes][] {
  const own = text.startsWith('^^') && text.length > 2;
  const separator = own ? text.charAt(2) : delimiter;
  const assignments: [string, Bytes][] = [];
  for (const part of splitQuoted(own ? text.slice(3) : text, separator)) {
    const equals = part.indexOf('=');
    if (equals > 0) assignments.push([part.slice(0, equals).trim(), part.slice(equals + 1)]);
  }
  return assignments;
}

function splitQuoted(text: Bytes, separator: string): Bytes[] {
  const parts: Bytes[] = [];
  let part = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\\' && i + 1 < text.length) part += text.charAt(++i);
    else if (char === "'") quoted = !quoted;
    else if (char === separator && !quoted) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return parts;
}

/** Splits where the separator is outside `{}` and `[]`. */
function splitOutside(text: Bytes, separator: string): Bytes[] {
  const parts: Bytes[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth = Math.max(0, depth - 1);
    else if (depth === 0 && text.startsWith(separator, i)) {
      parts.push(text.slice(start, i));
      i += separator.length - 1;
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** What an endpoint dials. */
export type Endpoint =
  | { readonly kind: 'gateway'; readonly gateway: string; readonly user: string }
  | { readonly kind: 'user'; readonly user: string; readonly domain: string }
  | { readonly kind: 'uri'; readonly user: string; readonly domain: string }
  /** loopback/, error/, a garbled rest: nothing that the router may dial. */
  | { readonly kind: 'unknown' };

export function readEndpoint(endpoint: Bytes): Endpoint {
  const gateway = /^sofia\/gateway\/([^/]+)\/(.*)$/.exec(endpoint);
  if (gateway) return { kind: 'gateway', gateway: gateway[1] ?? '', user: gateway[2] ?? '' };
  const user = /^user\/([^@/]+)@([^@/]+)$/.exec(endpoint);
  if (user) return { kind: 'user', user: user[1] ?? '', domain: user[2] ?? '' };
  const uri = /^sofia\/[^/]+\/(?:sips?:)?([^@/]+)@([^@/]+)$/.exec(endpoint);
  if (uri) return { kind: 'uri', user: uri[1] ?? '', domain: uri[2] ?? '' };
  return { kind: 'unknown' };
}
