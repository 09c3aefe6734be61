import { createHash } from 'node:crypto';
import { authTemplates } from './auth/index.ts';
import type { Macro, MacroContext, Template } from './macro.ts';
import { buildRequest, type RouteQuestion } from './request.ts';
import { templatesOfWebhook, type Webhook } from './webhook.ts';

/**
 * What makes two questions the same one, and two askers the same one. Both are digests: they stand in memory for as long as
 * a CRM is asked, and neither a caller's number nor a secret is to be read there.
 */

/** Of every question here: two that ask the same are then alike to the byte, with their ids and signatures. */
const WHENEVER = { webhookId: 'msg', attempt: 1, timestamp: '1970-01-01T00:00:00.000Z' } as const;

/** Names of headers that hold a key where no `auth` is set: a variable there is a tenant's, elsewhere it is about the call. */
const TELLING = /auth|cookie|credential|key|password|secret|tenant|token/i;

/** Channel variables that no two calls share. */
const CALL_VARIABLES = new Set(['uuid', 'call_uuid', 'channel_uuid', 'origination_uuid', 'sip_call_id']);

/**
 * The digest of all that is sent, the credentials among it; when it is asked, how often and under which id does not count.
 * The names of the call that our own default body carries don't either, but where a scheme asks about them each question is
 * another one. Throws what `buildRequest` throws.
 */
export function identityOf(question: RouteQuestion): string {
  const { webhook, context } = question;
  const { webhookId, attempt, timestamp } = WHENEVER;
  const named = new Set(callNamesIn(webhook));
  const call = {
    ...context.call,
    ...(named.has('{{uuid}}') ? {} : { uuid: '' }),
    ...(named.has('{{call_id}}') ? {} : { callId: '' }),
  };
  const request = buildRequest({ ...question, webhookId, context: { ...context, attempt, timestamp, call } });
  const { method, url, headers, body, redirects, ca } = request;
  return digest([method, url, Object.entries(headers), body, redirects, ca]);
}

/**
 * The digest of who asks: the address as the scheme has it, the texts that are the same for all its calls, the secrets, and
 * what stands in this call where keys do. CRMs limit, refuse and fail by these, and not by the call. With it goes the scheme's
 * patience: what takes longer than a tenth of a second is no outage for those who wait for four.
 */
export function accountOf(webhook: Webhook, context: MacroContext): string {
  const keys = Object.entries(webhook.headers).filter(([name]) => TELLING.test(name));
  const proving = new Set<Template>([...authTemplates(webhook.auth), ...keys.map(([, text]) => text)]);
  const texts = templatesOfWebhook(webhook).map((template) =>
    template.parts.map((part) => fillIn(part, context, proving.has(template))).join(''),
  );
  return digest([webhook.method, webhook.timeoutSeconds, webhook.auth, Object.keys(webhook.headers), texts]);
}

/** What differs from call to call stays a macro, but where keys stand: there a variable is a tenant's. */
function fillIn(part: string | Macro, { call, secret }: MacroContext, proving: boolean): string {
  if (typeof part === 'string') return part;
  if (part.kind === 'secret') return secret(part.name);
  if (part.kind === 'var' && proving && !CALL_VARIABLES.has(part.name)) {
    return call.variables.get(part.name) ?? '';
  }
  return `{{${part.name}}}`;
}

/** The macros of a scheme's own texts that are another one in each call: no answer to such a question is the next one's. */
export function callNamesIn(webhook: Webhook): readonly string[] {
  const found = new Set<string>();
  for (const part of templatesOfWebhook(webhook).flatMap(({ parts }) => parts)) {
    if (typeof part === 'string') continue;
    if (part.kind === 'plain' && (part.name === 'uuid' || part.name === 'call_id'))
      found.add(`{{${part.name}}}`);
    if (part.kind === 'var' && CALL_VARIABLES.has(part.name)) found.add(`{{var.${part.name}}}`);
  }
  return [...found];
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
