import { expect } from 'chai';
import { Lane } from '../../../lib/events/lane.ts';
import type { Tried } from '../../../lib/events/send.ts';
import type { Delivery, Settled } from '../../../lib/store/deliveries.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { listeningLog } from '../../support/stored.ts';

const KEY = { scheme: 'sales', webhook: '1' };
const DAY_MS = 86_400_000;

/** A lane over a list in memory, whose tries end as the test says. */
class Stage {
  readonly clock = new ManualClock();
  readonly log = listeningLog();
  readonly tried: string[] = [];
  readonly settled: Settled[] = [];
  readonly lane: Lane;
  lagMs = 0;
  waiting: { delivery: Delivery; atMs: number }[] = [];
  outcome: (delivery: Delivery) => Promise<Tried> = () => Promise.resolve({ kind: 'delivered' });

  constructor(limits: Partial<Lane['limits']> = {}) {
    const { clock, log } = this;
    this.lane = new Lane({
      key: KEY,
      deliveries: {
        take: (_lane, { at, limit }) => {
          const due = this.waiting.filter(({ atMs }) => atMs <= at.getTime()).slice(0, limit);
          this.waiting = this.waiting.filter((one) => !due.includes(one));
          return Promise.resolve(due.map(({ delivery }) => delivery));
        },
        nextAt: () => {
          const [first] = this.waiting.map(({ atMs }) => atMs).sort((a, b) => a - b);
          return Promise.resolve(first === undefined ? null : new Date(first));
        },
      },
      deliver: (delivery) => {
        this.tried.push(delivery.id);
        return this.outcome(delivery);
      },
      settle: (result) => {
        this.settled.push(result);
        const { delivery } = result;
        if (result.kind === 'failed' || result.kind === 'released') {
          const attempts = delivery.attempts + (result.kind === 'failed' ? 1 : 0);
          this.waiting.push({ delivery: { ...delivery, attempts }, atMs: result.nextAt.getTime() });
        }
        return Promise.resolve();
      },
      limits: { maxInFlight: 3, maxPerSecond: null, timeoutSeconds: 10, ...limits },
      lagMs: () => this.lagMs,
      clock,
      random: () => 0.5,
      log,
    });
  }

  add(...ids: string[]): void {
    const at = this.clock.date();
    for (const id of ids) {
      const delivery = {
        id,
        event: 'ended',
        attempts: 0,
        give_up_at: new Date(at.getTime() + DAY_MS).toISOString(),
      };
      this.waiting.push({ delivery: delivery as Delivery, atMs: at.getTime() });
    }
    this.lane.kick();
  }

  async pass(ms = 0): Promise<void> {
    this.clock.advance(ms);
    for (let turns = 0; turns < 50; turns++) await Promise.resolve();
  }
}

