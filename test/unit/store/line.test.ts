import { expect } from 'chai';
import fc from 'fast-check';
import type { CallRecord } from '../../../lib/call/record.ts';
import { columnsOf, rowOf } from '../../../lib/store/calls.ts';
import { batchOf, clean, COLUMNS, fieldsIn } from '../../../lib/store/line.ts';
import { textWords } from '../../../lib/store/words.ts';
import { callRecord } from '../../support/stored.ts';

describe('a record as a line', () => {
  it('comes apart into what it was made of, whatever callers and CRMs write', () => {
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom('\0', '\x01', '\x1e', '\x1f', '\ud800', ' '), fc.constant('я')),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }), (texts) => {
        const records = texts.map(([callerName, reply]) => callRecord({ callerName, reply }));
        const lines = records.map((record, n) => ({ n: n + 1, line: rowOf(record, 'default').line }));
        const rows = [...fieldsIn(batchOf(lines))];
        expect(rows).to.have.length(records.length);
        for (const [n, record] of records.entries()) {
          const columns = { n: n + 1, ...columnsOf(record, 'default') };
          const fields = Object.keys(COLUMNS).map((name) => columns[name as keyof typeof columns] ?? null);
          const words = rows[n]?.pop();
          expect(rows[n]).to.deep.equal(fields.map((field) => (field === null ? null : String(field))));
          expect(words).to.match(/^t:default /);
          expect(JSON.parse(String(rows[n]?.at(-1)))).to.deep.equal(JSON.parse(JSON.stringify(record)));
        }
      }),
    );
  });

  it('stays as it is while others come, short ones and long ones, and while batches of it are handed over', () => {
    const lengths = [1, 70_000, 10, 300_000, 5, 200_000, 100, 1_000_000, 3];
    const lines = lengths.map((length, n) => {
      const record = callRecord({ reply: String(n).repeat(length) });
      return { n, line: rowOf(record, 'default').line };
    });
    for (let time = 0; time < 2; time++) {
      const batch = batchOf(lines);
      const bodies = [...fieldsIn(batch)].map((fields) => {
        const { requests } = JSON.parse(String(fields.at(-2))) as CallRecord;
        return requests[0]?.reply?.body;
      });
      expect(bodies).to.deep.equal(lengths.map((length, n) => String(n).repeat(length)));
      // As a thread takes it: it is empty here then.
      structuredClone(batch, { transfer: [batch.buffer] });
      expect(batch).to.have.length(0);
    }
  });

  it('has room for any place in the order', () => {
    const line = rowOf(callRecord(), 'default').line;
    const places = [0, 1e16, Number.MAX_SAFE_INTEGER * 4, 2 ** 63];
    const rows = [...fieldsIn(batchOf(places.map((n) => ({ n, line }))))];
    expect(rows.map(([n]) => Number(n))).to.deep.equal(places);
  });

  it('holds a word that was cut within a character', () => {
    const callerName = `x${'\u{20000}'.repeat(50)}`;
    const [row] = fieldsIn(batchOf([{ n: 1, line: rowOf(callRecord({ callerName }), 'default').line }]));
    expect(row?.at(-1)?.split(' ')).to.include(`x${'\u{20000}'.repeat(23)}\ufffd`);
  });

  it('keeps every other character', () => {
    expect(clean('a\0b\x1fc\ud83d\ude00\ud83d')).to.equal('a\ufffdb\ufffdc\ud83d\ude00\ufffd');
  });
});

describe('words of a text', () => {
  it('are the same where the text is ASCII alone and where it is not', () => {
    const ascii = fc.string({ unit: fc.constantFrom(...Array.from('aZ09._-+ /@"')) });
    fc.assert(
      fc.property(ascii, (text) => {
        const words = textWords(`${text} ї`);
        expect(textWords(text)).to.deep.equal(words.filter((word) => word !== 'ї'));
      }),
    );
  });
});
