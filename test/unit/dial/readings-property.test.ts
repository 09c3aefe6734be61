import { expect } from 'chai';
import fc from 'fast-check';
import { parseRoute } from '../../../lib/dial/route.ts';
import { fuzzNumbers } from '../../fuzz/numbers.ts';
import { COUNTRIES, NUMBER_TYPES, PLANS, type Example } from '../../fuzz/plan.ts';
import { rulesFor, see, type Seen } from '../../fuzz/seen.ts';
import type { Tally } from '../../fuzz/tally.ts';
import { fuzzTwoValues } from '../../fuzz/two-values.ts';
import { judge } from '../../fuzz/verdict.ts';

/** At home a number is read in whatever way it is written, but for one in twenty. */
const MOST_REFUSED_AT_HOME = 0.05;

/** A reply that is nested deeper than this is refused before it is read. */
const DEEPEST = 64;

describe('readings (npm run fuzz -- readings does a million)', function () {
  this.timeout(60_000);

  it('never makes another number of 10,000 numbers as people write them', () => {
    const report = fuzzNumbers(10_000, 1);
    expectNothingIn(report.faults);
    expect(report.plans.size).to.equal(PLANS.length);
    expect(report.types.size).to.equal(NUMBER_TYPES.length);
  });

  it('reads what has a plus, and what people write at home', () => {
    const report = fuzzNumbers(10_000, 2);
    expectNothingIn(report.owed);
    const home = [...report.homes.values()];
    const refused = home.reduce((sum, country) => sum + country.refused, 0);
    const all = home.reduce((sum, { count }) => sum + count, 0);
    expect(refused / all).to.be.below(MOST_REFUSED_AT_HOME);
  });

  it('never makes one number of 5,000 texts that hold two values or none', () => {
    const report = fuzzTwoValues(5_000, 1);
    expectNothingIn(report.faults);
    expect(report.count).to.be.above(4_900);
  });

  it('has a judge who sees what is wrong', () => {
    const verdicts = PLANTED.map(([meant, text, country, seen]) =>
      judge(example(meant), text, country, seen),
    );
    expect(verdicts).to.deep.equal(PLANTED.map(([, , , , verdict]) => verdict));
  });

  it('gives a value for any text', () => {
    fc.assert(
      fc.property(TEXTS, fc.constantFrom(null, ...COUNTRIES), (text, country) => {
        expect(see(text, country).kind, text).not.to.equal('thrown');
        expect(parseRoute(text, rulesFor(country), { lists: true }).ok).to.be.a('boolean');
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  it('gives a value for any JSON', () => {
    fc.assert(
      fc.property(VALUES, fc.constantFrom(null, ...COUNTRIES), fc.boolean(), (value, country, lists) => {
        expect(parseRoute(value, rulesFor(country), { lists }).ok).to.be.a('boolean');
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  it('gives a value for JSON as deep and as long as a reply can be', () => {
    const nested = [
      ['[', ']'],
      ['{"destination":', '}'],
      ['{"a":', '}'],
    ] as const;
    for (const [open, close] of nested) {
      for (const depth of [2, 3, 20, DEEPEST]) {
        const value = JSON.parse(`${open.repeat(depth)}"201"${close.repeat(depth)}`) as unknown;
        expect(parseRoute(value, rulesFor('UA')).ok).to.be.a('boolean');
      }
    }
    const long = Array.from({ length: 20_000 }, (_, at) => at);
    expect(parseRoute(long, rulesFor('UA')).ok).to.be.a('boolean');
  });
});

function expectNothingIn(tally: Tally): void {
  expect(tally.total, `\n${tally.report().join('\n')}\n`).to.equal(0);
}

const NOT_NAMED = 'another number, which is a valid reading, and the one that was meant is not named';
const number = (digits: string, other: string | null = null, how = other ?? ''): Seen => ({
  kind: 'number',
  digits,
  other,
  how,
});
/** 361 234 5678 is in Texas, +36 1 234 5678 in Budapest. */
const PLANTED = [
  ['380441234567', '+380441234567', 'UA', number('380441234567'), 'read'],
  ['380441234567', '+380441234567', 'UA', { kind: 'refused', detail: '' }, 'refused'],
  [
    '380441234567',
    '+380441234567',
    'UA',
    number('80441234567'),
    'another number, which is not a valid reading',
  ],
  [
    '380441234567',
    '+380441234567',
    'UA',
    number('380441234567', '80441234567'),
    'a number is named beside one that has a plus',
  ],
  ['420601123456', '420601123456', 'DE', number('49420601123456'), NOT_NAMED],
  [
    '420601123456',
    '420601123456',
    'AT',
    number('43420601123456'),
    'another number, which is not a valid reading',
  ],
  [
    '380441234567',
    '380441234567.0',
    null,
    number('3804412345670'),
    'another number, which is not a valid reading',
  ],
  ['74951234567', '4951234567', 'RU', number('4951234567', '74951234567'), 'the other read, this named'],
  ['4951234567', '4951234567', 'RU', number('4951234567', '74951234567'), 'read, the other named'],
  ['74951234567', '4951234567', 'RU', number('4951234567'), NOT_NAMED],
  [
    '74951234567',
    '4951234567',
    'RU',
    number('74951234567', '4951234567'),
    'not the reading that rule 3 takes',
  ],
  ['4951234567', '4951234567', 'RU', number('4951234567'), 'right, and the other valid reading is not named'],
  [
    '4951234567',
    '4951234567',
    'RU',
    number('4951234567', '74951234568'),
    'right, and a number is named that is no other reading',
  ],
  [
    '4951234567',
    '4951234567',
    'RU',
    number('4951234567', '74951234567', 'number 4951234567'),
    'the trace does not hold the number that is named',
  ],
  ['6838829', '8829', 'NU', { kind: 'extension', digits: '8829' }, 'extension'],
  ['6838829', '8829.0', 'NU', { kind: 'extension', digits: '88290' }, 'another extension'],
  ['6838829', '6838829', 'NU', { kind: 'extension', digits: '6838829' }, 'another extension'],
  [
    '494321',
    '+494321',
    'DE',
    { kind: 'extension', digits: '494321' },
    'an extension, though a plus stands in front',
  ],
  ['380441234567', '+380441234567', null, { kind: 'login', login: '380441234567' }, 'a login'],
  ['380441234567', '+380441234567', null, { kind: 'thrown', error: null }, 'an exception'],
] as const;

function example(digits: string): Example {
  return { type: NUMBER_TYPES[0]!, digits, nationalNumber: '', national: '', international: '' };
}

const HALVES = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 });
const ALPHABET = fc.constantFrom(
  ...Array.from('0123456789+-.()/,;:@#*xXeE \t\n\0\u00a0\u200e\u202a\u2212\u0660\ud83d'),
);
const TEXTS = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: ALPHABET, maxLength: 40 }),
  fc.string({ unit: ALPHABET, maxLength: 40 }),
  fc.string({ unit: fc.integer({ min: 0, max: 31 }).map((code) => String.fromCharCode(code)) }),
  HALVES.map((codes) => String.fromCharCode(...codes)),
  fc.string({ unit: ALPHABET, minLength: 1, maxLength: 40 }).map((text) => text.repeat(10_000 / text.length)),
);
const KEYS = fc.constantFrom(
  'destination',
  'timeout',
  'callerName',
  'hangup',
  'dialplan',
  'scheme',
  '__proto__',
  'constructor',
);
const VALUES: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.jsonValue({ maxDepth: 4 }),
    fc.oneof(TEXTS, fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 12 }),
    fc.array(fc.tuple(KEYS, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;
