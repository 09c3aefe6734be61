import { expect } from 'chai';
import { Limits, type Limit } from '../../../lib/decide/limits.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const MINUTE_MS = 60_000;

function setUp() {
  const clock = new ManualClock();
  const limits = new Limits(clock);
  const enter = (name: string, limit: Limit) => {
    const places = limits.places();
    return { refusal: places.enterScheme(name, limit), places };
  };
  const dial = (number: string, caps: Record<string, Limit>) => {
    const places = limits.places();
    return { refusal: places.enterNumber([number], caps), places };
  };
  return { clock, limits, enter, dial };
}

describe('limits', () => {
  it('counts the calls of a scheme, each scheme for itself, until they leave', () => {
    const { enter } = setUp();
    const first = enter('sales', { calls: 2 });
    const second = enter('sales', { calls: 2 });
    expect([first.refusal, second.refusal]).to.deep.equal([null, null]);
    expect(enter('sales', { calls: 2 }).refusal).to.equal(
      'the scheme sales has reached its limit of 2 at a time',
    );
    expect(enter('support', { calls: 1 }).refusal).to.equal(null);
    first.places.leave();
    expect(enter('sales', { calls: 2 }).refusal).to.equal(null);
    expect(enter('sales', { calls: 2 }).refusal).to.be.a('string');
  });

  it('takes each place back once, and a refused call has none', () => {
    const { enter } = setUp();
    const first = enter('sales', { calls: 1 });
    const refused = enter('sales', { calls: 1 });
    refused.places.leave();
    expect(enter('sales', { calls: 1 }).refusal).to.be.a('string');
    first.places.leave();
    first.places.leave();
    expect(enter('sales', { calls: 1 }).refusal).to.equal(null);
    expect(enter('sales', { calls: 1 }).refusal).to.be.a('string');
  });

  it('counts calls without a cap, for one that is loaded while they last', () => {
    const { enter } = setUp();
    const first = enter('sales', {});
    expect(enter('sales', { calls: 1 }).refusal).to.be.a('string');
    first.places.leave();
    expect(enter('sales', { calls: 1 }).refusal).to.equal(null);
  });

  it('counts what began within any 60 seconds, ended or not; what was refused did not begin', () => {
    const { clock, enter } = setUp();
    const begin = (): string | null => {
      const { refusal, places } = enter('sales', { callsPerMinute: 2 });
      places.leave();
      return refusal;
    };
    expect(begin()).to.equal(null);
    clock.advance(40_000);
    expect(begin()).to.equal(null);
    for (let n = 0; n < 5; n++)
      expect(begin()).to.equal('the scheme sales has reached its limit of 2 a minute');
    clock.advance(19_999);
    expect(begin()).to.be.a('string');
    clock.advance(1);
    expect(begin()).to.equal(null);
    expect(begin()).to.be.a('string');
    clock.advance(MINUTE_MS);
    expect([begin(), begin(), begin()].map((refusal) => refusal === null)).to.deep.equal([true, true, false]);
  });

  it('counts every prefix that matches, and takes all of the places or none', () => {
    const { dial } = setUp();
    const caps = { '380': { calls: 2 }, '+38050': { calls: 1 }, '44': { calls: 1 } };
    expect(dial('380501234567', caps).refusal).to.equal(null);
    expect(dial('380507654321', caps).refusal).to.equal(
      'the prefix +38050 has reached its limit of 1 at a time',
    );
    const third = dial('380441234567', caps);
    expect(third.refusal).to.equal(null);
    expect(dial('380631234567', caps).refusal).to.equal(
      'the prefix 380 has reached its limit of 2 at a time',
    );
    expect(dial('442079460000', caps).refusal).to.equal(null);
    expect(dial('15005550100', caps).refusal).to.equal(null);
    third.places.leave();
    expect(dial('380631234567', caps).refusal).to.equal(null);
  });

  it('gives the places of numbers back when the bridge has failed, and keeps that of the scheme', () => {
    const { limits, enter, dial } = setUp();
    const places = limits.places();
    const caps = { '380': { calls: 1 } };
    expect(places.enterScheme('sales', { calls: 1 })).to.equal(null);
    expect(places.enterNumber(['380501234567'], caps)).to.equal(null);
    expect(dial('380501234567', caps).refusal).to.be.a('string');
    places.leaveNumbers();
    places.leaveNumbers();
    expect(enter('sales', { calls: 1 }).refusal).to.be.a('string');
    const other = dial('380501234567', caps);
    expect(other.refusal).to.equal(null);
    places.leave();
    expect(dial('380501234567', caps).refusal).to.be.a('string');
    expect(enter('sales', { calls: 1 }).refusal).to.equal(null);
  });

  it('forgets the names that nobody has used for a minute, as a reload leaves them behind', () => {
    const { limits, clock, enter } = setUp();
    const talking = enter('s0', { callsPerMinute: 5 });
    for (let n = 1; n < 100; n++) enter(`s${n}`, { callsPerMinute: 5 }).places.leave();
    expect(limits.size).to.equal(100);
    clock.advance(MINUTE_MS);
    for (let n = 0; n < 100; n++) enter('new', {}).places.leave();
    expect(limits.size, 'the new one, and the one with a call').to.equal(2);
    expect(enter('s0', { calls: 1 }).refusal).to.be.a('string');
    talking.places.leave();
    expect(enter('s0', { calls: 1 }).refusal).to.equal(null);
  });

  it('counts a number once for each prefix, in whatever forms it is written', () => {
    const { limits } = setUp();
    const places = limits.places();
    expect(places.enterNumber(['00380501234567', '380501234567'], { '380': { calls: 1 } })).to.equal(null);
    places.leave();
    expect(limits.places().enterNumber(['380501234567'], { '380': { calls: 1 } })).to.equal(null);
  });
});
