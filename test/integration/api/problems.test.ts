import { expect } from 'chai';
import { uuidv7 } from '../../../lib/uuid.ts';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';
import { callRecord } from '../../support/stored.ts';

describe('api: values that were not taken', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await openApi();
  });
  after(() => api.close());

  const at = new Date();
  const valuesOf = async (id: string, token: string) =>
    (await api.app.inject({ url: `/api/v1/problems/${id}/values`, headers: bearer(token) })).json<object[]>();

  const problemOf = async (reason: string, scheme: string, lastCall: string): Promise<string> => {
    const id = uuidv7(at);
    const kind = `${reason} ${scheme}`;
    const when = { first_at: at.toISOString(), last_at: at.toISOString(), last_call: lastCall };
    const problem = { id, tenant: 'default', kind, reason, scheme, crm: 'https://crm.test', ...when };
    await api.store.problems.count(problem);
    return id;
  };

  it('are counted over the last calls, of a list each, and masked for a viewer', async () => {
    const unmapped = (text: string) =>
      ({
        from: 'reply',
        path: '',
        text,
        result: `nobody: ${text} is not in webhook.map: add it, or set webhook.unmapped`,
      }) as const;
    const call = (...words: string[]) => {
      const record = callRecord({ at, scheme: 'owners' });
      record.readings.push(...words.map(unmapped));
      return record;
    };
    const calls = [call('99'), call('99', '380501112233'), call()];
    for (const one of calls) api.store.record(one);
    await api.store.flush();
    const id = await problemOf('unmapped', 'owners', calls[0]?.id ?? '');
    for (const [token, number] of [
      [api.tokens.operator, '380501112233'],
      [api.tokens.viewer, '*****33'],
    ] as const) {
      const found = await valuesOf(id, token);
      expect(found).to.have.length(2);
      expect(found[0]).to.include({ value: '99', calls: 2 });
      expect(found[1]).to.include({ value: number, calls: 1 });
    }
  });

  it('are those that the CRM sent and the reason is about', async () => {
    const reason = 'destination_invalid';
    const refusal = (from: 'reply' | 'fallback', text: string, why: string) => ({
      ...{ from, path: '[0]', text },
      result: `refused: "${text}" ${why}`,
    });
    const record = callRecord({ at, scheme: 'lists', result: 'refused', reason });
    record.readings.push(
      refusal('reply', 'agent 7', 'is a sentence'),
      refusal('reply', '0900 1', 'is a premium-rate number'),
      refusal('fallback', 'own', 'is a sentence'),
    );
    const detail = '[0]: "agent 7" is a sentence';
    const usual = { atMs: 1, scheme: 'lists', via: 'fallback', steps: [] } as const;
    record.decisions.push({ ...usual, result: 'refused', reason, detail });
    api.store.record(record);
    await api.store.flush();
    const invalid = await problemOf(reason, 'lists', record.id);
    expect(await valuesOf(invalid, api.tokens.operator)).to.deep.equal([
      { value: 'agent 7', calls: 1, lastCall: record.id },
    ]);
    for (const other of ['busy', 'number_premium']) {
      const id = await problemOf(other, 'lists', record.id);
      expect(await valuesOf(id, api.tokens.operator), other).to.deep.equal([]);
    }
  });

  it('are only of a problem that says so in the list', async () => {
    await problemOf('busy', 'none', '');
    const { body } = await api.app.inject({ url: '/api/v1/problems', headers: bearer(api.tokens.viewer) });
    const all = JSON.parse(body) as { reason: string; hasValues: boolean }[];
    const told = new Map(all.map(({ reason, hasValues }) => [reason, hasValues]));
    expect(Object.fromEntries(told)).to.include({ unmapped: true, destination_invalid: true, busy: false });
  });

  it('leave a line in the audit log, with the state that a problem had', async () => {
    const id = await problemOf('webhook_timeout', 'slow', '');
    const patched = await api.app.inject({
      ...{ method: 'PATCH', url: `/api/v1/problems/${id}`, payload: { state: 'solved' } },
      headers: bearer(api.tokens.operator),
    });
    expect(patched.statusCode).to.equal(204);
    const { body } = await api.app.inject({ url: '/api/v1/audit', headers: bearer(api.tokens.admin) });
    const { entries } = JSON.parse(body) as { entries: { subject: string; change: unknown }[] };
    expect(entries.find(({ subject }) => subject === `problem ${id}`)?.change).to.deep.equal({
      reason: 'webhook_timeout',
      state: ['open', 'solved'],
    });
  });
});
