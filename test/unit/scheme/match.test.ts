import { expect } from 'chai';
import fc from 'fast-check';
import { compact } from '../../../lib/call/channel.ts';
import {
  coversGlob,
  coversMatch,
  matcherOf,
  matchGlob,
  matchOf,
  numberForms,
} from '../../../lib/scheme/match.ts';
import type { Country } from '../../../lib/numbering/plan.ts';
import type { Scheme, SchemeDocument } from '../../../lib/scheme/scheme.ts';
import { callOf, schemeOf } from '../../support/scheme.ts';

function withMatch(match: SchemeDocument['match'], country?: Country): Scheme {
  return schemeOf({ ...(match && { match }), ...(country && { numbering: { country } }) });
}

/** Whether a scheme with this pattern for the DID is chosen for a call to `did`, as a phone would send it. */
function fits(pattern: string | string[], did: string, country?: Country): boolean {
  return matcherOf(callOf({ did: compact(did) }))(withMatch({ did: pattern }, country));
}

/** Numbers of real plans, each with its country and its national way of writing. */
const NUMBERS = [
  ['UA', '380441234567', '0441234567'],
  ['UA', '380501234567', '0501234567'],
  ['DE', '4930901820', '030901820'],
  ['GB', '442079460000', '02079460000'],
  ['US', '12025550123', '2025550123'],
  ['FR', '33142685300', '0142685300'],
  ['IT', '390636918899', '0636918899'],
  ['RU', '74951234567', '84951234567'],
] as const;

const SEPARATORS = [' ', '-', '.', '(', ')', '/', '\u00a0', '\u2011', ''];

/** The digits of a number as people write them: separators anywhere but before a `+`. */
const spelling = (number: string): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...SEPARATORS), { minLength: number.length, maxLength: number.length })
    .map((separators) => Array.from(number, (digit, index) => digit + (separators[index] ?? '')).join(''));

const written = (e164: string): fc.Arbitrary<string> =>
  fc.constantFrom('+', '00', '').chain((prefix) => spelling(prefix + e164));

