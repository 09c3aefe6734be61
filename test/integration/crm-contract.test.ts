import { expect } from 'chai';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CallRecord } from '../../lib/call/record.ts';
import { sentenceOf, type Reason } from '../../lib/errors.ts';
import { createHttpClient } from '../../lib/http/client.ts';
import type { HttpResponse } from '../../lib/http/message.ts';
import { parseScheme, type SchemeDocument } from '../../lib/scheme/scheme.ts';
import { startCrm, type CrmReply, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { buildRequest } from '../../lib/webhook/request.ts';
import type { Webhook } from '../../lib/webhook/webhook.ts';
import { runInside } from '../support/cli.ts';
import { block, PAGE, table } from '../support/crm-page.ts';
import { callOf, contextOf, TRACEPARENT, webhookOf } from '../support/scheme.ts';

/** docs/crm.md against what the router sends and does. */

const ID = 'msg_3f0c7b52-6a3f-4f0e-9d43-0c8b5b1f7a10';
const CALL = { callerName: '', callId: '1-4711@192.0.2.7', sourceIp: '192.0.2.7', did: '15005550100' };
const SECRET = /whsec_[A-Za-z0-9+/=]+/.exec(PAGE)?.[0] ?? '';

/** Sends the question of a webhook, as the page's call asks it, to whatever listens there. */
async function send(webhook: Webhook): Promise<HttpResponse> {
  const client = createHttpClient({ network: { deny: [], allow: [], private: true, switchPorts: [] } });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const context = contextOf({ call: callOf(CALL), secret: () => SECRET });
  try {
    const request = buildRequest({
      webhook,
      context,
      webhookId: ID,
      traceparent: TRACEPARENT,
      version,
      dryRun: false,
    });
    return await client.send(request, { signal: new AbortController().signal });
  } finally {
    client.close();
  }
}

describe('docs/crm.md', function () {
  this.timeout(30_000);
  let crm: SimulatedCrm;
  let reply: CrmReply = { status: 500 };

  before(async () => {
    crm = await startCrm(({ url }) =>
      url === '/night' ? { status: 200, body: '{"destination": "900"}' } : reply,
    );
  });

  after(() => crm.close());

  it('has the shortest exchange byte for byte', async () => {
    const crlf = (text: string): string =>
      text.replace(/^[^]*?\n\n/, (head) => head.replaceAll('\n', '\r\n'));
    const scheme = JSON.parse(block('scheme')) as SchemeDocument;
    expect(parseScheme(scheme, '')).to.include({ ok: true });
    let received = '';
    const wanted = Buffer.byteLength(crlf(block('question')));
    const server = createServer((socket) => {
      socket.on('data', (bytes) => {
        received += bytes.toString();
        const port = (server.address() as AddressInfo).port;
        received = received.replace(`127.0.0.1:${port}`, 'crm.example.com');
        if (Buffer.byteLength(received) >= wanted) socket.end(crlf(block('reply')));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = scheme.webhook.url.replace(
      'crm.example.com',
      `127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    const { status, body } = await send(webhookOf({ ...scheme.webhook, url }));
    server.close();
    expect(received).to.equal(crlf(block('question')));
    expect([status, body]).to.deep.equal([200, '{"destination":"201"}']);
  });

  describe('says what becomes of', () => {
    for (const [status = '', cell = '', result = '', reason = ''] of table('answers')) {
      const body = cell.replace(/^`(.*)`$/, '$1');
      it(`${status} ${body}`, async () => {
        reply = { status: Number(status), body };
        const run = await runInside(
          ['try', '--scheme', 'sales', '--caller', '+380501234567', '--did', '15005550100', '--json'],
          {
            settings: { GATEWAY: 'trunk', DOMAIN: 'pbx.example' },
            files: {
              'schemes/sales.json': {
                name: 'sales',
                webhook: { url: `${crm.url}/route` },
                targets: { support: { transfer: { extension: '900' } } },
              },
              'schemes/night.json': { name: 'night', webhook: { url: `${crm.url}/night` } },
            },
          },
        );
        const record = JSON.parse(run.stdout) as CallRecord;
        expect([record.result, record.reason]).to.deep.equal([result, reason]);
      });
    }
  });

  it('asks the same question twice as it says: the same bytes, the same id', async () => {
    let asked = 0;
    const flaky = await startCrm(() => ({
      status: ++asked === 1 ? 503 : 200,
      body: '{"destination": "201"}',
    }));
    const run = await runInside(
      ['try', '--scheme', 'sales', '--caller', '+380501234567', '--did', '15005550100', '--json'],
      {
        settings: { GATEWAY: 'trunk', DOMAIN: 'pbx.example' },
        files: {
          'schemes/sales.json': { name: 'sales', webhook: { url: `${flaky.url}/`, retryStatuses: [503] } },
        },
      },
    );
    await flaky.close();
    const [first, second, ...more] = flaky.requests;
    expect(more).to.deep.equal([]);
    expect(second?.body.toString()).to.equal(first?.body.toString());
    expect(second?.headers).to.deep.equal(first?.headers);
    expect((JSON.parse(run.stdout) as CallRecord).result).to.equal('routed');
  });

  it('names only reasons that there are, and links only to what is there', () => {
    const reasons = [...PAGE.matchAll(/^\| `([a-z_]+)` \| /gm)].map((match) => match[1] ?? '');
    const named = reasons.slice(reasons.indexOf('webhook_timeout'));
    expect(named).to.have.length.above(5);
    expect(
      named.filter((reason) => (sentenceOf(reason as Reason) as string | undefined) === undefined),
    ).to.deep.equal([]);
    const links = [...PAGE.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join('docs', link)));
    expect(missing).to.deep.equal([]);
  });

  describe('checks a signature', () => {
    const auth = { type: 'hmac' as const, secret: '{{secret.CRM}}' };

    /** What a webhook's question was on the wire. */
    async function signed(webhook: Parameters<typeof webhookOf>[0]) {
      reply = { status: 200, body: '{}' };
      const document = { auth, ...webhook, url: `${crm.url}${webhook?.url ?? '/route'}` };
      await send(webhookOf(document));
      const { headers, body } = crm.requests.at(-1)!;
      return { headers, body };
    }

    it('as the page shows it', async () => {
      const { headers } = await signed({});
      const lines = block('signed')
        .split('\n')
        .map((line) => line.split(': '));
      for (const [name = '', value] of lines) expect(headers[name], name).to.equal(value);
      expect(PAGE.split(headers['webhook-signature']!.slice('v1,'.length))).to.have.length.above(2);
    });

    it('by the steps of the standard, the body alone', async () => {
      const { headers, body } = await signed({});
      expect(verify(SECRET, headers, body)).to.equal('fine');
    });

    it('and refuses another body, id, time, secret, version, an old one, and none', async () => {
      const { headers, body } = await signed({});
      const forged = Buffer.from(body.toString().replace('+380501234567', '+380501234568'));
      expect(verify(SECRET, headers, forged)).to.equal('no signature fits');
      expect(verify(SECRET, { ...headers, 'webhook-id': 'msg_other' }, body)).to.equal('no signature fits');
      expect(verify(SECRET, { ...headers, 'webhook-timestamp': '1795338001' }, body)).to.equal(
        'no signature fits',
      );
      expect(verify('whsec_b3RoZXI=', headers, body)).to.equal('no signature fits');
      const v2 = headers['webhook-signature']!.replace('v1,', 'v1a,');
      expect(verify(SECRET, { ...headers, 'webhook-signature': v2 }, body)).to.equal('no signature fits');
      expect(verify(SECRET, headers, body, 1795338000 + 301)).to.equal('too old or too early');
      expect(verify(SECRET, headers, body, 1795338000 - 301)).to.equal('too old or too early');
      expect(verify(SECRET, { ...headers, 'webhook-signature': '' }, body)).to.equal('a header is missing');
    });

    it('by either secret while it is changed', async () => {
      const { headers, body } = await signed({
        auth: { ...auth, secret: 'new one', previousSecret: auth.secret },
      });
      expect(verify(SECRET, headers, body)).to.equal('fine');
    });

    it('of a query: not by the body alone, but by the text that the page gives', async () => {
      const { headers, body } = await signed({
        url: '/owner',
        method: 'GET',
        submission: 'http',
        parameters: { phone: '{{caller}}', line: '{{did}}' },
      });
      expect(verify(SECRET, headers, body)).to.equal('no signature fits');
      expect(verify(SECRET, headers, Buffer.from(block('outside')))).to.equal('fine');
    });

    it('of a header: the same', async () => {
      const { headers, body } = await signed({ headers: { 'X-Line': '{{did}}' } });
      expect(headers['webhook-signed-headers']).to.equal('x-line');
      expect(verify(SECRET, headers, body)).to.equal('no signature fits');
      const text = block('outside-header').replace('BODY', body.toString());
      expect(verify(SECRET, headers, Buffer.from(text))).to.equal('fine');
      const forged = text.replace('x-line: 15005550100', 'x-line: 15005550199');
      expect(verify(SECRET, headers, Buffer.from(forged))).to.equal('no signature fits');
    });
  });
});

/**
 * A verifier of its own, from the specification's section "Verifying webhook authenticity": it shares no line with what
 * signs. Five minutes are the tolerance of the reference libraries.
 */
function verify(
  secret: string,
  headers: Readonly<Record<string, string>>,
  payload: Buffer,
  nowSeconds = 1795338000,
): string {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (!id || !timestamp || !signatures) return 'a header is missing';
  if (!(Math.abs(nowSeconds - Number(timestamp)) <= 300)) return 'too old or too early';
  const mac = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
  mac.update(`${id}.${timestamp}.`).update(payload);
  const expected = mac.digest();
  const fits = signatures.split(' ').some((versioned) => {
    const [version, value = ''] = versioned.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return fits ? 'fine' : 'no signature fits';
}
