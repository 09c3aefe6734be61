import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, busy, CALLER, DID } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

/** Schemes are reloaded while calls go on: whole or not at all. */

describe('reload', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let seed = 9000;

  const scheme = (fallback: string, more: Partial<SchemeDocument> = {}): SchemeDocument => ({
    name: 'sales',
    webhook: { url: `${crm.url}/${fallback}`, timeoutSeconds: 3 },
    fallback: { onNoRoute: [{ dial: fallback }] },
    ...more,
  });
  const place = (script: Partial<CallScript> = {}): Promise<CallReport> =>
    new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++seed }).call({
      caller: CALLER,
      did: DID,
      path: 'sales',
      guardSeconds: 100,
      callee: () => answers(),
      ...script,
    });
  const dialled = ({ legs }: CallReport): string[] => legs.map(({ user }) => user);
  /** Waits for the line that ends a reload begun by `begin`. */
  const reloaded = async (
    message: string,
    begin: () => Promise<void> | void,
  ): Promise<Record<string, unknown>> => {
    const from = daemon.lines.length;
    await begin();
    return daemon.until((line) => line.message === message, undefined, from);
  };
  const LOADED = 'schemes loaded';
  const KEPT = 'schemes not loaded: the old ones stay in use';

  before(async () => {
    crm = await startCrm(({ url }) => ({ status: 204, delayMs: url === '/slow' ? 1200 : 0 }));
  });

  after(() => crm.close());

  for (const how of ['SIGHUP', 'file change'] as const) {
    describe(how, () => {
      const change =
        (document: SchemeDocument | { name: string; text: string }) => async (): Promise<void> => {
          await daemon.writeScheme(document);
          if (how === 'SIGHUP') daemon.signal('SIGHUP');
        };

      before(async () => {
        daemon = await Daemon.start({
          schemes: [scheme('101')],
          settings: { SCHEMES_WATCH: String(how === 'file change') },
        });
      });

      after(() => daemon.stop());

      it('a valid edit takes effect', async () => {
        expect(dialled(await place())).to.deep.equal(['101']);
        const line = await reloaded(LOADED, change(scheme('102')));
        expect(line).to.deep.include({ level: 'info', schemes: ['sales'] });
        const report = await place();
        expect(dialled(report)).to.deep.equal(['102']);
        const { scheme: shown } = await daemon.record(report.uuid);
        expect(shown?.revision).to.match(/^[0-9a-f]{12}$/);
      });

      it('a broken edit keeps the old ones, and says what is wrong and where', async () => {
        const line = await reloaded(KEPT, change({ name: 'sales', text: '{"name": "sales", "webhook": {}' }));
        expect(line['level']).to.equal('error');
        expect(JSON.stringify(line['faults'])).to.match(
          /schemes\/sales\.json: line 1, column 32: expected \\",\\" or/,
        );
        expect(dialled(await place())).to.deep.equal(['102']);
      });

      it('one broken file of two changes neither', async () => {
        await reloaded(KEPT, change({ name: 'other', text: '{"name":"other","webhook":{"url":"x"}}' }));
        const line = await reloaded(KEPT, change(scheme('103')));
        expect(JSON.stringify(line['faults'])).to.match(/other\.json: webhook\.url: /);
        expect(dialled(await place())).to.deep.equal(['102']);
      });

      it('when all is whole again, all of it is new', async () => {
        const line = await reloaded(LOADED, change({ ...scheme('104'), name: 'other' }));
        expect(line).to.deep.include({ schemes: ['other', 'sales'] });
        expect(dialled(await place())).to.deep.equal(['103']);
        expect(dialled(await place({ path: 'other' }))).to.deep.equal(['104']);
      });

      it('a call in progress keeps the schemes that it began with, its fallbacks too', async () => {
        await reloaded(LOADED, change(scheme('slow', { fallback: { onNoRoute: [{ scheme: 'other' }] } })));
        const asked = crm.requests.length;
        const call = place({ callee: ({ user }) => (user === '104' ? busy : answers()) });
        await eventually('a request', () => crm.requests.length > asked);
        await reloaded(LOADED, change({ ...scheme('105'), name: 'other' }));
        const report = await call;
        expect(dialled(report)).to.deep.equal(['104']);
        expect(report.end.kind).to.equal('dialplan');
        expect(dialled(await place({ path: 'other' }))).to.deep.equal(['105']);
      });
    });
  }

  it('watching can be switched off', async () => {
    daemon = await Daemon.start({ schemes: [scheme('101')], settings: { SCHEMES_WATCH: 'false' } });
    try {
      await daemon.writeScheme(scheme('102'));
      expect(dialled(await place())).to.deep.equal(['101']);
      await reloaded(LOADED, () => {
        daemon.signal('SIGHUP');
      });
      expect(dialled(await place())).to.deep.equal(['102']);
    } finally {
      await daemon.stop();
    }
  });

  describe('files that move', () => {
    let root: string;
    let folder: string;
    let revision: number;

    /** A folder of two schemes that both dial their revision. */
    const put = async (path: string, number = ++revision): Promise<void> => {
      await mkdir(path, { recursive: true });
      for (const name of ['sales', 'night'])
        await writeFile(join(path, `${name}.json`), JSON.stringify({ ...scheme(String(number)), name }));
    };
    const latest = (): string[] => [String(revision)];
    const said = (from: number, message: string): Record<string, unknown>[] =>
      daemon.lines.slice(from).filter((line) => line.message === message);
    const placeTo = (path: string): Promise<CallReport> => place({ path });

    /** Calls to both schemes go on while something happens to the files, and for a while after it. Each has its scheme. */
    const callsDuring = async (happens: () => Promise<void>, andForMs = 700): Promise<void> => {
      const end = new AbortController();
      const over = end.signal;
      const reports: Promise<CallReport>[] = [];
      const calling = (async () => {
        while (!over.aborted) {
          reports.push(placeTo('sales'), placeTo('night'));
          await delay(40);
        }
      })();
      await happens();
      await delay(andForMs);
      end.abort();
      await calling;
      const dials = (await Promise.all(reports)).map(dialled);
      expect(dials.length).to.be.greaterThan(10);
      for (const dial of dials)
        expect(dial)
          .to.have.length(1)
          .and.to.satisfy(([n = '']: string[]) => +n > 1000);
    };
    /** The watch has survived: what is written now is seen. */
    const stillWatches = async (): Promise<void> => {
      await reloaded(LOADED, () => put(folder));
      await eventuallyDials();
    };
    const eventuallyDials = async (): Promise<void> => {
      expect(dialled(await placeTo('sales'))).to.deep.equal(latest());
      expect(dialled(await placeTo('night'))).to.deep.equal(latest());
    };

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'esl-router-test-'));
      folder = join(root, 'schemes');
      revision = 1000;
      await put(folder);
      daemon = await Daemon.start({ settings: { SCHEMES_DIR: folder } });
    });

    afterEach(async () => {
      await daemon.stop();
      await rm(root, { recursive: true });
    });

    it('an editor saves by rename, with its lock and backup beside', async () => {
      await callsDuring(async () => {
        await symlink('somebody@host.1:2', join(folder, '.#sales.json'));
        const text = JSON.stringify(scheme(String(++revision)));
        await writeFile(join(folder, '4913'), '');
        await rename(join(folder, 'sales.json'), join(folder, 'sales.json~'));
        await writeFile(join(folder, 'sales.json'), text);
        await rm(join(folder, '.#sales.json'));
      });
      expect(dialled(await placeTo('sales'))).to.deep.equal(latest());
      await stillWatches();
    });

    it('a file is away for 0.3 s', async () => {
      await callsDuring(async () => {
        await rename(join(folder, 'night.json'), join(root, 'night'));
        await delay(300);
        await rename(join(root, 'night'), join(folder, 'night.json'));
      });
      await stillWatches();
    });

    it('the folder is away, empty, and back: each time the log says what to do', async () => {
      await callsDuring(async () => {
        let from = daemon.lines.length;
        await rename(folder, `${folder}.old`);
        const gone = await daemon.until(({ message }) => message === KEPT, undefined, from);
        expect(JSON.stringify(gone['faults'])).to.match(
          /every scheme file is gone: bring the folder back, or restart/,
        );
        from = daemon.lines.length;
        await mkdir(folder);
        await daemon.until(({ message }) => message === KEPT, undefined, from);
        await rm(folder, { recursive: true });
        await reloaded(LOADED, () => rename(`${folder}.old`, folder));
      });
      await stillWatches();
    });

    it('another folder takes its place by rename', async () => {
      await put(join(root, 'next'));
      await callsDuring(async () => {
        await reloaded(LOADED, async () => {
          await rename(folder, join(root, 'last'));
          await rename(join(root, 'next'), folder);
        });
      });
      await eventuallyDials();
      await rm(join(root, 'last'), { recursive: true });
      await stillWatches();
    });

    it('is deleted, and written again file by file', async () => {
      await callsDuring(async () => {
        await rm(folder, { recursive: true });
        await delay(500);
        await mkdir(folder);
        const number = ++revision;
        await writeFile(join(folder, 'sales.json'), JSON.stringify(scheme(String(number))));
        await delay(500);
        await reloaded(LOADED, () => put(folder, number));
      });
      await eventuallyDials();
      await stillWatches();
    });

    it('a pipe, a folder and a device by the names of schemes end nothing', async () => {
      await callsDuring(async () => {
        const line = await reloaded(LOADED, async () => {
          execFileSync('mkfifo', [join(folder, 'pipe.json')]);
          await mkdir(join(folder, 'folder.json'));
          await symlink('/dev/zero', join(folder, 'zero.json'));
        });
        expect(JSON.stringify(line['notes'])).to.match(
          /folder\.json: is a folder.*pipe\.json: is a pipe.*a device/,
        );
      });
      await stillWatches();
      for (const name of ['pipe', 'folder', 'zero'])
        await reloaded(LOADED, () => rm(join(folder, `${name}.json`), { recursive: true }));
    });

    it('what cannot be read keeps the old ones, and is named: a link that leads nowhere, 2,000 levels', async () => {
      await callsDuring(async () => {
        const lost = await reloaded(KEPT, () => symlink('nowhere', join(folder, 'lost.json')));
        expect(JSON.stringify(lost['faults'])).to.match(
          /lost\.json: is a link to a file that is not there \(ENOENT\)/,
        );
        await reloaded(LOADED, () => rm(join(folder, 'lost.json')));
        const deep = await reloaded(KEPT, () => writeFile(join(folder, 'deep.json'), '['.repeat(2000)));
        expect(JSON.stringify(deep['faults'])).to.match(
          /deep\.json: line 1, column 66: expected no more than 64/,
        );
        await reloaded(LOADED, () => rm(join(folder, 'deep.json')));
      });
      await stillWatches();
    });

    it('50 SIGHUPs a second are a few loads', async () => {
      const from = daemon.lines.length;
      await callsDuring(async () => {
        for (let n = 0; n < 50; n++) {
          daemon.signal('SIGHUP');
          await delay(20);
        }
      });
      expect(said(from, LOADED).length).to.be.within(2, 8);
      await stillWatches();
    });

    it('a file that stays away beside others was deleted on purpose', async () => {
      const from = daemon.lines.length;
      await rm(join(folder, 'night.json'));
      const line = await daemon.until(
        ({ message }) => message === 'schemes not loaded yet: the old ones stay in use',
        undefined,
        from,
      );
      expect(line.level).to.equal('warn');
      expect(dialled(await placeTo('night'))).to.deep.equal(latest());
      const loaded = await daemon.until(({ message }) => message === LOADED, 8000, from);
      expect(loaded['deleted']).to.deep.equal([join(folder, 'night.json')]);
      expect(dialled(await placeTo('night'))).to.deep.equal([]);
      await stillWatches();
    });
  });

  describe('links that are swapped', () => {
    let root: string;

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'esl-router-test-'));
    });

    afterEach(async () => {
      await daemon.stop();
      await rm(root, { recursive: true });
    });

    const release = async (name: string, number: string): Promise<void> => {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'sales.json'), JSON.stringify(scheme(number)));
    };
    const pointAt = async (name: string, link: string): Promise<void> => {
      await symlink(name, join(root, 'new-link'));
      await rename(join(root, 'new-link'), join(root, link));
    };

    for (const [title, link, seenAs] of [
      ['the folder is a link, as deployments have it', 'current', 'current'],
      ["Kubernetes' ..data within the folder", '..data', '.'],
    ] as const) {
      it(title, async () => {
        await release('..v1', '1001');
        await pointAt('..v1', link);
        if (link === '..data') await symlink('..data/sales.json', join(root, 'sales.json'));
        daemon = await Daemon.start({ settings: { SCHEMES_DIR: join(root, seenAs) } });
        for (const version of [2, 3, 4]) {
          const calls = Array.from({ length: 10 }, (_, n) => delay(n * 40).then(() => place()));
          await reloaded(LOADED, async () => {
            await release(`..v${version}`, String(1000 + version));
            await pointAt(`..v${version}`, link);
            await rm(join(root, `..v${version - 1}`), { recursive: true });
          });
          expect(dialled(await place())).to.deep.equal([String(1000 + version)]);
          for (const report of await Promise.all(calls)) expect(dialled(report)[0]).to.match(/^100\d$/);
        }
      });
    }
  });

  it('a file system that hangs takes no call, no stop and no later reload with it', async () => {
    const hang = join(import.meta.dirname, '../support/hang.ts');
    daemon = await Daemon.start({
      schemes: [scheme('1001')],
      nodeArguments: ['--import', createRequire(import.meta.url).resolve('tsx'), '--import', hang],
    });
    const pipe = join(daemon.folder, 'schemes', 'hangs.json');
    const asFile = async (): Promise<void> => {
      execFileSync('mkfifo', [pipe]);
      await Promise.resolve();
    };
    try {
      const line = await reloaded(KEPT, asFile);
      expect(JSON.stringify(line['faults'])).to.match(/hangs\.json: does not answer within 5 s/);
      expect(dialled(await place())).to.deep.equal(['1001']);
      const other = { ...scheme('1002'), name: 'other' };
      const refused = await reloaded(KEPT, async () => {
        await rename(pipe, `${pipe}.old`);
        await writeFile(pipe, JSON.stringify(other));
      });
      expect(JSON.stringify(refused['faults'])).to.match(/is not read, as .*hangs\.json does not answer/);
      // A writer comes: the file system answers at last.
      await reloaded(LOADED, () => writeFile(`${pipe}.old`, ''));
      expect(dialled(await place({ path: 'other' }))).to.deep.equal(['1002']);
      await reloaded(KEPT, async () => {
        await rm(pipe);
        await asFile();
      });
      const began = performance.now();
      daemon.signal('SIGTERM');
      expect(await daemon.ended(), 'by a signal of its own').to.equal(null);
      expect(performance.now() - began).to.be.lessThan(15_000);
      expect(daemon.stderr).to.match(/a file system does not answer: ended without it/);
      expect(daemon.lines.at(-1)?.message).to.equal('stopped');
    } finally {
      await daemon.kill();
    }
  });
});
