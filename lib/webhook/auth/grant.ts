import { RouterError } from '../../errors.ts';
import type { HttpRequest, HttpResponse } from '../../http/message.ts';
import { proxyFor } from '../../http/proxy.ts';
import { forAnyHost } from '../../http/tls.ts';
import { digest } from '../digest.ts';
import { secretsOf, type Template } from '../macro.ts';
import { filledProxies, settingsIn } from '../proxy.ts';
import type { Webhook } from '../webhook.ts';
import type { OAuth2 } from './oauth2.ts';

/** What is asked of a token endpoint, and what it says: RFC 6749, sections 4.4, 5 and 6. Pure. */

export interface Grant {
  /** A digest: who has the same one shares the token. A refresh token changes by itself and is no part of it. */
  readonly key: string;
  /** The token endpoint, as it may be shown. */
  readonly name: string;
  /** Null for client credentials. */
  readonly refreshToken: string | null;
  /** The secret that the refresh token is, where it is nothing else. */
  readonly refreshSecret: string | null;
  readonly request: (refreshToken: string | null) => HttpRequest;
  readonly read: (response: HttpResponse) => Granted;
}

/** A token, as the endpoint gave it. */
interface Granted {
  readonly token: string;
  /** Null: it did not say. */
  readonly seconds: number | null;
  readonly refreshToken: string | null;
}

interface GrantOptions {
  readonly secret: (name: string, host: string) => string;
  readonly version: string;
}

const HIDDEN = '***';

/** Throws what `secret` throws. */
export function grantOf(webhook: Webhook, auth: OAuth2, { secret, version }: GrantOptions): Grant {
  const { tokenUrl, clientId, clientSecret, refreshToken, scope, audience, redirectUri, style } = auth;
  const url = tokenUrl.source;
  const { hostname, origin, pathname } = new URL(url);
  const fill = (template: Template): string =>
    template.parts.map((part) => (typeof part === 'string' ? part : secret(part.name, hostname))).join('');
  const id = fill(clientId);
  const clientPassword = clientSecret === undefined ? null : fill(clientSecret);
  const proxies = filledProxies(webhook.proxies, (name, host = hostname) => secret(name, host));
  // Who we are to the CRM is told to no other host.
  const isCrm = new URL(webhook.url.source).origin === origin;
  const tls = webhook.tls === null || isCrm ? webhook.tls : forAnyHost(webhook.tls);
  const ways = settingsIn(webhook.proxies).map(({ name, user, password }) => [
    name,
    user.source,
    password.source,
  ]);
  const sources = [clientSecret?.source, refreshToken?.source];
  const key = digest([url, id, ...sources, scope, audience, redirectUri, style, tls?.id ?? null, ways]);

  const request = (refresh: string | null): HttpRequest => {
    const isBasic = style === 'basic' && clientPassword !== null;
    const fields: [string, string | null | undefined][] = [
      ['grant_type', refresh === null ? 'client_credentials' : 'refresh_token'],
      ['refresh_token', refresh],
      ['client_id', isBasic ? null : id],
      ['client_secret', isBasic ? null : clientPassword],
      ['scope', scope],
      ['audience', audience],
      ['redirect_uri', redirectUri],
    ];
    const given = fields.filter((field): field is [string, string] => typeof field[1] === 'string');
    const shown = given.map(([name, value]): [string, string] => [
      name,
      SECRET_FIELDS.has(name) ? HIDDEN : value,
    ]);
    const encode = (pairs: [string, string][]): string =>
      style === 'json' ? JSON.stringify(Object.fromEntries(pairs)) : new URLSearchParams(pairs).toString();
    const body = encode(given);
    const headers = {
      Accept: 'application/json',
      'User-Agent': `esl-router/${version}`,
      'Content-Type': style === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
      'Content-Length': String(Buffer.byteLength(body)),
    };
    const basic = isBasic ? basicOf(id, clientPassword) : null;
    return {
      method: 'POST',
      url,
      headers: basic === null ? headers : { ...headers, Authorization: `Basic ${basic}` },
      body,
      // They would hand the client secret to whoever stands behind.
      redirects: 0,
      proxies,
      tls,
      account: key,
      secrets: [refresh, clientPassword, basic].filter((text) => text !== null),
      shown: {
        url: `${origin}${pathname}`,
        headers: basic === null ? headers : { ...headers, Authorization: HIDDEN },
        body: encode(shown).replaceAll(encodeURIComponent(HIDDEN), HIDDEN),
        proxy: proxyFor(proxies, url)?.name ?? null,
      },
    };
  };
  return {
    key,
    name: `${origin}${pathname}`,
    refreshToken: refreshToken === undefined ? null : fill(refreshToken),
    refreshSecret: refreshToken === undefined ? null : soleSecret(refreshToken),
    request,
    read: readGranted,
  };
}

