import { expect } from 'chai';
import fc from 'fast-check';
import { canaryOf } from '../../../lib/decide/canary.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

const schemeWith = (percent: number, name = 'sales') =>
  schemeOf({ name, numbering: { country: 'UA' }, canary: { scheme: 'fresh', percent } });
const isIn = (caller: string, percent: number, name?: string): boolean =>
  canaryOf(schemeWith(percent, name), callOf({ caller }))?.side === 'canary';

describe('canary', () => {
  it('keeps whoever was in a smaller share', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^\d{3,15}$/),
        fc.double({ min: 0, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (caller, one, other) => {
          const [less, more] = one < other ? [one, other] : [other, one];
          return !isIn(caller, less) || isIn(caller, more);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('has the share that it says, of numbers that follow one another too', () => {
    const count = 100_000;
    const five = schemeWith(5);
    const twenty = schemeWith(20);
    const ins = { five: 0, twenty: 0, both: 0 };
    for (let index = 0; index < count; index++) {
      const call = callOf({ caller: String(380_441_000_000 + index) });
      const small = canaryOf(five, call)?.side === 'canary';
      const large = canaryOf(twenty, call)?.side === 'canary';
      if (small) ins.five++;
      if (large) ins.twenty++;
      if (small && large) ins.both++;
    }
    expect((100 * ins.five) / count).to.be.within(4, 6);
    expect((100 * ins.twenty) / count).to.be.within(19, 21);
    expect(ins.both).to.equal(ins.five);
  });

  it('goes by the number, however it is written', () => {
    for (let index = 0; index < 200; index++) {
      const digits = String(441_112_200 + index);
      const sides = ['+380', '380', '00380', '0'].map((prefix) => isIn(`${prefix}${digits}`, 50));
      expect(new Set(sides).size, digits).to.equal(1);
    }
  });

  it('has nobody without a number, nobody at 0 % and all others at 100 %', () => {
    const side = (percent: number, call: object) => canaryOf(schemeWith(percent), callOf(call))?.side;
    expect(side(100, { caller: '' })).to.equal('rest');
    expect(side(100, { caller: '380441112233', withheld: true })).to.equal('rest');
    expect(side(0, { caller: '380441112233' })).to.equal('rest');
    expect(side(100, { caller: '380441112233' })).to.equal('canary');
    expect(canaryOf(schemeOf(), callOf())).to.equal(null);
  });

  it('takes other callers for another scheme', () => {
    const callers = Array.from({ length: 1_000 }, (_, index) => String(380_441_000_000 + index));
    const both = callers.filter((caller) => isIn(caller, 50) && isIn(caller, 50, 'night'));
    expect(both.length).to.be.within(180, 320);
  });
});
