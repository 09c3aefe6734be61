import { expect } from 'chai';
import { maskingDocument } from '../../../lib/api/masked.ts';

/** The value, and how many pauses there were on the way to it. */
function masked(value: unknown): { steps: number; value: unknown } {
  const masking = maskingDocument(value);
  for (let steps = 0; ; steps++) {
    const step = masking.next();
    if (step.done === true) return { steps, value: step.value };
  }
}

const numbers = (from: number, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`38044${from + n}33`, String(n)]));

describe('api: documents without numbers', () => {
  it('counts numbers that end alike, past names that are there already', () => {
    const { value } = masked({
      '*****33 (3)': 'own',
      ...numbers(10_000, 3),
      id: [380441112233, 7, null, true],
    });
    expect(value).to.deep.equal({
      '*****33 (3)': 'own',
      '*****33': '0',
      '*****33 (2)': '1',
      '*****33 (4)': '2',
      id: ['*****33', 7, null, true],
    });
  });

  it('takes a few steps for each key, however many numbers end alike, and pauses between them', () => {
    const keys = 5_000;
    const { steps, value } = masked({ map: numbers(10_000, keys) });
    expect(Object.keys((value as { map: object }).map)).to.have.length(keys);
    expect(steps).to.be.within(keys, 3 * keys);
  });
});
