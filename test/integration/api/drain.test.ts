import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf, newSecret } from '../../../lib/api/guard/auth.ts';
import { userRow } from '../../../lib/api/user.ts';
import { SimulatedFreeSwitch, startCrm, type SimulatedCrm } from '../../../lib/simulator/index.ts';
import { uuidv7 } from '../../../lib/uuid.ts';
import { Daemon } from '../../support/daemon.ts';
import { answers, CALLER, DID } from '../../support/scenario.ts';
import { openStore } from '../../support/stored.ts';
import { eventually } from '../../support/wait.ts';

/** A router that is told to stop while people and Prometheus look at it. */

describe('SIGTERM, with the API in use', function () {
  this.timeout(120_000);
  let folder: string;
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let url: string;
  const token = `eslr_${newSecret()}`;
  const agent = new Agent({ keepAlive: true });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'esl-router-drain-'));
    const storeUrl = `sqlite:${join(folder, 'drain.db')}`;
    const store = await openStore({ url: storeUrl });
    await store.ready();
    const at = new Date();
    await store.accounts.addUser(userRow({ name: 'anna', role: 'admin', hash: 'none', at }));
    await store.accounts.addToken({
      ...{ id: uuidv7(at), tenant: 'default', name: 'console', hash: hashOf(token), scopes: 'viewer' },
      ...{ created_by: 'anna', created_at: at.toISOString(), expires_at: null, used_at: null },
      revoked_at: null,
    });
    await store.close();
    crm = await startCrm({ '/route': { status: 200, body: '{"destination":"201"}', delayMs: 1_200 } });
    daemon = await Daemon.start({
      schemes: [{ name: 'sales', webhook: { url: `${crm.url}/route` } }],
      settings: { DEFAULT_SCHEME: 'sales', STORE_URL: storeUrl, API_PORT: '0' },
    });
    const { port } = await daemon.until(({ message }) => message === 'api');
    url = `http://127.0.0.1:${String(port)}`;
  });
  after(async () => {
    agent.destroy();
    await crm.close();
    await rm(folder, { recursive: true });
  });

  const opened = async (path: string): Promise<IncomingMessage> => {
    const request = get(`${url}${path}`, { agent, headers: { authorization: `Bearer ${token}` } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response.on('error', () => undefined);
  };
  /** Null: there is nobody any more. */
  const scraped = async (): Promise<number | null> => {
    try {
      const response = await opened('/metrics');
      response.resume();
      await once(response, 'end');
      return response.statusCode ?? 0;
    } catch {
      return null;
    }
  };

  it('ends, though streams are open and connections are kept, and gives no scrape a fault', async () => {
    const streams = await Promise.all(Array.from({ length: 3 }, () => opened('/api/v1/live/events')));
    expect(streams.map(({ statusCode }) => statusCode)).to.deep.equal([200, 200, 200]);
    // Of these one is read, and two are not.
    streams[0]?.resume();
    const call = new SimulatedFreeSwitch({ routers: [daemon.address] }).call({
      ...{ caller: CALLER, did: DID, guardSeconds: 40 },
      callee: () => answers(),
    });
    await eventually('a question to the CRM', () => crm.requests.length > 0);
    daemon.signal('SIGTERM');
    await daemon.until(({ message }) => message === 'stopping');
    const statuses: (number | null)[] = [];
    do statuses.push(await scraped());
    while (statuses.at(-1) !== null);
    expect(statuses.filter((status) => status !== null && status !== 200)).to.deep.equal([]);
    // While the call waits for its CRM, whoever watches goes on seeing it.
    expect(statuses.filter((status) => status === 200)).to.not.equal([]);
    await call;
    await daemon.stop();
  });
});
