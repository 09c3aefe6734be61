import { expect } from 'chai';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';

describe('the status of circuit breakers', () => {
  let api: ApiUnderTest;

  before(async () => {
    const breakers = {
      breakers: () => [
        { name: 'down', state: { kind: 'open', untilMs: 0 } as const, holdsBack: true },
        // Nobody has called since.
        { name: 'long ago', state: { kind: 'open', untilMs: 0 } as const, holdsBack: false },
        { name: 'tried', state: { kind: 'half-open', sinceMs: 0 } as const, holdsBack: true },
        { name: 'held', state: { kind: 'forced', open: true } as const, holdsBack: true },
      ],
      force: () => undefined,
    };
    api = await openApi({ breakers });
  });
  after(() => api.close());

  it('is open while calls are held back, and half-open when the next one tries the CRM', async () => {
    const reply = await api.app.inject({ url: '/api/v1/status', headers: bearer(api.tokens.viewer) });
    expect(reply.json<{ breakers: object[] }>().breakers).to.deep.equal([
      { name: 'down', state: 'open' },
      { name: 'long ago', state: 'half-open' },
      { name: 'tried', state: 'half-open' },
      { name: 'held', state: 'forced-open' },
    ]);
  });
});
