import { expect } from 'chai';
import type { Answer } from '../../../lib/webhook/formats/format.ts';
import { questionOf } from '../../../lib/webhook/request.ts';
import { foreignReply, readResponse } from '../../../lib/webhook/response.ts';
import { webhookOf } from '../../support/scheme.ts';

interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function read(
  { status = 200, headers = {}, body = '' }: Reply,
  webhook: Parameters<typeof webhookOf>[0] = {},
): Answer {
  const hook = webhookOf(webhook);
  return readResponse({ status, headers, body, phases: { total: 1 } }, hook, questionOf(hook, 'msg_1'));
}

describe('response', () => {
  it('reads every 2xx in the format of the import, whatever the Content-Type says', () => {
    for (const status of [200, 201, 202, 299]) {
      expect(read({ status, body: '{"destination":"201"}' })).to.include({ kind: 'found', value: '201' });
    }
    const headers = { 'content-type': 'text/html' };
    expect(read({ headers, body: 'agent_007' }, { import: 'http' })).to.include({ value: 'agent_007' });
    expect(
      read({ headers, body: '{"number_01":"3 80123456789"}' }, { responseName: 'number_01' }),
    ).to.include({
      value: '3 80123456789',
    });
  });

  it('reads import and submission independently', () => {
    const body = '{"jsonrpc":"2.0","result":"201","id":"msg_1"}';
    expect(read({ body }, { submission: 'http', import: 'json-rpc' })).to.include({ value: '201' });
    const wrongId = body.replace('msg_1', 'msg_9');
    expect(read({ body: wrongId }, { submission: 'http', import: 'json-rpc' })).to.include({ value: '201' });
    const rpc = { submission: 'json-rpc', rpcMethod: 'route', import: 'json-rpc' } as const;
    expect(read({ body }, rpc)).to.include({ value: '201' });
    expect(read({ body: wrongId }, rpc)).to.include({ reason: 'rpc_invalid' });
    expect(read({ body: '201' }, { ...rpc, import: 'http' })).to.include({ value: '201' });
  });

  it('takes the first name that holds something', () => {
    const responseName = ['owner.phone', 'queue'];
    expect(read({ body: '{"owner":null,"queue":"700"}' }, { responseName })).to.include({ value: '700' });
  });

  it('has no route for 204, an empty body and the statuses of the scheme', () => {
    expect(read({ status: 204 })).to.include({ kind: 'none', reason: 'no_content' });
    expect(read({ body: ' \n' })).to.include({ kind: 'none', reason: 'empty_body' });
    const unknownContact = { status: 404, body: '{"error":"not found"}' };
    expect(read(unknownContact, { noRouteStatuses: [404] })).to.include({
      kind: 'none',
      reason: 'no_route_status',
    });
    expect(read(unknownContact)).to.include({ kind: 'unavailable', reason: 'http_status' });
  });

  it('names an unread status in a way that helps', () => {
    const details = (reply: Reply) => (read(reply) as { detail: string }).detail;
    expect(details({ status: 302, headers: { location: 'https://crm/login' } })).to.equal(
      'HTTP 302: redirects are not followed, Location https://crm/login',
    );
    expect(details({ status: 304 })).to.equal('HTTP 304: redirects are not followed');
    expect(details({ status: 401 })).to.equal(
      'HTTP 401: the CRM wants credentials, and the scheme has none: see webhook.auth',
    );
    expect(details({ status: 404 })).to.contain('noRouteStatuses');
    expect(details({ status: 418 })).to.equal('HTTP 418');
    expect(details({ status: 503 })).to.equal('HTTP 503: the CRM failed');
    for (const status of [100, 199, 300, 400, 500, 599])
      expect(read({ status })).to.include({ reason: 'http_status' });
  });

  describe('to another question', () => {
    const foreign = (reply: Reply, webhook: Parameters<typeof webhookOf>[0]): string | null => {
      const { status = 200, headers = {}, body = '' } = reply;
      return foreignReply({ status, headers, body, phases: { total: 1 } }, webhookOf(webhook), 'msg_1');
    };
    const header = { echo: { header: 'X-Request-Id' } } as const;
    const key = { echo: { key: 'meta.id' } } as const;

    it('is any that carries another id, or none', () => {
      expect(foreign({ headers: { 'x-request-id': 'msg_1' } }, header)).to.equal(null);
      expect(foreign({ headers: { 'x-request-id': 'msg_2' } }, header)).to.equal(
        'the reply belongs to the question "msg_2" (header X-Request-Id), ours is "msg_1"',
      );
      expect(foreign({}, header)).to.equal(
        "the reply has no header X-Request-Id, where webhook.echo expects the question's id",
      );
      expect(foreign({ body: '{"meta.id":"msg_1"}' }, key)).to.equal(null);
      expect(foreign({ body: '{"meta":{"id":"msg_1"}}' }, key)).to.equal(null);
      expect(foreign({ body: '{"result":{"meta":{"id":"msg_1"}}}' }, key)).to.equal(null);
      expect(foreign({ body: '{"meta":{"id":"msg_2"}}' }, key)).to.match(/to the question "msg_2"/);
      for (const body of [
        '{"destination":"201"}',
        '"msg_1"',
        '["msg_1"]',
        '{"meta":{"id":["msg_1"]}}',
        'no JSON',
        '',
      ]) {
        expect(foreign({ body }, key), body).to.match(/^the reply has no key "meta\.id"/);
      }
    });

    it('is nobody too: who is not there for another caller may well be for this one', () => {
      expect(foreign({ status: 204 }, header)).to.match(/no header/);
      expect(foreign({ status: 404 }, { ...header, noRouteStatuses: [404] })).to.match(/no header/);
      expect(foreign({ status: 204, headers: { 'x-request-id': 'msg_1' } }, header)).to.equal(null);
    });

    it('is none that is an error anyhow, and none where nothing is repeated', () => {
      for (const status of [302, 404, 500]) expect(foreign({ status }, header)).to.equal(null);
      expect(foreign({}, {})).to.equal(null);
    });
  });
});
