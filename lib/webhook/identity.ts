import { CALL_VARIABLES } from './account.ts';
import { grantOf } from './auth/grant.ts';
import { digest } from './digest.ts';
import { buildRequest, type RouteQuestion } from './request.ts';
import { templatesOfWebhook, type Webhook } from './webhook.ts';

/** Of every question here: two that ask the same are then alike to the byte, with their ids and signatures. */
const WHENEVER = { attempt: 1, timestamp: '1970-01-01T00:00:00.000Z' } as const;
const NAMELESS = { webhookId: 'msg', traceparent: '' } as const;

/**
 * The digest of all that is sent, the credentials among it; when it is asked, how often and under which id does not count.
 * The names of the call that our own default body carries don't either, but where a scheme asks about them each question is
 * another one. Throws what `buildRequest` throws.
 */
export function identityOf(question: Omit<RouteQuestion, keyof typeof NAMELESS>): string {
  const { webhook, context } = question;
  const named = new Set(callNamesIn(webhook));
  const call = {
    ...context.call,
    ...(named.has('{{uuid}}') ? {} : { uuid: '' }),
    ...(named.has('{{call_id}}') ? {} : { callId: '' }),
  };
  const request = buildRequest({
    ...question,
    ...NAMELESS,
    context: { ...context, ...WHENEVER, call, token: '' },
  });
  const { method, url, headers, body, redirects, tls } = request;
  const account = accountOf(question);
  return digest([method, url, Object.entries(headers), body, redirects, tls?.id ?? null, account]);
}

/** Whose access token goes with it. The token itself is another one each hour. */
function accountOf({ webhook, context, version }: Omit<RouteQuestion, keyof typeof NAMELESS>): string | null {
  const { auth } = webhook;
  if (auth.type !== 'oauth2') return null;
  return grantOf(webhook, auth, { secret: context.secret, version }).key;
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
