import { expect } from 'chai';
import { Breaker, type BreakerState } from '../../../lib/upstream/breaker.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function breaker(random = 0) {
  const clock = new ManualClock();
  const states: BreakerState['kind'][] = [];
  const made = new Breaker({ clock, random: () => random, onChange: ({ kind }) => states.push(kind) });
  const fail = (times: number): void => {
    for (let n = 0; n < times; n++) made.admit()?.failure();
  };
  const succeed = (times: number): void => {
    for (let n = 0; n < times; n++) made.admit()?.success();
  };
  return { breaker: made, clock, states, fail, succeed };
}

describe('the circuit breaker', () => {
  it('opens after five failures in a row, and not after four and a success', () => {
    const { breaker: b, fail, succeed } = breaker();
    fail(4);
    succeed(1);
    fail(4);
    expect(b.state.kind).to.equal('closed');
    fail(1);
    expect(b.state.kind).to.equal('open');
    expect(b.isOpenFor({ fair: true })).to.equal(true);
    expect(b.admit()).to.equal(null);
  });

  it('opens when half of at least twenty requests within ten seconds failed', () => {
    const { breaker: b, fail, succeed, clock } = breaker();
    for (let n = 0; n < 9; n++) {
      succeed(1);
      fail(1);
    }
    succeed(1);
    expect(b.state.kind).to.equal('closed');
    // The twentieth, half of them failed.
    fail(1);
    expect(b.state.kind).to.equal('open');
    const other = breaker();
    for (let n = 0; n < 9; n++) {
      other.succeed(1);
      other.fail(1);
    }
    other.clock.advance(11_000);
    other.succeed(1);
    other.fail(1);
    expect(other.breaker.state.kind, 'what is older than ten seconds does not count').to.equal('closed');
    expect(clock.timers).to.equal(0);
  });

  it('stays open for ten seconds and up to one more, then lets one probe through', () => {
    const { breaker: b, clock, fail, states } = breaker(0.5);
    fail(5);
    clock.advance(10_499);
    expect(b.admit()).to.equal(null);
    clock.advance(1);
    const probe = b.admit();
    expect(probe).to.not.equal(null);
    expect(b.admit(), 'one probe at a time').to.equal(null);
    probe?.success();
    expect(b.admit()).to.not.equal(null);
    expect(states).to.deep.equal(['open', 'half-open', 'closed']);
  });

  it('opens again when the probe fails', () => {
    const { breaker: b, clock, fail } = breaker();
    fail(5);
    clock.advance(10_000);
    fail(1);
    expect(b.state.kind).to.equal('open');
    clock.advance(9_999);
    expect(b.admit()).to.equal(null);
    clock.advance(1);
    expect(b.admit()).to.not.equal(null);
  });

  it('waits as long for the next probe when the caller of one hung up', () => {
    const { breaker: b, clock, fail } = breaker();
    fail(5);
    clock.advance(10_000);
    const probe = b.admit();
    clock.advance(3_000);
    probe?.abandon();
    clock.advance(6_999);
    expect(b.admit()).to.equal(null);
    clock.advance(1);
    expect(b.admit()).to.not.equal(null);
  });

  it('learns nothing from a request that began before it opened or closed', () => {
    const { breaker: b, clock, fail } = breaker();
    const early = b.admit();
    fail(5);
    early?.success();
    expect(b.state.kind).to.equal('open');
    clock.advance(10_000);
    const late = b.admit();
    const stale = early;
    late?.success();
    for (let n = 0; n < 5; n++) stale?.failure();
    expect(b.state.kind).to.equal('closed');
  });

  it('leaves finding out to those who have time for it, for as long as some may come', () => {
    const { breaker: b, fail, clock } = breaker();
    fail(5);
    clock.advance(10_000);
    expect(b.admit({ fair: false })).to.equal(null);
    clock.advance(9_999);
    expect(b.admit({ fair: false })).to.equal(null);
    clock.advance(1);
    const hasty = b.admit({ fair: false });
    expect(hasty).to.not.equal(null);
    expect(b.admit(), 'one at a time').to.equal(null);
    hasty?.abandon();
    expect(b.admit({ fair: false }), 'the next hasty one waits again').to.equal(null);
    const fair = b.admit();
    expect(fair, 'whoever has the time finds out at once').to.not.equal(null);
    fair?.success();
    expect(b.state.kind).to.equal('closed');
    expect(b.admit({ fair: false })).to.not.equal(null);
  });

  it('is held open or closed by an operator', () => {
    const { breaker: b, fail, clock } = breaker();
    b.force(true);
    expect(b.admit()).to.equal(null);
    clock.advance(60_000);
    expect(b.admit()).to.equal(null);
    b.force(false);
    fail(50);
    expect(b.admit()).to.not.equal(null);
    b.force(null);
    expect(b.state.kind).to.equal('closed');
    fail(5);
    expect(b.state.kind).to.equal('open');
  });
});
