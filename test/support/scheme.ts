import { parseCall, type Call } from '../../lib/call/channel.ts';
import { NUMBERING } from './rules.ts';
import { parseScheme, type Scheme, type SchemeDocument } from '../../lib/scheme/scheme.ts';
import { FIRST, type MacroContext } from '../../lib/webhook/macro.ts';
import type { Webhook } from '../../lib/webhook/webhook.ts';

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

/** A call from +380501234567 to 380441234567, read as FreeSWITCH tells it. */
export function callOf(call: Partial<Call> = {}): Call {
  const headers = new Map([
    ['Unique-ID', '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11'],
    ['Caller-Caller-ID-Number', '+380501234567'],
    ['Caller-Caller-ID-Name', 'Олена "Lena" O’Neil'],
    ['Caller-Destination-Number', '380441234567'],
    ['Caller-Context', 'public'],
    ['Caller-Network-Addr', '10.0.0.1'],
    ['FreeSWITCH-Switchname', 'fs1'],
    ['variable_sip_call_id', '1-4711@10.0.0.1'],
  ]);
  return { ...parseCall(headers, { didFrom: ['destination_number'], variables: [] }), ...call };
}

export function contextOf(context: Partial<MacroContext> = {}): MacroContext {
  return {
    call: callOf(),
    scheme: 'sales',
    numbering: NUMBERING,
    attempt: 1,
    occasion: FIRST,
    timestamp: '2026-11-22T09:00:00.000Z',
    secret: (name) => `value of ${name}`,
    ...context,
  };
}

/** Of the examples in docs/crm.md, and of W3C Trace Context itself. */
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
