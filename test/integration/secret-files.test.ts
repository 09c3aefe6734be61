import { expect } from 'chai';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Secrets in files change while the daemon runs. */

describe('secrets that change', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let folder: string;
  let daemon: Daemon | null = null;
  let delayMs = 0;

  const scheme = (): SchemeDocument => ({
    name: 'sales',
    webhook: {
      url: crm.url,
      headers: { 'X-Token': '{{secret.CRM_TOKEN}}' },
      timeoutSeconds: 5,
    },
    fallback: { onNoRoute: [{ dial: '101' }] },
  });
  const place = (): Promise<CallReport> =>
    new SimulatedFreeSwitch({ routers: [(daemon as Daemon).address], secondMs: 100 }).call({
      caller: CALLER,
      did: DID,
      path: 'sales',
      guardSeconds: 100,
      callee: () => answers(),
    });
  const sent = (): unknown => crm.requests.at(-1)?.headers['x-token'];
  const line = async (message: string, begin: () => Promise<void>): Promise<unknown> => {
    const from = (daemon as Daemon).lines.length;
    await begin();
    return (daemon as Daemon).until((one) => one.message === message, 8000, from);
  };
  const LOADED = 'schemes loaded';
  const KEPT = 'schemes not loaded: the old ones stay in use';
  const start = async (settings: Record<string, string>): Promise<void> => {
    daemon = await Daemon.start({
      schemes: [scheme()],
      settings: { NETWORK_PRIVATE: 'true', LOG_LEVEL: 'debug', ...settings },
    });
  };

  beforeEach(async () => {
    delayMs = 0;
    // It repeats the secret, as an error page does.
    crm = await startCrm(({ headers }) => ({
      status: 200,
      body: JSON.stringify({ destination: '', seen: headers['x-token'] }),
      delayMs,
    }));
    folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  });

  afterEach(async () => {
    await daemon?.stop();
    daemon = null;
    await crm.close();
    await rm(folder, { recursive: true });
  });

  for (const how of ['the file changes', 'SIGHUP'] as const) {
    it(`are read again when ${how}; a call in progress keeps its own, and no line holds either`, async () => {
      const file = join(folder, 'token');
      await writeFile(file, 'first-5c81\n');
      await start({ SECRET_CRM_TOKEN_FILE: file, SCHEMES_WATCH: String(how !== 'SIGHUP') });
      await place();
      expect(sent()).to.equal('first-5c81');
      await line(LOADED, async () => {
        await writeFile(file, 'second-77d2\n');
        if (how === 'SIGHUP') daemon?.signal('SIGHUP');
      });
      delayMs = 1500;
      const slow = place();
      while (crm.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sent()).to.equal('second-77d2');
      await line(LOADED, async () => {
        await writeFile(file, 'third-e0a9\n');
        if (how === 'SIGHUP') daemon?.signal('SIGHUP');
      });
      expect((await slow).legs.map(({ user }) => user)).to.deep.equal(['101']);
      delayMs = 0;
      await place();
      expect(sent()).to.equal('third-e0a9');
      expect(JSON.stringify(daemon?.lines)).not.to.match(/first-5c81|second-77d2|third-e0a9/);
    });
  }

  it('a file that is gone or empty leaves the old secret, and the log names it', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'first-5c81');
    await start({ SECRET_CRM_TOKEN_FILE: file });
    const gone = await line(KEPT, () => rm(file));
    expect(JSON.stringify(gone)).to.include('ESL_ROUTER_SECRET_CRM_TOKEN_FILE').and.include('no such file');
    await place();
    expect(sent()).to.equal('first-5c81');
    await line(KEPT, () => writeFile(file, ' \n'));
    await line(LOADED, () => writeFile(file, 'back-19b3'));
    await place();
    expect(sent()).to.equal('back-19b3');
  });

  it('a folder as Kubernetes mounts it: the link ..data is swapped', async () => {
    const revision = async (name: string, token: string): Promise<void> => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'crm-token'), token);
      await symlink(name, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await revision('..2024_01', 'first-5c81');
    await symlink('..data/crm-token', join(folder, 'crm-token'));
    await start({ SECRETS_DIR: folder });
    await place();
    expect(sent()).to.equal('first-5c81');
    await line(LOADED, async () => {
      await revision('..2024_02', 'second-77d2');
      await rm(join(folder, '..2024_01'), { recursive: true });
    });
    await place();
    expect(sent()).to.equal('second-77d2');
    expect(JSON.stringify(daemon?.lines)).not.to.match(/first-5c81|second-77d2/);
    expect(await readFile(join(folder, 'crm-token'), 'utf8')).to.equal('second-77d2');
  });
});
