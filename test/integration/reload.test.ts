import { expect } from 'chai';
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

/** Schemes are loaded anew while calls go on: whole or not at all. */

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
    return daemon.until((line) => line.message === message, 6000, from);
  };
  const LOADED = 'schemes loaded';
  const KEPT = 'schemes not loaded: the old ones stay';

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
        expect(JSON.stringify(line['faults'])).to.match(/schemes\/sales\.json: line 1, column 32: expected \\",\\" or/);
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
});
