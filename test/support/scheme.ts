import type { Call } from '../../lib/channel.ts';
import type { MacroContext } from '../../lib/macro.ts';
import { parseScheme, type Scheme, type SchemeDocument, type Webhook } from '../../lib/scheme.ts';

type WebhookDocument = SchemeDocument['webhook'];

/** A scheme of which only what matters to the test is written out. */
export function schemeOf(
  document: Partial<Omit<SchemeDocument, 'webhook'>> & { webhook?: Partial<WebhookDocument> } = {},
): Scheme {
  const { webhook, ...rest } = document;
  const json = { name: 'sales', ...rest, webhook: { url: 'http://crm.example.com/route', ...webhook } };
  const result = parseScheme(json, 'a1b2c3d4e5f6');
  if (!result.ok) throw new Error(result.faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  return result.scheme;
}

export function webhookOf(webhook: Partial<WebhookDocument> = {}): Webhook {
  return schemeOf({ webhook }).webhook;
}

export function callOf(call: Partial<Call> = {}): Call {
  return {
    uuid: '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11',
    callId: '1-4711@10.0.0.1',
    caller: '+380501234567',
    callerRaw: '+380501234567',
    callerName: 'Олена "Lena" O’Neil',
    withheld: false,
    did: '380441234567',
    destinationNumber: '380441234567',
    context: 'public',
    sourceIp: '10.0.0.1',
    switch: 'fs1',
    divertedFrom: '',
    path: '',
    schemeVariable: '',
    answered: false,
    guardSeconds: null,
    eventSequence: 0,
    socketMode: { async: true, full: true },
    variables: new Map(),
    ...call,
  };
}

export function contextOf(context: Partial<MacroContext> = {}): MacroContext {
  return {
    call: callOf(),
    scheme: 'sales',
    country: undefined,
    attempt: 1,
    timestamp: '2026-11-22T09:00:00.000Z',
    secret: (name) => `value of ${name}`,
    ...context,
  };
}
