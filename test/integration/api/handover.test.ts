import { expect } from 'chai';
import { waysOf } from '../../../lib/api/routes/handover.ts';
import type { DialplanView } from '../../../lib/api/context.ts';
import type { CallRecord } from '../../../lib/call/record.ts';
import { checkDialplan } from '../../../lib/dialplan/check.ts';
import { readDialplan } from '../../../lib/dialplan/dialplan.ts';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';

describe('api: between FreeSWITCH and the router', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await openApi();
  });
  after(() => api.close());

  const ask = async (query: string): Promise<{ status: number; view: DialplanView }> => {
    const url = `/api/v1/dialplan${query}`;
    const reply = await api.app.inject({ url, headers: bearer(api.tokens.viewer) });
    return { status: reply.statusCode, view: reply.json() };
  };

  it('hands out a dialplan that check finds nothing wrong with', async () => {
    const { view } = await ask('?scheme=sales&did=%2B380441112299&host=10.0.0.5');
    expect(view.address).to.equal('10.0.0.5:8084');
    const dialplan = readDialplan(view.files.map(({ path: name, text }) => ({ name, text })));
    const findings = checkDialplan(dialplan, {
      port: 8084,
      otherPorts: new Map(),
      timeoutSeconds: view.guardSeconds - 2,
    });
    expect(findings).to.deep.equal([]);
    const [context, numbers] = view.files;
    expect(context?.text).to.include('"esl_router_hosts=10.0.0.5:8084"');
    expect(numbers?.text)
      .to.include('^(\\+?380441112299)$')
      .and.include('<action application="set" data="esl_router_hosts=10.0.0.5:8084/sales"/>');
  });

  it('is the shipped one as it is, without a number and a scheme', async () => {
    const { view } = await ask('');
    expect(view).to.include({ address: '127.0.0.1:8084', everywhere: false, guardSeconds: 8 });
    expect(view.files[1]?.text).to.include('<!-- <action application="set" data="esl_router_hosts=');
  });

  for (const query of ['?host=a%22%2F%3E', '?did=%5E.*', '?scheme=A%2F..', '?host=']) {
    it(`takes nothing into the file that is no name, address or number: ${query}`, async () => {
      expect((await ask(query)).status).to.equal(422);
    });
  }

  it('counts by gateway and domain, and tells the newest cause', () => {
    const bridge = (dialString: string, outcome: string, cause: string) => ({ dialString, outcome, cause });
    const call = (startedAt: string, bridges: readonly object[]) =>
      ({ startedAt, bridges }) as unknown as CallRecord;
    const ways = waysOf([
      call('2026-01-02T00:00:00.000Z', [
        bridge(
          '{a=1}[b=2]sofia/gateway/crm/380441234567,[b=2]user/201@pbx.test',
          'unreachable',
          'INVALID_GATEWAY',
        ),
      ]),
      call('2026-01-01T00:00:00.000Z', [
        bridge('sofia/gateway/crm/380441234567', 'answered', 'NORMAL_CLEARING'),
        bridge('sofia/gateway/crm/380441234567', 'busy', 'USER_BUSY'),
      ]),
    ]);
    const at = { lastAt: '2026-01-02T00:00:00.000Z', cause: 'INVALID_GATEWAY' };
    expect(ways).to.deep.equal([
      { kind: 'gateway', name: 'crm', dialled: 3, answered: 1, ...at },
      { kind: 'domain', name: 'pbx.test', dialled: 1, answered: 0, ...at },
    ]);
  });
});
