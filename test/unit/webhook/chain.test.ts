import { expect } from 'chai';
import { parseScheme } from '../../../lib/scheme/scheme.ts';
import { accountOf, standingOf } from '../../../lib/webhook/account.ts';
import { crmOf, type Crms } from '../../../lib/webhook/profile.ts';
import type { Webhook } from '../../../lib/webhook/webhook.ts';
import { contextOf } from '../../support/scheme.ts';

const AUTH = { type: 'bearer', token: '{{secret.CRM}}' } as const;

function webhookOf(webhook: object, crms: Crms = new Map()): Webhook {
  const result = parseScheme({ name: 'sales', webhook }, 'r', crms);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.scheme.webhook;
}

function crms(fields: object): Crms {
  const crm = crmOf('main', 'crms/main.json', { url: 'https://crm.example.com/api', ...fields }, (error) => [
    error.message,
  ]);
  return new Map([['main', crm]]);
}

describe('a further question', () => {
  const first = {
    url: 'https://crm.example.com/a',
    auth: AUTH,
    headers: { 'X-Tenant': 'acme', 'X-Key': '{{secret.KEY}}' },
    retries: 3,
    maxInFlight: 7,
  };
  const second = (url: string, more: object = {}): Webhook | undefined =>
    webhookOf({ ...first, then: [{ url, ...more }] }).then[0];

  it('to the same host has its connection, and what it says itself instead', () => {
    const same = second('https://CRM.example.com/b/{{reply.id}}', {
      headers: { 'x-tenant': 'b' },
      retries: 0,
    });
    expect(same?.auth.type).to.equal('bearer');
    expect(same).to.include({ maxInFlight: 7, retries: 0 });
    expect(Object.keys(same?.headers ?? {})).to.have.members(['X-Key', 'x-tenant']);
  });

  for (const url of [
    'https://other.example.com/{{reply.id}}',
    'http://crm.example.com/{{reply.id}}',
    'https://crm.example.com:8443/{{reply.id}}',
    'https://crm.example.com.evil.example/{{reply.id}}',
  ]) {
    it(`to another host, scheme or port takes nothing along: ${url}`, () => {
      const other = second(url);
      expect(other?.auth).to.deep.equal({ type: 'none' });
      expect(other).to.include({ maxInFlight: 200, retries: 1 });
      expect(other?.headers).to.deep.equal({});
    });
  }

  it('with credentials of its own has none of the question before, which stood in a header', () => {
    const headers = {
      Authorization: 'Bearer {{secret.A}}',
      Cookie: 'a={{secret.A}}',
      'X-API-Key': '{{secret.A}}',
      'X-T': '1',
    };
    const then = (auth?: object): string[] => {
      const next = { url: 'https://crm.example.com/b/{{reply.id}}', ...(auth === undefined ? {} : { auth }) };
      const [one] = webhookOf({ url: 'https://crm.example.com/a', headers, then: [next] }).then;
      return Object.keys(one?.headers ?? {});
    };
    expect(then()).to.deep.equal(Object.keys(headers));
    expect(then({ type: 'none' })).to.deep.equal(['X-API-Key', 'X-T']);
    expect(then({ type: 'bearer', token: '{{secret.B}}' })).to.deep.equal(['X-API-Key', 'X-T']);
    expect(then({ type: 'api-key', key: '{{secret.B}}' })).to.deep.equal(['X-T']);
    expect(then({ type: 'api-key', key: '{{secret.B}}', header: 'x-t' })).to.deep.equal(['X-API-Key']);
  });

  it('has what holds for the whole chain from the first', () => {
    const whole = { timeoutSeconds: 2, withheld: 'send', expect: ['extension'], cacheSeconds: 9 } as const;
    const [last] = webhookOf({
      ...first,
      ...whole,
      then: [{ url: 'https://crm.example.com/{{reply.id}}' }],
    }).then;
    expect(last).to.deep.include(whole);
    expect(last).to.deep.include({ require: [], parameters: {} });
  });
});

describe('schemes of one profile', () => {
  const context = contextOf();
  const asked = (webhook: object, fields: object = { auth: AUTH }): Webhook =>
    webhookOf({ crm: 'main', ...webhook }, crms(fields));
  const one = asked({ url: '/contacts?phone={{caller}}', timeoutSeconds: 1 });

  it('are one asker, under one bulkhead, whatever they ask and however long they wait', () => {
    const other = asked({ url: '/deals', method: 'GET', submission: 'http', timeoutSeconds: 9 });
    expect(accountOf(other, context)).to.equal(accountOf(one, context));
    expect(standingOf(other, 'support').bulkhead).to.equal(standingOf(one, 'sales').bulkhead);
    expect(standingOf(one, 'sales').policy.timeoutSeconds).to.equal(4);
  });

  it('are another asker with another secret, another tenant or another profile of the name', () => {
    const account = accountOf(one, context);
    expect(accountOf(one, contextOf({ secret: () => 'new' }))).not.to.equal(account);
    expect(accountOf(asked({ url: '/a', headers: { 'X-Tenant': 'b' } }), context)).not.to.equal(account);
    expect(accountOf(asked({ url: '/a' }, { auth: AUTH, retries: 5 }), context)).not.to.equal(account);
  });

  it('never have the account of a scheme without one', () => {
    const alone = webhookOf({ url: 'https://crm.example.com/api/contacts?phone={{caller}}', auth: AUTH });
    expect(accountOf(alone, context)).not.to.equal(accountOf(one, context));
  });
});
