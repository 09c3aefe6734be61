import { expect } from 'chai';
import { newRecord } from '../../../lib/call/record.ts';
import { systemClock } from '../../../lib/clock.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { openShadows } from '../../../lib/router/shadows.ts';
import { startCrm } from '../../../lib/simulator/index.ts';
import type { Tokens } from '../../../lib/upstream/tokens.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';
import { listeningLog } from '../../support/stored.ts';

const loaded = loadConfig({ file: null, env: {}, argv: {}, readSecretFile: () => '' });
if (!loaded.ok) throw new Error(loaded.faults.join());
const { config } = loaded;

describe('shadows of a router', () => {
  it('use the access tokens of calls, and have none replaced that a CRM refuses them', async () => {
    const crm = await startCrm(() => ({ status: 401, body: '' }));
    const replaced: string[] = [];
    const tokens = {
      token: () => Promise.resolve('of-the-calls'),
      replace: (_: unknown, refused: string) => {
        replaced.push(refused);
        return Promise.resolve('another');
      },
    } as unknown as Tokens;
    const own = openShadows({
      ...{ config, tokens, clock: systemClock, log: listeningLog(), version: 'test', store: null },
      ownPorts: new Set(),
      noTime: () => null,
    });
    const auth = {
      type: 'oauth2',
      tokenUrl: `${crm.url}/token`,
      clientId: 'id',
      clientSecret: '{{secret.KEY}}',
    } as const;
    const scheme = schemeOf({ name: 'fresh', webhook: { url: `${crm.url}/route`, auth } });
    const record = newRecord('trace', new Date());
    own.shadows.ask([scheme], callOf(), record, {
      schemes: { schemes: new Map([['fresh', scheme]]), default: null, variables: new Set<string>() },
      secrets: { has: () => true, read: () => 'secret' },
    });
    own.shadows.ended(record);
    await own.shadows.settled(record);
    await own.close();
    await crm.close();
    expect(crm.requests.map(({ headers }) => headers['authorization'])).to.deep.equal([
      'Bearer of-the-calls',
    ]);
    expect(replaced).to.deep.equal([]);
    expect(record.shadows[0]?.requests[0]?.reply?.status).to.equal(401);
  });
});
