import { expect } from 'chai';
import { accountOf } from '../../../lib/webhook/account.ts';
import { backupOf } from '../../../lib/webhook/backup.ts';
import { callOf, contextOf, webhookOf } from '../../support/scheme.ts';
import { speaking, trusting } from '../../support/tls.ts';

type Document = NonNullable<Parameters<typeof webhookOf>[0]>;

const account = (webhook: Document, context: Parameters<typeof contextOf>[0] = {}): string =>
  accountOf(webhookOf(webhook), contextOf(context));
const withVariables = (values: Record<string, string>) => ({
  call: callOf({ variables: new Map(Object.entries(values)) }),
});

describe('who asks', () => {
  const BEARER: Document = { auth: { type: 'bearer', token: '{{secret.KEY}}' } };

  it('is the same in all calls of a scheme, at any time', () => {
    const webhook: Document = {
      ...BEARER,
      url: 'https://crm.example.com/{{did}}?id={{uuid}}',
      headers: { 'X-Caller': '{{caller}}', 'X-Call': '{{var.sip_call_id}}', 'X-Name': '{{var.name}}' },
      parameters: { phone: '{{caller}}', domain: '{{var.domain_name}}' },
    };
    const other = {
      ...withVariables({ name: 'Zoë', domain_name: 'globex.test', sip_call_id: '2' }),
      attempt: 2,
      timestamp: '2027-01-01T00:00:00.000Z',
    };
    other.call = { ...other.call, caller: '1', did: '2', uuid: '3' };
    expect(account(webhook, other)).to.equal(account(webhook));
  });

  it('is another one with another client certificate, and a backup is shown none', () => {
    const webhook = webhookOf(BEARER);
    const of = (asked: typeof webhook): string => accountOf(asked, contextOf({}));
    const certified = (cert: string): typeof webhook => ({
      ...webhook,
      tls: speaking({ identity: { cert, key: 'k' } }),
    });
    const all = [webhook, certified('a'), certified('b'), { ...webhook, tls: trusting('ca') }];
    expect(new Set(all.map(of)).size).to.equal(all.length);
    expect(of(certified('a'))).to.equal(of(certified('a')));
    const backup = backupOf(certified('a'), webhook.url);
    expect(backup.tls).to.include({ identity: null, serverName: null });
    expect(of(backup)).to.not.equal(of({ ...certified('a'), auth: { type: 'none' } }));
  });

  it('is another one with other credentials, wherever they stand', () => {
    const places: Document[] = [
      BEARER,
      { auth: { type: 'basic', user: '{{secret.KEY}}', password: 'x' } },
      { auth: { type: 'api-key', key: '{{secret.KEY}}' } },
      { auth: { type: 'hmac', secret: '{{secret.KEY}}' } },
      { url: 'https://crm.example.com/{{secret.KEY}}' },
      { headers: { 'X-Any': '{{secret.KEY}}' } },
      { parameters: { any: '{{secret.KEY}}' } },
      { body: { any: ['{{secret.KEY}}'] } },
    ];
    for (const place of places) {
      const of = (key: string): string => account(place, { secret: () => key });
      expect(of('b'), JSON.stringify(place)).to.not.equal(of('a'));
      expect(of('a')).to.equal(of('a'));
    }
  });

  it('is another one where the key is written out, or comes from a variable of the tenant', () => {
    const written = (key: string): string => account({ headers: { 'X-Api-Key': key } });
    expect(written('b')).to.not.equal(written('a'));
    for (const webhook of [
      { headers: { 'X-Tenant-Key': '{{var.key}}' } },
      { headers: { Authorization: 'Bearer {{var.key}}' } },
      { auth: { type: 'bearer', token: '{{var.key}}' } },
    ] as const) {
      const of = (key: string): string => account(webhook, withVariables({ key }));
      expect(of('b'), JSON.stringify(webhook)).to.not.equal(of('a'));
    }
  });

  it('is another one for another address, method or patience', () => {
    const accounts = [
      account({}),
      account({ url: 'https://crm.example.com/other' }),
      account({ method: 'PUT', submission: 'http' }),
      account({ timeoutSeconds: 0.1 }),
      account({ auth: { type: 'api-key', header: 'X-A', key: 'k' } }),
      account({ auth: { type: 'api-key', header: 'X-B', key: 'k' } }),
    ];
    expect(new Set(accounts).size).to.equal(accounts.length);
  });

  it('shows no secret and no number', () => {
    const hook: Document = { ...BEARER, parameters: { phone: '{{caller}}' } };
    expect(account(hook, { secret: () => 'tok-77-tok' })).to.match(/^[A-Za-z0-9_-]{43}$/);
  });
});
