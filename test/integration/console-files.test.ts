import { expect } from 'chai';
import { readdir, readFile, stat } from 'node:fs/promises';
import { CONSOLE_FOLDER } from '../../lib/api/console.ts';

/** What a browser loads before it shows anything, as the build left it. */

const MOST_BYTES = 250_000;
/** A browser asks for six at a time, and each is an answer of the router. */
const MOST_FILES = 6;

describe('console: its first scripts', () => {
  let scripts: string[];
  before(async () => {
    const page = await readFile(`${CONSOLE_FOLDER}index.html`, 'utf8');
    scripts = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path = '']) => path);
  });

  it('are few', () => {
    expect(scripts.length).to.be.within(1, MOST_FILES);
  });

  it('are 250 KB at most, in the weaker of the two compressions', async () => {
    const sizes = await Promise.all(
      scripts.map((path) =>
        stat(`${CONSOLE_FOLDER}${path}.gz`)
          // What is small is not compressed.
          .catch(() => stat(`${CONSOLE_FOLDER}${path}`))
          .then(({ size }) => size),
      ),
    );
    const sum = sizes.reduce((bytes, size) => bytes + size, 0);
    expect(sum).to.be.within(50_000, MOST_BYTES);
  });
});

describe('console: its page', () => {
  // A script that imports the console's by its first line is not run before that is there.
  it('begins with a small script that waits for no other, and names the console beside it', async () => {
    const page = await readFile(`${CONSOLE_FOLDER}index.html`, 'utf8');
    const first = /<script type="module"[^>]* src="\/(assets\/[^"]+)"/.exec(page)?.[1] ?? '';
    const text = await readFile(`${CONSOLE_FOLDER}${first}`, 'utf8');
    expect(text.length).to.be.within(1_000, 20_000);
    expect([...text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, to]) => to)).to.deep.equal([]);
    expect(page).to.match(/rel="modulepreload"[^>]* href="\/assets\/console-/);
    expect(page).to.match(/rel="stylesheet"[^>]* href="\/assets\/console-/);
  });
});

describe('console: its scripts', () => {
  /** Each with those that it imports before it runs. */
  const importsOf = async (): Promise<Map<string, string[]>> => {
    const names = (await readdir(`${CONSOLE_FOLDER}assets`)).filter((name) => name.endsWith('.js'));
    const texts = await Promise.all(names.map((name) => readFile(`${CONSOLE_FOLDER}assets/${name}`, 'utf8')));
    return new Map(
      names.map((name, at) => [
        name,
        [...(texts[at] ?? '').matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map(([, to = '']) => to),
      ]),
    );
  };

  // React's error 130 came of it: an icon was used before the script that makes it had run, after some pages and not after others.
  it('never import each other in a circle', async () => {
    const imports = await importsOf();
    const isInCircle = (name: string, at: string, seen: Set<string>): boolean =>
      (imports.get(at) ?? []).some((next) => {
        if (next === name) return true;
        if (seen.has(next)) return false;
        seen.add(next);
        return isInCircle(name, next, seen);
      });
    expect(imports.size).to.be.above(5);
    expect([...imports.values()].flat(), 'the imports are not read any more').not.to.deep.equal([]);
    const circles = [...imports.keys()].filter((name) => isInCircle(name, name, new Set()));
    expect(circles.join(', ')).to.equal('');
  });
});
