import { expect } from 'chai';
import { rowOf } from '../../../lib/store/calls.ts';
import { Writer } from '../../../lib/store/writer.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { callRecord, listeningLog } from '../../support/stored.ts';

describe('writer of records', () => {
  it('says of a disk that stands still that it is down, once, and goes on when it answers', async () => {
    const clock = new ManualClock();
    const log = listeningLog();
    let answer: () => void = () => undefined;
    const writer = new Writer({
      write: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      clock,
      log,
    });
    writer.add(rowOf(callRecord(), 'default'));
    clock.advance(5_000);
    expect(writer.state.status).to.equal('up');
    clock.advance(600_000);
    writer.add(rowOf(callRecord(), 'default'));
    clock.advance(600_000);
    expect(writer.state).to.include({ status: 'down', because: 'no answer for 12 s', queued: 2 });
    for (let n = 0; n < 2; n++) {
      answer();
      await new Promise(setImmediate);
    }
    expect(writer.state).to.include({ status: 'up', queued: 0, written: 2, lost: 0 });
    expect(log.lines.map(({ level }) => level)).to.deep.equal(['warn', 'info']);
  });
});
