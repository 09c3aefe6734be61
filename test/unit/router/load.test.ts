import { expect } from 'chai';
import type { Counts } from '../../../lib/esl/listener.ts';
import { Load, type LoadOptions } from '../../../lib/router/load.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const NONE: Counts = {
  calls: 0,
  refused: 0,
  strangers: 0,
  waiting: 0,
  queuedMs: 0,
  descriptors: 0,
};

function setUp(options: Partial<LoadOptions> = {}) {
  const clock = new ManualClock();
  const seen: string[] = [];
  let counts = NONE;
  const load = new Load({
    clock,
    counts: () => counts,
    maxCalls: 10,
    maxRefused: 50,
    maxDescriptors: 100,
    lagMs: 200,
    queueMs: 500,
    onChange: (state) => seen.push(state.kind === 'closed' ? `closed: ${state.because}` : state.kind),
    ...options,
  });
  return {
    clock,
    load,
    seen,
    set: (now: Partial<Counts>) => (counts = { ...NONE, ...now }),
    /** The event loop is busy for so long, and measures itself then. */
    lag: (ms: number) => {
      clock.advance(49);
      clock.stall(ms + 1);
      clock.advance(0);
    },
  };
}

describe('load', () => {
  it('admits up to the cap', () => {
    const { load, seen } = setUp();
    expect(load.admit({ ...NONE, calls: 9 })).to.equal(null);
    expect(load.admit({ ...NONE, calls: 10 })).to.equal('over_capacity');
    expect(load.admit({ ...NONE, calls: 9 })).to.equal(null);
    expect(seen).to.deep.equal([]);
  });

  it('gives back who has waited two seconds, however little there is to do now', () => {
    const { load } = setUp();
    expect(load.admit(NONE, 1_999)).to.equal(null);
    expect(load.admit(NONE, 2_000)).to.equal('overloaded');
  });

  it('gives calls back from the first mark on, and takes them again when the lag has halved for a moment', () => {
    const { load, lag, clock, seen } = setUp();
    lag(199);
    expect(load.admit(NONE)).to.equal(null);
    lag(200);
    expect(load.lagMs).to.equal(200);
    expect(load.admit(NONE), 'a single pause').to.equal(null);
    lag(200);
    expect(load.admit(NONE)).to.equal('overloaded');
    lag(150);
    lag(150);
    lag(150);
    expect(load.admit(NONE)).to.equal('overloaded');
    clock.advance(50);
    clock.advance(50);
    expect(load.admit(NONE)).to.equal('overloaded');
    clock.advance(50);
    expect(load.admit(NONE)).to.equal(null);
    expect(seen).to.deep.equal(['shedding', 'normal']);
  });

  it('sees the lag of the turn that is still running', () => {
    const { load, clock, lag } = setUp();
    lag(200);
    clock.stall(249);
    expect(load.admit(NONE)).to.equal(null);
    clock.stall(1);
    expect(load.admit(NONE)).to.equal('overloaded');
  });

  it('a single pause, however long, changes nothing', () => {
    const { lag, clock, seen } = setUp();
    lag(20_000);
    clock.advance(1_000);
    expect(seen).to.deep.equal([]);
  });

  it('closes when giving calls back for a second does not help', () => {
    const { load, lag, clock, seen } = setUp();
    for (let i = 0; i < 5; i++) lag(250);
    expect(seen).to.deep.equal(['shedding']);
    lag(250);
    expect(seen).to.deep.equal(['shedding', 'closed: lag']);
    expect(load.admit(NONE)).to.equal('overloaded');
    clock.advance(150);
    expect(seen.at(-1)).to.equal('normal');
  });

  it('closes when connections stand in the queue, serves those, and opens when they are through', () => {
    const { load, set, clock, seen } = setUp();
    set({ queuedMs: 499 });
    clock.advance(200);
    expect(seen).to.deep.equal([]);
    set({ queuedMs: 500 });
    clock.advance(50);
    expect(seen).to.deep.equal(['closed: queue']);
    set({ waiting: 1 });
    clock.advance(1_000);
    expect(load.admit({ ...NONE, waiting: 1 })).to.equal(null);
    expect(load.admit({ ...NONE, calls: 10 })).to.equal('over_capacity');
    expect(load.state.kind).to.equal('closed');
    set({});
    clock.advance(150);
    expect(seen).to.deep.equal(['closed: queue', 'normal']);
  });

  it('closes when no call has found a place for two seconds, until a tenth of the places is free', () => {
    const { load, set, clock, seen } = setUp();
    const full = { ...NONE, calls: 10 };
    set(full);
    load.admit(full);
    clock.advance(1_999);
    load.admit(full);
    expect(seen).to.deep.equal([]);
    clock.advance(1);
    expect(load.admit(full)).to.equal('over_capacity');
    expect(seen).to.deep.equal(['closed: calls']);
    clock.advance(1_000);
    set({ calls: 9 });
    expect(load.state.kind).to.equal('closed');
    clock.advance(150);
    expect(seen).to.deep.equal(['closed: calls', 'normal']);
  });

  it('a place that was free in between begins the two seconds again', () => {
    const { load, clock, seen } = setUp();
    load.admit({ ...NONE, calls: 10 });
    clock.advance(1_500);
    load.admit({ ...NONE, calls: 9 });
    clock.advance(1_500);
    load.admit({ ...NONE, calls: 10 });
    expect(seen).to.deep.equal([]);
  });

  it('closes when more calls are being given back than there are descriptors for', () => {
    const { load, seen } = setUp();
    load.admit({ ...NONE, refused: 49 });
    expect(seen).to.deep.equal([]);
    load.admit({ ...NONE, refused: 50 });
    expect(seen).to.deep.equal(['closed: calls']);
  });

  it('closes before there is no descriptor left for a caller', () => {
    const { load, seen, clock } = setUp();
    expect(load.admit({ ...NONE, descriptors: 99 })).to.equal(null);
    expect(load.admit({ ...NONE, descriptors: 100 })).to.equal('over_capacity');
    expect(seen).to.deep.equal(['closed: descriptors']);
    clock.advance(150);
    expect(seen.at(-1)).to.equal('normal');
  });

  it('does not open again while callers still stand in the queue', () => {
    const { set, clock, seen } = setUp();
    set({ queuedMs: 500 });
    clock.advance(1_000);
    set({ queuedMs: 250 });
    clock.advance(1_000);
    expect(seen).to.deep.equal(['closed: queue']);
    set({ queuedMs: 249 });
    clock.advance(150);
    expect(seen).to.deep.equal(['closed: queue', 'normal']);
  });

  it('leaves no timer behind', () => {
    const { load, clock } = setUp();
    load.stop();
    expect(clock.timers).to.equal(0);
  });
});
