import { expect } from 'chai';
import { parseCall } from '../../../lib/call/channel.ts';
import { apply, newRecord, type CallRecord } from '../../../lib/call/record.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { budgetMs, Inquiry, type Decision } from '../../../lib/decide/decide.ts';
import { AnswerMemory } from '../../../lib/decide/memory.ts';
import { RouterError } from '../../../lib/errors.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { assembleSchemes } from '../../../lib/schemes/schemes.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** What was secret in a question goes no further than to the CRM, whatever comes back: replies, errors, retries. */

const TOKEN = 'tok/Abc+12"xYz&99';
const SCHEME: SchemeDocument = {
  name: 'sales',
  webhook: {
    url: 'https://crm.example/{{secret.T}}?who={{var.note}}',
    submission: 'json-rpc',
    import: 'json-rpc',
    rpcMethod: 'route',
    auth: { type: 'basic', user: 'crm', password: '{{secret.T}}' },
  },
  bridge: { headers: { 'X-Card': '{{reply.result.card}}' } },
};

async function decide(
  send: (request: HttpRequest, retried: (detail: string) => void) => HttpResponse,
  headers: Record<string, string> = {},
): Promise<{ decision: Decision; record: CallRecord; request: HttpRequest }> {
  const result = loadConfig({
    file: null,
    env: { ESL_ROUTER_DOMAIN: 'pbx.test' },
    argv: {},
    readSecretFile: () => '',
  });
  const secrets = { has: () => true, read: () => TOKEN };
  const loaded = assembleSchemes([{ name: 'a', json: SCHEME, text: '' }], result.config, secrets);
  const scheme = loaded.ok ? loaded.set.schemes.get('sales') : undefined;
  if (!loaded.ok || scheme === undefined) throw new Error('not loaded');
  const clock = new ManualClock();
  const told = {
    'Unique-ID': 'u-1',
    'Caller-Caller-ID-Number': '380441112233',
    'Caller-Destination-Number': '15005550100',
    ...headers,
  };
  const { variables } = loaded.set;
  const call = parseCall(new Map(Object.entries(told)), { didFrom: ['destination_number'], variables });
  const record = newRecord('trace-1', clock.date());
  let request: HttpRequest | undefined;
  const inquiry = new Inquiry({
    call,
    config: result.config,
    schemes: loaded.set,
    secrets,
    send: (asked, { onRetry }) => {
      request = asked;
      return Promise.resolve().then(() =>
        send(asked, (detail) => {
          onRetry({ reason: 'connect_failed', detail });
        }),
      );
    },
    memory: new AnswerMemory(),
    clock,
    version: '0.0.0',
    trace: '0af7651916cd43dd8448eb211c80319c',
    dryRun: false,
    signal: new AbortController().signal,
    note: (event) => {
      apply(record, event);
    },
    elapsedMs: () => 0,
  });
  const decision = await inquiry.decide(scheme, clock.now() + budgetMs(scheme, call));
  if (request === undefined) throw new Error('nobody was asked');
  return { decision, record, request };
}

const basic = Buffer.from(`crm:${TOKEN}`).toString('base64');
/** Of the token, in any form, eight characters are enough. */
const LEAK = /tok\/Abc|Abc\+12|Abc%2B|xYz&99|xYz%26|xYz&amp;|Y3JtOnRvay9BYm/i;

describe('what was secret in a question', () => {
  it('is in no error of DNS, TLS or HTTP, and in no retry', async () => {
    for (const text of [TOKEN, encodeURIComponent(TOKEN), basic, `alert: https://crm.example/${TOKEN}?a`]) {
      const { record, request } = await decide((_, retried) => {
        retried(`ENOTFOUND ${text}`);
        throw new RouterError('tls_failed', `handshake with ${text} failed`);
      });
      expect(request.url).to.include(encodeURIComponent(TOKEN));
      expect(JSON.stringify(record)).not.to.match(LEAK);
      expect(record.requests[0]).to.deep.include({ answer: 'tls_failed' });
      expect(record.requests[0]?.detail).to.include('***');
      expect(record.requests[0]?.retries[0]?.detail).to.match(/^ENOTFOUND .*\*\*\*/);
    }
  });

  it('is in no record of a reply: body, names and values of headers, notes, readings, the error of JSON-RPC', async () => {
    const html = TOKEN.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const error = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -1, message: `bad ${TOKEN}` } });
    const found = JSON.stringify({ jsonrpc: '2.0', id: null, result: { destination: `@${TOKEN}` } });
    for (const body of [error, found, `<pre>Authorization: Basic ${basic} ${html}</pre>`]) {
      const { record } = await decide(() => ({
        status: body.startsWith('<') ? 500 : 200,
        headers: { location: `/x?k=${encodeURIComponent(TOKEN)}`, [`x-${basic}`]: basic },
        body,
        phases: { total: 1 },
        notes: [`read ${TOKEN}`],
      }));
      expect(JSON.stringify(record)).not.to.match(LEAK);
      expect(record.requests[0]?.reply?.body).to.include('***');
    }
  });

  it('is in no header for a callee', async () => {
    const result = { destination: '201', card: TOKEN };
    const { decision, record } = await decide(() => ({
      status: 200,
      headers: {},
      body: JSON.stringify({ jsonrpc: '2.0', id: null, result }),
      phases: { total: 1 },
    }));
    expect(decision.steps[0]).to.have.property('calleeHeaders').that.deep.equals({ 'X-Card': '***' });
    expect(JSON.stringify(record)).not.to.match(LEAK);
  });

  it('tells nobody the number of a caller who withheld it', async () => {
    const { record, request } = await decide(
      () => ({ status: 204, headers: {}, body: '', phases: { total: 1 } }),
      {
        'Caller-Privacy-Hide-Number': 'true',
        variable_note: '0441112233',
        variable_sip_call_id: '380441112233@10.0.0.1',
      },
    );
    expect(JSON.stringify([record, request.url, request.body])).not.to.include('1112233');
  });
});
