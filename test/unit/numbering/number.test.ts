import { expect } from 'chai';
import { readNumber, toE164, toNational, type Numbering } from '../../../lib/numbering/number.ts';
import { COUNTRIES, type Country } from '../../../lib/numbering/plan.ts';
import { parseWritten, plainText } from '../../../lib/numbering/written.ts';
import { NUMBERING } from '../../support/rules.ts';

const numberingOf = (country?: Country, changed: Partial<Numbering> = {}): Numbering => ({
  ...NUMBERING,
  country,
  ...changed,
});

/** `380441234567 national in UA`, or why there is none. */
function read(text: string, numbering: Numbering): string {
  const written = parseWritten(plainText(text));
  if (written === null) return 'not written as a number';
  const result = readNumber(written, numbering);
  return result.ok ? `${result.number} ${result.how}` : result.detail;
}

describe('number', () => {
  it('knows countries by their ISO code', () => {
    expect(COUNTRIES).to.include('UA').and.to.have.length.above(200);
    expect(COUNTRIES).not.to.include.oneOf(['ua', 'XX', '', '__proto__']);
  });

  it('reads E.164 out of national, international and trunk notation', () => {
    const ua = numberingOf('UA');
    for (const text of [
      '0441234567',
      '441234567',
      '380441234567',
      '00380441234567',
      '+380 (0) 44 123-45-67',
    ]) {
      expect(toE164(text, ua), text).to.equal('+380441234567');
    }
    expect(toE164('+442079460000', ua)).to.equal('+442079460000');
    expect(toE164('380441234567', numberingOf())).to.equal('+380441234567');
    for (const text of ['0441234567', 'anonymous', '', '201']) {
      expect(toE164(text, numberingOf()), text).to.equal(null);
    }
  });

  it('reads callers by the rules of the scheme', () => {
    expect(toE164('380123456789', numberingOf('UA'))).to.equal('+380123456789');
    expect(toE164('380123456789', numberingOf('UA', { accept: 'valid' }))).to.equal(null);
    expect(toE164('4951234567', numberingOf('RU', { bareDigits: 'national' }))).to.equal('+74951234567');
  });

  it('writes the national form with its trunk prefix', () => {
    expect(toNational('+380441234567', numberingOf('UA'))).to.equal('0441234567');
    expect(toNational('+74951234567', numberingOf('RU'))).to.equal('84951234567');
    expect(toNational('+16502530000', numberingOf('US'))).to.equal('6502530000');
    expect(toNational('201', numberingOf('UA'))).to.equal(null);
  });

  describe('is dialled', () => {
    const rows: [text: string, country: Country | undefined, dialAs: Numbering['dialAs'], number: string][] =
      [
        ['0441234567', 'UA', 'digits', '380441234567'],
        ['0441234567', 'UA', 'plus', '+380441234567'],
        ['+380441234567', 'UA', 'national', '0441234567'],
        ['380123456789', 'UA', 'national', '0123456789'],
        ['00380441234567', 'UA', 'as-given', '00380441234567'],
        ['044 123-45-67', 'UA', 'as-given', '0441234567'],
        // No national form: 020 7946 0000 would be somebody else's number in Ukraine.
        ['+442079460000', 'UA', 'national', '442079460000'],
        ['380441234567', undefined, 'plus', '+380441234567'],
        ['380441234567', undefined, 'national', '380441234567'],
        ['+380441234567', undefined, 'as-given', '+380441234567'],
        ['9 11 2345 6789', 'AR', 'national', '01115 23456789'.replace(' ', '')],
      ];
    for (const [text, country, dialAs, number] of rows) {
      it(`${text} of ${country ?? 'no country'} as ${dialAs}: ${number}`, () => {
        expect(read(text, numberingOf(country, { dialAs })).split(' ')[0]).to.equal(number);
      });
    }
  });

  describe('digits that are two numbers', () => {
    const DE = '4933612345678';
    it('are international where the country has a trunk prefix, and the other one is named', () => {
      expect(read('33612345678', numberingOf('DE'))).to.equal(
        `33612345678 international; ${DE} (national in DE) is a number too, and numbering.bareDigits decides`,
      );
    });
    it('are what numbering.bareDigits says', () => {
      expect(read('33612345678', numberingOf('DE', { bareDigits: 'national' }))).to.match(
        new RegExp(`^${DE} national in DE`),
      );
      expect(read('6475550123', numberingOf('CA', { bareDigits: 'international' }))).to.match(
        /^6475550123 international/,
      );
    });
    it('are national where people write them without a trunk prefix', () => {
      expect(read('6475550123', numberingOf('CA'))).to.match(/^16475550123 national in CA; 6475550123 /);
      expect(read('13123456789', numberingOf('CN'))).to.match(/^8613123456789 national in CN; 13123456789 /);
    });
    it('are refused where neither is a number of the plan', () => {
      expect(read('380123456789', numberingOf('DE'))).to.equal(
        'is not a number of the plan, and can be +380123456789 (international) or +49380123456789 (national in DE): write it with a +, or set numbering.bareDigits',
      );
    });
  });

  describe('numbering.accept', () => {
    it('takes any digits of a private plan', () => {
      const any = numberingOf(undefined, { accept: 'any' });
      expect(read('0123456789', any)).to.equal('0123456789 in no plan, as it stands');
      expect(read('01-23456789', any)).to.match(/^begins with 0/);
      expect(read('1234567890123456', any)).to.equal('has 16 digits, a number has at most 15');
    });
    it('takes what the plan has', () => {
      expect(read('+380123456789', numberingOf(undefined, { accept: 'valid' }))).to.match(
        /^is not a number of the plan/,
      );
    });
  });

  it('holds an id without a plus for no number: no plan has it, and CRMs count their users so', () => {
    expect(read('31750148', numberingOf())).to.match(/^is not a number/);
    expect(read('+31750148', numberingOf())).to.match(/^31750148 international, not a number of the plan/);
  });
});
