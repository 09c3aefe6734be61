import { expect } from 'chai';
import { readRow, readRows } from '../support/readings.ts';

/** What replies of real CRMs must become: test/fixtures/readings.tsv, which docs/readings.md prints for people. */
describe('readings', () => {
  const rows = readRows();

  it('are many, each with its own input and the place where its kind was seen', () => {
    expect(rows).to.have.length.above(600);
    const keys = rows.map(({ country, settings, format, input }) =>
      [country, settings, format, input].join('\t'),
    );
    expect(new Set(keys).size).to.equal(keys.length);
    for (const row of rows) expect(row.seen, JSON.stringify(row)).to.not.equal('');
  });

  for (const row of rows) {
    const { country, settings, format, input, wanted, says } = row;
    const where = [country === '-' ? '' : country, settings === '{}' ? '' : settings].filter(
      (part) => part !== '',
    );
    it(`${[...where, format].join(' ')} ${input} -> ${wanted}`, () => {
      const outcome = readRow(row);
      expect(outcome.wanted, outcome.says).to.equal(wanted);
      if (says !== '-') expect(outcome.says.toLowerCase()).to.include(says.toLowerCase());
    });
  }
});
