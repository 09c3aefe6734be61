import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { parseScheme } from '../../lib/scheme/scheme.ts';
import { REASON_GROUPS, REASONS } from '../../lib/reasons/index.ts';
import { readingsPage, reasonsPage, withTables } from '../support/docs.ts';
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

  it('leads to the page of reasons: each has a sentence, a cause and what to do (npm run docs writes it)', () => {
    const page = readFileSync('docs/reasons.md', 'utf8');
    expect(page).to.equal(reasonsPage());
    const all = Object.values(REASON_GROUPS).flatMap((group) => Object.entries(group));
    expect(all.map(([reason]) => reason)).to.have.members(Object.keys(REASONS));
    for (const [reason, [sentence, cause, whatToDo]] of all) {
      expect(page).to.include(`| \`${reason}\` | ${sentence} |`);
      // A code fits a column, a sentence a line of the log.
      expect(sentence, reason).to.match(/^[a-z].{5,90}[^.]$/i);
      for (const text of [cause, whatToDo]) expect(text, reason).to.match(/^[A-Z`0-9].{5,200}\.$/);
    }
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
