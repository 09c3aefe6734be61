import { expect } from 'chai';
import { sameSubscriber } from '../../../lib/dial/subscriber.ts';
import type { SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { schemeOf } from '../../support/scheme.ts';

describe('one subscriber in two spellings', () => {
  const same = (country: string | undefined, one: string, other: string): boolean => {
    const document = country === undefined ? {} : { numbering: { country } };
    const { numbering } = schemeOf(document as Partial<Omit<SchemeDocument, 'webhook'>>);
    return sameSubscriber(one, other, numbering);
  };

  it('is national and international of the home country', () => {
    for (const other of ['380501234567', '+380501234567', '00380501234567', '050 123-45-67'])
      expect(same('UA', '0501234567', other), other).to.equal(true);
    expect(same('NO', '22123456', '+4722123456')).to.equal(true);
  });

  it('is no stranger abroad with the same nine digits', () => {
    expect(same('UA', '0501234567', '+12501234567')).to.equal(false);
    expect(same('UA', '+380501234567', '+12501234567')).to.equal(false);
    expect(same('CA', '2501234567', '+380501234567')).to.equal(false);
  });

  it('is only the same digits where nobody knows the country', () => {
    expect(same(undefined, '0501234567', '+12501234567')).to.equal(false);
    expect(same(undefined, '0501234567', '+380501234567')).to.equal(false);
    expect(same(undefined, '00380501234567', '+380 50 123 45 67')).to.equal(true);
    expect(same(undefined, '101', '101')).to.equal(true);
    expect(same(undefined, '', '')).to.equal(false);
  });
});
