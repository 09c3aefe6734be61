import { createHash } from 'node:crypto';
import { authTemplates } from './auth/index.ts';
import type { Macro, MacroContext, Template } from './macro.ts';
import { templatesOfWebhook, type Webhook } from './webhook.ts';

/** Names of headers that hold a key where no `auth` is set: a variable there is a tenant's, elsewhere it is about the call. */
const TELLING = /auth|cookie|credential|key|password|secret|tenant|token/i;

/** Channel variables that no two calls share. */
export const CALL_VARIABLES = new Set([
  'uuid',
  'call_uuid',
  'channel_uuid',
  'origination_uuid',
  'sip_call_id',
]);

/**
 * The digest of who asks: the URL as the scheme has it, the texts that are the same for all its calls, the secrets, and
 * what this call has where keys stand. CRMs limit, refuse and fail by these, not by the call; and no connection is shared
 * by two accounts. The scheme's patience is part of it: what takes longer than a tenth of a second is no outage for those
 * who wait for four. A digest, as it stays in memory for as long as a CRM is asked, and no secret may be read there.
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

export function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
