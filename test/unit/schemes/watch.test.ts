import { expect } from 'chai';
import { systemClock } from '../../../lib/clock.ts';
import { Watch } from '../../../lib/schemes/watch.ts';
import { eventually } from '../../support/wait.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('watch', function () {
  this.timeout(10_000);
  let sight: string;
  let changes: string[];
  let looks: number;
  let watch: Watch;

  beforeEach(() => {
    sight = 'a';
    changes = [];
    looks = 0;
    watch = new Watch({
      look: () => {
        looks++;
        return Promise.resolve(sight);
      },
      onChange: () => {
        changes.push(sight);
        return Promise.resolve();
      },
      clock: systemClock,
    });
    watch.seen = 'a';
    watch.open();
  });
  afterEach(() => {
    watch.close();
  });

  it('tells of a change once, when it has been quiet', async () => {
    sight = 'b';
    await eventually('a change', () => changes.length > 0);
    await pause(600);
    expect(changes).to.deep.equal(['b']);
  });

  it('says nothing of what is as before when it is quiet again: a file that was away for a moment', async () => {
    const before = looks;
    sight = 'b';
    await eventually('a look', () => looks > before);
    sight = 'a';
    await pause(500);
    expect(changes).to.deep.equal([]);
  });

  it('does not wait for quiet for ever', async () => {
    const writer = setInterval(() => (sight += 'b'), 20);
    await eventually('a change', () => changes.length > 0);
    clearInterval(writer);
    expect(looks).to.be.greaterThan(5);
  });

  it('looks no more when it is closed', async () => {
    watch.close();
    const before = looks;
    sight = 'b';
    await pause(600);
    expect([looks, changes]).to.deep.equal([before, []]);
  });
});
