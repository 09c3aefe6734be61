import type { HttpMethod, HttpRequest } from '../http/message.ts';
import { proxyFor, type Proxy } from '../http/proxy.ts';
import { accountOf } from './account.ts';
import { authorize } from './auth/index.ts';
import { backupOf } from './backup.ts';
import { isElsewhere, withChange, type Change, type Message } from './change.ts';
import { EVENT, isNumeric } from './event.ts';
import type { Question, Submission } from './formats/format.ts';
import { FORMATS } from './formats/index.ts';
import { CREDENTIALS } from './header.ts';
import {
  expand,
  HIDDEN,
  holdsToken,
  parseTemplate,
  Template,
  withoutSecrets,
  type Allowed,
  type MacroContext,
} from './macro.ts';
import { filledProxies } from './proxy.ts';
import { QUESTION, WHY } from './question.ts';
import { compileUrl, fillUrl, percentEncode, type UrlTemplate } from './url.ts';
import { templatesOfWebhook, type TemplateJson, type Webhook } from './webhook.ts';

/** The question about one call: what buildRequest makes an HTTP request of. */
export interface RouteQuestion {
  readonly webhook: Webhook;
  /** Its `secret` resolves a secret by name and throws RouterError when there is none. */
  readonly context: MacroContext;
  /** Sent as header `webhook-id`, and as the JSON-RPC id unless that is a number; the same on every retry. */
  readonly webhookId: string;
  /** W3C Trace Context: the call's trace id, and an id of this question, the same on every retry. */
  readonly traceparent: string;
  /** What a signature has for its time, where that is not the question's own: an event is signed again for every try. */
  readonly signedAt?: string;
  /** Of the router, for User-Agent. */
  readonly version: string;
  /** Marks the request with `X-ESL-Router-Dry-Run: 1`: no call hangs on the reply. */
  readonly dryRun: boolean;
  /** By hand, for a question of a recorded call that is sent again. */
  readonly change?: Change;
}

/** What is asked without `parameters` and `body`; `attempt` is a number where JSON has one. */
const DEFAULT_FIELDS = fieldsOf(QUESTION);
const LATER_FIELDS = fieldsOf({ ...QUESTION, ...WHY });
/** What is told without them. */
const EVENT_FIELDS = fieldsOf(EVENT, { event: true });

/**
 * Pure. Throws RouterError `request_invalid` when the call's values do not fit into the URL, and what the
 * context's `secret` throws.
 */
export function buildRequest(given: RouteQuestion): HttpRequest {
  const { context, change } = given;
  const question = change === undefined ? given : { ...given, webhook: webhookFor(change, given.webhook) };
  const { webhook } = question;
  const plan = planOf(webhook);
  const secrets = new Set<string>();
  const secret: MacroContext['secret'] = (name, host) => {
    const value = context.secret(name, host);
    secrets.add(value);
    return value;
  };
  const telling: MacroContext = { ...context, secret };
  const own = compose(plan, question, telling);
  if (context.token !== undefined) secrets.add(context.token);
  const hiding = { ...context, secret: () => HIDDEN, token: HIDDEN };
  const both = { whole: own, seen: secrets.size > 0 ? compose(plan, question, hiding) : own };
  const { whole: unsigned, seen } =
    change === undefined ? both : withChange(both, change, question.webhookId);
  const method = plan.method;
  const outside = plan.outside(context);
  const subject = { method, timestamp: question.signedAt ?? context.timestamp, outside, ...unsigned };
  const credentials = plan.placesToken
    ? {}
    : authorize(webhook.auth, subject, (template) => expand(template, telling, asIs));
  const added = without(credentials, webhook.headers);
  const headers = Object.keys(added).length > 0 ? merge(unsigned.headers, added) : unsigned.headers;
  const proofs = Object.keys(headers).filter((name) => isProof(name, credentials));
  for (const name of proofs) secrets.add((headers[name] ?? '').replace(/^(Basic|Bearer) /i, ''));
  const { redirects, tls } = webhook;
  const { url, body } = unsigned;
  const account = accountOf(webhook, context);
  const proxies = filledProxies(webhook.proxies, secret);
  const proxy = proxyFor(proxies, url);
  for (const text of proxySecrets(proxy)) secrets.add(text);
  const shown = {
    url: seen.url,
    headers: masked(headers, seen.headers, proofs),
    body: seen.body,
    proxy: proxy?.name ?? null,
  };
  return { method, url, headers, body, redirects, proxies, tls, account, secrets: [...secrets], shown };
}

