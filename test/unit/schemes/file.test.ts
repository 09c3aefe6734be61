import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerOf, readText } from '../../../lib/schemes/file.ts';

describe('a file that somebody names', function () {
  this.timeout(30_000);
  let dir: string;
  let path: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'esl-router-'));
    path = join(dir, 'x');
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  const MAX = { maxBytes: 1000 };
  const faultOf = (file = path, options: Parameters<typeof readText>[1] = MAX): Promise<string> =>
    readText(file, options).then(
      (text) => `read: ${text}`,
      (error: unknown) => (error as Error).message,
    );

  it('is read as UTF-8, through symbolic links', async () => {
    writeFileSync(path, 'Ганна');
    symlinkSync('x', join(dir, 'link'));
    expect(await readText(join(dir, 'link'), MAX)).to.equal('Ганна');
    writeFileSync(path, '');
    expect(await readText(path, MAX)).to.equal('');
  });

  it('may begin with a byte-order mark, which is none of its text', async () => {
    writeFileSync(path, '\ufeff{}');
    expect(await readText(path, MAX)).to.equal('{}');
  });

  for (const [title, make, fault] of [
    ['is not there', () => undefined, 'there is no such file (ENOENT)'],
    [
      'is a folder',
      () => {
        mkdirSync(path);
      },
      'is a folder, expected a file',
    ],
    ['is a pipe', () => execFileSync('mkfifo', [path]), 'is a pipe, expected a file'],
    [
      'is a device',
      () => {
        symlinkSync('/dev/zero', path);
      },
      'is a device, expected a file',
    ],
    [
      'is a link to itself',
      () => {
        symlinkSync('x', path);
      },
      'its symbolic links form a loop (ELOOP)',
    ],
    [
      'is a link to a name that is too long',
      () => {
        symlinkSync('y'.repeat(300), path);
      },
      'its name is too long (ENAMETOOLONG)',
    ],
    [
      'is too large',
      () => {
        writeFileSync(path, 'x'.repeat(1001));
      },
      /^is larger than /,
    ],
    [
      'has holes, and is too large',
      () => {
        writeFileSync(path, '');
        truncateSync(path, 1e12);
      },
      /^is larger than /,
    ],
    [
      'is UTF-16',
      () => {
        writeFileSync(path, '\ufeffabc', 'utf16le');
      },
      /^is UTF-16: save it as UTF-8/,
    ],
    [
      'is UTF-16 without a mark',
      () => {
        writeFileSync(path, 'abc', 'utf16le');
      },
      'holds zero bytes, as UTF-16 does: save it as UTF-8',
    ],
    [
      'is windows-1251',
      () => {
        writeFileSync(path, Buffer.concat([Buffer.from('Ганна\n\n'), Buffer.from([0xc3, 0xe0])]));
      },
      'line 3: is not UTF-8: save the file as UTF-8',
    ],
  ] as const) {
    it(`says what is wrong with one that ${title}`, async () => {
      make();
      const found = await faultOf();
      if (typeof fault === 'string') expect(found).to.equal(fault);
      else expect(found).to.match(fault);
    });
  }

  it('says so when it is a file as long as /proc likes', async () => {
    expect(await faultOf('/proc/self/environ', { maxBytes: 1 })).to.match(/^is larger than/);
  });

  it('is not part of a file, and no socket', async () => {
    writeFileSync(path, '');
    expect(await faultOf(join(path, 'y'))).to.equal('part of its path is not a folder (ENOTDIR)');
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(join(dir, 'socket'), resolve));
    expect(await faultOf(join(dir, 'socket'))).to.equal('is a socket, expected a file');
    await new Promise((resolve) => server.close(resolve));
  });

  it('that only another user may read is named', function () {
    if (process.getuid?.() !== 0) this.skip();
    writeFileSync(path, 'secret', { mode: 0o600 });
    execFileSync('chmod', ['755', dir]);
    const module = new URL('../../../lib/schemes/file.ts', import.meta.url).href;
    const script = `process.setgid(65534); process.setuid(65534);
      const { readText } = await import(${JSON.stringify(module)});
      await readText(${JSON.stringify(path)}, { maxBytes: 9 }).catch((error) => process.stdout.write(error.message));`;
    const tsx = ['--import', 'tsx', '--input-type=module', '-e'];
    const env = { ...process.env, TSX_DISABLE_CACHE: '1' };
    const said = execFileSync(process.execPath, [...tsx, script], { encoding: 'utf8', env });
    expect(said).to.equal('may not be read by the user that the router runs as (EACCES)');
  });

  it('may be a pipe on the command line, read until its writer closes it', async () => {
    execFileSync('mkfifo', [path]);
    const reader = await open(path, 'r+');
    const read = readText(path, { ...MAX, pipes: true });
    await reader.write('one ');
    await new Promise((resolve) => setTimeout(resolve, 60));
    await reader.write('two');
    await new Promise((resolve) => setTimeout(resolve, 60));
    await reader.close();
    expect(await read).to.equal('one two');
  });

  it('that does not answer is given up, and no other is risked until it does', async () => {
    let release: () => void = () => undefined;
    const hangs = new Promise<void>((resolve) => {
      release = resolve;
    });
    writeFileSync(path, 'x');
    const from = performance.now();
    const fault = await answerOf('/mnt/nfs/a.json', () => hangs).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(fault).to.equal('does not answer within 5 s: does its file system hang?');
    expect(performance.now() - from).to.be.above(4_900);
    expect(await faultOf()).to.equal(
      'is not read, as /mnt/nfs/a.json does not answer: does its file system hang?',
    );
    release();
    await hangs;
    await new Promise(setImmediate);
    expect(await faultOf()).to.equal('read: x');
  });
});
