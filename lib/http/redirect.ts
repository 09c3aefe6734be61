import { RouterError } from '../errors.ts';
import type { HttpRequest } from './message.ts';
import { forAnyHost } from './tls.ts';

/** The next request of a chain of redirects, checked against the rules that a webhook's URL is checked against. Pure. */

const FOLLOWED = new Set([301, 302, 303, 307, 308]);
/** What may be told to another origin: nothing of the scheme, nothing that proves who we are. */
const TOLD_TO_ALL = new Set(['accept', 'accept-encoding', 'user-agent', 'webhook-id']);

export const isRedirect = (status: number): boolean => FOLLOWED.has(status);

/**
 * Throws RouterError `redirect_refused`. Its words name origins only: the rest of a Location may hold what the
 * request's own URL held, and that may be secret.
 */
export function redirectedRequest(
  request: HttpRequest,
  status: number,
  location: string | undefined,
): HttpRequest {
  const refused = (why: string): RouterError => new RouterError('redirect_refused', `HTTP ${status}: ${why}`);
  if (location === undefined || location.trim() === '') throw refused('no Location');
  if (!URL.canParse(location, request.url)) throw refused('its Location is not a URL');
  const from = new URL(request.url);
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw refused(`to ${to.protocol}`);
  if (to.username !== '' || to.password !== '') throw refused(`to ${to.host} with a user or password`);
  if (from.protocol === 'https:' && to.protocol === 'http:') throw refused(`from https to ${to.origin}`);
  const sameOrigin = from.origin === to.origin;
  const becomesGet = becomesGetBy(status, request.method);
  // RFC 9110, 15.4.8. The body may hold secrets, and a method that changes something is not for everybody.
  if (!sameOrigin && !becomesGet && request.method !== 'GET') {
    throw refused(`${request.method} is not sent on to ${to.origin}`);
  }
  to.hash = '';
  const headers = Object.entries(request.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return sameOrigin ? !becomesGet || !lower.startsWith('content-') : TOLD_TO_ALL.has(lower);
  });
  return {
    ...request,
    method: becomesGet ? 'GET' : request.method,
    url: to.href,
    headers: Object.fromEntries(headers),
    body: becomesGet ? null : request.body,
    tls: sameOrigin || request.tls === null ? request.tls : forAnyHost(request.tls),
  };
}

/** RFC 9110, 15.4.2 to 15.4.4, as browsers do it: Google Apps Script answers a POST with a 302 to be fetched. */
function becomesGetBy(status: number, method: HttpRequest['method']): boolean {
  return status === 303 ? method !== 'GET' : (status === 301 || status === 302) && method === 'POST';
}
