import { expect } from 'chai';
import { inShort } from '../../../lib/console/pages/schemes/changes.ts';
import { isSame, objectOf, rowsOf, twice, withRow } from '../../../lib/console/pages/schemes/rows.ts';

describe('console: rows of names and values', () => {
  it('say what the document says, values that are no texts too', () => {
    const value = { phone: '{{caller}}', odd: { a: 1 } };
    expect(objectOf(rowsOf(value))).to.deep.equal(value);
    expect(rowsOf(undefined)).to.deep.equal([]);
    expect(rowsOf(['a'])).to.deep.equal([]);
  });

  it('leave the field out when there is none', () => {
    expect(objectOf([])).to.equal(undefined);
    expect(objectOf(withRow([]))).to.equal(undefined);
    expect(isSame(withRow([]), undefined)).to.equal(true);
  });

  it('keep a name as JavaScript has one itself', () => {
    const rows = withRow([], '__proto__', 'x');
    expect(Object.entries(objectOf(rows) ?? {})).to.deep.equal([['__proto__', 'x']]);
  });

  it('tell names that stand twice', () => {
    const rows = withRow(withRow(withRow(withRow([], 'a', '1'), 'a', '2'), ''), '');
    expect([...twice(rows)]).to.deep.equal(['a']);
    expect(objectOf(rows)).to.deep.equal({ a: '2' });
    expect(new Set(rows.map(({ id }) => id)).size).to.equal(4);
  });
});

describe('console: what would change, in short', () => {
  const outlook = (step: string) => ({ scheme: 'sales', result: 'routed', reason: 'ok', steps: [step] });
  it('puts calls together that say the same, the most frequent first', () => {
    const moved = (id: string, to: string) =>
      ({ id, kind: 'moved', from: outlook('dial 201'), to: outlook(to) }) as const;
    const short = inShort({
      verdicts: [
        { id: '1', kind: 'same' },
        moved('2', 'dial 202'),
        moved('3', 'dial 203'),
        moved('4', 'dial 203'),
        { id: '5', kind: 'unknown', why: 'masked' },
      ],
      unread: 7,
    });
    expect([short.same, short.moved, short.unread]).to.deep.equal([1, 3, 7]);
    expect(short.movements.map(({ calls }) => calls)).to.deep.equal([['3', '4'], ['2']]);
    expect(short.untold).to.deep.equal([{ why: 'masked', calls: ['5'] }]);
  });
});
