import { expect } from 'chai';
import type { RecordedRequest } from '../../lib/simulator/index.ts';
import { scenarios, CALLER, DID, type Outcome, type Reply, type Scenario } from '../support/scenario.ts';

/** The request as it arrives at the CRM, byte for byte, for each submission, import and method. */

const SUBMISSIONS = ['http', 'json', 'json-rpc'] as const;
const IMPORTS = ['http', 'json', 'json-rpc'] as const;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

const NUMBER = '380501234567';
const NAME = 'Ivan & Co';

interface Expected {
  readonly method: string;
  /** Behind the path. */
  readonly query: string;
  readonly contentType: string | null;
  readonly body: (webhookId: string) => string;
}

function expected(submission: (typeof SUBMISSIONS)[number], method: string): Expected {
  const none = (): string => '';
  if (submission === 'json') {
    const body = `{"phone":"${CALLER}","name":"Ivan & Co"}`;
    return { method: 'POST', query: '?key=1', contentType: 'application/json', body: () => body };
  }
  if (submission === 'json-rpc') {
    const body = (id: string): string =>
      `{"jsonrpc":"2.0","method":"call.route","params":{"phone":"${CALLER}","name":"Ivan & Co"},"id":"${id}"}`;
    return { method: 'POST', query: '?key=1', contentType: 'application/json', body };
  }
  if (method === 'GET' || method === 'DELETE') {
    const query = `?key=1&phone=${CALLER}&name=Ivan%20%26%20Co`;
    return { method, query, contentType: null, body: none };
  }
  return {
    method,
    query: '?key=1',
    contentType: 'application/x-www-form-urlencoded',
    body: () => `phone=${CALLER}&name=Ivan+%26+Co`,
  };
}

/** The reply in the form that the scheme imports; a JSON-RPC id is compared only when one was sent. */
function replyFor(
  importName: (typeof IMPORTS)[number],
  submission: string,
): (request: RecordedRequest) => Reply {
  return ({ body }) => {
    if (importName === 'http') return { text: `  ${NUMBER}\r\n` };
    if (importName === 'json') return { json: { destination: NUMBER } };
    const { id } = submission === 'json-rpc' ? (JSON.parse(body.toString()) as { id: string }) : { id: null };
    return { json: { jsonrpc: '2.0', id, result: { destination: NUMBER } } };
  };
}

function checkRequest({ requests, dialled, name, record }: Outcome, wanted: Expected): void {
  expect(requests).to.have.length(1);
  const [{ method, url, headers, rawHeaders, body }] = requests as [Outcome['requests'][number]];
  const id = headers['webhook-id'] ?? '';
  expect(id).to.match(/^msg_[0-9a-f-]{36}$/);
  expect(`${method} ${url}`).to.equal(`${wanted.method} /${name}/route${wanted.query}`);
  expect(body.toString()).to.equal(wanted.body(id));
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((header) => header.toLowerCase());
  const framing = wanted.contentType === null ? [] : ['content-length', 'content-type'];
  expect(names.toSorted()).to.deep.equal(
    [
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'traceparent',
      'user-agent',
      'webhook-id',
      ...framing,
    ].toSorted(),
  );
  expect(headers['content-length'] ?? '0').to.equal(String(body.length));
  expect(headers['content-type'] ?? null).to.equal(wanted.contentType);
  expect(headers['accept']).to.equal('application/json, text/plain, */*');
  expect(headers['user-agent']).to.match(/^esl-router\/\d+\.\d+\.\d+$/);
  expect(dialled).to.deep.equal([`sofia/gateway/crm/${NUMBER}`]);
  expect(record.requests[0]).to.include({ method: wanted.method, webhookId: id, answer: 'found' });
}

const matrix = SUBMISSIONS.flatMap((submission) =>
  IMPORTS.flatMap((importName) =>
    METHODS.map((method): Scenario => ({
      title: `${method}, submitted as ${submission}, read as ${importName}`,
      scheme: {
        webhook: {
          url: 'CRM/route?key=1',
          method,
          submission,
          import: importName,
          rpcMethod: 'call.route',
          parameters: { phone: '{{caller}}', name: '{{caller_name}}' },
        },
      },
      reply: replyFor(importName, submission),
      call: { callerName: NAME },
      check: (outcome) => {
        checkRequest(outcome, expected(submission, method));
      },
    })),
  ),
);

/** Without `parameters` and `body` the CRM is told all that is known of the call. */
const defaults: Scenario[] = (['http', 'json'] as const).map((submission) => ({
  title: `the default body, as ${submission}`,
  scheme: { webhook: { submission } },
  call: { callerName: 'Ivan', context: 'public' },
  check: ({ requests, report, record, name }) => {
    const text = requests[0]?.body.toString() ?? '';
    const fields = (
      submission === 'json' ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))
    ) as Record<string, unknown>;
    const { timestamp, ...rest } = fields;
    expect(rest).to.deep.equal({
      event: 'route.request',
      call_id: record.call?.callId,
      uuid: report.uuid,
      scheme: name,
      caller: CALLER,
      caller_name: 'Ivan',
      did: DID,
      context: 'public',
      source_ip: '127.0.0.1',
      attempt: submission === 'json' ? 1 : '1',
    });
    expect(record.call?.callId).to.match(/.@127\.0\.0\.1$/);
    expect(timestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  },
}));

scenarios('requests', [...matrix, ...defaults]);
