import { expect } from 'chai';
import { en } from '../../../lib/console/words/en/index.ts';
import { uk } from '../../../lib/console/words/uk/index.ts';
import { presets } from '../../../lib/console/words/uk/presets.ts';
import { reasons } from '../../../lib/console/words/uk/reasons.ts';
import { PRESETS } from '../../../lib/presets/index.ts';
import { REASON_GROUPS, REASONS } from '../../../lib/reasons/index.ts';

/** Ukrainian has every word of English, with what is put into it, and the plurals that it has and English has not. */

type Words = ReadonlyMap<string, string>;

function wordsOf(catalogue: object, path = ''): Words {
  return new Map(
    Object.entries(catalogue).flatMap(([key, value]) =>
      typeof value === 'string'
        ? [[`${path}${key}`, value] as const]
        : [...wordsOf(value as object, `${path}${key}.`)],
    ),
  );
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{\s*([^},\s]+)/g)].map(([, name = '']) => name).sort();

describe('console: words', () => {
  const [english, ukrainian] = [wordsOf(en), wordsOf(uk)];

  it('are all there in Ukrainian, and none besides', () => {
    const missing = [...english.keys()].filter((key) => !ukrainian.has(key));
    const more = [...ukrainian.keys()].filter((key) => !english.has(key) && !/_(?:few|many)$/.test(key));
    expect({ missing, more }).to.deep.equal({ missing: [], more: [] });
  });

  it('have the same values put into them', () => {
    // English says "one call" where Ukrainian counts: its first plural is of 21 too.
    const wrong = [...ukrainian].filter(([key, text]) => {
      const like = english.get(key.replace(/_(?:one|few|many)$/, '_other')) ?? english.get(key) ?? '';
      return placeholders(text).join() !== placeholders(like).join();
    });
    expect(wrong.map(([key]) => key)).to.deep.equal([]);
  });

  it('have the four plurals of Ukrainian', () => {
    const counted = [...english.keys()]
      .filter((key) => key.endsWith('_other'))
      .map((key) => key.slice(0, -6));
    const wrong = counted.flatMap((key) =>
      ['_one', '_few', '_many', '_other'].map((form) => key + form).filter((form) => !ukrainian.has(form)),
    );
    expect(wrong).to.deep.equal([]);
  });

  const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

  it('of every preset are there in Ukrainian, with the same fields, secrets and code in them', () => {
    const lines = Object.values(PRESETS).flatMap(({ what, toDo, limits, events }) => [
      ...[what, ...toDo, ...limits],
      ...(events === undefined ? [] : [events.what, ...events.toDo, ...events.limits]),
    ]);
    expect(Object.keys(presets).sort()).to.deep.equal([...new Set(lines)].sort());
    const fieldIn = (text: string): string => /^[\w.]+(?=: )/.exec(text)?.[0] ?? '';
    const secretsIn = (text: string): string[] => text.match(/ESL_ROUTER_\w+/g) ?? [];
    for (const [line, text] of Object.entries(presets)) {
      expect(text, line).to.match(/[а-яіїєґ]{3}/i);
      expect(fieldIn(text), line).to.equal(fieldIn(line));
      expect(secretsIn(text), line).to.deep.equal(secretsIn(line));
      expect(codeIn(text).sort(), line).to.deep.equal(codeIn(line).sort());
    }
  });

  it('of every reason are there in Ukrainian, with the same code in them', () => {
    expect(Object.keys(reasons.groups)).to.deep.equal(Object.keys(REASON_GROUPS));
    expect(Object.keys(reasons.about).sort()).to.deep.equal(Object.keys(REASONS).sort());
    for (const [code, english] of Object.entries(REASONS)) {
      const ukrainian = reasons.about[code] ?? [];
      for (const [index, text] of ukrainian.entries()) {
        expect(text, code).to.match(/[а-яіїєґ]{4}/i);
        expect(codeIn(text).sort(), `${code}: ${text}`).to.deep.equal(codeIn(english[index] ?? '').sort());
      }
    }
  });

  it('are not English by mistake', () => {
    const same = [...english].filter(([key, text]) => /[a-z]{4}/i.test(text) && ukrainian.get(key) === text);
    // Names of standards, and what only consists of values, are the same in both.
    const words = same.filter(([, text]) => /\s/.test(text) && !/^OAuth|^HTTP|^JSON|^\{\{/.test(text));
    expect(words.map(([key]) => key)).to.deep.equal([]);
  });
});