describe('match', () => {
  it('takes +, 00 and none in front of a number for one, however it is divided', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NUMBERS).chain(([, e164]) => fc.tuple(written(e164), written(e164))),
        ([pattern, did]) => {
          expect(fits(pattern, did), `${pattern} ${did}`).to.equal(true);
        },
      ),
    );
  });

  it('takes the national number and the international one for one, where the country is set', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NUMBERS).chain(([country, e164, national]) => {
          const any = fc.oneof(written(e164), spelling(national));
          return fc.tuple(fc.constant(country), any, any);
        }),
        ([country, pattern, did]) => {
          expect(fits(pattern, did, country), `${country} ${pattern} ${did}`).to.equal(true);
        },
      ),
    );
    for (const [country, e164, national] of NUMBERS) {
      const apart = e164.replace(/^\d{1,3}/, '') === national;
      expect(fits(national, e164), `${country} without its country`).to.equal(apart);
    }
  });

  it('never takes two numbers for one', () => {
    const number = fc.constantFrom(...NUMBERS);
    fc.assert(
      fc.property(
        fc.tuple(number, number, number).filter(([, [, one], [, other]]) => one !== other),
        fc.constantFrom('+', '00', ''),
        ([[country], [, one], [, other]], prefix) => {
          expect(fits(prefix + one, `+${other}`, country)).to.equal(false);
          expect(fits(`+${one}`, prefix + other, country)).to.equal(false);
        },
      ),
    );
  });

  for (const [title, pattern, did, country, expected] of [
    ['a glob on the international form', '+38044*', '0441234567', 'UA', true],
    ['a glob on the national form', '044 123*', '+380441234567', 'UA', true],
    ['a glob that is too narrow', '044 124*', '+380441234567', 'UA', false],
    ['a glob with 00', '00 380 (44) ???-??-??', '380441234567', undefined, true],
    ['? is one digit', '1500555010?', '+15005550100', undefined, true],
    ['? is not two', '150055501?', '+15005550100', undefined, false],
    ['a glob in front', '*4567', '+380441234567', undefined, true],
    ['an extension', '2??', '201', 'UA', true],
    ['an extension is not a beginning of a number', '2??', '2011', 'UA', false],
    ["a foreign number's national form is nothing here", '020 7946*', '+442079460000', 'UA', false],
    ['+20 2 is Cairo, and not the 202 of Washington', '+20 2*', '+12025550123', 'US', false],
    ['the prefix of the country', '011 44 20 7946 0000', '+442079460000', 'US', true],
    ['a bracketed trunk prefix', '+44 (0)20 7946 0000', '02079460000', 'GB', true],
    ['+* asks how it was written', '+*', '+380441234567', 'UA', true],
    ['+* is not any number', '+*', '380441234567', 'UA', false],
    ['00* asks how it was written', '00*', '00380441234567', 'UA', true],
    ['00* is not any number', '00*', '+380441234567', 'UA', false],
    ['0* is a national number', '0*', '+380441234567', 'UA', true],
    ['0* is no foreign number', '0*', '00442079460000', 'UA', false],
    ['* is anything', '*', '', undefined, true],
    ['a + in front of a national number is none', '0441234567', '+0441234567', 'UA', true],
    ['zeros alone', '000', '000', undefined, true],
    ['a SIP user', 'sales', 'sales', 'UA', true],
    ['a SIP user, in other letters', 'Sales', 'sales', 'UA', false],
    ['a SIP user with a separator, which a call is told without', 'john.doe', 'john.doe', undefined, true],
    ['a glob of SIP users', 'sales-*', 'sales-kyiv', undefined, true],
    ['a feature code', '?98', '*98', undefined, true],
    ['nothing but separators', '(-)', '', undefined, false],
    ['no regular expression', '1500555010[0-9]', '15005550100', undefined, false],
  ] as const) {
    it(`${title}: ${pattern} and ${did}`, () => {
      expect(fits(pattern, did, country)).to.equal(expected);
    });
  }

  it('takes any pattern of a list, and every part', () => {
    expect(fits(['777', '1500*'], '+15005550100')).to.equal(true);
    const scheme = withMatch({ did: '1500*', context: ['public', 'from-*'], caller: '050*' }, 'UA');
    const call = { did: '+15005550100', context: 'from-trunk', caller: '380501234567' };
    expect(matcherOf(callOf(call))(scheme)).to.equal(true);
    for (const other of [{ did: '1600' }, { context: 'inner' }, { caller: '' }, { caller: 'anonymous' }])
      expect(matcherOf(callOf({ ...call, ...other }))(scheme), JSON.stringify(other)).to.equal(false);
  });

  it('compares a context as it stands', () => {
    const inContext = (context: string): boolean =>
      matcherOf(callOf({ context: 'from-trunk' }))(withMatch({ context }));
    expect([inContext('from-trunk'), inContext('fromtrunk'), inContext('from-*')]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  it('never chooses a scheme without a match, and always one whose match asks for nothing', () => {
    expect(matcherOf(callOf())(withMatch(undefined))).to.equal(false);
    expect(matcherOf(callOf())(withMatch({}))).to.equal(true);
  });

  it('reads the forms of a number', () => {
    const forms = (text: string, country?: Country) =>
      numberForms(text, schemeOf(country === undefined ? {} : { numbering: { country } }).numbering);
    const all = { digits: '380441234567', e164: '380441234567', national: '0441234567' };
    expect(forms('+380441234567', 'UA')).to.deep.equal(all);
    expect(forms('00380441234567', 'UA')).to.deep.equal(all);
    expect(forms('0441234567', 'UA')).to.deep.equal({ ...all, digits: '0441234567' });
    expect(forms('+380441234567', 'DE')).to.deep.equal({ ...all, national: null });
    expect(forms('0441234567')).to.deep.equal({ digits: '0441234567', e164: null, national: null });
    expect(forms('201', 'UA')).to.deep.equal({ digits: '201', e164: null, national: null });
    expect(forms('anonymous', 'UA')).to.deep.equal({ digits: 'anonymous', e164: null, national: null });
  });

  it('reads a number once for a thousand schemes of one country', () => {
    const schemes = Array.from({ length: 1000 }, (_, n) =>
      withMatch({ did: `0441234${n}`, caller: '050*' }, 'UA'),
    );
    for (const scheme of schemes) matchOf(scheme);
    const [{ numbering } = schemeOf({})] = schemes;
    const once = fastest(() => {
      expect(schemes.some(matcherOf(callOf({ did: '+380445555555' })))).to.equal(false);
    });
    const eachTime = fastest(() => {
      for (const _ of schemes) numberForms('+380445555555', numbering);
    });
    expect(once).to.be.below(eachTime);
  });
});

/** Milliseconds, of five runs. */
function fastest(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now();
    run();
    return performance.now() - began;
  });
  return Math.min(...times);
}

