import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { z } from 'zod';
import { AUTHS, authorize, authTemplates } from '../../../../lib/webhook/auth/index.ts';
import type { UnsignedRequest } from '../../../../lib/webhook/auth/auth.ts';
import type { Template } from '../../../../lib/webhook/macro.ts';

const schema = z.discriminatedUnion('type', AUTHS);
const REQUEST: UnsignedRequest = {
  method: 'POST',
  url: 'http://crm/',
  headers: { 'Webhook-Id': 'msg_1' },
  body: '{"a":"é"}',
  outside: null,
  timestamp: '2026-11-22T10:00:00.900Z',
};
const fill = ({ source }: Template): string => source.replace('{{secret.CRM}}', 'пароль:1');

describe('auth', () => {
  it('none adds nothing', () => {
    const settings = schema.parse({ type: 'none' });
    expect(authorize(settings, REQUEST, fill)).to.deep.equal({});
    expect(authTemplates(settings)).to.deep.equal([]);
  });

  it('basic sends UTF-8 in base64', () => {
    const settings = schema.parse({ type: 'basic', user: 'router', password: '{{secret.CRM}}' });
    const { Authorization = '' } = authorize(settings, REQUEST, fill);
    const [scheme, credentials = ''] = Authorization.split(' ');
    expect(scheme).to.equal('Basic');
    expect(Buffer.from(credentials, 'base64').toString('utf8')).to.equal('router:пароль:1');
  });

  it('bearer sends the token', () => {
    const settings = schema.parse({ type: 'bearer', token: 'abc.def' });
    expect(authorize(settings, REQUEST, fill)).to.deep.equal({ Authorization: 'Bearer abc.def' });
  });

  it('api-key sends it in a header of its own', () => {
    const named = schema.parse({ type: 'api-key', header: 'X-Token', key: '{{secret.CRM}}' });
    expect(authorize(named, REQUEST, fill)).to.deep.equal({ 'X-Token': 'пароль:1' });
    const usual = schema.parse({ type: 'api-key', key: 'k' });
    expect(authorize(usual, REQUEST, fill)).to.deep.equal({ 'X-API-Key': 'k' });
  });

  describe('hmac', () => {
    // The digests were made by `openssl dgst -sha256 -mac HMAC -macopt hexkey:... -binary | base64`.
    const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

    it('signs id, time and body by Standard Webhooks', () => {
      const settings = schema.parse({ type: 'hmac', secret: KEY });
      expect(authorize(settings, REQUEST, fill)).to.deep.equal({
        'webhook-timestamp': '1795341600',
        'webhook-signature': `v1,1QQpBHia2bt9AowDbv74kqt48OAb+VF1sY3CacugdHU=`,
      });
    });

    describe('what stands outside the body', () => {
      const settings = schema.parse({ type: 'hmac', secret: KEY });
      const signature = (request: Partial<UnsignedRequest>): string =>
        authorize(settings, { ...REQUEST, ...request }, fill)['webhook-signature'] ?? '';
      const expected = (text: string): string =>
        `v1,${createHmac('sha256', Buffer.from(KEY.slice(6), 'base64'))
          .update(`msg_1.1795341600.${text}`)
          .digest('base64')}`;

      it('is signed in front of it: the query, then the headers by name', () => {
        const url = 'https://crm.example/a?did=100';
        const headers = { ...REQUEST.headers, 'X-Did': '100', 'X-A': 'ї' };
        const signed = (url: string, body: string, outside: string[]): string =>
          signature({ url, headers, body, outside });
        expect(signed(url, '', [])).to.equal(expected('POST /a?did=100'));
        expect(signed(url, '', ['x-a', 'x-did'])).to.equal(expected('POST /a?did=100\nx-a: ї\nx-did: 100'));
        expect(signed(url, '{}', [])).to.equal(expected('POST /a?did=100\n\n{}'));
        expect(signed(url, '{}', ['x-did'])).to.equal(expected('POST /a?did=100\nx-did: 100\n\n{}'));
      });

      it('is named, for those who check it', () => {
        const told = (outside: string[] | null): unknown =>
          authorize(settings, { ...REQUEST, outside }, fill)['webhook-signed-headers'];
        expect(told(['x-a', 'x-did'])).to.equal('x-a x-did');
        expect(told([])).to.equal(undefined);
        expect(told(null)).to.equal(undefined);
      });
    });

    it('signs method, path and query where there is no body', () => {
      const settings = schema.parse({ type: 'hmac', secret: KEY });
      const get = { ...REQUEST, method: 'GET', url: 'https://crm.example/a/b?x=%D1%82&y=1', body: null };
      expect(authorize(settings, get, fill)['webhook-signature']).to.equal(
        `v1,WVgSLg3LK1mpOf/4q5mbhXEbu9u1r3QAaqy8pEvhDyI=`,
      );
    });

    it('signs by both secrets during a rotation, and takes a text as it is', () => {
      const settings = schema.parse({ type: 'hmac', secret: 'plain text', previousSecret: KEY });
      expect(authorize(settings, REQUEST, fill)['webhook-signature']).to.equal(
        `v1,HqfxXB2zhDL6kKbKZITve7Xol2QFhJxVa3f+yvM6hdk= v1,1QQpBHia2bt9AowDbv74kqt48OAb+VF1sY3CacugdHU=`,
      );
      expect(authTemplates(settings).map(({ source }) => source)).to.deep.equal(['plain text', KEY]);
    });
  });

  it('names its templates', () => {
    const settings = schema.parse({ type: 'basic', user: '{{secret.USER}}', password: '{{secret.CRM}}' });
    expect(authTemplates(settings).map(({ source }) => source)).to.deep.equal([
      '{{secret.USER}}',
      '{{secret.CRM}}',
    ]);
  });

  it('refuses unknown types, keys and macros', () => {
    const wrong = [
      { type: 'digest' },
      { type: 'none', token: 'x' },
      { type: 'basic', user: 'x' },
      { type: 'bearer', token: '{{nothing}}' },
      { type: 'bearer', token: 1 },
    ];
    for (const settings of wrong)
      expect(schema.safeParse(settings).success, JSON.stringify(settings)).to.be.false;
  });
});
