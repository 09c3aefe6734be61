import { expect } from 'chai';
import { Cancellation } from '../../../lib/cancel.ts';
import { Bulkhead } from '../../../lib/upstream/bulkhead.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function bulkhead(maxInFlight: number, maxPerSecond: number | null = null) {
  const clock = new ManualClock();
  return { bulkhead: new Bulkhead({ maxInFlight, maxPerSecond }, clock), clock };
}

const never = new Cancellation();

/** How many may begin now. */
function enterAll(b: Bulkhead): number {
  let entered = 0;
  while (b.enter()) entered++;
  return entered;
}

describe('the bulkhead', () => {
  it('holds so many requests, and no more', () => {
    const { bulkhead: b } = bulkhead(3);
    expect(enterAll(b)).to.equal(3);
    b.leave();
    expect(enterAll(b)).to.equal(1);
    expect(b.inFlight).to.equal(3);
  });

  it('lets the next one in when a place is given back, in the order in which they came', async () => {
    const { bulkhead: b, clock } = bulkhead(1);
    b.enter();
    const order: string[] = [];
    const first = b.queue(never).then((admitted) => order.push(`first ${admitted}`));
    const second = b.queue(never).then((admitted) => order.push(`second ${admitted}`));
    b.leave();
    await first;
    expect(b.enter(), 'nobody overtakes the queue').to.equal(false);
    b.leave();
    await second;
    expect(order).to.deep.equal(['first true', 'second true']);
    expect([b.inFlight, b.queued, clock.timers]).to.deep.equal([1, 0, 0]);
  });

  it('keeps nobody waiting for more than 200 ms', async () => {
    const { bulkhead: b, clock } = bulkhead(1);
    b.enter();
    const waiting = b.queue(never);
    clock.advance(199);
    expect(b.queued).to.equal(1);
    clock.advance(1);
    expect(await waiting).to.equal(false);
    expect([b.inFlight, b.queued, clock.timers]).to.deep.equal([1, 0, 0]);
  });

  it('lets a caller go who hangs up while he waits', async () => {
    const { bulkhead: b, clock } = bulkhead(1);
    b.enter();
    const caller = new Cancellation();
    const waiting = b.queue(caller);
    caller.abort();
    expect(await waiting).to.equal(false);
    expect([b.queued, clock.timers]).to.deep.equal([0, 0]);
    expect(await b.queue(caller)).to.equal(false);
  });

  it('sends a burst at once, and no second sees more than the rate', async () => {
    const { bulkhead: b, clock } = bulkhead(100, 7);
    expect(enterAll(b)).to.equal(7);
    clock.advance(1_049);
    expect(b.enter(), 'a margin for the way').to.equal(false);
    clock.advance(1);
    expect(enterAll(b)).to.equal(7);
    clock.advance(900);
    const waiting = b.queue(never);
    clock.advance(150);
    expect(await waiting).to.equal(true);
    expect(clock.timers).to.equal(0);
  });

  it('takes a rate below one a second', () => {
    const { bulkhead: b, clock } = bulkhead(100, 0.5);
    expect(enterAll(b)).to.equal(1);
    clock.advance(2_000);
    expect(enterAll(b)).to.equal(0);
    clock.advance(50);
    expect(enterAll(b)).to.equal(1);
  });

  it('goes by new limits at once, and goes on counting what is in flight', () => {
    const { bulkhead: b } = bulkhead(5);
    enterAll(b);
    b.limits = { maxInFlight: 7, maxPerSecond: null };
    expect(enterAll(b)).to.equal(2);
    b.limits = { maxInFlight: 1, maxPerSecond: null };
    for (let n = 0; n < 6; n++) b.leave();
    expect(b.enter()).to.equal(false);
    b.leave();
    expect(b.enter()).to.equal(true);
  });
});
