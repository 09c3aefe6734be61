import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Template } from '../macro.ts';
import { template } from '../template.ts';
import type { Auth, UnsignedRequest } from './auth.ts';

const settings = z.strictObject({
  type: z.literal('hmac'),
  secret: template(),
  /** The one before, while the CRM may still check by it: a second signature goes along. */
  previousSecret: template().optional(),
});
type Hmac = z.output<typeof settings>;

/**
 * Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, in base64. A GET or DELETE has no body, and what it asks
 * stands in its address: there the signature covers `METHOD path?query` instead.
 */
export const hmac = {
  settings,
  authorize(
    { secret, previousSecret }: Hmac,
    request: UnsignedRequest,
    fill: (template: Template) => string,
  ) {
    const timestamp = String(Math.floor(Date.parse(request.timestamp) / 1000));
    const signed = `${webhookIdOf(request)}.${timestamp}.${request.body ?? targetOf(request)}`;
    const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
    return {
      'webhook-timestamp': timestamp,
      'webhook-signature': secrets.map((one) => `v1,${sign(signed, keyOf(fill(one)))}`).join(' '),
    };
  },
  templates: ({ secret, previousSecret }: Hmac) =>
    previousSecret === undefined ? [secret] : [secret, previousSecret],
} as const satisfies Auth<Hmac>;

/** As it is sent: a scheme may have a header of that name itself. */
function webhookIdOf({ headers }: UnsignedRequest): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'webhook-id')?.[1] ?? '';
}

function targetOf({ method, url }: UnsignedRequest): string {
  const { pathname, search } = new URL(url);
  return `${method} ${pathname}${search}`;
}

function sign(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text, 'utf8').digest('base64');
}

/** Secrets of the standard are base64 behind `whsec_`; any other text is taken as it is. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}
