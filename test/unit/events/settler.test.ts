import { expect } from 'chai';
import { Settler } from '../../../lib/events/settler.ts';
import type { Delivery, Settled } from '../../../lib/store/deliveries.ts';
import { StoreFault } from '../../../lib/store/fault.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog } from '../../support/stored.ts';

describe('results of tries', () => {
  const result = (id: string): Settled => ({ kind: 'delivered', delivery: { id, scheme: 's' } as Delivery });

  function stage(rejects: (results: readonly Settled[]) => Error | null) {
    const clock = new ManualClock();
    const log = listeningLog();
    const written: string[] = [];
    const settler = new Settler({
      settle: (results) => {
        const fault = rejects(results);
        if (fault !== null) return Promise.reject(fault);
        written.push(...results.map(({ delivery }) => delivery.id));
        return Promise.resolve();
      },
      clock,
      log,
    });
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (let n = 0; n < 50; n++) await Promise.resolve();
    };
    return { settler, log, written, pass };
  }

  it('are written but the one that the database rejects, which nobody waits for', async () => {
    const { settler, log, written, pass } = stage((results) =>
      results.some(({ delivery }) => delivery.id === 'bad') ? new StoreFault('row', 'not this one') : null,
    );
    const settled = ['a', 'bad', 'b'].map((id) => settler.add(result(id)));
    await pass(5);
    await Promise.all(settled);
    expect(written).to.deep.equal(['a', 'b']);
    expect(log.lines.map(({ level, fields }) => [level, fields['id']])).to.deep.equal([['error', 'bad']]);
  });

  it('are written as the router stops too, at the first try or not at all', async () => {
    let isDown = false;
    const { settler, written, pass } = stage(() => (isDown ? new StoreFault('gone', 'away') : null));
    const first = settler.add(result('a'));
    settler.close();
    await pass(5);
    await first;
    expect(written).to.deep.equal(['a']);
    isDown = true;
    const second = settler.add(result('b'));
    await pass(5);
    await second;
    expect(written).to.deep.equal(['a']);
  });

  it('wait for a database that is away, together', async () => {
    let isDown = true;
    const { settler, written, pass } = stage(() => (isDown ? new StoreFault('gone', 'away') : null));
    const settled = ['a', 'b'].map((id) => settler.add(result(id)));
    await pass(5);
    await pass(1_000);
    expect(written).to.deep.equal([]);
    isDown = false;
    await pass(1_000);
    await Promise.all(settled);
    expect(written).to.deep.equal(['a', 'b']);
  });
});
