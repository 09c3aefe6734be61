import { expect } from 'chai';
import { ENCODINGS } from '../../fuzz/encodings.ts';
import { fuzzRedact } from '../../fuzz/redact.ts';

describe('redaction under fuzz (npm run fuzz -- redact does a million)', function () {
  this.timeout(60_000);

  it('leaves nothing of secrets and numbers in 20,000 log lines, records and faults', async () => {
    const { found, examples, tried } = await fuzzRedact(20_000, 1);
    expect([...found], examples.join('\n')).to.deep.equal([]);
    expect(tried.size).to.equal(ENCODINGS.length + 1);
  });

  it('finds every one of them, in every encoding, when nothing is redacted', async () => {
    const { found, tried } = await fuzzRedact(4000, 2, { isOff: true });
    expect([...tried].filter(([name, count]) => found.get(name) !== count)).to.deep.equal([]);
  });
});
