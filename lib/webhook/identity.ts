import { CALL_VARIABLES } from './account.ts';
import { digest } from './digest.ts';
import { buildRequest, type RouteQuestion } from './request.ts';
import { templatesOfWebhook, type Webhook } from './webhook.ts';

/** Of every question here: two that ask the same are then alike to the byte, with their ids and signatures. */
const WHENEVER = { webhookId: 'msg', attempt: 1, timestamp: '1970-01-01T00:00:00.000Z' } as const;

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
  const request = buildRequest({
    ...question,
    webhookId,
    context: { ...context, attempt, timestamp, call, token: '' },
  });
  const { method, url, headers, body, redirects, ca } = request;
  return digest([method, url, Object.entries(headers), body, redirects, ca]);
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
