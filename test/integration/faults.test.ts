import { expect } from 'chai';
import { gzipSync } from 'node:zlib';
import { scenarios, type Outcome, type Reply, type Scenario } from '../support/scenario.ts';

/** The CRM is slow, broken or gone: the fallback serves the caller, and the record says why. */

interface Fault {
  readonly title: string;
  readonly reply: Reply;
  readonly reason: string;
  /** In the detail of the request's answer. */
  readonly detail?: string | RegExp;
  readonly webhook?: NonNullable<Scenario['scheme']>['webhook'];
  /** At the earliest. */
  readonly afterMs?: number;
}

const JSON_29 = '{"number_01":"3 80123456789"}';
const raw = (head: string, body = ''): Reply => ({ raw: `HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}` });
const rpc = { submission: 'json-rpc', import: 'json-rpc', rpcMethod: 'route' } as const;
const BOMB = gzipSync(Buffer.alloc(20 * 1024 * 1024, '{"destination":"201"}'));

const ERRORS: readonly Fault[] = [
  {
    title: 'refuses the connection',
    reply: { json: {} },
    webhook: { url: 'http://127.0.0.1:9/' },
    reason: 'connect_failed',
    detail: /ECONNREFUSED/,
  },
  {
    title: 'has a name that does not exist',
    reply: { json: {} },
    webhook: { url: 'http://crm.invalid/' },
    reason: 'dns_failed',
  },
  {
    title: 'speaks no TLS',
    reply: { json: {} },
    webhook: { url: 'https://CRM-HOST/' },
    reason: 'tls_failed',
  },
  { title: 'resets before the headers', reply: { reset: 'before-headers' }, reason: 'connection_lost' },
  { title: 'resets after the headers', reply: { reset: 'after-headers' }, reason: 'connection_lost' },
  { title: 'closes without a word', reply: { raw: '' }, reason: 'connection_lost' },
  {
    title: 'sends half of the body',
    reply: { status: 200, body: JSON_29, half: true },
    reason: 'connection_lost',
  },
  {
    title: 'drips the body byte by byte',
    reply: { status: 200, body: JSON_29, dripMs: 100 },
    webhook: { timeoutSeconds: 0.5 },
    reason: 'webhook_timeout',
    afterMs: 480,
  },
  {
    title: 'hangs',
    reply: { hang: true },
    webhook: { timeoutSeconds: 0.5 },
    reason: 'webhook_timeout',
    afterMs: 480,
  },
  {
    title: 'hangs after its headers',
    reply: { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{', keepOpen: true },
    webhook: { timeoutSeconds: 0.5 },
    reason: 'webhook_timeout',
    afterMs: 480,
  },
  { title: 'answers 500', reply: { status: 500, body: JSON_29 }, reason: 'http_status', detail: 'HTTP 500' },
  { title: 'answers 503', reply: { status: 503 }, reason: 'http_status', detail: 'HTTP 503' },
  { title: 'answers 404', reply: { status: 404 }, reason: 'http_status', detail: 'noRouteStatuses' },
  { title: 'answers 401', reply: { status: 401 }, reason: 'http_status', detail: 'credentials' },
  {
    title: 'redirects, which is not followed',
    reply: { status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' }, body: JSON_29 },
    reason: 'http_status',
    detail: 'redirects are not followed, Location http://127.0.0.1:9/elsewhere',
  },
  {
    title: 'sends an HTML page instead of JSON',
    reply: { text: '<html><body>login</body></html>' },
    reason: 'body_not_json',
    detail: 'HTML',
  },
  {
    title: 'sends an HTML page instead of text',
    reply: { text: ' <!doctype html><p>login' },
    webhook: { import: 'http' },
    reason: 'body_not_text',
    detail: 'HTML',
  },
  {
    title: 'sends a text that is too long for a destination',
    reply: { text: 'a'.repeat(129) },
    webhook: { import: 'http' },
    reason: 'body_not_text',
    detail: '129',
  },
  { title: 'sends broken JSON', reply: { text: '{"destination":"201"' }, reason: 'body_not_json' },
  {
    title: 'sends JSON of 100,000 levels',
    reply: { text: '['.repeat(30_000) + ']'.repeat(30_000) },
    reason: 'body_not_json',
    detail: 'nested',
  },
  {
    title: 'sends more than 64 KiB',
    reply: { text: `{"destination":"201","x":"${'y'.repeat(65_536)}"}` },
    reason: 'body_too_large',
  },
  {
    title: 'sends a gzip bomb',
    reply: { status: 200, headers: { 'content-encoding': 'gzip' }, body: BOMB },
    reason: 'body_too_large',
  },
  {
    title: 'sends no whole gzip',
    reply: { status: 200, headers: { 'content-encoding': 'gzip' }, body: gzipSync(JSON_29).subarray(0, 20) },
    reason: 'http_malformed',
  },
  { title: 'speaks no HTTP', reply: { raw: 'SSH-2.0-OpenSSH_9.6\r\n' }, reason: 'http_malformed' },
  {
    title: 'sends 29 bytes and says 25',
    reply: raw('Content-Type: text/html\r\nContent-Length: 25', JSON_29),
    webhook: { responseName: 'number_01' },
    reason: 'http_malformed',
    detail: 'the body is longer than its Content-Length of 25',
  },
  {
    title: 'answers by JSON-RPC: an error with 200',
    reply: { json: { jsonrpc: '2.0', id: null, error: { code: -32601, message: 'no such method' } } },
    webhook: rpc,
    reason: 'rpc_error',
    detail: '-32601 "no such method"',
  },
  {
    title: 'answers by JSON-RPC: the wrong id',
    reply: { json: { jsonrpc: '2.0', id: 'msg_0', result: '201' } },
    webhook: rpc,
    reason: 'rpc_invalid',
    detail: 'msg_0',
  },
  {
    title: 'answers by JSON-RPC: neither result nor error',
    reply: { json: { jsonrpc: '2.0', id: 1 } },
    webhook: rpc,
    reason: 'rpc_invalid',
  },
  { title: 'answers by JSON-RPC: a batch', reply: { json: [] }, webhook: rpc, reason: 'rpc_invalid' },
];

const NOBODY: readonly Fault[] = [
  { title: '204', reply: { status: 204 }, reason: 'no_content' },
  { title: 'an empty body', reply: { status: 200 }, reason: 'empty_body' },
  { title: 'blanks only', reply: { text: ' \r\n' }, reason: 'empty_body' },
  { title: 'a missing key', reply: { json: { other: '201' } }, reason: 'missing_key', detail: 'other' },
  { title: 'null', reply: { json: { destination: null } }, reason: 'empty_value' },
  { title: 'JSON null', reply: { json: null }, reason: 'empty_value' },
  {
    title: 'a key of the language and not of the reply',
    reply: { json: {} },
    webhook: { responseName: ['constructor.name', '__proto__', 'toString'] },
    reason: 'missing_key',
  },
];

function scenario(
  { title, reply, webhook, reason, detail, afterMs }: Fault,
  result: 'error' | 'no_route',
): Scenario {
  const [other, own]: [string, string] =
    result === 'error' ? ['onNoRoute', 'onError'] : ['onError', 'onNoRoute'];
  return {
    title,
    scheme: {
      ...(webhook && { webhook }),
      fallback: { [own]: [{ dial: '900' }], [other]: [{ dial: '999999' }] },
    },
    reply: 'json' in reply ? () => reply : reply,
    check: ({ record, dialled, marker, line }: Outcome) => {
      expect(record.requests.at(-1)?.answer).to.equal(reason);
      expect(dialled).to.deep.equal(['user/900@pbx.example']);
      expect([marker('result'), marker('reason')]).to.deep.equal([result, reason]);
      expect(record.decisions[0]).to.include({ result, reason, via: 'fallback' });
      expect(record.end).to.equal('bridged');
      expect(line).to.include({ answer: reason });
      if (typeof detail === 'string') expect(line['detail']).to.include(detail);
      if (detail instanceof RegExp) expect(line['detail']).to.match(detail);
      // By the router's own clock: FreeSWITCH's side begins a few milliseconds later.
      if (afterMs !== undefined) expect(record.decidedMs).to.be.within(afterMs, afterMs + 6000);
    },
  };
}

scenarios(
  'a CRM that',
  ERRORS.map((fault) => scenario(fault, 'error')),
);
scenarios(
  'a CRM that says "nobody" by',
  NOBODY.map((fault) => scenario(fault, 'no_route')),
);

/** Odd, and still an answer. */
const GOOD: readonly (readonly [string, Reply, NonNullable<Scenario['scheme']>['webhook']?])[] = [
  ['gzip', { status: 200, body: '{"destination":"201"}', gzip: true }],
  ['chunks', { status: 200, body: '{"destination":"201"}', chunked: true }],
  ['a byte-order mark', { text: '\ufeff{"destination":"201"}' }],
  ['status 201', { status: 201, body: '{"destination":"201"}' }],
  ['a body that drips in time', { status: 200, body: '{"destination":"201"}', dripMs: 3 }],
  [
    'a login of 9 bytes as text/html',
    raw('Content-Type: text/html\r\nContent-Length: 9', 'agent_007'),
    { import: 'http' },
  ],
  [
    'JSON-RPC without a version, "error": null',
    { json: { id: null, error: null, result: 201 } },
    { import: 'json-rpc' },
  ],
];

scenarios(
  'a CRM that answers with',
  GOOD.map(([title, reply, webhook = {}]) => ({
    title,
    scheme: { webhook },
    reply: () => reply,
    check: ({ dialled, record }: Outcome) => {
      expect(dialled).to.have.length(1);
      expect(dialled[0]).to.match(/^user\/(201|agent_007)@pbx\.example$/);
      expect(record).to.include({ via: 'primary', result: 'routed', reason: 'answered' });
    },
  })),
);