/** Nothing that proves who we are goes to another host. */
function webhookFor(change: Change, webhook: Webhook): Webhook {
  if (!isElsewhere(change, planOf(webhook).url.origin)) return webhook;
  return backupOf(webhook, withoutSecrets(webhook.url));
}

/** A header that the scheme writes itself is the scheme's. */
function without(
  credentials: Readonly<Record<string, string>>,
  own: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const names = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(credentials).filter(([name]) => !names.has(name.toLowerCase())));
}

/** Its password may be written out, and a proxy's own pages repeat the request. */
function proxySecrets(proxy: Proxy | null): string[] {
  const encoded = proxy?.authorization?.replace(/^Basic /, '');
  if (encoded === undefined) return [];
  return [
    encoded,
    Buffer.from(encoded, 'base64')
      .toString('utf8')
      .replace(/^[^:]*:/, ''),
  ];
}

/** What a reply is checked against. */
export function questionOf(webhook: Webhook, webhookId: string): Question {
  const { needsRpcMethod } = FORMATS[webhook.submission].submission;
  // One request, one reply, one connection: a server that takes integers only can have the same one every time.
  const rpcId = webhook.rpcId === 'number' ? 1 : webhookId;
  return { rpcId: needsRpcMethod ? rpcId : null, rpcMethod: webhook.rpcMethod };
}

/** What is the same for every question to a webhook, found out once. */
interface Plan {
  readonly method: HttpMethod;
  readonly submission: Submission;
  readonly place: 'query' | 'form' | 'headers' | 'document';
  readonly url: UrlTemplate;
  readonly payload: (context: MacroContext, webhookId: string) => unknown;
  readonly ownHeaders: (context: MacroContext) => Record<string, string>;
  /** Headers that say something about the call; null when nothing outside the body does. */
  readonly outside: (context: MacroContext) => readonly string[] | null;
  /** The scheme says where the access token goes: `{{token}}`. */
  readonly placesToken: boolean;
}

const plans = new WeakMap<Webhook, Plan>();

function planOf(webhook: Webhook): Plan {
  let plan = plans.get(webhook);
  if (plan === undefined) {
    const submission: Submission = FORMATS[webhook.submission].submission;
    const ownHeaders = Object.entries(webhook.headers);
    const place = placeOf(webhook, submission);
    plan = {
      method: submission.shape === 'document' ? 'POST' : webhook.method,
      submission,
      place,
      url: compileUrl(webhook.url),
      payload: payloadOf(webhook, submission),
      ownHeaders: (context) => texts(ownHeaders, context),
      outside: outsideOf(webhook, place),
      placesToken: templatesOfWebhook(webhook).some(holdsToken),
    };
    plans.set(webhook, plan);
  }
  return plan;
}

function placeOf({ method, parametersIn }: Webhook, { shape }: Submission): Plan['place'] {
  if (shape === 'document') return 'document';
  if (parametersIn !== 'auto') return parametersIn;
  return method === 'GET' || method === 'DELETE' ? 'query' : 'form';
}

function outsideOf({ url, headers, parameters, echo }: Webhook, place: Plan['place']): Plan['outside'] {
  const names = Object.keys(headers).filter((name) => headers[name] !== undefined && varies(headers[name]));
  if (place === 'headers') {
    names.push(...Object.keys(parameters ?? {}), ...(echo !== undefined && 'key' in echo ? [echo.key] : []));
  }
  const isDefault = place === 'headers' && parameters === undefined;
  const withDefault = (fields: typeof DEFAULT_FIELDS): readonly string[] | null => {
    const all = isDefault ? [...names, ...fields.map(([name]) => name)] : names;
    if (all.length === 0 && place !== 'query' && !varies(url)) return null;
    return [...new Set(all.map((name) => name.toLowerCase()))].sort();
  };
  const outside = new Map(
    [DEFAULT_FIELDS, LATER_FIELDS, EVENT_FIELDS].map((fields) => [fields, withDefault(fields)]),
  );
  return (context) => outside.get(defaultFieldsOf(context)) ?? null;
}

function defaultFieldsOf({ occasion, told }: MacroContext): typeof DEFAULT_FIELDS {
  if (told !== undefined) return EVENT_FIELDS;
  return occasion.event === 'route.request' ? DEFAULT_FIELDS : LATER_FIELDS;
}

/** Whether a text changes with the call. */
function varies({ parts }: Template): boolean {
  return parts.some((part) => typeof part !== 'string' && part.kind !== 'secret' && part.kind !== 'token');
}

/** `webhook.echo` is validated: a body of one's own is an object then, without that key. */
function payloadOf(webhook: Webhook, submission: Submission): Plan['payload'] {
  const fill = fillerOf(webhook, submission);
  const { echo } = webhook;
  if (echo === undefined || !('key' in echo)) return fill;
  const { key } = echo;
  return (context, webhookId) => ({ ...(fill(context, webhookId) as object), [key]: webhookId });
}

