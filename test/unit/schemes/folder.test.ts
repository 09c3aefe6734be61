import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../lib/config/config.ts';
import { loadSchemes, lookAt } from '../../../lib/schemes/folder.ts';
import type { LoadResult } from '../../../lib/schemes/schemes.ts';

const CERTIFICATE = join(import.meta.dirname, '../../fixtures/tls/cert.pem');

describe('the folder of the schemes', function () {
  this.timeout(30_000);
  let root: string;
  let dir: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'esl-router-'));
    dir = join(root, 'schemes');
    mkdirSync(dir);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  const scheme = (name: string, webhook: object = {}): string =>
    JSON.stringify({ name, webhook: { url: 'https://crm.example.com/', ...webhook } });
  const put = (file: string, text: string | Buffer): void => {
    writeFileSync(join(dir, file), text);
  };
  const load = (): Promise<LoadResult> => {
    const env = { ESL_ROUTER_SCHEMES_DIR: dir, ESL_ROUTER_GATEWAY: 'trunk' };
    const { config } = loadConfig({ file: null, env, argv: {}, readSecretFile: () => '' });
    return loadSchemes(config, { has: () => true, read: () => '' });
  };
  /** Names, or faults without the folder. */
  const loaded = async (): Promise<readonly string[]> => {
    const result = await load();
    return result.ok
      ? [...result.set.schemes.keys()]
      : result.faults.map((fault) => fault.replaceAll(`${root}/`, ''));
  };
  const notes = async (): Promise<readonly string[]> => {
    const result = await load();
    return result.ok ? result.notes.map((note) => note.replaceAll(`${root}/`, '')) : ['faults'];
  };

  it('is not made of what editors leave behind', async () => {
    put('t.json', scheme('t'));
    const leftBehind =
      '.#t.json #t.json# .t.json.swp .t.json.un~ t.json~ t.json.bak 4913 .json ._t.json #a.json';
    for (const name of leftBehind.split(' ')) put(name, 'what an editor left');
    symlinkSync('root@host.1234:5678', join(dir, '.#lock.json'));
    expect(await loaded()).to.deep.equal(['t']);
  });

  it('holds files: anything else by such a name is named, and harms nobody', async () => {
    put('t.json', scheme('t'));
    mkdirSync(join(dir, 'folder.json'));
    execFileSync('mkfifo', [join(dir, 'pipe.json')]);
    symlinkSync('/dev/zero', join(dir, 'zero.json'));
    expect(await loaded()).to.deep.equal(['t']);
    expect(await notes()).to.deep.equal([
      'schemes/folder.json: is a folder, not a scheme',
      'schemes/pipe.json: is a pipe, not a scheme',
      'schemes/zero.json: is a device, not a scheme',
    ]);
  });

  it('names each file that cannot be read, beside the other faults', async () => {
    put('a.json', '{}');
    put('b.json', Buffer.from([0x7b, 0xff, 0x7d]));
    symlinkSync('c.json', join(dir, 'c.json'));
    symlinkSync('nowhere', join(dir, 'd.json'));
    symlinkSync('x'.repeat(300), join(dir, 'e.json'));
    symlinkSync('a.json/x', join(dir, 'f.json'));
    put('g.json', '');
    truncateSync(join(dir, 'g.json'), 17 * 1024 * 1024);
    const found = await loaded();
    for (const fault of [
      /^schemes\/a\.json: name: /m,
      /^schemes\/b\.json: line 1: is not UTF-8/m,
      /^schemes\/c\.json: its symbolic links form a loop \(ELOOP\)$/m,
      /^schemes\/d\.json: is a link to a file that is not there \(ENOENT\)$/m,
      /^schemes\/e\.json: its name is too long \(ENAMETOOLONG\)$/m,
      /^schemes\/f\.json: part of its path is not a folder \(ENOTDIR\)$/m,
      /^schemes\/g\.json: is larger than 16 MiB$/m,
    ])
      expect(found.join('\n')).to.match(fault);
    const result = await load();
    expect(result.ok || result.mayPass).to.equal(true);
  });

  it('that is none is a fault; one that is not there is a note', async () => {
    rmSync(dir, { recursive: true });
    expect((await notes())[0]).to.equal('schemes: there is no such folder');
    writeFileSync(dir, '');
    expect(await loaded()).to.deep.equal(['schemes: is not a folder (ENOTDIR)']);
    rmSync(dir);
    symlinkSync('schemes', dir);
    expect(await loaded()).to.deep.equal(['schemes: its symbolic links form a loop (ELOOP)']);
  });

  it('takes a byte-order mark, and notes a key that stands twice', async () => {
    put('t.json', `\ufeff${scheme('t').replace('{', '{"name": "u",\n')}`);
    expect(await loaded()).to.deep.equal(['t']);
    expect(await notes()).to.deep.equal([
      'schemes/t.json: line 2: the key "name" appears again: the last one counts',
    ]);
  });

  for (const [kind, open, close] of [
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ] as const) {
    it(`says that 2,000 levels of ${kind} are too many`, async () => {
      put(
        't.json',
        `{"name":"t","webhook":{"url":"http://h/","body":${open.repeat(2000)}"x"${close.repeat(2000)}}}`,
      );
      expect((await loaded()).join()).to.match(
        /^schemes\/t\.json: line 1, column \d+: expected no more than 64 levels/,
      );
    });
  }

  it('refuses a scheme that is large without its map', async () => {
    put(
      't.json',
      JSON.stringify({ name: 't', title: 'x', webhook: { url: 'http://h/', body: 'x'.repeat(200_000) } }),
    );
    expect(await loaded()).to.deep.equal([
      'schemes/t.json: expected at most 128 KiB, webhook.map not counted',
    ]);
  });

  describe('a map of 100,000 words', () => {
    const map = (more: object = {}): object => ({
      ...Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`u${n}`, String(200 + (n % 700))])),
      ...more,
    });

    it('is read, and calls wait for a moment at most', async () => {
      put('t.json', scheme('t', { map: map() }));
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      const result = await load();
      clearInterval(timer);
      const words = result.ok ? result.set.schemes.get('t')?.webhook.map : undefined;
      expect(words?.size).to.equal(100_000);
      expect(words?.get('u99999')).to.equal(String(200 + (99_999 % 700)));
      // Others have their turn after each 8 ms of some hundreds; in one go they would have one or two.
      expect(turns).to.be.above(20);
    });

    it('may be wrong at its end', async () => {
      put('t.json', scheme('t', { map: map({ last: 5 }) }));
      expect((await loaded()).join()).to.match(/^schemes\/t\.json: webhook\.map\.last: .*string/);
      put('t.json', scheme('t', { map: map({ last: '201/202' }) }));
      expect((await loaded()).join()).to.match(/^schemes\/t\.json: webhook\.map\.last: it holds two/);
    });

    it('that is all wrong is not a log of 100,000 lines', async () => {
      put('t.json', scheme('t', { map: map(), expect: ['number'] }));
      const found = await loaded();
      expect(found).to.have.length(21);
      expect(found.at(-1)).to.equal('schemes/t.json: webhook.map: the rest is not checked');
    });
  });

  describe('a glance at it', () => {
    const seen = (named: readonly string[] = []): Promise<string> => lookAt(dir, named);

    beforeEach(() => {
      put('a.json', scheme('a'));
      put('b.json', scheme('b'));
    });

    for (const [what, change] of [
      [
        'a file is written',
        () => {
          put('a.json', scheme('c'));
        },
      ],
      [
        'a file is written with the same length and its old time',
        () => {
          put('a.json', scheme('x'));
          utimesSync(join(dir, 'a.json'), 1, 1);
        },
      ],
      [
        'an editor saves by rename',
        () => {
          put('.a.json.tmp', scheme('c'));
          renameSync(join(dir, '.a.json.tmp'), join(dir, 'a.json'));
        },
      ],
      [
        'a file is new',
        () => {
          put('c.json', scheme('c'));
        },
      ],
      [
        'a file is gone',
        () => {
          rmSync(join(dir, 'a.json'));
        },
      ],
      [
        'a file has another name',
        () => {
          renameSync(join(dir, 'a.json'), join(dir, 'c.json'));
        },
      ],
      [
        'the folder is gone',
        () => {
          rmSync(dir, { recursive: true });
        },
      ],
      [
        'another folder took its place',
        () => {
          renameSync(dir, `${dir}.old`);
          mkdirSync(dir);
          for (const name of ['a.json', 'b.json']) copyFileSync(join(`${dir}.old`, name), join(dir, name));
        },
      ],
    ] as const) {
      it(`shows that ${what}`, async () => {
        const before = await seen();
        expect(await seen()).to.equal(before);
        change();
        expect(await seen()).not.to.equal(before);
      });
    }

    it('shows that a link leads elsewhere: of a file, of the folder, of a folder within', async () => {
      for (const version of ['1', '2']) {
        mkdirSync(join(root, version));
        writeFileSync(join(root, version, 'k.json'), scheme('k'));
      }
      symlinkSync('1', join(root, '..data'));
      symlinkSync('../..data/k.json', join(dir, 'k.json'));
      symlinkSync('1', join(root, 'link'));
      const before = [await seen(), await lookAt(join(root, 'link'))];
      for (const name of ['..data', 'link']) {
        symlinkSync('2', join(root, 'new'));
        renameSync(join(root, 'new'), join(root, name));
      }
      const after = [await seen(), await lookAt(join(root, 'link'))];
      expect(after[0]).not.to.equal(before[0]);
      expect(after[1]).not.to.equal(before[1]);
    });

    it('does not show what editors leave behind', async () => {
      const before = await seen();
      put('.a.json.swp', '');
      put('4913', '');
      expect(await seen()).to.equal(before);
    });

    it('shows the files that schemes name, as they were read', async () => {
      const ca = join(root, 'ca.pem');
      copyFileSync(CERTIFICATE, ca);
      put('a.json', scheme('a', { tls: { ca } }));
      const result = await load();
      expect(result.named).to.deep.equal([ca]);
      expect(await seen(result.named)).to.equal(result.seen);
      copyFileSync(CERTIFICATE, ca);
      expect(await seen(result.named)).not.to.equal(result.seen);
    });
  });
});