const SECRET_FIELDS = new Set(['refresh_token', 'client_secret']);

/** RFC 6749, 2.3.1: both are form-encoded first. */
function basicOf(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => new URLSearchParams([['', text]]).toString().slice(1));
  return Buffer.from(encoded.join(':'), 'utf8').toString('base64');
}

/** The secret that a template is, and nothing around it. */
export function soleSecret(template: Template): string | null {
  const [name] = secretsOf(template);
  return template.parts.length === 1 && name !== undefined ? name : null;
}

/** RFC 6749, 5.2: what we sent is refused. Other statuses are about the address, or pass by themselves. */
const REFUSALS = new Set([400, 401, 403]);
/** Longer headers are refused by most servers. */
const MAX_TOKEN = 8_192;
const WEEK_SECONDS = 7 * 86_400;

/** Throws RouterError `token_refused` or `token_failed`; the sentence may repeat what was sent. */
function readGranted({ status, headers, body }: HttpResponse): Granted {
  const document = objectIn(body);
  const says = document === null ? null : complaintOf(document);
  const failed = (detail: string): RouterError => new RouterError('token_failed', detail);
  const token = document?.['access_token'];
  // Zoho refuses with 200.
  if (says !== null && (status < 200 || status > 299 || token === undefined)) {
    const isPassing = /^(temporarily_unavailable|server_error)\b/.test(says);
    const isRefusal = (REFUSALS.has(status) || (status >= 200 && status <= 299)) && !isPassing;
    throw new RouterError(isRefusal ? 'token_refused' : 'token_failed', `HTTP ${status}: ${says}`);
  }
  if (status >= 300 && status < 400) throw failed(`HTTP ${status}: a redirect, which is not followed`);
  if (status < 200 || status > 299) {
    throw new RouterError(REFUSALS.has(status) ? 'token_refused' : 'token_failed', `HTTP ${status}`);
  }
  if (document === null) {
    const type = headers['content-type'] ?? '';
    const isPage = /^\s*</.test(body) || type.includes('html');
    throw failed(isPage ? 'expected JSON, got a web page' : 'expected a JSON object');
  }
  if (typeof token !== 'string' || token === '') throw failed('no access_token in the reply');
  if (!/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN)
    throw failed('the access_token cannot be sent in a header');
  const type = document['token_type'] ?? 'Bearer';
  // RFC 6749, 7.1: one that is not understood must not be used.
  if (typeof type !== 'string' || !/^(bearer|zoho-oauthtoken)$/i.test(type))
    throw failed(`token_type ${JSON.stringify(type).slice(0, 40)} is not known: expected "Bearer"`);
  const refreshToken = document['refresh_token'];
  return {
    token,
    // Zoho's older replies have milliseconds in expires_in, and seconds beside it.
    seconds: secondsIn(document['expires_in_sec'] ?? document['expires_in']),
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : null,
  };
}

function objectIn(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const document: unknown = JSON.parse(body);
    return typeof document === 'object' && document !== null && !Array.isArray(document)
      ? (document as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** RFC 6749, 5.2; HubSpot has `message`, Kommo `hint` and `title`. */
function complaintOf(document: Readonly<Record<string, unknown>>): string | null {
  const names = ['error', 'error_description', 'message', 'title', 'hint', 'detail'];
  const found = names.map((name) => document[name]).filter((text) => typeof text === 'string' && text !== '');
  return found.length === 0 ? null : [...new Set(found as string[])].join(': ');
}

/** A number, or one as text; 0 and what can't be read are as good as missing. */
function secondsIn(value: unknown): number | null {
  const seconds = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return null;
  return Math.min(seconds, WEEK_SECONDS);
}
