import { expect } from 'chai';
import { Passes } from '../../../lib/leg/pass.ts';
import { callOf } from '../../support/scheme.ts';

describe('passes of one channel', () => {
  const uuid = 'u-1';
  const fresh = callOf({ uuid });
  const marked = (passes: number, trace: string) => callOf({ uuid, passed: { passes, trace } });

  it('are counted by the variable that a router has left on the channel, this one or another', () => {
    const passes = new Passes();
    expect(passes.enter(fresh, 'first')).to.deep.equal({ pass: 1, previous: null });
    passes.leave(uuid, 'first');
    expect(passes.enter(marked(1, 'first'), 'second')).to.deep.equal({ pass: 2, previous: 'first' });
    expect(new Passes().enter(marked(4, 'elsewhere'), 'here')).to.deep.equal({
      pass: 5,
      previous: 'elsewhere',
    });
  });

  it('are counted by the socket that is still held, where the channel was taken before it was marked', () => {
    const passes = new Passes();
    passes.enter(fresh, 'first');
    expect(passes.enter(fresh, 'second')).to.deep.equal({ pass: 2, previous: 'first' });
    expect(passes.enter(marked(1, 'first'), 'third')).to.deep.equal({ pass: 3, previous: 'second' });
  });

  it('are forgotten with the socket of the last of them, and no earlier', () => {
    const passes = new Passes();
    passes.enter(fresh, 'first');
    passes.enter(fresh, 'second');
    passes.leave(uuid, 'first');
    expect(passes.enter(fresh, 'third')).to.deep.equal({ pass: 3, previous: 'second' });
    passes.leave(uuid, 'third');
    expect(passes.enter(fresh, 'again')).to.deep.equal({ pass: 1, previous: null });
  });
});
