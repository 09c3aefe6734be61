import { expect } from 'chai';
import { uuidv7 } from '../../../lib/uuid.ts';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';
import { callRecord } from '../../support/stored.ts';

describe('api: words that a map does not have', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await openApi();
  });
  after(() => api.close());

  const unmapped = (text: string) => ({
    path: '',
    text,
    result: `nobody: ${text} is not in webhook.map: add it, or set webhook.unmapped`,
  });
  const wordsOf = async (id: string, token: string) =>
    (await api.app.inject({ url: `/api/v1/problems/${id}/words`, headers: bearer(token) })).json<object[]>();

  it('are counted over the last calls, of a list each, and masked for a viewer', async () => {
    const at = new Date();
    const call = (...words: string[]) => {
      const record = callRecord({ at, scheme: 'owners' });
      record.readings.push(...words.map(unmapped));
      return record;
    };
    const calls = [call('99'), call('99', '380501112233'), call()];
    for (const one of calls) api.store.record(one);
    await api.store.flush();
    const when = { first_at: at.toISOString(), last_at: at.toISOString(), last_call: calls[0]?.id ?? '' };
    const ids = { unmapped: uuidv7(at), busy: uuidv7(at) };
    for (const reason of ['unmapped', 'busy'] as const) {
      const problem = { tenant: 'default', kind: reason, reason, scheme: 'owners', crm: 'https://crm.test' };
      await api.store.problems.count({ id: ids[reason], ...problem, ...when });
    }
    const words = (number: string) => [
      { word: '99', calls: 2 },
      { word: number, calls: 1 },
    ];
    for (const [token, number] of [
      [api.tokens.operator, '380501112233'],
      [api.tokens.viewer, '*****33'],
    ] as const) {
      const found = await wordsOf(ids.unmapped, token);
      expect(found).to.have.length(2);
      for (const [index, expected] of words(number).entries()) expect(found[index]).to.include(expected);
    }
    expect(await wordsOf(ids.busy, api.tokens.viewer)).to.deep.equal([]);
  });
});
