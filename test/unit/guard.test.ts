import { expect } from 'chai';
import { Guard } from '../../lib/guard.ts';
import { callOf } from '../support/scheme.ts';

const UUID = callOf().uuid;
const LIFT = { kind: 'api', command: 'sched_del', args: UUID };
const guardOf = (guardSeconds: number | null, context = 'public'): Guard =>
  new Guard(callOf({ guardSeconds, context }), 1_000);

describe('guard', () => {
  it('may fire a second early, since FreeSWITCH counts whole ones', () => {
    expect(guardOf(8).isDue(7_999)).to.equal(false);
    expect(guardOf(8).isDue(8_000)).to.equal(true);
    expect(guardOf(null).isDue(1e9)).to.equal(false);
  });

  it('counts from the channel, since a connection may have stood in a queue', () => {
    const guard = new Guard(callOf({ guardSeconds: 8, ageMs: 6_500 }), 10_000);
    expect(guard.isDue(10_499)).to.equal(false);
    expect(guard.isDue(10_500)).to.equal(true);
  });

  it('is pushed back by the time of ringing and its own', () => {
    const guard = guardOf(8);
    const push = {
      kind: 'api',
      command: 'sched_transfer',
      args: `+38 ${UUID} esl_router_fallback XML public`,
    };
    expect(guard.pushBack(30, 5_000)).to.deep.equal([LIFT, push]);
    expect(guard.isDue(41_999)).to.equal(false);
    expect(guard.isDue(42_000)).to.equal(true);
  });

  it('is lifted where the context can not be named, and not there where there is none', () => {
    expect(guardOf(8, 'a b').pushBack(30, 5_000)).to.deep.equal([LIFT]);
    expect(guardOf(null).pushBack(30, 5_000)).to.deep.equal([]);
    expect(guardOf(null).lift()).to.deep.equal([]);
  });

  it('leaves something behind only when it fired while it was pushed back', () => {
    const guard = guardOf(8);
    expect(guard.clearBehind(6_000), 'never pushed').to.deep.equal([]);
    guard.pushBack(30, 6_000);
    expect(guard.clearBehind(6_002)).to.deep.equal([LIFT]);
    expect(guard.clearBehind(43_000), 'the pushed one has fired').to.deep.equal([]);
  });
});
