import { expect } from 'chai';
import { Recent } from '../../../lib/upstream/recent.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('what was used of late', () => {
  const setUp = (most?: number) => {
    const clock = new ManualClock();
    const needed = new Set<string>();
    const recent = new Recent<{ name: string }>({
      clock,
      idleMs: 1000,
      ...(most === undefined ? {} : { most }),
      isNeeded: ({ name }) => needed.has(name),
    });
    const use = (name: string): { name: string } => recent.get(name, () => ({ name }));
    const names = (): string[] => recent.values().map(({ name }) => name);
    return { clock, recent, needed, use, names };
  };

  it('is the same one until it has been idle for long, then a new one', () => {
    const { clock, use, recent } = setUp();
    const first = use('a');
    clock.advance(999);
    expect(use('a')).to.equal(first);
    clock.advance(1000);
    use('b');
    expect(recent.size).to.equal(1);
    expect(use('a')).to.not.equal(first);
  });

  it('keeps what is needed, and goes on to forget what stands behind it', () => {
    const { clock, use, needed, names } = setUp();
    for (const name of ['a', 'b', 'c', 'd']) use(name);
    needed.add('a').add('b');
    clock.advance(1000);
    use('e');
    use('e');
    expect(names()).to.have.members(['a', 'b', 'e']);
  });

  it('has as many as it may, whatever names come', () => {
    const { use, recent, needed, names } = setUp(10);
    use('held');
    needed.add('held');
    for (let n = 0; n < 1000; n++) use(`n${n}`);
    expect(recent.size).to.equal(10);
    expect(names()).to.include('held').and.to.include('n999');
  });

  it('ends, where all are needed', () => {
    const { use, needed, recent } = setUp(2);
    for (let n = 0; n < 5; n++) {
      needed.add(`n${n}`);
      use(`n${n}`);
    }
    expect(recent.size).to.equal(5);
  });
});
