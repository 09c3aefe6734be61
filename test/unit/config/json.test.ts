import { expect } from 'chai';
import fc from 'fast-check';
import { readingJson, readJson, WideObject } from '../../../lib/config/json.ts';

describe('JSON that a person wrote', () => {
  const broken = fc
    .json()
    .chain((text) =>
      fc
        .tuple(fc.nat(text.length), fc.constantFrom(...'"{}[],:\\1a-.e\u0001\n '.split(/(?:)/)), fc.boolean())
        .map(([at, sign, instead]) => text.slice(0, at) + sign + text.slice(at + (instead ? 1 : 0))),
    );

  it('is what JSON.parse makes of it, or a fault where that throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 5 }), broken, fc.string()), (text) => {
        const read = readJson(text);
        let wanted: unknown;
        try {
          wanted = JSON.parse(text);
        } catch {
          expect(read.ok, text).to.equal(false);
          return;
        }
        expect(read.ok ? read.value : read, text).to.deep.equal(wanted);
      }),
      { numRuns: 3000 },
    );
  });

  for (const [title, text, fault] of [
    ['nothing', ' \n', 'line 2, column 1: expected JSON, and the file is empty'],
    ['a comma behind the last', '{\n  "a": 1,\n}', /^line 2, column 9: expected another key after the comma/],
    ['a comma in a list', '[1,]', 'line 1, column 3: expected another value after the comma'],
    [
      'a comment',
      '{\n// hm\n}',
      /^line 2, column 1: expected a key in double quotes, found a comment: JSON has none/,
    ],
    ['a comment behind', '{"a": 1 /* x */}', /column 9: expected "," or "}", found a comment/],
    [
      'a key without quotes',
      '{"a": {\nb: 1}}',
      'line 2, column 1: expected a key in double quotes, found "b"',
    ],
    ['single quotes', "{'a': 1}", /found a single quote$/],
    [
      'a number with a zero in front',
      '{"a": 044}',
      /column 7: expected a number, or a string in double quotes$/,
    ],
    ['a word', '{"a": yes}', 'line 1, column 7: expected a value, found "y"'],
    ['a line break in a text', '{"a": "x\ny"}', /^line 1, column 9: expected a string on one line/],
    [
      'a text without end',
      '{\n"a": "x}',
      /^line 2, column 6: expected a closing double quote for the string/,
    ],
    ['an escape of other languages', '["\\\\\\x41"]', /^line 1, column 5: expected \\" /],
    ['no colon', '{"a" 1}', 'line 1, column 6: expected ":" after the key, found "1"'],
    ['no end', '{"a": 1', 'line 1, column 8: expected "," or "}", found the end of the file'],
    ['something behind', '{}\n{}', 'line 2, column 1: expected the end of the file, found "{"'],
    [
      '2,000 levels',
      '['.repeat(2000) + ']'.repeat(2000),
      /^line 1, column 66: expected no more than 64 levels/,
    ],
    ['a million objects', '{"a":'.repeat(1e6), /expected no more than 64 levels/],
  ] as const) {
    it(`says where, and what was expected: ${title}`, () => {
      const read = readJson(text);
      if (typeof fault === 'string') expect(read).to.deep.equal({ ok: false, fault });
      else expect(read.ok ? '' : read.fault).to.match(fault);
    });
  }

  it('shows one sign of what it cannot read: the rest may be a password', () => {
    const read = readJson('{"a": hunter2}');
    expect(JSON.stringify(read)).not.to.include('hunter');
  });

  it('notes keys that stand twice, and takes the last', () => {
    const read = readJson('{"a": {\n"b": 1,\n"b": 2,\n"c": [{"b": 1}]}, "a\\u0062": 1}');
    expect(read).to.deep.equal({
      ok: true,
      value: { a: { b: 2, c: [{ b: 1 }] }, ab: 1 },
      notes: ['line 3: the key "a.b" appears again: the last one counts'],
    });
    const many = readJson(`{${'"a": 1,'.repeat(500)} "a": 2}`);
    expect(many.ok && many.notes.length).to.equal(10);
  });

  it('keeps a key that is a name of every object', () => {
    const read = readJson('{"__proto__": 1, "constructor": 2}');
    expect(read.ok && Object.entries(read.value as object)).to.deep.equal([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
  });

  it('gives a wide object in pieces, each key once', () => {
    const keys = Array.from({ length: 10_000 }, (_, n) => `"k${n}": ${n}`);
    const read = readJson(`{"x": {${keys.join()}, "k1": "again"}}`);
    if (!read.ok) throw new Error(read.fault);
    const { x } = read.value as { x: WideObject };
    expect(x).to.be.instanceOf(WideObject);
    expect(x.pieces.map((piece) => Object.keys(piece).length)).to.deep.equal([4000, 4000, 2000]);
    expect(x.pieces[0]?.['k1']).to.equal('again');
    expect(x.characters).to.equal(keys.join().length + ', "k1": "again"'.length + 2);
    expect(read.notes).to.have.length(1);
  });

  it('pauses again and again', () => {
    const steps = [...readingJson(`[${'1,'.repeat(50_000)}1]`)];
    expect(steps.length).to.be.greaterThan(40);
  });
});
