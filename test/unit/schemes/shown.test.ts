import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJson } from '../../../lib/config/json.ts';
import { openSchemeFiles } from '../../../lib/schemes/shown.ts';
import { parsingScheme, shownDocument } from '../../../lib/schemes/wide.ts';

const words = (count: number, meaning: unknown = '201') =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`w${n}`, meaning]));
const scheme = (more: object, webhook: object = {}) => ({
  name: 'big',
  webhook: { url: 'http://crm.example/', ...webhook },
  ...more,
});
const shown = (document: unknown) => {
  const text = JSON.stringify(document);
  const read = readJson(text);
  if (!read.ok) throw new Error(read.fault);
  return shownDocument(read.value, text);
};

describe('schemes as they are shown', () => {
  it('shows a map of up to 4,000 words whole, and the first 500 of a larger one', () => {
    const most = scheme({ title: 'after' }, { map: words(4_000) });
    expect(shown(most)).to.deep.equal({ document: most, wordsLeftOut: 0 });
    const more = scheme({ title: 'after' }, { map: words(9_000), unmapped: 'pass' });
    expect(shown(more)).to.deep.equal({
      document: scheme({ title: 'after' }, { map: words(500), unmapped: 'pass' }),
      wordsLeftOut: 8_500,
    });
    // Words that are long, or are none.
    expect(shown(scheme({}, { map: words(4_001, 'x'.repeat(3_000)) })).wordsLeftOut).to.equal(3_991);
    expect(shown(scheme({}, { map: words(4_001, [1]) })).wordsLeftOut).to.equal(4_001);
    expect(() => shown(scheme({ title: 'x'.repeat(200_000) }, { map: words(5_000) }))).to.throw(
      'at most 128 KiB',
    );
  });

  it('shows and loads every other object with thousands of keys as it is', () => {
    const parameters = words(4_500, '');
    const document = scheme({}, { parameters, map: words(5_000) });
    expect(shown(document).document).to.deep.equal(scheme({}, { parameters, map: words(500) }));
    const text = JSON.stringify(document);
    const read = readJson(text);
    const parsing = parsingScheme(read.ok && read.value, text, new Map());
    let step = parsing.next();
    while (step.done !== true) step = parsing.next();
    if (!step.value.ok) throw new Error(JSON.stringify(step.value.faults));
    const { webhook } = step.value.scheme;
    expect([Object.keys(webhook.parameters ?? {}).length, webhook.map.size]).to.deep.equal([4_500, 5_000]);
  });

  describe('of a file', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'esl-router-shown-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('lets others do something between two pieces of a large one, and reads it once for all who ask', async () => {
      const file = join(folder, 'big.json');
      const pieces = 100;
      await writeFile(file, JSON.stringify(scheme({}, { map: words(pieces * 1_000) })));
      const read = openSchemeFiles();
      const now = performance.now.bind(performance);
      let looks = 0;
      // Each look at the clock finds that a slice is over: others have their turn after it.
      performance.now = () => ++looks * 1_000;
      try {
        const [one, other] = await Promise.all([read(file), read(file)]);
        expect(one).to.equal(other);
        expect(one.wordsLeftOut).to.equal(pieces * 1_000 - 500);
      } finally {
        performance.now = now;
      }
      expect(looks).to.be.within(2 * pieces, 3 * pieces);
    });

    it('reads it again when it has changed, and after a fault, which names it', async () => {
      const file = join(folder, 'a.json');
      const read = openSchemeFiles();
      const faultOf = () => read(file).then(() => '', String);
      expect(await faultOf()).to.include(`${file}: there is no such file`);
      await writeFile(file, '{"name":');
      expect(await faultOf()).to.include(`${file}: line 1, column 9`);
      await writeFile(file, JSON.stringify(scheme({ title: 'one' })));
      expect((await read(file)).document).to.deep.equal(scheme({ title: 'one' }));
      await writeFile(file, JSON.stringify(scheme({ title: 'another' })));
      expect((await read(file)).document).to.deep.equal(scheme({ title: 'another' }));
    });
  });
});
