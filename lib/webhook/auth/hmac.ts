import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { described } from '../field.ts';
import type { Template } from '../macro.ts';
import { template } from '../template.ts';
import { AUTH_TYPE, type Auth, type UnsignedRequest } from './auth.ts';

const settings = z.strictObject(
  described(
    { type: z.literal('hmac'), secret: template(), previousSecret: template().optional() },
    {
      type: AUTH_TYPE,
      secret: {
        label: 'Secret',
        doc: 'Standard Webhooks: base64 after "whsec_"; any other text is taken as it is.',
        example: '{{secret.CRM_SIGNING}}',
      },
      previousSecret: {
        label: 'Previous secret',
        doc: 'The old secret, while the CRM may still use it: each question then has a second signature.',
        example: '{{secret.CRM_SIGNING_OLD}}',
      },
    },
  ),
);
type Hmac = z.output<typeof settings>;

/**
 * Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, in base64, as long as all that the request says about a call
 * is in its body. Where its address or its headers say something too, or there is no body, what is signed in the body's place
 * is `METHOD path?query`, a line `name: value` for each of these headers, and the body after an empty line: whoever checks the
 * body alone then finds the signature wrong, instead of trusting what nobody has signed.
 */
export const hmac = {
  settings,
  authorize(
    { secret, previousSecret }: Hmac,
    request: UnsignedRequest,
    fill: (template: Template) => string,
  ) {
    const timestamp = String(Math.floor(Date.parse(request.timestamp) / 1000));
    const signed = `${headerOf(request, 'webhook-id')}.${timestamp}.${contentOf(request)}`;
    const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret];
    const names = request.outside?.join(' ') ?? '';
    return {
      'webhook-timestamp': timestamp,
      'webhook-signature': secrets.map((one) => `v1,${sign(signed, keyOf(fill(one)))}`).join(' '),
      ...(names === '' ? {} : { 'webhook-signed-headers': names }),
    };
  },
  templates: ({ secret, previousSecret }: Hmac) =>
    previousSecret === undefined ? [secret] : [secret, previousSecret],
} as const satisfies Auth<Hmac>;

function contentOf(request: UnsignedRequest): string {
  const { method, url, body, outside } = request;
  if (body !== null && outside === null) return body;
  const { pathname, search } = new URL(url);
  const lines = (outside ?? []).map((name) => `${name}: ${headerOf(request, name)}`);
  return [`${method} ${pathname}${search}`, ...lines, ...(body ? ['', body] : [])].join('\n');
}

/** As it is sent: a scheme may have a header of that name itself. */
function headerOf({ headers }: UnsignedRequest, wanted: string): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
}

function sign(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text, 'utf8').digest('base64');
}

/** Secrets of the standard are base64 after `whsec_`; any other text is taken as it is. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
}
