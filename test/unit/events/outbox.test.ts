import { expect } from 'chai';
import { Outbox } from '../../../lib/events/outbox.ts';
import type { Happened, NewDelivery } from '../../../lib/store/deliveries.ts';
import { StoreFault } from '../../../lib/store/fault.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog } from '../../support/stored.ts';

/** What waits for a database that takes nothing, and is written when it does. */
describe('outbox of events', () => {
  const opened = (call_id: string) => ({
    call_id,
    tenant: 'default',
    scheme: 'told',
    started_at: '2026-11-22T09:00:00.000Z',
    ends: '[]',
  });
  const event = (call_id: string, seq: number): NewDelivery => ({
    id: `${call_id}-${seq}`,
    tenant: 'default',
    call_id,
    seq,
    scheme: 'told',
    event: 'ringing',
    webhook: 'events',
    body: 'x'.repeat(100),
    created_at: '2026-11-22T09:00:00.000Z',
  });

  function stage(maxBytes: number) {
    const clock = new ManualClock();
    const log = listeningLog();
    const written: Happened[] = [];
    const database = { down: true, fault: new Error('no database'), dropped: 0, rejected: '' };
    const outbox = new Outbox({
      write: (happened) => {
        if (database.down) return Promise.reject(database.fault);
        if (happened.deliveries.some(({ id }) => id === database.rejected))
          return Promise.reject(new StoreFault('row', 'not this one'));
        written.push(happened);
        return Promise.resolve(database.dropped);
      },
      onWritten: () => undefined,
      clock,
      log,
      maxBytes,
    });
    const all = <K extends keyof Happened>(kind: K): Happened[K][number][] =>
      written.flatMap((happened) => [...happened[kind]] as Happened[K][number][]);
    const turns = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await Promise.resolve();
    };
    const batches = (): number[] => written.map(({ deliveries }) => deliveries.length);
    return { clock, log, database, outbox, all, batches, turns };
  }

  it('closes each call that it has opened, however little room there is', async () => {
    const { clock, log, database, outbox, all, turns } = stage(3_000);
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      outbox.open(opened(id));
      outbox.add(event(id, 1));
      outbox.add(event(id, 2));
    }
    for (const id of ['a', 'b', 'c', 'd', 'e']) outbox.close(id);
    await turns();
    database.down = false;
    clock.advance(1_000);
    await turns();
    const begun = all('opened').map(({ call_id }) => call_id);
    expect(begun).to.have.length.within(1, 4);
    expect(all('closed')).to.deep.equal(begun);
    const told = all('deliveries');
    expect(begun).to.include.members(told.map(({ call_id }) => call_id));
    expect(outbox.state).to.include({ queued: 0, lost: 10 - told.length });
    expect(log.lines.filter(({ message }) => message.includes('lost'))).to.have.length(1);
  });

  it('tells nothing of a call whose beginning it had no room for, and all of the next one', async () => {
    const { clock, database, outbox, all, turns } = stage(1_500);
    outbox.open(opened('a'));
    outbox.add(event('a', 1));
    outbox.open(opened('untold'));
    await turns();
    database.down = false;
    clock.advance(1_000);
    await turns();
    outbox.add(event('untold', 1));
    outbox.close('untold');
    outbox.close('a');
    await turns();
    outbox.open(opened('b'));
    outbox.add(event('b', 1));
    outbox.close('b');
    await turns();
    expect(all('deliveries').map(({ id }) => id)).to.deep.equal(['a-1', 'b-1']);
    expect(all('closed')).to.deep.equal(['a', 'b']);
    expect(outbox.state.lost).to.equal(1);
  });

  it('counts events whose calls another router has closed, and says so', async () => {
    const { log, database, outbox, turns } = stage(100_000);
    database.down = false;
    database.dropped = 2;
    outbox.add(event('a', 2));
    await turns();
    expect(outbox.state).to.include({ queued: 0, lost: 2 });
    expect(log.lines.map(({ level, message }) => `${level} ${message}`).join()).to.contain(
      'another one closed their calls',
    );
  });

  it('writes in batches again behind an event that the database rejects', async () => {
    const { database, outbox, batches, turns } = stage(1_000_000);
    database.down = false;
    database.rejected = 'bad-1';
    outbox.add(event('bad', 1));
    for (let n = 1; n <= 300; n++) outbox.add(event('good', n));
    for (let n = 0; n < 30; n++) await turns();
    expect(outbox.state).to.include({ queued: 0, lost: 1 });
    expect(batches()).to.have.length.below(10);
  });

  it('writes as soon as a lock is gone, however long it was held', async () => {
    const { clock, database, outbox, all, turns } = stage(100_000);
    database.fault = new StoreFault('busy', 'database is locked');
    outbox.open(opened('a'));
    outbox.add(event('a', 1));
    for (let n = 0; n < 1_000; n++) {
      await turns();
      clock.advance(250);
    }
    database.down = false;
    await turns();
    clock.advance(250);
    await turns();
    expect(all('deliveries')).to.have.length(1);
  });
});
