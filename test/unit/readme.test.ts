import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SCENES } from '../../lib/commands/demo-scenes.ts';
import { sentenceOf, type Reason } from '../../lib/errors.ts';
import { configuredCrms } from '../../lib/schemes/crms.ts';
import { parseScheme } from '../../lib/scheme/scheme.ts';
import { REASON_GROUPS, REASONS } from '../../lib/reasons/index.ts';
import { block, PAGE } from '../support/crm-page.ts';
import { readingsPage, reasonsPage, TABLES, withTables } from '../support/docs.ts';
import { readRows } from '../support/readings.ts';

/** The profile that examples name. */
const CRMS = configuredCrms({ crms: { main: { url: 'https://crm.example.com' } } });

/** README, and the pages of docs/ that people write. */
const README = readFileSync('README.md', 'utf8');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'freeswitch/README.md',
  'examples/crm/README.md',
  ...readdirSync('docs')
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

describe('README', () => {
  it('is a landing page: 900 words at most', () => {
    expect(README.split(/\s+/).filter((word) => word !== '')).to.have.length.at.most(900);
  });

  it('shows the exchange that the tests of docs/crm.md send byte for byte', () => {
    for (const name of ['scheme', 'question', 'reply']) {
      expect(block(name, README), name).to.equal(block(name, PAGE));
    }
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

  it('names the package that npm pack makes', () => {
    const { name, version } = manifest();
    expect(README).to.include(`npm install -g ./${name}-${version}.tgz`);
  });

  it('shows the dialplan that FreeSWITCH loads', () => {
    const data = (text: string): string[] =>
      [...text.matchAll(/<action application="(\w+)" data="([^"]*)"/g)].map(
        ([, application, value = '']) =>
          `${application} ${value
            .replaceAll('${context}', 'esl_router')
            .replaceAll('${esl_router_guard}', '8')
            .replace('${esl_router_hosts}', '127.0.0.1:8084|127.0.0.1:8184')}`,
      );
    const loaded = data(readFileSync('freeswitch/dialplan/esl-router.xml', 'utf8'));
    const shown = data(README);
    expect(shown).to.have.length(7);
    expect(loaded).to.include.members(shown);
  });

  it('has a picture of calls that the demo plays (npm run docs:picture records it)', () => {
    const picture = readFileSync('docs/demo.svg', 'utf8');
    const titles = [...picture.matchAll(/class="title"[^>]*>\d+ {2}(.*?): [^:]*&#60;/g)].map(
      (match) => match[1],
    );
    expect(titles).to.have.length.above(2);
    expect(SCENES.map(({ title }) => title)).to.include.members(titles);
    expect(picture).to.include(`>${SCENES.length} calls, 0 lost<`);
  });
});

describe('documents', () => {
  it('hold the tables as the code has them (npm run docs writes them)', () => {
    expect([...TABLES.keys()]).to.deep.equal(['docs/settings.md', 'docs/routing.md', 'docs/metrics.md']);
    for (const page of TABLES.keys()) {
      const text = readFileSync(page, 'utf8');
      expect(text, page).to.equal(withTables(page, text));
    }
    expect(readFileSync('docs/settings.md', 'utf8')).to.include('ESL_ROUTER_LISTEN_PORT');
    expect(readFileSync('docs/routing.md', 'utf8')).to.include('USER_BUSY');
  });

  it('lead to the table of readings as the tests have it (npm run docs writes it)', () => {
    expect(readFileSync('docs/readings.md', 'utf8')).to.equal(readingsPage(readRows()));
  });

  it('are all reached from README', () => {
    const seen = new Set<string>();
    const visit = (page: string): void => {
      if (seen.has(page) || !page.endsWith('.md')) return;
      seen.add(page);
      for (const { file } of linksOf(page)) visit(file);
    };
    visit('README.md');
    expect(PAGES.filter((page) => !seen.has(page))).to.deep.equal([]);
  });

  for (const page of PAGES) {
    const text = readFileSync(page, 'utf8');

    it(`${page} links only to what is there`, () => {
      const broken = linksOf(page).filter(
        ({ file, anchor }) =>
          !existsSync(file) || (anchor !== '' && file.endsWith('.md') && !anchorsOf(file).includes(anchor)),
      );
      expect(broken).to.deep.equal([]);
    });

    it(`${page} shows schemes that are valid`, () => {
      for (const [, json = ''] of text.matchAll(/```json\n([^]*?)```/g)) {
        const document = JSON.parse(json) as object;
        if ('webhook' in document && 'name' in document) {
          expect(parseScheme(document, '', CRMS), json).to.deep.include({ ok: true });
        }
      }
    });

    it(`${page} names only commands that package.json has`, () => {
      const named = [...text.matchAll(/npm run (?:-s |--silent )?([a-z:]+)/g)].map((match) => match[1] ?? '');
      expect(named.filter((script) => !(script in manifest().scripts))).to.deep.equal([]);
    });
  }

  it('docs/trouble.md names only reasons that there are', () => {
    const page = readFileSync('docs/trouble.md', 'utf8');
    const section = page.slice(page.indexOf('## By reason'), page.indexOf('## No line in the log'));
    const named = [...section.matchAll(/^\| ((?:`[a-z_]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map((match) => match[1] as Reason),
    );
    expect(named).to.have.length.above(20);
    expect(named.filter((reason) => (sentenceOf(reason) as string | undefined) === undefined)).to.deep.equal(
      [],
    );
  });

  it('docs/architecture.md names every wing', () => {
    const page = readFileSync('docs/architecture.md', 'utf8');
    const wings = readdirSync('lib', { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `lib/${entry.name}/` : `lib/${entry.name}`,
    );
    expect(wings.filter((wing) => !page.includes(`\`${wing}\``))).to.deep.equal([]);
  });
});

function manifest(): { name: string; version: string; scripts: Record<string, string> } {
  return JSON.parse(readFileSync('package.json', 'utf8')) as ReturnType<typeof manifest>;
}

function linksOf(page: string): { file: string; anchor: string }[] {
  return [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g)]
    .filter(([, path = '']) => !/^[a-z]+:/.test(path))
    .map(([, path = '', anchor = '']) => ({
      file: path === '' ? page : join(dirname(page), path),
      anchor,
    }));
}

/** As code hosts name them: small letters, no punctuation, hyphens for spaces. */
function anchorsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
