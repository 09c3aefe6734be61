import type { HttpResponse } from '../http/message.ts';
import type { Reason } from '../errors.ts';
import { repliesIn } from './chain.ts';
import { parseDocument } from './formats/document.ts';
import type { Answer, Import, Question } from './formats/format.ts';
import { FORMATS } from './formats/index.ts';
import { contents, readName, textAt } from './formats/path.ts';
import { shown } from './formats/seen.ts';
import { secretsOf } from './macro.ts';
import { templatesOfWebhook, type Webhook } from './webhook.ts';

/** What a person can do about a status; the reply itself is in the record. */
const HINTS: Readonly<Record<number, string>> = {
  206: 'a partial reply, which was not requested',
  404: 'if this says that the contact is unknown, set webhook.noRouteStatuses to [404]',
  405: 'the CRM does not allow this method, see webhook.method',
  429: 'the CRM limits the rate of requests',
};

/** Pure and total: what the CRM said, or why that can't be told. */
export function readResponse(response: HttpResponse, webhook: Webhook, question: Question): Answer {
  const { status, body } = response;
  if (webhook.noRouteStatuses.includes(status)) {
    return { kind: 'none', reason: 'no_route_status', detail: `HTTP ${status}` };
  }
  // A part of a reply may be a part of a number.
  if (status < 200 || status > 299 || status === 206) {
    return { kind: 'unavailable', reason: 'http_status', detail: describeStatus(response, webhook) };
  }
  if (status === 204) return { kind: 'none', reason: 'no_content', detail: 'HTTP 204' };
  if (body.trim() === '') {
    return { kind: 'none', reason: 'empty_body', detail: `HTTP ${status} with an empty body` };
  }
  const format: Import = FORMATS[webhook.import].import;
  const answer = format.read(body, webhook, question);
  if (answer.kind !== 'found') return answer;
  for (const [path, wanted] of Object.entries(webhook.when)) {
    const held = format.read(body, { ...webhook, responseName: [path] }, question);
    if (held.kind === 'unavailable') return held;
    const value = held.kind === 'found' && held.name === path ? held.value : null;
    if (isScalar(value) && wanted.includes(String(value))) continue;
    const detail = `${path} is ${shown(value)}, and webhook.when asks for ${wanted.map(shown).join(' or ')}`;
    return { kind: 'none', reason: 'when_unmet', detail };
  }
  return answer;
}

/** The longest that the next question takes: an id or a name, and no page that stands where one was. */
const MAX_VALUE_CHARACTERS = 512;

type ForNext =
  | {
      readonly kind: 'found';
      readonly values: ReadonlyMap<string, string>;
      readonly notes?: readonly string[];
    }
  | Exclude<Answer, { kind: 'found' }>;

/** What the next question has of a reply: each path as `responseName` is read. All of them hold something, or there is no next one. */
export function readForNext(
  response: HttpResponse,
  webhook: Webhook,
  question: Question,
  next: Webhook,
): ForNext {
  const values = new Map<string, string>();
  let notes: readonly string[] = [];
  for (const path of repliesIn(next)) {
    const answer = readResponse(response, { ...webhook, responseName: [path] }, question);
    if (answer.kind === 'unavailable') return answer;
    if (answer.kind === 'none') {
      // What is said by a status, or an empty body, has a reason of its own.
      return KEYLESS.has(answer.reason) ? { ...answer, reason: 'reply_ends_chain' } : answer;
    }
    const { value, name } = answer;
    const ends = (what: string): ForNext => {
      const detail = `the next question asks about ${path}, ${what}`;
      return { kind: 'none', reason: 'reply_ends_chain', detail };
    };
    if (name !== path) return ends(`and the reply has no such key`);
    if (!isScalar(value)) return ends(`and it ${contents(value)}`);
    const text = String(value);
    if (text.length > MAX_VALUE_CHARACTERS)
      return ends(`which has ${text.length} characters, at most ${MAX_VALUE_CHARACTERS}`);
    values.set(path, text);
    notes = answer.notes ?? notes;
  }
  return { kind: 'found', values, notes };
}

const KEYLESS: ReadonlySet<Reason> = new Set(['missing_key', 'empty_value']);

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/**
 * Why a reply is to another question than ours, as far as `webhook.echo` can tell; null when it is not. A proxy, or a CRM that
 * has answered twice before, would else send this caller where another one was to go.
 */
export function foreignReply(
  response: HttpResponse,
  { echo, noRouteStatuses }: Webhook,
  webhookId: string,
): string | null {
  const { status, headers } = response;
  if (echo === undefined) return null;
  // What is not an answer can't be another one's.
  if ((status < 200 || status > 299) && !noRouteStatuses.includes(status)) return null;
  const [place, found] =
    'header' in echo
      ? [`header ${echo.header}`, headers[echo.header.toLowerCase()] ?? '']
      : [`key ${JSON.stringify(echo.key)}`, keyIn(response.body, echo.key)];
  if (found === webhookId) return null;
  return found === ''
    ? `the reply has no ${place}, where webhook.echo expects the question's id`
    : `the reply belongs to the question ${shown(found)} (${place}), ours is ${shown(webhookId)}`;
}

/** At the top of a document, or of the result of a JSON-RPC reply. */
function keyIn(body: string, key: string): string {
  const parsed = parseDocument(body);
  if ('kind' in parsed) return '';
  return textAt(parsed.document, key) || textAt(readName(parsed.document, 'result'), key);
}

function describeStatus({ status, headers }: HttpResponse, webhook: Webhook): string {
  if (status >= 300 && status <= 399) {
    const location = headers['location']?.slice(0, 200);
    return `HTTP ${status}: redirects are not followed${location === undefined ? '' : `, Location ${location}`}`;
  }
  if (status === 401 || status === 403) return `HTTP ${status}: ${rejection(webhook)}`;
  const hint = HINTS[status] ?? (status >= 500 ? 'the CRM failed' : undefined);
  return hint === undefined ? `HTTP ${status}` : `HTTP ${status}: ${hint}`;
}

function rejection(webhook: Webhook): string {
  const isAnonymous =
    webhook.auth.type === 'none' &&
    Object.keys(webhook.headers).length === 0 &&
    templatesOfWebhook(webhook).every((template) => secretsOf(template).length === 0);
  return isAnonymous
    ? 'the CRM wants credentials, and the scheme has none: see webhook.auth'
    : 'the CRM rejected the credentials: renew them, see webhook.auth';
}
