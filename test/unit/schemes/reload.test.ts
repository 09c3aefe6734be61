import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/log.ts';
import { ReloadableSchemes } from '../../../lib/schemes/reload.ts';
import type { LoadResult, SchemeSet } from '../../../lib/schemes/schemes.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

const emptySet = (): SchemeSet => ({ schemes: new Map(), default: null, variables: new Set() });

describe('reload', () => {
  it('takes what was read last, though it was read sooner', async () => {
    const sets = [emptySet(), emptySet(), emptySet()] as const;
    const reads: ((result: LoadResult) => void)[] = [];
    const read = (): Promise<LoadResult> => new Promise((resolve) => reads.push(resolve));
    const finish = (n: 0 | 1 | 2): void => {
      reads[n]?.({ ok: true, set: sets[n], notes: [] });
    };
    const opening = ReloadableSchemes.open({ read, watched: null, log: silent, clock: systemClock });
    finish(0);
    const schemes = await opening;
    const both = [schemes.reload(), schemes.reload()];
    await turn();
    expect(reads, 'the second waits for the first').to.have.length(2);
    finish(1);
    await both[0];
    expect(schemes.current).to.equal(sets[1]);
    await turn();
    finish(2);
    await both[1];
    expect(schemes.current).to.equal(sets[2]);
    await schemes.close();
  });

  it('goes on after a read that failed', async () => {
    const set = emptySet();
    let fails = false;
    const read = (): Promise<LoadResult> =>
      fails ? Promise.reject(new Error('no such folder')) : Promise.resolve({ ok: true, set, notes: [] });
    const schemes = await ReloadableSchemes.open({ read, watched: null, log: silent, clock: systemClock });
    fails = true;
    const failed = await schemes.reload().then(
      () => 'read',
      (error: unknown) => (error as Error).message,
    );
    expect(failed).to.equal('no such folder');
    fails = false;
    expect(await schemes.reload()).to.deep.equal([]);
    await schemes.close();
  });
});
