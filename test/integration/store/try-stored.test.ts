import { expect } from 'chai';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import type { Store } from '../../../lib/store/store.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { runInside, type Run } from '../../support/cli.ts';
import { onBothDatabases } from '../../support/databases.ts';
import { openStore } from '../../support/stored.ts';

onBothDatabases('try with schemes of the store', (database) => {
  let store: Store;
  let settings: Record<string, string>;
  beforeEach(async () => {
    const place = await database().fresh();
    settings = {
      STORE_URL: place.url ?? '',
      STORE_PASSWORD: place.password ?? '',
      GATEWAY: 'gw',
      DOMAIN: 'pbx.example',
    };
    store = await openStore(place);
    await store.ready();
  });
  afterEach(() => store.close());

  const document = (name: string, dial: string): SchemeDocument => ({
    name,
    webhook: { url: 'http://crm.example/' },
    fallback: { onNoRoute: [{ dial }] },
  });
  const save = async (
    name: string,
    text: string,
    after = 0,
    state: 'live' | 'disabled' = 'live',
  ): Promise<void> => {
    const at = new Date();
    const change = {
      id: uuidv7(at),
      tenant: 'default',
      created_at: at.toISOString(),
      author: 'anna',
      message: '',
    };
    await store.schemes.save({ ...change, name, after, state, document: text });
  };
  const attempt = (scheme: string, more: Record<string, string> = {}): Promise<Run> =>
    runInside(
      [
        'try',
        '--caller',
        '380441112233',
        '--did',
        '15005550100',
        '--scheme',
        scheme,
        '--reply',
        'FOLDER/reply.json',
      ],
      {
        settings: { ...settings, ...more },
        files: {
          'schemes/sales.json': document('sales', 'agent.file'),
          'reply.json': '{"destination":null}',
        },
      },
    );

  it('finds one by its name, in its newest revision', async () => {
    await save('stored', JSON.stringify(document('stored', 'agent.old')));
    await save('stored', JSON.stringify(document('stored', 'agent.new')), 1);
    const { code, stdout, stderr } = await attempt('stored');
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.contain('agent.new').and.not.contain('agent.old');
  });

  it('takes the file where there is one of the same name', async () => {
    await save('sales', JSON.stringify(document('sales', 'agent.stored')));
    const { code, stdout } = await attempt('sales');
    expect(code).to.equal(0);
    expect(stdout).to.contain('agent.file').and.not.contain('agent.stored');
  });

  it('says of one that is not in use why it is not', async () => {
    await save('off', JSON.stringify(document('off', 'agent.off')), 0, 'disabled');
    const disabled = await attempt('off');
    expect([disabled.code, disabled.stderr]).to.match(/^2,.*there is no scheme "off"; known: sales/);
    await save('broken', '{"name":"broken","webhook":{"url":"nonsense"}}');
    const broken = await attempt('broken');
    expect([broken.code, broken.stderr]).to.match(/^2,.*store: broken \(revision 1\): webhook\.url: /);
  });

  it('says that the store cannot be read, and goes on with the files', async () => {
    const gone = { STORE_URL: 'postgres://nobody@127.0.0.1:9/none', STORE_PASSWORD: '' };
    const { code, stdout, stderr } = await attempt('sales', gone);
    expect(code).to.equal(0);
    expect(stdout).to.contain('agent.file');
    expect(stderr).to.match(
      /the store cannot be read, so its schemes and records are left out: .*127\.0\.0\.1:9/,
    );
    const missing = await attempt('stored', gone);
    expect(missing.code).to.equal(2);
    expect(missing.stderr).to.contain('the store cannot be read').and.contain('there is no scheme "stored"');
    const off = await attempt('stored', { STORE_URL: 'off' });
    expect(off.stderr).not.to.contain('the store');
  });
});
