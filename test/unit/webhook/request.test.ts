import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { RouterError } from '../../../lib/errors.ts';
import type { HttpRequest } from '../../../lib/http/message.ts';
import { parseTemplate, type MacroContext } from '../../../lib/webhook/macro.ts';
import { buildRequest, questionOf } from '../../../lib/webhook/request.ts';
import { callOf, contextOf, schemeOf, TRACEPARENT, webhookOf } from '../../support/scheme.ts';
import { trusting } from '../../support/tls.ts';

type WebhookDocument = NonNullable<Parameters<typeof webhookOf>[0]>;

function build(webhook: WebhookDocument, context: Partial<MacroContext> = {}, dryRun = false): HttpRequest {
  const question = { webhookId: 'msg_1', traceparent: TRACEPARENT, version: '1.2.3', dryRun };
  return buildRequest({ webhook: webhookOf(webhook), context: contextOf(context), ...question });
}

const PARAMETERS = { caller: '{{caller}}', did: '{{did}}' };
const RPC = { submission: 'json-rpc', rpcMethod: 'route' } as const;
const calledBy = (callerName: string): Partial<MacroContext> => ({ call: callOf({ callerName }) });

/** Any text that a caller could send for his name, half surrogate pairs apart: there is no UTF-8 for those. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '\r\nX-Evil: 1',
    '\0',
    '../..',
    '%2e%2e',
    '"}',
    '&did=1',
    '#x',
    '?x=1',
    '\\',
    "'",
    '%',
    'a+b c',
    '/',
  ),
);

describe('request', () => {
  it('says how many redirects are followed and whom it trusts', () => {
    expect(build({})).to.include({ redirects: 0, tls: null });
    const webhook = { ...webhookOf({ redirects: 2 }), tls: trusting('PEM') };
    const question = {
      webhookId: 'msg_1',
      traceparent: TRACEPARENT,
      version: '1.2.3',
      dryRun: false,
      context: contextOf(),
    };
    expect(buildRequest({ webhook, ...question })).to.include({ redirects: 2, tls: webhook.tls });
  });

  describe('http', () => {
    const http = { submission: 'http', parameters: PARAMETERS } as const;
    const encoded = 'caller=%2B380501234567&did=380441234567';

    it('GET and DELETE put the parameters into the query', () => {
      for (const method of ['GET', 'DELETE'] as const) {
        const request = build({ ...http, method });
        expect(request).to.include({ method, url: `http://crm.example.com/route?${encoded}`, body: null });
        expect(request.headers).to.not.have.any.keys('Content-Length', 'Content-Type');
      }
    });

    it("GET keeps the URL's own query byte for byte", () => {
      const urlOf = (query: string) =>
        build({ ...http, method: 'GET', url: `http://crm.example.com/r${query}` }).url;
      for (const own of ['?a=1+2%20x&b=%D0&b[]=~*', '?flag', '?a=1&', '?=;,@:/?']) {
        const joint = own.endsWith('&') || own.endsWith('?') ? '' : '&';
        expect(urlOf(own)).to.equal(`http://crm.example.com/r${own}${joint}${encoded}`);
      }
      expect(urlOf('?')).to.equal(`http://crm.example.com/r?${encoded}`);
      expect(urlOf('?a=1#part')).to.equal(`http://crm.example.com/r?a=1&${encoded}`);
    });

    it('POST and PUT send a form', () => {
      for (const method of ['POST', 'PUT'] as const) {
        const request = build({ ...http, method, url: 'http://crm.example.com/r?key=1' });
        expect(request).to.include({ method, url: 'http://crm.example.com/r?key=1', body: encoded });
        expect(request.headers).to.include({
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': String(encoded.length),
        });
      }
    });

    it('parametersIn forces query, form or headers', () => {
      const query = build({ ...http, method: 'POST', parametersIn: 'query' });
      expect(query).to.include({ url: `http://crm.example.com/route?${encoded}`, body: '' });
      expect(query.headers).to.include({ 'Content-Length': '0' }).and.not.have.property('Content-Type');
      expect(build({ ...http, method: 'PUT', parametersIn: 'form' }).body).to.equal(encoded);
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        const inHeaders = build({ ...http, method, parametersIn: 'headers' });
        expect(inHeaders.url).to.equal('http://crm.example.com/route');
        expect(inHeaders.headers).to.include({ caller: '+380501234567', did: '380441234567' });
        expect(inHeaders.body).to.equal(method === 'POST' ? '' : null);
      }
    });

    it('sends the default fields as texts', () => {
      const { body } = build({ submission: 'http' });
      expect(body)
        .to.match(/^event=route\.request&call_id=1-4711%4010\.0\.0\.1&uuid=/)
        .and.contain('&attempt=1&');
    });
  });

  describe('json and json-rpc', () => {
    it('send one object by POST, whatever the method says', () => {
      for (const method of ['GET', 'PUT', 'DELETE', 'POST'] as const) {
        const request = build({ method, parameters: PARAMETERS });
        const body = '{"caller":"+380501234567","did":"380441234567"}';
        expect(request).to.include({ method: 'POST', url: 'http://crm.example.com/route', body });
        expect(request.headers).to.include({ 'Content-Type': 'application/json', 'Content-Length': '47' });
        expect(build({ ...RPC, method }).method).to.equal('POST');
      }
    });

    it('send eleven fields by default, attempt as a number', () => {
      const { body } = build({}, { ...calledBy('Lena'), attempt: 3 });
      expect(body).to.equal(
        '{"event":"route.request","call_id":"1-4711@10.0.0.1","uuid":"5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11",' +
          '"scheme":"sales","caller":"+380501234567","caller_name":"Lena","did":"380441234567","context":"public",' +
          '"source_ip":"10.0.0.1","attempt":3,"timestamp":"2026-11-22T09:00:00.000Z"}',
      );
    });

    it('wrap the parameters for JSON-RPC, with the webhook-id for an id', () => {
      expect(build({ ...RPC, parameters: PARAMETERS }).body).to.equal(
        '{"jsonrpc":"2.0","method":"route","params":{"caller":"+380501234567","did":"380441234567"},"id":"msg_1"}',
      );
      expect(questionOf(webhookOf(RPC), 'msg_1')).to.deep.equal({ rpcId: 'msg_1', rpcMethod: 'route' });
      const numbered = webhookOf({ ...RPC, rpcId: 'number' });
      expect(questionOf(numbered, 'msg_1')).to.deep.equal({ rpcId: 1, rpcMethod: 'route' });
      expect(questionOf(webhookOf(), 'msg_1')).to.deep.equal({ rpcId: null, rpcMethod: undefined });
    });

    it("send a body of one's own, with the types of its values", () => {
      const body = {
        contact: { phone: '{{caller}}', n: 1.5, ok: true, none: null },
        list: ['{{attempt}}', 2, []],
      };
      expect(build({ body }).body).to.equal(
        '{"contact":{"phone":"+380501234567","n":1.5,"ok":true,"none":null},"list":["1",2,[]]}',
      );
      expect(build({ body: '{{did}}' }).body).to.equal('"380441234567"');
      expect(build({ body: null }).body).to.equal('null');
      expect(build({ ...RPC, body: ['{{did}}'] }).body).to.contain('"params":["380441234567"]');
    });

    it('count Content-Length in bytes', () => {
      const { body, headers } = build({ parameters: { name: '{{caller_name}}' } }, calledBy('Олена 😀'));
      expect(body).to.equal('{"name":"Олена 😀"}');
      expect(headers['Content-Length']).to.equal('26');
    });
  });

  describe('headers', () => {
    it('say who asks', () => {
      expect(build({ submission: 'http', method: 'GET' }).headers).to.deep.equal({
        Accept: 'application/json, text/plain, */*',
        'User-Agent': 'esl-router/1.2.3',
        'webhook-id': 'msg_1',
        traceparent: TRACEPARENT,
      });
    });

    it('mark a dry run', () => {
      expect(build({}, {}, true).headers).to.include({ 'X-ESL-Router-Dry-Run': '1' });
      expect(build({}).headers).to.not.have.property('X-ESL-Router-Dry-Run');
    });

    it('of the scheme override ours, whatever their case', () => {
      const headers = {
        'user-agent': 'x',
        ACCEPT: 'text/plain',
        'content-type': 'text/x-json',
        'X-Did': '{{did}}',
      };
      const request = build({ headers, auth: { type: 'bearer', token: 'abc' } });
      expect(request.headers).to.deep.equal({
        ACCEPT: 'text/plain',
        'user-agent': 'x',
        'webhook-id': 'msg_1',
        traceparent: TRACEPARENT,
        'content-type': 'text/x-json',
        'X-Did': '380441234567',
        'Content-Length': String(Buffer.byteLength(request.body ?? '')),
        Authorization: 'Bearer abc',
      });
      const own = build({ headers: { authorization: 'Token 1' }, auth: { type: 'bearer', token: 'abc' } });
      expect(own.headers).to.include({ authorization: 'Token 1' }).and.not.have.property('Authorization');
    });

    it('go as percent-encoded UTF-8 beyond printable ASCII', () => {
      const headers = { 'X-Name': 'Ім’я {{caller_name}} 100%' };
      const request = build({ headers }, calledBy('a\r\nb\0\x7f é'));
      expect(request.headers['X-Name']).to.equal('%D0%86%D0%BC%E2%80%99%D1%8F a%0D%0Ab%00%7F %C3%A9 100%');
    });

    it('carry Basic credentials', () => {
      const auth = { type: 'basic', user: 'router', password: '{{secret.CRM}}' } as const;
      const credentials = Buffer.from('router:value of CRM').toString('base64');
      expect(build({ auth }).headers['Authorization']).to.equal(`Basic ${credentials}`);
    });
  });

  describe('signature', () => {
    const auth = { type: 'hmac', secret: 'x'.repeat(24) } as const;
    const signatures = (webhook: WebhookDocument): Set<string> =>
      new Set(
        ['100', '666'].map((did) => {
          const { headers } = build({ ...webhook, auth }, { call: callOf({ did }) });
          return headers['webhook-signature'] ?? '';
        }),
      );

    // A digest that holds for one called number holds for no other.
    for (const [title, webhook] of [
      ['a JSON body', { parameters: { did: '{{did}}' } }],
      ['the query of a GET', { submission: 'http', method: 'GET', parameters: { did: '{{did}}' } }],
      ['the query of a POST', { submission: 'http', parametersIn: 'query', parameters: { did: '{{did}}' } }],
      [
        'headers of a POST',
        { submission: 'http', parametersIn: 'headers', parameters: { 'X-Did': '{{did}}' } },
      ],
      [
        'headers of a GET',
        { submission: 'http', method: 'GET', parametersIn: 'headers', parameters: { 'X-Did': '{{did}}' } },
      ],
      ["the URL's own path", { url: 'http://crm/{{did}}', parameters: {} }],
      ["the URL's own query", { url: 'http://crm/?did={{did}}', body: { a: 1 } }],
      ["the scheme's own headers", { headers: { 'X-Did': '{{did}}' }, body: { a: 1 } }],
    ] as const) {
      it(`covers ${title}`, () => {
        expect(signatures(webhook)).to.have.property('size', 2);
      });
    }

    it('is that of Standard Webhooks while the call stands in the body alone', () => {
      const { body, headers } = build({
        url: 'http://crm/route?tenant=7&key={{secret.KEY}}',
        headers: { 'X-Tenant': '7', 'X-Key': '{{secret.KEY}}' },
        auth,
      });
      const time = headers['webhook-timestamp'] ?? '';
      const digest = createHmac('sha256', 'x'.repeat(24))
        .update(`msg_1.${time}.${body ?? ''}`)
        .digest('base64');
      expect(headers['webhook-signature']).to.equal(`v1,${digest}`);
      expect(headers).to.not.have.property('webhook-signed-headers');
    });

    it('names the headers that it covers, and shows them', () => {
      const { headers, shown } = build({
        submission: 'http',
        parametersIn: 'headers',
        parameters: { 'X-Did': '{{did}}', 'X-A': 'a' },
        headers: { 'X-Name': '{{caller_name}}', 'X-Fixed': '1' },
        auth,
      });
      expect(headers['webhook-signed-headers']).to.equal('x-a x-did x-name');
      expect(shown.headers).to.include({
        'webhook-signed-headers': 'x-a x-did x-name',
        'webhook-signature': '***',
      });
    });
  });

  describe('echo', () => {
    it('the id goes where the CRM repeats it', () => {
      expect(build({ echo: { header: 'X-Request-Id' } }).headers).to.include({ 'X-Request-Id': 'msg_1' });
      expect(build({ echo: { header: 'Webhook-Id' } }).headers).to.include({ 'Webhook-Id': 'msg_1' });
      const key = { echo: { key: 'request' } } as const;
      const json = (webhook: WebhookDocument): unknown =>
        JSON.parse(build({ ...webhook, ...key }).body ?? '');
      expect(json({ parameters: { a: 'b' } })).to.deep.equal({ a: 'b', request: 'msg_1' });
      expect(json({ body: { a: ['b'] } })).to.deep.equal({ a: ['b'], request: 'msg_1' });
      expect(json({})).to.include({ event: 'route.request', request: 'msg_1' });
      expect(json({ ...RPC, parameters: {} })).to.deep.include({ params: { request: 'msg_1' } });
      const http = { submission: 'http', parameters: { a: 'b' }, ...key } as const;
      expect(build(http).body).to.equal('a=b&request=msg_1');
      expect(build({ ...http, method: 'GET' }).url).to.equal(
        'http://crm.example.com/route?a=b&request=msg_1',
      );
      expect(build({ ...http, parametersIn: 'headers' }).headers).to.include({ a: 'b', request: 'msg_1' });
    });

    for (const [title, webhook] of [
      ['a header that frames', { echo: { header: 'Content-Length' } }],
      ['a header that means something', { echo: { header: 'Host' } }],
      ['a header of the scheme', { echo: { header: 'X-Id' }, headers: { 'x-id': '1' } }],
      ["the router's own, overridden", { echo: { header: 'webhook-id' }, headers: { 'Webhook-Id': '1' } }],
      ['a key of a text reply', { echo: { key: 'id' }, import: 'http' }],
      ['a key of a body that has none', { echo: { key: 'id' }, body: ['x'] }],
      ['a key of the body', { echo: { key: 'id' }, body: { id: 1 } }],
      ['a key of the parameters', { echo: { key: 'id' }, parameters: { id: '1' } }],
      [
        'a key that is not a header',
        { echo: { key: 'a b' }, submission: 'http', parametersIn: 'headers', parameters: {} },
      ],
      ['both', { echo: { key: 'id', header: 'X-Id' } }],
    ] as const) {
      it(`is a fault at load: ${title}`, () => {
        expect(() => webhookOf(webhook)).to.throw(/^webhook\.echo/);
      });
    }
  });

  describe('URL', () => {
    const urlOf = (path: string, callerName: string): string =>
      build({ url: `http://crm.example.com${path}` }, calledBy(callerName)).url;
    const refuses = (path: string, callerName: string): void => {
      expect(() => urlOf(path, callerName), `${path} with ${callerName}`)
        .to.throw(RouterError)
        .with.property('code', 'request_invalid');
    };

    it('encodes values for path and query', () => {
      const url = urlOf("/c/{{caller_name}}/o'x?q={{caller_name}}&r=1", "a/b?c#d&e=f'ї");
      const value = 'a%2Fb%3Fc%23d%26e%3Df%27%D1%97';
      expect(url).to.equal(`http://crm.example.com/c/${value}/o'x?q=${value}&r=1`);
    });

    it('refuses a segment that a value makes "." or ".."', () => {
      for (const dots of ['.', '..']) {
        for (const path of ['/a/{{caller_name}}/b', '/a/{{caller_name}}', '/{{caller_name}}?x=1'])
          refuses(path, dots);
      }
      expect(urlOf('/a/{{caller_name}}/b', '...')).to.equal('http://crm.example.com/a/.../b');
      expect(urlOf('/a/v{{caller_name}}/b', '..')).to.equal('http://crm.example.com/a/v../b');
      expect(urlOf('/a/{{caller_name}}', '%2e%2e')).to.equal('http://crm.example.com/a/%252e%252e');
      expect(urlOf('/a?x=..&y={{caller_name}}', '..')).to.equal('http://crm.example.com/a?x=..&y=..');
    });

    for (const [title, url, fault] of [
      ['a macro that would end a percent-encoding', 'http://crm/a/%2{{did}}', 'cannot follow "%"'],
      ['the same in the query', 'http://crm/a?b=%{{did}}', 'cannot follow "%"'],
      ['a macro behind a dot', 'http://crm/a/.{{var.x}}/b', '"." or ".."'],
      ['a macro in front of an encoded dot', 'http://crm/a/{{var.x}}%2E', '"." or ".."'],
      ['macros around two dots', 'http://crm/a/.{{var.x}}%2e{{did}}?a=1', '"." or ".."'],
      ['a macro behind "#"', 'http://crm/a#{{did}}', 'is not sent'],
      ['port 0', 'http://crm:0/a', 'port 0'],
      ['what the program marks macros with', 'http://crm/%FF0%FF/{{did}}', 'not UTF-8'],
    ] as const) {
      it(`is a fault at load: ${title}`, () => {
        for (const json of [{ webhook: { url } }, { fallback: { onError: [{ webhook: url }] } }]) {
          expect(() => schemeOf(json)).to.throw(fault);
        }
        // Whoever builds a request of it all the same is told the same.
        const template = parseTemplate(url);
        const question = {
          webhookId: 'msg_1',
          traceparent: TRACEPARENT,
          version: '1.2.3',
          dryRun: false,
          context: contextOf(),
        };
        expect(() => buildRequest({ ...question, webhook: { ...webhookOf(), url: template } }))
          .to.throw(RouterError, fault)
          .with.property('code', 'request_invalid');
      });
    }

    it('is what the URL parser makes of it, so that what is shown is what is sent', () => {
      const source = 'http://CRM.example.com:80/a b/./x/../{{caller_name}}/é?q=ü {{caller_name}}';
      const { url } = build({ url: source }, calledBy('x y'));
      expect(url).to.equal('http://crm.example.com/a%20b/x%20y/%C3%A9?q=%C3%BC%20x%20y');
      expect(new URL(url).href).to.equal(url);
    });
  });

  describe('keeps hostile values in their place', () => {
    it('path and query', () => {
      fc.assert(
        fc.property(hostile, (value) => {
          fc.pre(value !== '.' && value !== '..');
          const source = 'http://crm.example.com/c/{{caller_name}}/end?a={{caller_name}}&z=1';
          const { url } = build(
            { submission: 'http', method: 'GET', url: source, parameters: { p: '{{caller_name}}' } },
            calledBy(value),
          );
          const read = new URL(url);
          expect(read.href).to.equal(url);
          expect(read.host).to.equal('crm.example.com');
          expect(read.pathname.split('/').map(decodeURIComponent)).to.deep.equal(['', 'c', value, 'end']);
          expect([...read.searchParams]).to.deep.equal([
            ['a', value],
            ['z', '1'],
            ['p', value],
          ]);
        }),
        { numRuns: 200 },
      );
    });

    it('form and JSON', () => {
      fc.assert(
        fc.property(hostile, (value) => {
          const parameters = { name: '{{caller_name}}', end: '1' };
          const form = build({ submission: 'http', parameters }, calledBy(value));
          expect(Object.fromEntries(new URLSearchParams(form.body ?? ''))).to.deep.equal({
            name: value,
            end: '1',
          });
          const json = build({ parameters }, calledBy(value));
          expect(JSON.parse(json.body ?? '')).to.deep.equal({ name: value, end: '1' });
          expect(json.headers['Content-Length']).to.equal(
            String(new TextEncoder().encode(json.body ?? '').length),
          );
        }),
        { numRuns: 200 },
      );
    });

    it('headers', () => {
      const headers = { 'X-Name': '<{{caller_name}}>' };
      fc.assert(
        fc.property(hostile, (value) => {
          const text = build({ headers }, calledBy(value)).headers['X-Name'] ?? '';
          expect(text).to.match(/^<[\x20-\x7e]*>$/);
          if (!value.includes('%')) expect(decodeURIComponent(text)).to.equal(`<${value}>`);
        }),
        { numRuns: 200 },
      );
    });

    it('half a surrogate pair, for which there is no UTF-8', () => {
      const parameters = { name: '{{caller_name}}' };
      const lone = calledBy('a\ud83d');
      const get = {
        submission: 'http',
        method: 'GET',
        url: 'http://crm.example.com/{{caller_name}}',
      } as const;
      const { url } = build({ ...get, parameters }, lone);
      expect(url).to.equal('http://crm.example.com/a%EF%BF%BD?name=a%EF%BF%BD');
      expect(build({ headers: { 'X-Name': '{{caller_name}}' } }, lone).headers['X-Name']).to.equal(
        'a%EF%BF%BD',
      );
    });
  });

  describe('shown', () => {
    it('is the request itself where there is nothing to hide', () => {
      const { url, headers, body, shown } = build({ parameters: PARAMETERS });
      expect(shown).to.deep.equal({ url, headers, body, proxy: null });
    });

    it('hides secrets wherever they stand, and credentials', () => {
      const secret = (name: string): string => `CANARY/${name}`;
      const everywhere = {
        url: 'http://crm.example.com/hook/{{secret.A}}?key={{secret.B}}',
        headers: { 'X-Api-Key': '{{secret.C}}', Cookie: 'session=CANARY' },
        auth: { type: 'basic', user: 'router', password: '{{secret.D}}' },
      } as const;
      const documents: WebhookDocument[] = [
        { ...everywhere, parameters: { token: '{{secret.E}}' } },
        { ...everywhere, body: { deep: ['{{secret.E}}'] } },
        { ...everywhere, ...RPC, parameters: { token: '{{secret.E}}' } },
        { ...everywhere, submission: 'http', method: 'GET', parameters: { token: '{{secret.E}}' } },
        { ...everywhere, submission: 'http', method: 'POST', parameters: { token: '{{secret.E}}' } },
        { ...everywhere, submission: 'http', parametersIn: 'headers', parameters: { token: '{{secret.E}}' } },
      ];
      for (const document of documents) {
        const request = build(document, { secret });
        const { shown, secrets, ...sent } = request;
        expect(secrets).to.include.members(['CANARY/A', 'CANARY/B', 'CANARY/C', 'CANARY/D', 'CANARY/E']);
        expect(JSON.stringify(sent).match(/CANARY(\/|%2F)[A-E]/g), JSON.stringify(sent)).to.have.length(4);
        const password = Buffer.from('router:CANARY/D').toString('base64');
        expect(sent.headers['Authorization']).to.equal(`Basic ${password}`);
        expect(JSON.stringify(shown)).to.not.contain('CANARY').and.not.contain(password);
        expect(shown.headers).to.include({ 'X-Api-Key': '***', Cookie: '***', Authorization: '***' });
        expect(shown.url).to.match(/^http:\/\/crm\.example\.com\/hook\/\*\*\*\?key=\*\*\*/);
      }
    });

    it('hides an Authorization that the scheme writes out', () => {
      const { shown } = build({ headers: { authorization: 'Bearer abc' } });
      expect(shown.headers['authorization']).to.equal('***');
    });

    it('passes on what a missing secret throws', () => {
      const secret = (name: string): string => {
        throw new RouterError('request_invalid', `the secret ${name} is not set`);
      };
      const auth = { type: 'bearer', token: '{{secret.CRM}}' } as const;
      expect(() => build({ auth }, { secret })).to.throw(RouterError, 'the secret CRM is not set');
    });
  });
});