function fillerOf({ body, parameters }: Webhook, { shape }: Submission): Plan['payload'] {
  if (body !== undefined) return (context) => fillJson(body, context);
  if (parameters !== undefined) {
    const fields = Object.entries(parameters);
    return (context) => texts(fields, context);
  }
  const isTyped = shape === 'document';
  return (context) => {
    const values = texts(defaultFieldsOf(context), context);
    if (!isTyped) return values;
    const { told, attempt } = context;
    if (told === undefined) return { ...values, attempt };
    return { ...values, seq: told.seq, ring_seconds: told.ring_seconds, talk_seconds: told.talk_seconds };
  };
}

/** The request without its credentials. */
function compose(plan: Plan, question: RouteQuestion, context: MacroContext): Message {
  const { method, submission, place } = plan;
  const { echo } = question.webhook;
  const payload = plan.payload(context, question.webhookId);
  const encoded =
    place === 'headers' ? '' : submission.encode(payload, questionOf(question.webhook, question.webhookId));
  const hasBody = place === 'form' || place === 'document';
  // RFC 9110, 8.6: a POST or PUT says "Content-Length: 0" where it has nothing to send.
  const body = hasBody ? encoded : method === 'POST' || method === 'PUT' ? '' : null;
  const headers = merge(
    {
      Accept: 'application/json, text/plain, */*',
      'User-Agent': `esl-router/${question.version}`,
      'webhook-id': question.webhookId,
      traceparent: question.traceparent,
      ...(hasBody ? { 'Content-Type': submission.contentType } : {}),
      ...(question.dryRun ? { 'X-ESL-Router-Dry-Run': '1' } : {}),
    },
    place === 'headers' ? (payload as Record<string, string>) : {},
    plan.ownHeaders(context),
    echo !== undefined && 'header' in echo ? { [echo.header]: question.webhookId } : {},
    body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) },
  );
  // In a query "%20" is read by everyone, "+" by readers of forms only.
  const parameters = place === 'query' ? encoded.replaceAll('+', '%20') : '';
  return { url: fillUrl(plan.url, context, parameters), headers, body };
}

/** Later layers win, whatever the case of the names. */
function merge(...layers: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const headers = new Map<string, [string, string]>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      headers.set(name.toLowerCase(), [name, headerText(value)]);
    }
  }
  return Object.fromEntries(headers.values());
}

/** Of a signature, and no proof by themselves. */
const BESIDE_SIGNATURE = new Set(['webhook-timestamp', 'webhook-signed-headers']);

/** Headers that prove who we are. */
function isProof(name: string, credentials: Readonly<Record<string, string>>): boolean {
  const lower = name.toLowerCase();
  if (CREDENTIALS.has(lower)) return true;
  return !BESIDE_SIGNATURE.has(lower) && Object.keys(credentials).some((own) => own.toLowerCase() === lower);
}

function masked(
  sent: Readonly<Record<string, string>>,
  seen: Readonly<Record<string, string>>,
  proofs: readonly string[],
): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(sent)) shown[name] = seen[name] ?? value;
  for (const name of proofs) shown[name] = HIDDEN;
  return shown;
}

/** axios sends a value with letters beyond Latin-1 as an empty header and node:http throws; CR LF would end it. */
function headerText(value: string): string {
  return /[^\x20-\x7e]/.test(value) ? value.replace(/[^\x20-\x7e]+/g, percentEncode) : value;
}

function texts(
  fields: readonly (readonly [string, Template])[],
  context: MacroContext,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, template] of fields) values[name] = expand(template, context, asIs);
  return values;
}

function fillJson(json: TemplateJson, context: MacroContext): unknown {
  if (json instanceof Template) return numberIn(json, context) ?? expand(json, context, asIs);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return (json as readonly TemplateJson[]).map((item) => fillJson(item, context));
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, fillJson(value, context)]));
}

/** A number of an event that stands alone: CRMs that want a number take no text for one. */
function numberIn({ parts }: Template, { told }: MacroContext): number | null {
  const [only] = parts;
  if (told === undefined || parts.length !== 1 || typeof only !== 'object' || only.kind !== 'event')
    return null;
  return isNumeric(only.name) ? told[only.name] : null;
}

function fieldsOf(
  fields: Readonly<Record<string, string>>,
  allowed: Allowed = {},
): (readonly [string, Template])[] {
  return Object.entries(fields).map(([name, text]) => [name, parseTemplate(text, allowed)] as const);
}

const asIs = (value: string): string => value;
