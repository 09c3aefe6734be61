import { expect } from 'chai';
import { newRecord, type ShadowRecord } from '../../../lib/call/record.ts';
import { systemClock } from '../../../lib/clock.ts';
import { loadConfig } from '../../../lib/config/config.ts';
import { Shadows, type ShadowsOptions } from '../../../lib/decide/shadows.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

const loaded = loadConfig({ file: null, env: {}, argv: {}, readSecretFile: () => '' });
if (!loaded.ok) throw new Error(loaded.faults.join());
const { config } = loaded;
const SCHEME = schemeOf({ name: 'fresh', domain: 'pbx.example' });
const ASKING = {
  schemes: { schemes: new Map([['fresh', SCHEME]]), default: null, variables: new Set<string>() },
  secrets: { has: () => true, read: () => '' },
  // A call's context has connections, breakers and bulkheads too: those of callers.
  send: (): never => {
    throw new Error('a shadow is asked by the connections of calls');
  },
};
const hangs: ShadowsOptions['send'] = async (_, { signal }) => {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', resolve);
  });
  throw signal.reason;
};
const answers = (destination: string): ShadowsOptions['send'] => {
  const response = { status: 200, headers: {}, body: JSON.stringify({ destination }), phases: { total: 1 } };
  return () => Promise.resolve(response);
};

describe('shadows', () => {
  const opened = (given: Partial<ShadowsOptions> = {}) => {
    const told: ShadowRecord[] = [];
    const shadows = new Shadows({
      config,
      version: '0',
      clock: systemClock,
      send: answers('201'),
      noTime: () => null,
      onCompared: (_, shadow) => void told.push(shadow),
      ...given,
    });
    let count = 0;
    const call = () => {
      const record = newRecord(`trace-${++count}`, new Date());
      shadows.ask([SCHEME], callOf(), record, ASKING);
      return record;
    };
    return { shadows, told, call };
  };
  const decided = (record: ReturnType<typeof newRecord>, step: string) => {
    const decision = { atMs: 1, scheme: 'sales', via: 'primary', detail: '' } as const;
    record.decisions.push({ ...decision, result: 'routed', reason: 'routed', steps: [step] });
    return record;
  };

  it('a fault in a shadow, or in who is told of it, ends neither the call nor the router', async () => {
    const fault = (): never => {
      throw new Error('a fault');
    };
    for (const [given, dropped] of [
      [{ noTime: fault }, 'internal'],
      [{ onCompared: fault }, null],
    ] as const) {
      const { shadows, call } = opened(given);
      const record = decided(call(), 'dial 201');
      shadows.decided(record);
      await shadows.settled(record);
      expect(record.shadows.map((shadow) => shadow.dropped)).to.deep.equal([dropped]);
      expect(shadows.settled(record)).to.equal(null);
    }
  });

  it('compares with what was decided, whichever comes first', async () => {
    const { shadows, told, call } = opened();
    for (const step of ['dial 201', 'dial 202']) {
      const record = decided(call(), step);
      shadows.decided(record);
      await shadows.settled(record);
      expect(shadows.settled(record)).to.equal(null);
      expect(record.shadows).to.have.length(1);
    }
    expect(told.map(({ differs }) => differs)).to.deep.equal([false, true]);
    expect(shadows.counts).to.deep.equal({ running: 0, dropped: 0 });
  });

  it('holds large replies within its room for as long as their calls last, and has it back when they have ended', async () => {
    const body = JSON.stringify({ destination: '201', x: 'x'.repeat(60_000) });
    const send: ShadowsOptions['send'] = () =>
      Promise.resolve({ status: 200, headers: {}, body, phases: { total: 1 } });
    const { shadows, call } = opened({ send });
    const asked = async () => {
      const record = decided(call(), 'dial 201');
      shadows.decided(record);
      await shadows.settled(record);
      return record;
    };
    const lengthOf = ({ shadows: [shadow] }: { shadows: ShadowRecord[] }) =>
      shadow?.requests[0]?.reply?.body.length ?? 0;
    // 8 MiB hold some seventy of them, at two bytes a character.
    const talking = [];
    for (let n = 0; n < 80; n++) talking.push(await asked());
    expect(
      talking
        .map(lengthOf)
        .slice(0, 60)
        .every((length) => length === body.length),
    ).to.equal(true);
    expect(lengthOf(await asked())).to.be.below(body.length);
    for (const record of talking) shadows.ended(record);
    expect(lengthOf(await asked())).to.equal(body.length);
  });

  it('has nothing to compare where the call ended before it was decided', async () => {
    const { shadows, call } = opened();
    const record = call();
    record.end = 'caller_hangup';
    shadows.ended(record);
    await shadows.settled(record);
    const [shadow] = record.shadows;
    expect(shadow).to.include({ live: null, differs: null, dropped: null });
    expect(shadow?.would?.steps).to.deep.equal(['dial 201']);
  });

  it('drops what there is no time for, what is too much, and what a busier router is still asking', async () => {
    let busy = true;
    const noTime = () => (busy ? ('overloaded' as const) : null);
    const { shadows, call } = opened({ send: hangs, noTime, maxRunning: 2 });
    const records = [call()];
    await new Promise((resolve) => setTimeout(resolve, 5));
    busy = false;
    records.push(call(), call(), call());
    while (shadows.counts.running < 2) await new Promise(setImmediate);
    for (const record of records) shadows.ended(record);
    await shadows.settled(records[3] as (typeof records)[0]);
    shadows.drop('overloaded');
    for (const record of records) await shadows.settled(record);
    const why = records.map(({ shadows: [shadow] }) => shadow?.dropped);
    expect(why).to.deep.equal(['overloaded', 'overloaded', 'overloaded', 'bulkhead_full']);
    expect(shadows.counts).to.deep.equal({ running: 0, dropped: 4 });
  });

  it('ends with the router, and takes nothing on after that', async () => {
    const { shadows, call } = opened({ send: hangs });
    const first = call();
    shadows.ended(first);
    while (shadows.counts.running < 1) await new Promise(setImmediate);
    await shadows.close();
    const second = call();
    shadows.ended(second);
    await shadows.settled(second);
    expect([first, second].map(({ shadows: [shadow] }) => shadow?.dropped)).to.deep.equal([
      'draining',
      'draining',
    ]);
  });
});
