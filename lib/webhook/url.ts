import { isIP } from 'node:net';
import { RouterError } from '../errors.ts';
import { compileNetwork, type NetworkRules } from '../http/network.ts';
import { expand, Template, type MacroContext } from './macro.ts';

/**
 * A webhook's URL with macros in path and query. It is parsed once, in the form that the URL parser gives it,
 * so that what is filled in stands where the scheme's author put it and nothing has to be parsed per call.
 */
export interface UrlTemplate {
  readonly origin: string;
  readonly path: Template;
  /** With its `?`; empty without a query. */
  readonly query: Template;
}

/** Bytes that are not UTF-8: the URL parser keeps them in path and query, and refuses them in a host. */
const MARK = /%FF(\d+)%FF/;
const MARKS = new RegExp(MARK, 'g');

/** The parser has resolved those that the scheme's author wrote; "%2e" is a dot to it. */
const DOTS = /\/(\.|%2e){1,2}(?=\/|$)/i;

/** Throws RouterError `request_invalid` for a URL that can't be asked, or that no macro's value may be put into. */
export function compileUrl({ parts }: Template): UrlTemplate {
  const wrong = (why: string): RouterError => new RouterError('request_invalid', why);
  if (parts.some((part) => typeof part === 'string' && MARK.test(part))) throw wrong('"%FF" is not UTF-8');
  const marked = parts.map((part, i) => (typeof part === 'string' ? part : `%FF${i}%FF`)).join('');
  if (!URL.canParse(marked)) throw wrong('expected an http or https URL');
  const { origin, port, pathname, search, hash } = new URL(marked);
  if (port === '0') throw wrong('nobody can listen on port 0');
  if (MARK.test(hash)) throw wrong('what follows "#" is not sent: no macro is allowed there');
  const unmark = (text: string): Template => {
    const pieces = text.split(MARK);
    // "%{{did}}" would read the value's first digits as one encoded byte.
    if (pieces.some((piece, i) => i % 2 === 0 && i < pieces.length - 1 && /%[\da-f]?$/i.test(piece))) {
      throw wrong('a macro cannot follow "%"');
    }
    const restored = pieces.map((piece, i) => (i % 2 === 0 ? piece : (parts[Number(piece)] ?? '')));
    return new Template(text, restored);
  };
  if (DOTS.test(pathname.replace(MARKS, ''))) {
    throw wrong('if a macro has no value, a segment of the path becomes "." or ".."');
  }
  return { origin, path: unmark(pathname), query: unmark(search) };
}

const ANYWHERE = '192.0.2.1';
/** Names that are this machine by themselves (RFC 6761, 6.3). */
const LOCALHOST = /(^|\.)localhost\.?$/i;

/** Why a URL may not be asked, as far as it shows without DNS; null when it does not. */
export function refusalOf(
  { source }: Pick<Template, 'source'>,
  rules: NetworkRules,
  ownPorts: ReadonlySet<number>,
): string | null {
  const { protocol, hostname, port } = new URL(source);
  const to = Number(port) || (protocol === 'https:' ? 443 : 80);
  const host = hostname.replace(/^\[|\]$/g, '');
  // Of other names all that can be told is the port: an address that nobody denies stands for them.
  const isOther = isIP(host) === 0 && !LOCALHOST.test(host);
  if (isOther && !rules.switchPorts.includes(to)) return null;
  const network = compileNetwork(rules, { ports: ownPorts, addresses: () => [] });
  const addresses = isOther ? [ANYWHERE] : isIP(host) === 0 ? ['127.0.0.1', '::1'] : [host];
  const refusals = addresses.map((address) => network(address, to));
  return refusals.includes(null) ? null : (refusals[0] ?? null);
}

/**
 * `parameters`, already encoded, join the URL's own query, which stays as it is. Throws RouterError
 * `request_invalid` when a segment of the path becomes `.` or `..`: the URL parser would ask for another path.
 */
export function fillUrl(
  { origin, path, query }: UrlTemplate,
  context: MacroContext,
  parameters: string,
): string {
  const pathname = expand(path, context, percentEncode);
  if (DOTS.test(pathname)) {
    throw new RouterError('request_invalid', 'a value makes a segment of the URL path "." or ".."');
  }
  const own = expand(query, context, percentEncode);
  if (parameters === '') return origin + pathname + own;
  const joint = own === '' ? '?' : own.endsWith('?') || own.endsWith('&') ? '' : '&';
  return origin + pathname + own + joint + parameters;
}

/** Percent-encoded UTF-8 of everything but unreserved characters; half a surrogate pair becomes U+FFFD. */
export function percentEncode(value: string): string {
  // An apostrophe is encoded in a query by the URL parser: what is recorded has to be what is sent.
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\ufffd')).replaceAll("'", '%27');
}
