import { expect } from 'chai';
import { SharedClock } from '../../../lib/store/shared-clock.ts';
import { answering } from '../../support/answering.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog } from '../../support/stored.ts';

describe('clock of all routers on a database', () => {
  it('is not known before the database has said what time it is, nor long after it was last heard', async () => {
    const clock = new ManualClock();
    const database = { isThere: false };
    const reader = answering(() =>
      database.isThere
        ? Promise.resolve([{ at: clock.date().toISOString() }])
        : Promise.reject(new Error('connection refused')),
    );
    const shared = new SharedClock({ database: { kind: 'postgres', reader }, clock, log: listeningLog() });
    await shared.follow();
    expect(shared.isKnown).to.equal(false);
    database.isThere = true;
    await shared.follow();
    expect(shared.isKnown).to.equal(true);
    clock.stall(59_000);
    expect(shared.isKnown).to.equal(true);
    clock.stall(2_000);
    expect(shared.isKnown).to.equal(false);
    shared.close();
  });

  it('is always known of SQLite, whose routers have one clock', () => {
    const reader = answering(() => Promise.resolve([]));
    const clock = new ManualClock();
    const shared = new SharedClock({ database: { kind: 'sqlite', reader }, clock, log: listeningLog() });
    expect(shared.isKnown).to.equal(true);
  });
});
