import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { parseScheme } from '../../lib/scheme/scheme.ts';
import { readingsPage, withTables } from '../support/docs.ts';
import { readRows } from '../support/readings.ts';

describe('README', () => {
  const readme = readFileSync('README.md', 'utf8');

  it('holds the tables of settings and outcomes as the code has them (npm run docs writes them)', () => {
    expect(readme).to.equal(withTables(readme));
    expect(readme).to.include('ESL_ROUTER_LISTEN_PORT').and.to.include('USER_BUSY');
  });

  it('leads to the table of readings as the tests have it (npm run docs writes it)', () => {
    expect(readFileSync('docs/readings.md', 'utf8')).to.equal(readingsPage(readRows()));
    expect(readme).to.include('(docs/readings.md)');
  });

  it('shows schemes that are valid', () => {
    const documents = [...readme.matchAll(/```json\n([^]*?)```/g)].map(
      (match) => JSON.parse(match[1] ?? '') as unknown,
    );
    expect(documents).not.to.be.empty;
    for (const document of documents) expect(parseScheme(document, '')).to.deep.include({ ok: true });
  });

  it('links only to files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !/^https?:/.test(link) && !existsSync(link))).to.deep.equal([]);
  });

  it('names only commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((script) => !(script in scripts))).to.deep.equal([]);
  });
});
