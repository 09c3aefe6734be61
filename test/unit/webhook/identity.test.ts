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
