import { expect } from 'chai';
import { dialAs, isCountry, toE164, toNational, type Numbering } from '../../../lib/numbering/number.ts';

describe('number', () => {
  it('knows countries by their ISO code', () => {
    expect(isCountry('UA')).to.be.true;
    expect(['ua', 'XX', '', '__proto__'].filter(isCountry)).to.deep.equal([]);
  });

  it('reads E.164 out of national, international and trunk notation', () => {
    expect(toE164('0441234567', 'UA')).to.equal('+380441234567');
    expect(toE164('380441234567', 'UA')).to.equal('+380441234567');
    expect(toE164('00380441234567', 'UA')).to.equal('+380441234567');
    expect(toE164('+442079460000', 'UA')).to.equal('+442079460000');
    expect(toE164('380441234567', undefined)).to.equal('+380441234567');
    expect(toE164('0441234567', undefined)).to.equal(null);
    expect(toE164('anonymous', 'UA')).to.equal(null);
  });

  it('writes the national form with its trunk prefix', () => {
    expect(toNational('+380441234567', 'UA')).to.equal('0441234567');
    expect(toNational('+74951234567', 'RU')).to.equal('84951234567');
    expect(toNational('201', 'UA')).to.equal(null);
  });

  describe('dialAs', () => {
    type Row = [
      prefix: '' | '+' | '00',
      digits: string,
      form: Numbering['dialAs'],
      number: string,
      e164: string | null,
    ];
    const check = (country: Numbering['country'], rows: readonly Row[]): void => {
      for (const [prefix, digits, form, number, e164] of rows) {
        it(`dials ${prefix}${digits} as ${form}: ${number}`, () => {
          expect(dialAs({ prefix, digits }, { country, dialAs: form })).to.include({ number, e164 });
        });
      }
    };

    describe('in the plan of UA', () => {
      check('UA', [
        ['', '0441234567', 'digits', '380441234567', '+380441234567'],
        ['', '441234567', 'digits', '380441234567', '+380441234567'],
        ['', '0441234567', 'plus', '+380441234567', '+380441234567'],
        ['+', '380441234567', 'national', '0441234567', '+380441234567'],
        ['00', '380441234567', 'as-given', '00380441234567', '+380441234567'],
        ['', '0441234567', 'as-given', '0441234567', '+380441234567'],
        ['+', '442079460000', 'digits', '442079460000', '+442079460000'],
        // No national form: 020 7946 0000 would be somebody else's number in Ukraine.
        ['+', '442079460000', 'national', '442079460000', '+442079460000'],
      ]);
      it('dials a number that the plan does not know as it is', () => {
        const dialled = dialAs({ prefix: '', digits: '380123456789' }, { country: 'UA', dialAs: 'digits' });
        expect(dialled).to.deep.equal({ number: '380123456789', e164: null, planned: false });
      });
    });

    describe('without a country', () => {
      check(undefined, [
        ['', '380441234567', 'digits', '380441234567', null],
        ['+', '380441234567', 'digits', '380441234567', '+380441234567'],
        ['00', '380441234567', 'plus', '+380441234567', '+380441234567'],
        ['', '380441234567', 'plus', '+380441234567', null],
        ['', '0441234567', 'plus', '0441234567', null],
        ['', '0441234567', 'national', '0441234567', null],
        ['+', '380441234567', 'as-given', '+380441234567', '+380441234567'],
      ]);
    });
  });
});