describe('lane of events', () => {
  it('has no more on the way than it may', async () => {
    const stage = new Stage();
    const ends: (() => void)[] = [];
    stage.outcome = () =>
      new Promise((resolve) => {
        ends.push(() => {
          resolve({ kind: 'delivered' });
        });
      });
    stage.add('a', 'b', 'c', 'd', 'e');
    await stage.pass();
    expect(stage.tried).to.deep.equal(['a', 'b', 'c']);
    ends[0]?.();
    await stage.pass();
    expect(stage.tried).to.deep.equal(['a', 'b', 'c', 'd']);
    expect(stage.lane.inFlight).to.equal(3);
  });

  it('goes in small portions while the event loop is late, and all at once when it no longer is', async () => {
    const stage = new Stage({ maxInFlight: 20 });
    const ids = Array.from({ length: 40 }, (_, n) => String(n));
    stage.lagMs = 25;
    stage.add(...ids);
    await stage.pass();
    expect(stage.tried).to.have.length(5);
    await stage.pass(199);
    expect(stage.tried).to.have.length(5);
    await stage.pass(1);
    expect(stage.tried).to.have.length(10);
    stage.lagMs = 24;
    await stage.pass(200);
    expect(stage.tried).to.deep.equal(ids);
  });

  it('tries again after a second, and after twice as long each time, up to ten minutes; after a day it is parked', async () => {
    const stage = new Stage();
    stage.outcome = () => Promise.resolve({ kind: 'failed', error: 'HTTP 500' });
    const began = stage.clock.now();
    const times: number[] = [];
    stage.add('a');
    await stage.pass();
    while (stage.settled.at(-1)?.kind === 'failed' && times.length < 400) {
      if (times.length < stage.settled.length) times.push(stage.clock.now() - began);
      const [{ atMs } = { atMs: 0 }] = stage.waiting;
      await stage.pass(Math.max(1, atMs - stage.clock.date().getTime()));
    }
    expect(times.slice(0, 4)).to.deep.equal([0, 1_000, 3_000, 7_000]);
    expect(times.slice(-1)[0]).to.be.within(DAY_MS - 600_000, DAY_MS);
    expect(stage.settled.at(-1)).to.include({ kind: 'parked', error: 'HTTP 500' });
    expect(times).to.have.length.within(140, 160);
    // One line a minute at most, and one for the end.
    expect(stage.log.lines.filter(({ message }) => message.includes('parked'))).to.have.length(1);
  });

  it('asks a CRM that is left alone by one event at a time, and costs that event no try', async () => {
    const stage = new Stage();
    stage.outcome = () => Promise.resolve({ kind: 'held', error: 'breaker_open' });
    stage.add('a', 'b', 'c', 'd');
    await stage.pass();
    const first = stage.tried.length;
    expect(first).to.equal(3);
    await stage.pass(2_000);
    expect(stage.tried).to.have.length(first + 1);
    stage.outcome = () => Promise.resolve({ kind: 'delivered' });
    await stage.pass(2_000);
    await stage.pass(2_000);
    expect(stage.settled.filter(({ kind }) => kind === 'delivered')).to.have.length(4);
    expect(stage.settled.every(({ delivery }) => delivery.attempts === 0)).to.equal(true);
  });

  it('waits for the places of other entries to the same CRM without a word, and not one by one', async () => {
    const stage = new Stage();
    stage.outcome = () => Promise.resolve({ kind: 'held', error: 'bulkhead_full', isFull: true });
    stage.add('a', 'b', 'c');
    await stage.pass();
    stage.outcome = () => Promise.resolve({ kind: 'delivered' });
    await stage.pass(2_000);
    expect(stage.tried).to.deep.equal(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(stage.log.lines).to.deep.equal([]);
  });

  it('keeps to a rate', async () => {
    const stage = new Stage({ maxInFlight: 20, maxPerSecond: 2 });
    stage.add('a', 'b', 'c', 'd', 'e');
    await stage.pass();
    expect(stage.tried).to.have.length(2);
    await stage.pass(500);
    expect(stage.tried).to.have.length(2);
    await stage.pass(600);
    expect(stage.tried).to.have.length(4);
  });

  it('is closed when what was under way is settled, and free for the next router at once', async () => {
    const stage = new Stage();
    let end: () => void = () => undefined;
    stage.outcome = () =>
      new Promise((resolve) => {
        end = () => {
          resolve({ kind: 'held', error: 'the router stops' });
        };
      });
    stage.add('a');
    // Closed while it looks for what is due.
    let isClosed = false;
    const closing = stage.lane.close().then(() => (isClosed = true));
    await stage.pass();
    expect([stage.tried, stage.lane.inFlight, isClosed]).to.deep.equal([['a'], 1, false]);
    end();
    await closing;
    expect(stage.settled).to.have.length(1);
    expect(stage.settled[0]).to.deep.include({ kind: 'released', nextAt: stage.clock.date() });
  });

  it('keeps to a rate below one a second', async () => {
    const stage = new Stage({ maxInFlight: 20, maxPerSecond: 0.5 });
    stage.add('a', 'b', 'c');
    await stage.pass();
    await stage.pass(2_000);
    expect(stage.tried).to.deep.equal(['a']);
    await stage.pass(200);
    expect(stage.tried).to.deep.equal(['a', 'b']);
  });

  it('finds what another router has left, and takes nothing once it is closed', async () => {
    const stage = new Stage();
    stage.lane.kick();
    await stage.pass();
    stage.waiting.push({ delivery: { id: 'x', attempts: 0, give_up_at: null } as Delivery, atMs: 0 });
    await stage.pass(5_000);
    expect(stage.tried).to.deep.equal(['x']);
    await stage.lane.close();
    stage.add('y');
    await stage.pass(60_000);
    expect(stage.tried).to.deep.equal(['x']);
    expect(stage.clock.timers).to.equal(0);
  });
});
