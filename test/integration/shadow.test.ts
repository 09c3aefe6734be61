import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../../lib/call/record.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type CallScript,
  type CrmHandler,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import type { StoredCall } from '../../lib/store/calls.ts';
import { openExisting } from '../../lib/store/store.ts';
import { systemClock } from '../../lib/clock.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';
import { STORE } from '../support/stored.ts';

/** Schemes that are asked alongside calls, on real sockets: the live CRM says 201 at once, and the shadow's does what the test wants. */

const scheme = (name: string, url: string, more: Partial<SchemeDocument> = {}): SchemeDocument => ({
  name,
  forwardingTimeoutSeconds: 2,
  ...more,
  // The longest there is: a machine that is busy with other tests is no CRM that hangs.
  webhook: { url: `${url}/${name}`, timeoutSeconds: 30, ...more.webhook },
});

interface House {
  readonly daemon: Daemon;
  readonly live: SimulatedCrm;
  readonly beside: SimulatedCrm;
  readonly settings: Record<string, string>;
  call(script?: Partial<CallScript>): Promise<CallReport>;
  stored(report: CallReport): Promise<CallRecord>;
  close(): Promise<void>;
}

async function open(
  schemes: (live: string, beside: string) => SchemeDocument[],
  shadow: CrmHandler,
  more: Record<string, string> = {},
): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-shadow-'));
  const live = await startCrm(() => ({ status: 200, body: '{"destination":"201"}' }));
  const beside = await startCrm(shadow);
  const settings = { STORE_URL: `sqlite:${join(folder, 'store.db')}`, ...more };
  const daemon = await Daemon.start({ schemes: schemes(live.url, beside.url), settings });
  let seed = 1;
  return {
    daemon,
    live,
    beside,
    settings,
    call: (script = {}) =>
      new SimulatedFreeSwitch({
        routers: [daemon.address],
        secondMs: 100,
        seed: seed++,
        maxCallMs: 30_000,
        parkedMs: 8000,
      }).call({ caller: CALLER, did: DID, callee: () => answers(), ...script }),
    stored: async ({ uuid }) => {
      const { id } = await daemon.record(uuid);
      const store = await openExisting({ ...STORE, url: settings.STORE_URL }, systemClock);
      try {
        for (;;) {
          const found: StoredCall | null = await store.calls.find(id);
          if (found !== null) return found.record;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      } finally {
        await store.close();
      }
    },
    close: async () => {
      await daemon.stop();
      await Promise.all([live.close(), beside.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const says = (destination: string, delayMs = 0): CrmHandler => {
  return () => ({ status: 200, body: JSON.stringify({ destination }), delayMs });
};

describe('a scheme in shadow', function () {
  this.timeout(120_000);
  let house: House;
  afterEach(() => house.close());

  it('beside a live one is asked on every call, marked and by a name of its own, and reports where they differ', async () => {
    house = await open(
      (live, beside) => [scheme('sales', live, { shadow: 'fresh' }), scheme('fresh', beside)],
      ({ body }) => ({ status: 200, body: `{"destination":"${String(body).includes('0001') ? 201 : 202}"}` }),
      { DEFAULT_SCHEME: 'sales' },
    );
    const same = await house.call();
    const other = await house.call({ caller: '380441110002' });
    expect(other.legs.map(({ endpoint }) => endpoint)).to.deep.equal(['user/201@pbx.example']);
    const line = await house.daemon.until(({ message, uuid }) => message === 'shadow' && uuid === other.uuid);
    expect(line).to.include({ shadow: 'fresh', differs: true, would: 'dial 202', live: 'dial 201' });
    expect((await house.stored(same)).shadows.map(({ differs }) => differs)).to.deep.equal([false]);
    const { shadows, requests } = await house.stored(other);
    expect(requests).to.have.length(1);
    expect(shadows[0]).to.deep.include({ scheme: 'fresh', differs: true, dropped: null });
    expect(shadows[0]?.would).to.deep.include({ scheme: 'fresh', result: 'routed', steps: ['dial 202'] });
    expect(shadows[0]?.requests[0]?.reply?.body).to.equal('{"destination":"202"}');
    const [asked] = house.beside.requests;
    expect(asked?.headers['x-esl-router-dry-run']).to.equal('1');
    expect(house.live.requests[0]?.headers['x-esl-router-dry-run']).to.equal(undefined);
    const ids = [...house.live.requests, ...house.beside.requests].map(
      ({ headers }) => headers['webhook-id'],
    );
    expect(new Set(ids).size).to.equal(4);
    const { stdout, code } = await runInside(['shadow', 'fresh'], { settings: house.settings });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^fresh was asked alongside 2 calls, and would have sent 1 of them elsewhere\n/);
    expect(stdout).to.match(/^routed +routed +2 +1$/m);
    expect(stdout).to.match(/380441110002 +15005550100 +routed -> dial 201 +routed -> dial 202/);
    const why = await runInside(['why', other.uuid], { settings: house.settings });
    expect(why.stdout).to.contain('shadow fresh: differs: routed (routed) -> dial 202, not dial 201, in');
  });

  it('whose questions fail, to the very URL of the live one, opens its own circuit breaker and costs no call its question', async () => {
    house = await open(
      (_, crm) => [
        scheme('sales', crm, { shadow: 'fresh' }),
        { ...scheme('fresh', crm), webhook: { url: `${crm}/sales`, timeoutSeconds: 30 } },
      ],
      ({ headers }) =>
        headers['x-esl-router-dry-run'] === '1'
          ? { status: 500 }
          : { status: 200, body: '{"destination":"201"}' },
      { DEFAULT_SCHEME: 'sales' },
    );
    const reports: CallReport[] = [];
    const isOpen = () => house.daemon.lines.some(({ message }) => message === 'shadow: circuit breaker open');
    for (let n = 0; n < 40 && !isOpen(); n++) reports.push(await house.call());
    reports.push(await house.call(), await house.call());
    expect(isOpen()).to.equal(true);
    for (const { uuid, legs } of reports) {
      expect(legs.map(({ endpoint }) => endpoint)).to.deep.equal(['user/201@pbx.example']);
      expect(await house.daemon.record(uuid)).to.include({ result: 'routed' });
    }
    expect(house.daemon.lines.map(({ message }) => message)).not.to.include('circuit breaker open');
  });

  it('in mode shadow leaves each call its old way: the next that fits, or the dialplan', async () => {
    const match = { did: '1500*' };
    house = await open(
      (live, beside) => [
        scheme('a-new', beside, { mode: 'shadow', match }),
        scheme('b-old', live, { match: { did: '15005550100' } }),
      ],
      says('205', 300),
    );
    const [old, alone, named] = await Promise.all([
      house.call(),
      house.call({ did: '15007770000' }),
      house.call({ path: 'a-new' }),
    ]);
    expect(old.legs.map(({ endpoint }) => endpoint)).to.deep.equal(['user/201@pbx.example']);
    for (const report of [alone, named]) {
      expect(report.legs).to.deep.equal([]);
      expect(report.variables.get('esl_router_reason')).to.equal('scheme_shadow');
      const { end, endedMs, shadows } = await house.stored(report);
      expect(end).to.equal('dialplan');
      // It did not wait for the CRM, which took its time.
      expect(endedMs).to.be.below(shadows[0]?.tookMs ?? 0);
      expect(shadows[0]).to.deep.include({ scheme: 'a-new', differs: true });
      expect(shadows[0]?.live?.steps).to.deep.equal(['dialplan']);
      expect(shadows[0]?.would?.steps).to.deep.equal(['dial 205']);
    }
    expect((await house.stored(old)).shadows.map(({ live }) => live?.scheme)).to.deep.equal(['b-old']);
  });

  for (const [title, shadow] of [
    ['hangs', () => ({ hang: true })],
    ['fails', () => ({ reset: 'before-headers' })],
    ['floods', () => ({ status: 200, body: `{"destination":"202","x":"${'x'.repeat(60_000)}"}` })],
  ] as const satisfies readonly (readonly [string, CrmHandler])[]) {
    it(`whose CRM ${title} costs calls nothing`, async () => {
      const calls = 20;
      house = await open(
        (live, beside) => [scheme('sales', live, { shadow: 'fresh' }), scheme('fresh', beside)],
        shadow,
        { DEFAULT_SCHEME: 'sales' },
      );
      const reports = await Promise.all(
        Array.from({ length: calls }, (_, index) => house.call({ caller: `3804411${10_000 + index}` })),
      );
      const lines = await Promise.all(reports.map(({ uuid }) => house.daemon.line(uuid)));
      expect(reports.flatMap(({ lost, violations }) => [lost, ...violations]).filter((one) => one !== null))
        .to.be.empty;
      expect(reports.every(({ legs }) => legs[0]?.endpoint === 'user/201@pbx.example')).to.equal(true);
      // A shadow that hangs does so for 30 s: a call that waited for it would have taken longer.
      expect(Math.max(...lines.map(({ decidedMs }) => Number(decidedMs)))).to.be.below(28_000);
      expect(lines.every(({ reason }) => reason === 'answered')).to.equal(true);
      expect(house.live.requests).to.have.length(calls);
      // What still runs is dropped when the router stops, and the calls are in the store.
      const [first] = reports;
      await house.daemon.stop();
      const page = await runInside(['calls', '--json', '--limit', '500'], { settings: house.settings });
      expect(page.stdout.trim().split('\n')).to.have.length(calls);
      const why = await runInside(['why', first?.uuid ?? '', '--json'], { settings: house.settings });
      const { shadows } = JSON.parse(why.stdout) as CallRecord;
      expect(shadows).to.have.length(1);
      if (title === 'hangs') expect(shadows[0]).to.include({ dropped: 'draining', would: null });
    });
  }
});

describe('a canary', function () {
  this.timeout(120_000);

  it('has its share of the callers, whose results stand side by side', async () => {
    const house = await open(
      (live, beside) => [
        scheme('sales', live, { canary: { scheme: 'fresh', percent: 50 } }),
        scheme('fresh', beside),
      ],
      ({ body }) => {
        const isKnown = /[02468]"/.test(String(body));
        return { status: 200, body: isKnown ? '{"destination":"202"}' : '{"destination":null}' };
      },
      { DEFAULT_SCHEME: 'sales' },
    );
    try {
      const callers = Array.from({ length: 20 }, (_, index) => `3804411${10_000 + index}`);
      const twice = await Promise.all(
        [...callers, ...callers].map(async (caller) =>
          house.daemon.record((await house.call({ caller })).uuid),
        ),
      );
      const sides = new Map<string, string>();
      for (const { call, canary, scheme: by } of twice) {
        expect(by?.name).to.equal(canary?.side === 'canary' ? 'fresh' : 'sales');
        const caller = call?.caller ?? '';
        expect(sides.get(caller) ?? canary?.side, caller).to.equal(canary?.side);
        sides.set(caller, canary?.side ?? '');
      }
      const shares = [...sides.values()].filter((side) => side === 'canary').length;
      expect(shares).to.be.within(1, 19);
      await house.daemon.stop();
      const { stdout } = await runInside(['shadow', 'fresh'], { settings: house.settings });
      expect(stdout).to.match(/^callers of sales, with the canary fresh$/m);
      expect(stdout).to.match(new RegExp(`^fresh +${2 * shares} +[\\d.]+ %`, 'm'));
      expect(stdout).to.match(new RegExp(`^sales +${2 * (20 - shares)} +100.0 %`, 'm'));
      const other = await runInside(['shadow', 'sales', '--json'], { settings: house.settings });
      expect(other.stdout).to.contain('"canary": "fresh"');
      const settings = { ...house.settings, DEFAULT_SCHEME: 'sales' };
      const files = {
        'schemes/sales.json': scheme('sales', house.live.url, { canary: { scheme: 'fresh', percent: 50 } }),
        'schemes/fresh.json': scheme('fresh', house.beside.url),
      };
      const [caller = ''] = callers;
      const tried = await runInside(['try', '--caller', caller, '--did', DID], { settings, files });
      const side = sides.get(caller) === 'canary' ? 'in' : 'not in';
      expect(tried.stdout).to.contain(`canary: ${side} the 50 % of sales that go by fresh`);
    } finally {
      await house.close();
    }
  });
});
