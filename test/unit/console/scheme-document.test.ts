import { expect } from 'chai';
import fc from 'fast-check';
import {
  differencesBetween,
  isAlike,
  pathOf,
  pointerOf,
  valueAt,
  withValue,
  type SchemeDocument,
} from '../../../lib/console/pages/schemes/document.ts';
import { merged } from '../../../lib/console/pages/schemes/merge.ts';

const SALES = {
  name: 'sales',
  webhook: {
    url: 'https://crm.example/route',
    parameters: { phone: '{{caller}}' },
    unknown: { kept: [1, 2] },
  },
  fallback: { onBusy: [{ dial: '201' }] },
};

/** Documents with few names, so that two of them meet. */
const documents = fc.letrec<{ object: SchemeDocument; value: unknown }>((tie) => ({
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'x/y~'), tie('value'), { maxKeys: 4 }),
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(1, 'text', null, true),
    fc.array(fc.constantFrom(1, 2), { maxLength: 2 }),
    tie('object'),
  ),
})).object;

describe('console: the document of a scheme', () => {
  it('changes one place and leaves all else as it is, unknown keys too', () => {
    const changed = withValue(SALES, ['webhook', 'timeoutSeconds'], 5);
    expect(changed).to.deep.equal({ ...SALES, webhook: { ...SALES.webhook, timeoutSeconds: 5 } });
    expect(Object.keys(withValue(SALES, ['webhook', 'url'], 'x'))).to.deep.equal(Object.keys(SALES));
    expect(SALES.webhook).not.to.have.property('timeoutSeconds');
  });

  it('takes a value out, and the objects that are empty then', () => {
    expect(
      withValue({ name: 'a', numbering: { country: 'UA' } }, ['numbering', 'country'], undefined),
    ).to.deep.equal({
      name: 'a',
    });
    expect(withValue({ a: { b: 1, c: 2 } }, ['a', 'b'], undefined)).to.deep.equal({ a: { c: 2 } });
    expect(withValue({ a: 1 }, ['b', 'c'], undefined)).to.deep.equal({ a: 1 });
  });

  it('makes the objects of a path that is not there, in place of what is in its way', () => {
    expect(withValue({}, ['a', 'b'], 1)).to.deep.equal({ a: { b: 1 } });
    expect(withValue({ a: null }, ['a', 'b'], 1)).to.deep.equal({ a: { b: 1 } });
  });

  it('reads back what it wrote, at any path', () => {
    fc.assert(
      fc.property(
        documents,
        fc.array(fc.constantFrom('a', 'b', '__proto__'), { minLength: 1, maxLength: 3 }),
        (from, path) => {
          expect(valueAt(withValue(from, path, 'written'), path)).to.equal('written');
        },
      ),
    );
  });

  it('knows nothing of what an object inherits', () => {
    expect(valueAt({}, ['constructor'])).to.equal(undefined);
    expect(valueAt({ a: 'text' }, ['a', 'length'])).to.equal(undefined);
  });

  it('writes pointers as RFC 6901 does', () => {
    expect(pointerOf(['a/b', 'c~d', '0'])).to.equal('/a~1b/c~0d/0');
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (path) => {
        expect(pathOf(pointerOf(path))).to.deep.equal(path);
      }),
    );
  });

  it('tells where two documents differ, a list as one value', () => {
    const other = withValue(
      withValue(SALES, ['webhook', 'url'], 'https://b.example'),
      ['fallback', 'onBusy'],
      [],
    );
    expect(differencesBetween(SALES, other)).to.deep.equal([
      { path: ['webhook', 'url'], from: 'https://crm.example/route', to: 'https://b.example' },
      { path: ['fallback', 'onBusy'], from: [{ dial: '201' }], to: [] },
    ]);
    expect(differencesBetween({ a: 1, b: 2 }, { b: 2, a: 1 })).to.deep.equal([]);
    expect(differencesBetween({}, { a: 1 })).to.deep.equal([{ path: ['a'], to: 1 }]);
  });
});

describe('console: two changes of a scheme', () => {
  it('go together when they are of different fields', () => {
    const mine = withValue(SALES, ['title'], 'Sales');
    const theirs = withValue(SALES, ['webhook', 'timeoutSeconds'], 2);
    const { document, conflicts } = merged(SALES, mine, theirs);
    expect(conflicts).to.deep.equal([]);
    expect(document).to.deep.equal({
      ...SALES,
      title: 'Sales',
      webhook: { ...SALES.webhook, timeoutSeconds: 2 },
    });
  });

  it('are asked about where both changed a field, each otherwise', () => {
    const mine = withValue(SALES, ['webhook', 'url'], 'https://mine.example');
    const theirs = withValue(SALES, ['webhook', 'url'], undefined);
    const path = ['webhook', 'url'];
    const { document, conflicts } = merged(SALES, mine, theirs);
    expect(conflicts).to.deep.equal([
      { path, base: SALES.webhook.url, mine: 'https://mine.example', theirs: undefined },
    ]);
    expect(valueAt(document, path)).to.equal('https://mine.example');
    const chosen = merged(SALES, mine, theirs, new Map([[pointerOf(path), 'theirs']]));
    expect(valueAt(chosen.document, path)).to.equal(undefined);
  });

  it('are asked about when one deletes what the other changed within', () => {
    const mine = withValue(SALES, ['webhook', 'parameters', 'phone'], '{{did}}');
    const theirs = withValue(SALES, ['webhook', 'parameters'], undefined);
    expect(merged(SALES, mine, theirs).conflicts.map(({ path }) => path)).to.deep.equal([
      ['webhook', 'parameters'],
    ]);
  });

  it('are not asked about when both did the same', () => {
    const both = withValue(SALES, ['title'], 'Sales');
    expect(merged(SALES, both, both).conflicts).to.deep.equal([]);
  });

  it('lose nothing: whoever changed nothing gets what the other one has', () => {
    fc.assert(
      fc.property(documents, documents, (base, changed) => {
        expect(isAlike(merged(base, base, changed).document, changed)).to.equal(true);
        expect(isAlike(merged(base, changed, base).document, changed)).to.equal(true);
      }),
    );
  });

  it('come out the same whoever is second, but for what is asked', () => {
    fc.assert(
      fc.property(documents, documents, documents, (base, one, other) => {
        const first = merged(base, one, other);
        const choices = new Map(first.conflicts.map(({ path }) => [pointerOf(path), 'theirs' as const]));
        expect(isAlike(first.document, merged(base, other, one, choices).document)).to.equal(true);
      }),
    );
  });
});
