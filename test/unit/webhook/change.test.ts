import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { RouterError } from '../../../lib/errors.ts';
import type { HttpRequest } from '../../../lib/http/message.ts';
import type { Change } from '../../../lib/webhook/change.ts';
import { buildRequest } from '../../../lib/webhook/request.ts';
import { contextOf, TRACEPARENT, webhookOf } from '../../support/scheme.ts';

const SECRETS: Readonly<Record<string, string>> = { KEY: 'k&y/1', CODE: 'geheim"2', PIN: '7777' };
const WEBHOOK = {
  url: 'https://crm.test/{{secret.KEY}}/route?pin={{secret.PIN}}&n={{caller}}',
  headers: { 'X-Key': 'Key {{secret.CODE}}', 'X-Plain': 'one' },
  parameters: { code: '{{secret.CODE}}', caller: '{{caller}}', id: 'old' },
  auth: { type: 'bearer', token: '{{secret.PIN}}' },
} as const;

function build(change: Partial<Change> | null, webhook: object = WEBHOOK): HttpRequest {
  return buildRequest({
    webhook: webhookOf(webhook),
    context: contextOf({ secret: (name) => SECRETS[name] ?? '' }),
    ...{ webhookId: 'msg_new', traceparent: TRACEPARENT, version: '1.2.3', dryRun: true },
    ...(change === null ? {} : { change: { webhookId: 'msg_old', headers: {}, ...change } }),
  });
}

function refusalOf(change: Partial<Change>, webhook: object = WEBHOOK): string {
  try {
    build(change, webhook);
  } catch (error) {
    expect(error).to.be.instanceOf(RouterError);
    expect((error as RouterError).code).to.equal('request_invalid');
    return (error as RouterError).message;
  }
  return 'none';
}

describe('a question changed by hand', () => {
  it('sends each secret where it belongs, and shows none', () => {
    const { shown } = build(null);
    const url = shown.url.replace('/route', '/other').replace(/&n=.*/, '&n=1');
    const body = (shown.body ?? '').replace('"old"', '"msg_old, new"');
    const sent = build({ url, body, headers: { 'x-key': 'Token ***', 'x-plain': 'two', 'X-More': '3' } });
    expect(sent.url).to.equal('https://crm.test/k%26y%2F1/other?pin=7777&n=1');
    expect(JSON.parse(sent.body ?? '')).to.include({ code: 'geheim"2', id: 'msg_new, new' });
    expect(sent.headers).to.include({ 'X-Key': 'Token geheim"2', 'X-Plain': 'two', 'X-More': '3' });
    expect(sent.headers).to.include({ Authorization: 'Bearer 7777', 'X-ESL-Router-Dry-Run': '1' });
    expect(sent.headers['Content-Length']).to.equal(String(Buffer.byteLength(sent.body ?? '')));
    expect(sent.shown.headers).to.include({ Authorization: '***', 'X-Key': 'Token ***' });
    expect(sent.shown.url).to.equal(url);
    for (const secret of Object.values(SECRETS)) {
      expect(JSON.stringify(sent.shown)).to.not.include(JSON.stringify(secret).slice(1, -1));
      expect(sent.secrets).to.include(secret);
    }
  });

  it('sends nothing that proves who we are to another host or port', () => {
    for (const url of ['https://other.test/x', 'https://crm.test:444/x', 'http://crm.test/x']) {
      const sent = build({ url });
      expect(sent.url).to.equal(url);
      expect(sent.tls).to.equal(null);
      const whole = JSON.stringify([sent.url, sent.headers, sent.body]);
      for (const secret of ['k&y', 'k%26y', 'geheim', '7777']) expect(whole, url).to.not.include(secret);
      expect(refusalOf({ url: `${url}/***` })).to.match(/none is sent there/);
      expect(refusalOf({ url, body: '{"code":"***"}' })).to.match(/none is sent there/);
      expect(refusalOf({ url, headers: { 'X-Key': '***' } })).to.match(/none is sent there/);
    }
  });

  it('signs what is sent', () => {
    const auth = { type: 'hmac', secret: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0' };
    const webhook = { url: 'https://crm.test/', auth };
    const body = '{"caller":"1"}';
    const { headers } = build({ body }, webhook);
    const { 'webhook-timestamp': at = '' } = headers;
    const signed = createHmac('sha256', Buffer.from('secretsecretsecret')).update(`msg_new.${at}.${body}`);
    expect(headers['webhook-signature']).to.equal(`v1,${signed.digest('base64')}`);
  });

  it('refuses what is no question of the web, what the router says itself, and what proves who we are', () => {
    for (const url of ['file:///etc/passwd', 'gopher://crm.test/', 'crm.test', 'https://crm.test:0/', '']) {
      expect(refusalOf({ url }), url).to.match(/expected an http or https URL/);
    }
    expect(refusalOf({ url: 'https://a:b@crm.test/' })).to.match(/name and a password/);
    for (const name of ['Authorization', 'cookie', 'Webhook-Id', 'X-ESL-Router-Dry-Run', 'HOST']) {
      expect(refusalOf({ headers: { [name]: '1' } }), name).to.not.equal('none');
    }
    expect(refusalOf({ headers: { 'Transfer-Encoding': 'chunked' } })).to.match(/frames the message/);
    expect(refusalOf({ headers: { 'X: 1\r\nY': '1' } })).to.match(/expected the name/);
    expect(refusalOf({ headers: { 'X-A': '1\r\nX-B: 2' } })).to.equal('none');
    expect(build({ headers: { 'X-A': '1\r\nX-B: 2' } }).headers['X-A']).to.equal('1%0D%0AX-B: 2');
    expect(refusalOf({ body: '{"code":"***","more":"***"}' })).to.match(/1 of them/);
    const get = { url: 'https://crm.test/', method: 'GET', submission: 'http' };
    expect(refusalOf({ body: 'x' }, get)).to.match(/no body/);
  });

  it('leaves asterisks alone that are none of ours', () => {
    const plain = { url: 'https://crm.test/', parameters: { note: 'a *** b' } };
    expect(build({ body: '{"note":"*** b"}' }, plain).body).to.equal('{"note":"*** b"}');
  });
});
