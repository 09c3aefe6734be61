import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseScheme, stepsFor, variablesOfScheme } from '../../../lib/scheme/scheme.ts';
import { connected } from '../../../lib/webhook/chain.ts';
import { NUMBERING } from '../../support/rules.ts';
import { trusting } from '../../support/tls.ts';

const MINIMAL = { name: 'sales', webhook: { url: 'https://crm.example.com/route' } };

function merged(change: Record<string, unknown>): unknown {
  const { webhook, ...rest } = change;
  return { ...MINIMAL, ...rest, webhook: { ...MINIMAL.webhook, ...(webhook as object | undefined) } };
}

function schemeOf(change: Record<string, unknown> = {}) {
  const result = parseScheme(merged(change), 'abc');
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.scheme;
}

function faultsOf(json: unknown): string[] {
  const result = parseScheme(json, 'abc');
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
}

describe('scheme', () => {
  it('fills in the defaults of the product page', () => {
    const scheme = schemeOf();
    expect(scheme.webhook).to.deep.include({
      method: 'POST',
      submission: 'json',
      import: 'json',
      responseName: ['destination'],
      timeoutSeconds: 4,
      parametersIn: 'auto',
      headers: {},
      map: new Map(),
      noRouteStatuses: [],
      withheld: 'hide',
      redirects: 0,
      tls: null,
      auth: { type: 'none' },
    });
    expect(scheme).to.deep.include({
      forwardingTimeoutSeconds: 30,
      extensions: 'user',
      targets: {},
      numbering: NUMBERING,
      waiting: { ringAfterMs: 700 },
      revision: 'abc',
    });
    for (const outcome of ['no_answer', 'busy', 'rejected', 'unreachable'] as const) {
      expect(stepsFor(scheme, outcome)).to.deep.equal([{ dialplan: true }]);
    }
    expect(scheme.fallback.onNoRoute).to.deep.equal([{ dialplan: true }]);
    expect(scheme.fallback.onError).to.deep.equal([{ dialplan: true }]);
  });

  it('says what is asked of TLS, and speaks it once the files are read', () => {
    const asked = {
      cert: 'a.pem',
      key: 'a.key',
      ca: 'office.pem',
      serverName: 'crm.test',
      minVersion: 'TLSv1.3',
    };
    const result = parseScheme(merged({ webhook: { tls: asked } }), 'abc');
    if (!result.ok) throw new Error(JSON.stringify(result.faults));
    expect(result.wanted[0]).to.deep.equal([{ tls: asked, proxy: undefined }]);
    expect(result.scheme.webhook.tls).to.equal(null);
    const tls = trusting('PEM');
    const { webhook } = result.scheme;
    expect(connected(webhook, [{ tls, proxies: webhook.proxies }])).to.deep.equal({ ...webhook, tls });
    for (const [wrong, fault] of [
      [{ ca: '' }, /^webhook\.tls\.ca: /],
      [{ cert: 'a.pem' }, /^webhook\.tls\.key: is required with webhook\.tls\.cert$/],
      [{ key: 'a.key' }, /^webhook\.tls\.cert: is required with webhook\.tls\.key$/],
      [{ passphrase: 'x' }, /^webhook\.tls\.passphrase: opens webhook\.tls\.key, and there is none$/],
      [
        { ...asked, passphrase: '{{caller}}' },
        /^webhook\.tls\.passphrase: expected text or \{\{secret\.NAME\}\}$/,
      ],
      [{ serverName: '10.0.0.1' }, /^webhook\.tls\.serverName: expected a host name/],
      [{ serverName: 'crm.test:443' }, /^webhook\.tls\.serverName: expected a host name/],
      [{ minVersion: 'TLSv1' }, /^webhook\.tls\.minVersion: /],
      [{ rejectUnauthorized: false }, /^webhook\.tls: Unrecognized key: "rejectUnauthorized"/],
    ] as const)
      expect(faultsOf(merged({ webhook: { tls: wrong } })).join('; '), JSON.stringify(wrong)).to.match(fault);
    expect(faultsOf(merged({ webhook: { ca: 'office.pem' } }))).to.have.length(1);
  });

  it('follows three redirects at most', () => {
    expect(schemeOf({ webhook: { redirects: 3 } }).webhook.redirects).to.equal(3);
    for (const redirects of [-1, 4, 1.5, '1', true]) {
      expect(faultsOf(merged({ webhook: { redirects } })).join(), String(redirects)).to.match(
        /^webhook\.redirects: /,
      );
    }
  });

  it('lets busy, rejected and unreachable default to the list of no answer', () => {
    const hangup = [{ hangup: 'NO_ANSWER' }];
    const scheme = schemeOf({ fallback: { onNoAnswer: hangup, onRejected: [{ hangup: 'CALL_REJECTED' }] } });
    expect(stepsFor(scheme, 'busy')).to.deep.equal(hangup);
    expect(stepsFor(scheme, 'unreachable')).to.deep.equal(hangup);
    expect(stepsFor(scheme, 'rejected')).to.deep.equal([{ hangup: 'CALL_REJECTED' }]);
  });

  const wrong: readonly [string, Record<string, unknown>, RegExp][] = [
    ['a name with capitals', { name: 'Sales' }, /^name: /],
    [
      'a URL of another protocol',
      { webhook: { url: 'ftp://crm/' } },
      /^webhook\.url: expected an http or https URL/,
    ],
    [
      'a macro in the host',
      { webhook: { url: 'https://{{did}}.example.com/' } },
      /^webhook\.url: .*path and the query/,
    ],
    ['a password in the URL', { webhook: { url: 'https://a:b@crm/' } }, /^webhook\.url: .*webhook\.auth/],
    [
      'an unknown macro',
      { webhook: { parameters: { a: '{{callr}}' } } },
      /^webhook\.parameters\.a: unknown macro \{\{callr\}\}; known: caller/,
    ],
    [
      'an open macro',
      { webhook: { parameters: { a: '{{caller' } } },
      /^webhook\.parameters\.a: "\{\{" without/,
    ],
    [
      'a macro of the reply in a request',
      { webhook: { parameters: { a: '{{reply.x}}' } } },
      /\{\{reply\.x\}\}: there is no reply before/,
    ],
    ['an unknown method', { webhook: { method: 'PATCH' } }, /^webhook\.method: /],
    ['an unknown submission', { webhook: { submission: 'xml' } }, /^webhook\.submission: /],
    [
      'json-rpc without a method',
      { webhook: { submission: 'json-rpc' } },
      /^webhook\.rpcMethod: is required/,
    ],
    ['a body beside parameters', { webhook: { body: {}, parameters: {} } }, /^webhook\.body: /],
    ['a body with submission http', { webhook: { body: {}, submission: 'http' } }, /^webhook\.body: /],
    [
      'form with GET',
      { webhook: { submission: 'http', method: 'GET', parametersIn: 'form' } },
      /^webhook\.parametersIn: "form" needs a body/,
    ],
    [
      'form with DELETE',
      { webhook: { submission: 'http', method: 'DELETE', parametersIn: 'form' } },
      /^webhook\.parametersIn: /,
    ],
    ['parametersIn with json', { webhook: { parametersIn: 'query' } }, /^webhook\.parametersIn: /],
    [
      'a parameter that is not a header name',
      { webhook: { submission: 'http', parametersIn: 'headers', parameters: { 'a b': '' } } },
      /^webhook\.parameters: "a b"/,
    ],
    [
      'a framing header',
      { webhook: { headers: { 'Content-Length': '1' } } },
      /^webhook\.headers\.Content-Length: .*frames the message/,
    ],
    ['a header twice', { webhook: { headers: { 'X-A': '1', 'x-a': '2' } } }, /set twice/],
    [
      'a timeout that is too long',
      { webhook: { timeoutSeconds: 31 } },
      /^webhook\.timeoutSeconds: expected at most 30$/m,
    ],
    ['an empty text', { webhook: { tls: { ca: '' } } }, /^webhook\.tls\.ca: must not be empty$/m],
    ['a number for a text', { name: 5 }, /^name: expected text, got a number$/m],
    ['a list for an object', { match: [] }, /^match: expected an object, got a list$/m],
    ['no text', { webhook: { url: undefined } }, /^webhook\.url: expected text, got nothing$/m],
    ['a forwarding timeout of 1', { forwardingTimeoutSeconds: 1 }, /^forwardingTimeoutSeconds: /],
    ['a forwarding timeout of 301', { forwardingTimeoutSeconds: 301 }, /^forwardingTimeoutSeconds: /],
    ['an unknown country', { numbering: { country: 'XX' } }, /^numbering\.country: /],
    ['a header of the callee without X-', { bridge: { headers: { Via: 'x' } } }, /^bridge\.headers\.Via: /],
    ['a dial string as ringback', { bridge: { ringback: '${system(x)}' } }, /^bridge\.ringback: /],
    ['an unknown cause', { fallback: { onBusy: [{ hangup: 'WHATEVER' }] } }, /^fallback\.onBusy\.0/],
    [
      'a step of two kinds',
      { fallback: { onError: [{ dialplan: true, hangup: 'USER_BUSY' }] } },
      /^fallback\.onError\.0: expected one of/,
    ],
    ['an unknown key', { retries: 1 }, /Unrecognized key: "retries"/],
    ['an unknown key within', { webhook: { retires: 1 } }, /^webhook: Unrecognized key: "retires"/],
    [
      'an extension with a comma',
      { targets: { a: { transfer: { extension: '9,0', context: 'x' } } } },
      /^targets\.a\.transfer\.extension: /,
    ],
    [
      'a macro without braces that there is none',
      { webhook: { require: ['phone'] } },
      /^webhook\.require\.0: /,
    ],
    ['an unknown way to authenticate', { webhook: { auth: { type: 'digest' } } }, /^webhook\.auth\.type: /],
  ];
  for (const [what, change, fault] of wrong) {
    it(`refuses ${what}`, () => {
      const faults = faultsOf(merged(change));
      expect(faults.join('\n')).to.match(fault);
      expect(faults).to.have.length(1);
    });
  }

  it('tells every fault of a document at once', () => {
    const faults = faultsOf({ name: 'X', webhook: { url: 'no', method: 'PATCH', timeoutSeconds: 'soon' } });
    expect(faults.map((fault) => fault.split(':')[0])).to.have.members([
      'name',
      'webhook.url',
      'webhook.method',
      'webhook.timeoutSeconds',
    ]);
  });

  it('knows the channel variables that it reads', () => {
    const scheme = schemeOf({
      domain: 'var:domain_name',
      webhook: {
        url: 'https://crm/{{var.shop}}',
        body: { a: [{ b: '{{sip.X-Tenant}}' }] },
        headers: { 'X-A': '{{var.a}}' },
        auth: { type: 'bearer', token: '{{var.token}}' },
      },
      bridge: { headers: { 'X-Card': '{{reply.url}}{{var.card}}' } },
      fallback: { onError: [{ webhook: 'https://backup/{{var.backup}}' }] },
    });
    expect(variablesOfScheme(scheme)).to.have.members([
      'shop',
      'sip_h_X-Tenant',
      'a',
      'token',
      'card',
      'backup',
      'domain_name',
    ]);
  });

  for (const folder of ['conf/schemes', 'conf/examples']) {
    for (const file of readdirSync(folder)) {
      it(`accepts the example ${folder}/${file}`, () => {
        expect(faultsOf(JSON.parse(readFileSync(join(folder, file), 'utf8')))).to.deep.equal([]);
      });
    }
  }
});
