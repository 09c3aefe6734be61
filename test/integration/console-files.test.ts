import { expect } from 'chai';
import { readFile, stat } from 'node:fs/promises';
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