describe('globs', () => {
  it('match, and nothing else', () => {
    for (const [pattern, text, expected] of [
      ['1500*', '15005550100', true],
      ['1500*', '1600', false],
      ['*', '', true],
      ['?', '', false],
      ['a?c', 'abc', true],
      ['a*b*c', 'axxbyyc', true],
      ['a*b*c', 'axxbyy', false],
      ['a.c', 'abc', false],
      ['[ab]', 'a', false],
    ] as const) {
      expect(matchGlob(pattern, text), `${pattern} ${text}`).to.equal(expected);
    }
  });

  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });

  it('agree with a plain reading', () => {
    fc.assert(
      fc.property(glob, text, (pattern, value) => {
        const plain = new RegExp(`^${pattern.replace(/[*?]/g, (sign) => (sign === '*' ? '.*' : '.'))}$`);
        expect(matchGlob(pattern, value)).to.equal(plain.test(value));
      }),
    );
  });

  it('are not slowed down by a hostile text', () => {
    expect(matchGlob('a*a*a*a*a*a*a*a*a*b', 'a'.repeat(20_000))).to.equal(false);
  });

  it('cover another one only when they match all of its texts; not every one that does is seen', () => {
    fc.assert(
      fc.property(glob, glob, text, (wide, narrow, value) => {
        if (coversGlob(wide, narrow) && matchGlob(narrow, value))
          expect(matchGlob(wide, value), `${wide} ${narrow} ${value}`).to.equal(true);
      }),
      { numRuns: 2000 },
    );
    for (const [wide, narrow, expected] of [
      ['1500*', '15005?', true],
      ['1500*', '1500*', true],
      ['15??', '15*', false],
      ['?*', '*x', false],
      ['?', '*', false],
      ['*', '', true],
      ['1500?', '1500', false],
    ] as const) {
      expect(coversGlob(wide, narrow), `${wide} ${narrow}`).to.equal(expected);
    }
  });
});

describe('a match that covers another', () => {
  const pattern = fc.constantFrom(
    ...[
      '*',
      '+*',
      '00*',
      '+38044*',
      '38044*',
      '044*',
      '0441234567',
      '+380441234567',
      '380 44 123 45 67',
      '20*',
    ],
    ...['+20*', '2??', '???', '*67', '+12025550123', '2025550123', '202*', 'sales', 's*', '-', '441234567'],
  );
  const did = fc.constantFrom(
    ...['+380441234567', '380441234567', '00380441234567', '0441234567', '+0441234567', '201', 'sales', ''],
    ...['+12025550123', '12025550123', '2025550123', '+2025550123', 'anonymous', '441234567', '+441234567'],
  );
  const country = fc.constantFrom('UA', 'US', 'DE', undefined);
  const context = fc.constantFrom<string | undefined>('public', 'p*', '*', undefined);
  const part = fc.option(fc.array(pattern, { minLength: 1, maxLength: 2 }), { nil: undefined });
  const scheme = fc
    .record({ did: part, caller: part, context, country })
    .map(({ country: own, ...match }) => withMatch(JSON.parse(JSON.stringify(match)) as typeof match, own));

  it('fits every call that the other one fits', () => {
    fc.assert(
      fc.property(
        scheme,
        scheme,
        did,
        did,
        fc.constantFrom('public', 'inner', 'px'),
        (a, b, to, from, where) => {
          const [wide, narrow] = [matchOf(a), matchOf(b)];
          if (wide === null || narrow === null || !coversMatch(wide, narrow)) return;
          const matches = matcherOf(callOf({ did: to, caller: from, context: where }));
          if (matches(b)) expect(matches(a), JSON.stringify([a.match, b.match, to, from])).to.equal(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is seen where a person would see it', () => {
    const covers = (wide: string, narrow: string, own?: Country, other = own): boolean =>
      coversMatch(matchOf(withMatch({ did: wide }, own))!, matchOf(withMatch({ did: narrow }, other))!);
    expect(covers('1500*', '15005550100')).to.equal(true);
    expect(covers('+1500*', '001 500 555-01-00')).to.equal(true);
    expect(covers('+38044*', '(044) 123-45-67', 'UA')).to.equal(true);
    expect(covers('0441234567', '+380441234567', 'UA')).to.equal(true);
    expect(covers('*', '+38044*', 'UA', 'DE')).to.equal(true);
    expect(covers('044*', '+38044*', 'UA')).to.equal(false);
    expect(covers('+38044*', '0441234567', 'UA', 'DE')).to.equal(false);
  });
});
