import { expect } from 'chai';
import { fuzzParser } from '../../fuzz/parser.ts';

describe('esl/parser under fuzz (npm run fuzz does a million)', () => {
  it('reads 20,000 mutated streams as the plain reader does', function () {
    this.timeout(60_000);
    const report = fuzzParser(20_000, 1);
    expect(report.messages).to.be.above(20_000);
    expect(report.broken).to.be.above(500);
  });
});
