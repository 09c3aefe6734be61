import { expect } from 'chai';
import { RouterError } from '../../../lib/errors.ts';
import { NO_PROXIES } from '../../../lib/http/proxy.ts';
import type { HttpRequest } from '../../../lib/http/message.ts';
import { isRedirect, redirectedRequest } from '../../../lib/http/redirect.ts';
import { trusting } from '../../support/tls.ts';

const COMMON = { Accept: 'text/plain', 'USER-AGENT': 'esl-router/1', 'webhook-id': 'msg_1' };
const OWN = {
  Authorization: 'Bearer t',
  'X-Api-Key': 'k',
  'webhook-signature': 'v1,s',
  Cookie: 'c',
  Host: 'h',
};
const CONTENT = { 'Content-Type': 'application/json', 'Content-Length': '2' };

const request: HttpRequest = {
  method: 'POST',
  url: 'https://crm.example.com/a/route?k=secret',
  headers: { ...COMMON, ...OWN, ...CONTENT },
  body: '{}',
  redirects: 3,
  proxies: NO_PROXIES,
  tls: trusting('PEM'),
  account: 'sales',
  secrets: [],
  shown: { url: 'https://crm.example.com/a/route?k=***', headers: {}, body: '{}', proxy: null },
};

const GET: HttpRequest = { ...request, method: 'GET', body: null, headers: { ...COMMON, ...OWN } };

function refusal(status: number, location: string | undefined, asked = request): string {
  try {
    redirectedRequest(asked, status, location);
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    expect(error.code).to.equal('redirect_refused');
    return error.message;
  }
  return 'followed';
}

describe('redirect', () => {
  it('knows the statuses that are followed', () => {
    const statuses = [200, 204, 300, 301, 302, 303, 304, 305, 306, 307, 308, 400];
    expect(statuses.filter(isRedirect)).to.deep.equal([301, 302, 303, 307, 308]);
  });

  for (const status of [301, 302, 303]) {
    it(`${status} turns POST into GET without a body`, () => {
      expect(redirectedRequest(request, status, '/b?x=1#f')).to.deep.equal({
        ...request,
        method: 'GET',
        url: 'https://crm.example.com/b?x=1',
        headers: { ...COMMON, ...OWN },
        body: null,
      });
    });

    it(`${status} to another origin: only what may be told to all`, () => {
      const next = redirectedRequest(request, status, 'https://other.example.com/b');
      expect(next).to.deep.include({ method: 'GET', body: null, headers: COMMON });
      // Nothing of it comes back on the way home.
      const home = redirectedRequest(next, status, 'https://crm.example.com/c');
      expect(home.headers).to.deep.equal(COMMON);
    });
  }

  for (const status of [307, 308]) {
    it(`${status} keeps method, headers and body on the same origin`, () => {
      const expected = { ...request, url: 'https://crm.example.com/a/b' };
      expect(redirectedRequest(request, status, 'b')).to.deep.equal(expected);
      expect(redirectedRequest(request, status, 'https://CRM.example.com:443/a/b')).to.deep.equal(expected);
    });

    it(`${status} to another origin is refused for what is not a GET`, () => {
      for (const method of ['POST', 'PUT', 'DELETE'] as const) {
        expect(refusal(status, 'https://crm.example.com:8443/', { ...request, method })).to.equal(
          `HTTP ${status}: ${method} is not sent on to https://crm.example.com:8443`,
        );
      }
      expect(redirectedRequest(GET, status, 'https://other.example.com/').headers).to.deep.equal(COMMON);
    });
  }

  it('PUT and DELETE stay what they are, and become GET by 303', () => {
    for (const method of ['PUT', 'DELETE'] as const) {
      const asked = { ...request, method };
      expect(redirectedRequest(asked, 302, '/b')).to.include({ method, body: '{}' });
      expect(redirectedRequest(asked, 303, '/b')).to.include({ method: 'GET', body: null });
      expect(refusal(301, 'https://other.example.com/', asked)).to.match(/is not sent on/);
    }
  });

  it('keeps what is shown: the URL of a hop may repeat a secret', () => {
    expect(redirectedRequest(request, 302, '/b?k=secret').shown).to.equal(request.shown);
  });

  for (const [title, location, message] of [
    ['no Location', undefined, 'no Location'],
    ['an empty one', ' ', 'no Location'],
    ['one that is not a URL', 'https://a b/', 'its Location is not a URL'],
    ['another protocol', 'ftp://crm.example.com/secret', 'to ftp:'],
    ['a script', 'javascript:alert(1)', 'to javascript:'],
    ['a file', 'file:///etc/passwd', 'to file:'],
    ['a user', 'https://u@crm.example.com/secret', 'to crm.example.com with a user or password'],
    ['a password', 'https://:p@crm.example.com/secret', 'to crm.example.com with a user or password'],
    ['a downgrade', 'http://crm.example.com/secret', 'from https to http://crm.example.com'],
  ] as const) {
    it(`refuses ${title}`, () => {
      expect(refusal(302, location)).to.equal(`HTTP 302: ${message}`);
    });
  }

  it('follows from http to https', () => {
    const next = redirectedRequest(
      { ...GET, url: 'http://crm.example.com/a' },
      301,
      'https://crm.example.com/a',
    );
    expect(next).to.deep.include({ url: 'https://crm.example.com/a', headers: COMMON });
  });
});
