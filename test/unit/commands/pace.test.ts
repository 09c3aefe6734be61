import { expect } from 'chai';
import { Writable } from 'node:stream';
import { paceOf } from '../../../lib/commands/pace.ts';
import { guarded } from '../../../lib/emitter.ts';

describe('the pace of a command that goes on by itself', () => {
  const DAY_MS = 86_400_000;
  const stage = () => {
    const stdout = guarded(
      new Writable({
        write: (_chunk, _encoding, done) => {
          done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
        },
      }),
    );
    let stop: () => void = () => undefined;
    const pace = paceOf({ stdout, onStop: (callback) => (stop = callback) });
    const end = (): void => {
      stop();
    };
    return { stdout, pace, stop: end };
  };

  it('is over when a person ends it, in the middle of a pause', async () => {
    const { pace, stop } = stage();
    const paused = pace.pause(DAY_MS);
    stop();
    await paused;
    expect(pace.isOver()).to.equal(true);
  });

  it('is over when nobody reads it any more, and nothing is waited for then', async () => {
    const { pace, stdout } = stage();
    const paused = pace.pause(DAY_MS);
    expect(pace.isOver()).to.equal(false);
    stdout.write('a block\n');
    await paused;
    await pace.pause(DAY_MS);
    expect(pace.isOver()).to.equal(true);
  });

  it('is over when its output is closed without an error', async () => {
    const { pace, stdout } = stage();
    stdout.destroy();
    await pace.pause(DAY_MS);
    expect(pace.isOver()).to.equal(true);
  });
});
