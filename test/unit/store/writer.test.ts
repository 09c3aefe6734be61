import { expect } from 'chai';
import { rowOf } from '../../../lib/store/calls.ts';
import { StoreFault } from '../../../lib/store/fault.ts';
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

  /** A database with a fault, which it may lose, and how many records each batch had that it took. */
  function stage(fault: StoreFault, more: { readonly maxBytes?: number } = {}) {
    const clock = new ManualClock();
    const database: { fault: StoreFault | null; tried: number } = { fault, tried: 0 };
    const batches: number[] = [];
    const writer = new Writer({
      write: (rows) => {
        database.tried++;
        if (database.fault !== null) return Promise.reject(database.fault);
        batches.push(rows.length);
        return Promise.resolve();
      },
      clock,
      log: listeningLog(),
      ...more,
    });
    const turns = async (): Promise<void> => {
      for (let n = 0; n < 50; n++) await Promise.resolve();
    };
    const pass = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        await turns();
      }
    };
    return { clock, database, writer, batches, pass };
  }

  it('writes as soon as a lock is gone, however long it was held', async () => {
    const { database, writer, pass } = stage(new StoreFault('busy', 'database is locked'));
    writer.add(rowOf(callRecord(), 'default'));
    await pass(600_000);
    // It waits for the lock in the thread of the database: a try is no work.
    expect(database.tried).to.be.greaterThan(1_000);
    database.fault = null;
    await pass(300);
    expect(writer.state).to.include({ status: 'up', queued: 0, written: 1 });
  });

  it('tries a database that is gone less and less often', async () => {
    const { database, writer, pass } = stage(new StoreFault('gone', 'connection refused'));
    writer.add(rowOf(callRecord(), 'default'));
    await pass(600_000);
    expect(database.tried).to.be.within(100, 130);
    database.fault = null;
    await pass(5_000);
    expect(writer.state).to.include({ status: 'up', queued: 0, written: 1 });
  });

  it('writes what has waited in few batches, and none of them is large', async () => {
    const { database, writer, batches, pass } = stage(new StoreFault('gone', 'connection refused'));
    for (let n = 0; n < 1_200; n++) writer.add(rowOf(callRecord(), 'default'));
    const reply = 'x'.repeat(1 << 20);
    for (let n = 0; n < 3; n++) writer.add(rowOf(callRecord({ reply }), 'default'));
    await pass(600);
    database.fault = null;
    await pass(5_000);
    expect(batches).to.deep.equal([500, 500, 201, 1, 1]);
    expect(writer.state).to.include({ queued: 0, queuedBytes: 0, written: 1_203 });
  });

  it('counts what waits as it is in memory: in bytes, and not in characters', async () => {
    const { writer, pass } = stage(new StoreFault('gone', 'connection refused'), { maxBytes: 20_000 });
    const bytesOf = (reply: string): number => {
      const before = writer.state.queuedBytes;
      writer.add(rowOf(callRecord({ reply }), 'default'));
      return writer.state.queuedBytes - before;
    };
    const narrow = bytesOf('x'.repeat(1_000));
    const wide = bytesOf('\u0406'.repeat(1_000));
    expect(narrow).to.be.within(JSON.stringify(callRecord()).length + 1_000, 4_000);
    expect(wide).to.be.within(narrow + 1_000, narrow + 1_100);
    for (let n = 0; n < 20; n++) writer.add(rowOf(callRecord(), 'default'));
    await pass(600);
    expect(writer.state.queuedBytes).to.be.at.most(20_000);
    expect(writer.state.lost).to.be.greaterThan(0);
  });

  it('counts each record once, when the database goes away after it has rejected one', async () => {
    const rows = Array.from({ length: 5 }, () => rowOf(callRecord(), 'default'));
    const stored: string[] = [];
    let isThere = false;
    const clock = new ManualClock();
    const write = async (batch: readonly { readonly id: string }[]): Promise<void> => {
      if (batch.some(({ id }) => id === rows[0]?.id)) throw new StoreFault('row', 'no such place');
      if (!isThere && stored.length + batch.length > 3) throw new StoreFault('gone', 'connection refused');
      stored.push(...batch.map(({ id }) => id));
      await Promise.resolve();
    };
    const writer = new Writer({ write, clock, log: listeningLog() });
    for (const row of rows) writer.add(row);
    await writer.flush();
    expect(writer.state).to.include({ status: 'down', queued: 1, written: 3, lost: 1 });
    expect(writer.state.queuedBytes).to.equal(rows[4]?.bytes);
    isThere = true;
    clock.advance(5_000);
    await writer.flush();
    await new Promise(setImmediate);
    expect(writer.state).to.include({ status: 'up', queued: 0, queuedBytes: 0, written: 4, lost: 1 });
    expect(stored).to.deep.equal(rows.slice(1).map(({ id }) => id));
  });
});
