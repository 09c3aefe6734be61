import { expect } from 'chai';
import { callNamesIn, identityOf } from '../../../lib/webhook/identity.ts';
import { contextOf, webhookOf } from '../../support/scheme.ts';

describe('a question', () => {
  it('shows no secret and no number', () => {
    const webhook = webhookOf({
      auth: { type: 'bearer', token: '{{secret.KEY}}' },
      parameters: { phone: '{{caller}}' },
    });
    const context = contextOf({ secret: () => 'tok-77-tok' });
    const question = { webhook, context, version: '0', dryRun: false };
    expect(identityOf(question)).to.match(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('a question with an access token', () => {
  const of = (id: string, more: object = {}, secret = 'key') => {
    const auth = {
      type: 'oauth2' as const,
      tokenUrl: 'https://crm.example.com/token',
      clientId: id,
      clientSecret: '{{secret.KEY}}',
      ...more,
    };
    const context = contextOf({ secret: () => secret });
    return identityOf({ webhook: webhookOf({ auth }), context, version: '0', dryRun: false });
  };

  it('is another one for another account, and the same for another token of it', () => {
    const production = of('production');
    expect(of('production')).to.equal(production);
    // The secret of the same client was changed.
    expect(of('production', {}, 'another')).to.equal(production);
    const others = [
      of('sandbox'),
      of('production', { tokenUrl: 'https://sandbox.example.com/token' }),
      of('production', { scope: 'contacts' }),
      of('production', { audience: 'eu' }),
    ];
    expect(new Set([production, ...others]).size).to.equal(5);
  });
});

describe('the names of a call in a question', () => {
  it('are known where the scheme asks about them itself', () => {
    expect(callNamesIn(webhookOf({}))).to.deep.equal([]);
    expect(callNamesIn(webhookOf({ parameters: { at: '{{timestamp}}', n: '{{attempt}}' } }))).to.deep.equal(
      [],
    );
    expect(
      callNamesIn(
        webhookOf({
          url: 'https://crm.example.com/{{uuid}}',
          headers: { X: '{{var.sip_call_id}} {{call_id}}' },
        }),
      ),
    ).to.have.members(['{{uuid}}', '{{var.sip_call_id}}', '{{call_id}}']);
  });
});
