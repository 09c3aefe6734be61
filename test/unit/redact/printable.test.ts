import { expect } from 'chai';
import fc from 'fast-check';
import { printable, printableJson, printableLines } from '../../../lib/redact/printable.ts';

/** Any text at all: half of it characters that terminals obey or nobody sees, backslashes, surrogates alone. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.constantFrom(
        '\u001b[2J',
        '\u0007',
        '\u009b31m',
        '\r\n',
        '\\u001b',
        '\\',
        'u0041',
        '\u202e',
        '\u200b',
        '\ufe0f',
        '\u2028',
        '\u{e0041}',
      ),
    ),
  )
  .map((parts) => parts.join(''));

/** What stands for itself: one column or two, and nothing that a terminal, or an eye, takes for something else. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}\p{DI}]*$/u;

describe('the encoder', () => {
  it('makes one printable line of any text, and leaves it as it is from then on', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = printable(text);
        expect(line).to.match(PRINTABLE);
        expect(printable(line)).to.equal(line);
      }),
      { numRuns: 5000 },
    );
  });

  it('leaves what stands in quotes of JSON as it was quoted', () => {
    expect(printable('got "\\u001b"')).to.equal('got "\\u001b"');
    fc.assert(
      fc.property(anyText, (text) => {
        const json = JSON.stringify(text);
        expect(JSON.parse(printable(json))).to.equal(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('makes JSON of any value that is printable, one line, and the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), anyText, (json, text) => {
        const value = { json, text, [text]: 1 };
        const line = printableJson(value);
        expect(line).to.match(PRINTABLE);
        expect(JSON.parse(line)).to.deep.equal(JSON.parse(JSON.stringify(value)));
        const indented = printableJson(value, 2);
        expect(indented.replaceAll('\n', '')).to.match(PRINTABLE);
        expect(JSON.parse(indented)).to.deep.equal(JSON.parse(line));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves texts of every script as they are', () => {
    for (const text of ['call from Олена "Lena" O’Neil', 'C:\\users\\x', '佐藤 さん', 'مرحبا', 'a\u00a0b'])
      expect(printable(text)).to.equal(text);
  });

  it('keeps lines apart that are meant to be', () => {
    expect(printableLines('a\n\u001bb\r')).to.equal('a\n\\u001bb\\u000d');
  });
});
