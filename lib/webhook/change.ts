import { RouterError } from '../errors.ts';
import type { HttpRequest } from '../http/message.ts';
import { CREDENTIALS, IDENTITY, ownHeader } from './header.ts';
import { HIDDEN } from './macro.ts';

/** A question that somebody changed by hand: another URL, body or header instead of what the scheme would send. */
export interface Change {
  /** The id that its texts have from the question as it was recorded; it is sent under a new one. */
  readonly webhookId: string;
  readonly url?: string;
  readonly body?: string;
  /** Instead of those of the same name, or beside them. */
  readonly headers: Readonly<Record<string, string>>;
}

export type Message = Pick<HttpRequest, 'url' | 'headers' | 'body'>;

/** As it goes out, and as it may be shown: with `***` in place of each secret. */
interface Both {
  readonly whole: Message;
  readonly seen: Message;
}

/** They say which question it is and that no call depends on it, or are computed from the rest. */
const KEPT = new Set([...IDENTITY, 'x-esl-router-dry-run']);

/** Whether it would go to another host or port: nothing that proves who we are goes along then. */
export function isElsewhere({ url }: Change, origin: string): boolean {
  return url !== undefined && parsed(url).origin !== origin;
}

/**
 * The question with the change in it. `***` in a changed text stands for the secret that the question has there: it goes out, and
 * nobody gets to see it. Throws RouterError `request_invalid`.
 */
export function withChange({ whole, seen }: Both, change: Change, webhookId: string): Both {
  const named = (text: string): string =>
    change.webhookId === '' ? text : text.replaceAll(change.webhookId, webhookId);
  let [url, shownUrl] = [whole.url, seen.url];
  if (change.url !== undefined) {
    const text = named(change.url);
    url = parsed(restored(text, whole.url, seen.url, 'the URL')).href;
    shownUrl = parsed(text).href;
  }
  let { body } = whole;
  let shownBody = seen.body;
  if (change.body !== undefined) {
    if (body === null) throw wrong('this question has no body');
    shownBody = named(change.body);
    body = restored(shownBody, body, seen.body ?? '', 'the body');
  }
  const headers: Record<string, string> = { ...whole.headers };
  const shownHeaders: Record<string, string> = { ...seen.headers };
  for (const [given, value] of Object.entries(change.headers)) {
    const lower = given.toLowerCase();
    const name = Object.keys(headers).find((one) => one.toLowerCase() === lower) ?? given;
    checkHeader(given);
    shownHeaders[name] = named(value);
    headers[name] = restored(named(value), headers[name] ?? '', seen.headers[name] ?? '', name);
  }
  if (body !== null) headers['Content-Length'] = String(Buffer.byteLength(body));
  return {
    whole: { url, headers, body },
    seen: { url: shownUrl, headers: shownHeaders, body: shownBody },
  };
}

/** The changed text with the secrets back in place of the `***`, in their order. */
function restored(text: string, whole: string, seen: string, place: string): string {
  const secrets = secretsIn(whole, seen);
  const [first = '', ...rest] = text.split(HIDDEN);
  // A text without secrets may have asterisks of its own.
  if (secrets.length === 0 && rest.length === seen.split(HIDDEN).length - 1) return text;
  if (rest.length !== secrets.length) {
    throw wrong(
      secrets.length === 0
        ? `${place}: ${HIDDEN} stands for a secret, and none is sent there`
        : `${place}: ${HIDDEN} stands for a secret; ${secrets.length} of them belong there, in their order`,
    );
  }
  return first + rest.map((piece, index) => (secrets[index] ?? '') + piece).join('');
}

/** What stands in the whole text where the shown one has `***`. */
function secretsIn(whole: string, seen: string): string[] {
  if (whole === seen) return [];
  const [first = '', ...rest] = seen.split(HIDDEN);
  let from = first.length;
  return rest.map((piece, index) => {
    const isLast = index === rest.length - 1;
    const to = isLast ? whole.length - piece.length : whole.indexOf(piece, from);
    const secret = whole.slice(from, to);
    from = to + piece.length;
    return secret;
  });
}

function checkHeader(name: string): void {
  const lower = name.toLowerCase();
  if (KEPT.has(lower)) throw wrong(`${name}: the router sets this header itself`);
  if (CREDENTIALS.has(lower)) throw wrong(`${name}: holds the credentials, and stays as the scheme sets it`);
  const read = ownHeader.safeParse(name);
  if (!read.success) throw wrong(read.error.issues[0]?.message ?? 'expected the name of an HTTP header');
}

/** Throws RouterError `request_invalid` for what is no address of a web server. Where it may lead the network rules say. */
function parsed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.port === '0') {
    throw wrong('the URL: expected an http or https URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw wrong('the URL: a name and a password do not belong there');
  }
  url.hash = '';
  return url;
}

function wrong(why: string): RouterError {
  return new RouterError('request_invalid', why);
}
