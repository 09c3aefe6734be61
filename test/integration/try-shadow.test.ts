import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import { startCrm, type CrmReply, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';

/** Dry runs of a scheme with a shadow, where both have one profile: what the one is answered is not held against the other. */
describe('try of a scheme that has a shadow', function () {
  this.timeout(60_000);
  const FOUND: CrmReply = { status: 200, body: '{"destination":"201"}' };
  const ROWS = 40;
  let crm: SimulatedCrm;
  let replies: Record<string, CrmReply> = {};

  before(async () => {
    crm = await startCrm(({ url }) => replies[url] ?? FOUND);
  });
  after(() => crm.close());

  const scheme = (name: string, more: object = {}) => ({
    ...{ name, domain: 'pbx.example', ...more },
    webhook: { crm: 'one', url: name },
  });
  const run = async (answers: Record<string, CrmReply>, ...args: string[]) => {
    replies = answers;
    const from = crm.requests.length;
    const rows = Array.from({ length: ROWS }, () => '380441112233,15005550100');
    const { code, stdout, stderr } = await runInside(['try', '--json', ...args], {
      settings: { DEFAULT_SCHEME: 'main', STORE_URL: 'off' },
      files: {
        'calls.csv': ['caller,did', ...rows].join('\n'),
        'crms/one.json': { url: `${crm.url}/a/` },
        'schemes/main.json': scheme('main', { shadow: 'main-new' }),
        'schemes/main-new.json': scheme('main-new'),
      },
    });
    const asked = crm.requests.slice(from).map(({ url }) => url);
    return { code, stderr, asked, shown: JSON.parse(stdout) as Record<string, unknown> };
  };

  it('--csv asks about each row once: nobody reads what a shadow would have done with it', async () => {
    const { code, stderr, shown, asked } = await run(
      { '/a/main-new': { status: 500, body: '' } },
      ...['--csv', 'FOLDER/calls.csv', '--rate', '1000'],
    );
    expect([code, shown['reached']], stderr).to.deep.equal([0, ROWS]);
    expect(asked).to.deep.equal(Array.from({ length: ROWS }, () => '/a/main'));
  });

  it('one call: the shadow is asked whatever its live scheme was answered', async () => {
    const { shown, asked, stderr } = await run(
      { '/a/main': { status: 429, headers: { 'retry-after': '30' }, body: '' } },
      ...['--caller', '380441112233', '--did', '15005550100'],
    );
    expect(asked, stderr).to.deep.equal(['/a/main', '/a/main-new']);
    const [shadow] = shown['shadows'] as CallRecord['shadows'];
    expect(shadow?.would).to.deep.include({ result: 'routed', steps: ['dial 201'] });
  });

  it('one call with --reply asks nobody, and gives the shadow the same reply', async () => {
    const { shown, asked } = await run(
      {},
      ...['--caller', '380441112233', '--did', '15005550100', '--reply', 'FOLDER/crms/one.json'],
    );
    expect(asked).to.deep.equal([]);
    expect(shown['shadows']).to.have.length(1);
  });
});
