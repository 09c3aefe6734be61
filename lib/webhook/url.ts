import { RouterError } from '../errors.ts';
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

/** Bytes that are no UTF-8: the URL parser keeps them in path and query, and refuses them in a host. */
const MARK = /%FF(\d+)%FF/;

/** Throws RouterError `request_invalid` for a URL that no macro's value may be put into. */
export function compileUrl({ source, parts }: Template): UrlTemplate {
  const marked = parts.map((part, i) => (typeof part === 'string' ? part : `%FF${i}%FF`)).join('');
  if (!URL.canParse(marked)) throw new RouterError('request_invalid', `${source} is not a valid URL`);
  const { origin, pathname, search } = new URL(marked);
  const unmark = (text: string): Template => {
    const pieces = text.split(MARK);
    // "%{{did}}" would read the value's first digits as one encoded byte.
    if (pieces.some((piece, i) => i % 2 === 0 && i < pieces.length - 1 && /%[\da-f]?$/i.test(piece))) {
      throw new RouterError('request_invalid', `${source}: a macro can not stand right behind "%"`);
    }
    const restored = pieces.map((piece, i) => (i % 2 === 0 ? piece : (parts[Number(piece)] ?? '')));
    return new Template(text, restored);
  };
  return { origin, path: unmark(pathname), query: unmark(search) };
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
  // The parser has resolved those that the scheme's author wrote; "%2e" is a dot to it.
  if (/\/(\.|%2e){1,2}(?=\/|$)/i.test(pathname)) {
    throw new RouterError('request_invalid', 'a value makes a segment of the URL path "." or ".."');
  }
  const own = expand(query, context, percentEncode);
  if (parameters === '') return origin + pathname + own;
  const joint = own === '' ? '?' : own.endsWith('?') || own.endsWith('&') ? '' : '&';
  return origin + pathname + own + joint + parameters;
}

/** Percent-encoded UTF-8 of everything but unreserved characters; half a surrogate pair becomes U+FFFD. */
export function percentEncode(value: string): string {
  // An apostrophe is encoded in a query by the URL parser: what is recorded shall be what is sent.
  return encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\ufffd')).replaceAll("'", '%27');
}
