import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OwnWrites, whyNotKept } from '../../../lib/schemes/kept.ts';
import { sightOfFile } from '../../../lib/schemes/sight.ts';

/** Refresh tokens in files. */

describe('a file that the router writes', function () {
  this.timeout(60_000);
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kept-'));
    file = join(folder, 'token');
    await writeFile(file, 'first\n', { mode: 0o644 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('holds a whole text, whenever its writer is killed', async () => {
    const module = JSON.stringify(
      pathToFileURL(join(import.meta.dirname, '../../../lib/schemes/kept.ts')).href,
    );
    const program = `import { OwnWrites } from ${module};
      const own = new OwnWrites();
      console.log('ready');
      for (let i = 0; ; i++) await own.write(${JSON.stringify(file)}, String(i).padStart(4000, 'x'));`;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 7));
      child.kill('SIGKILL');
      await once(child, 'close');
      const text = await readFile(file, 'utf8');
      expect(text === 'first\n' || /^x+\d+\n$/.test(text), text.slice(0, 20)).to.equal(true);
      expect(text === 'first\n' || text.length === 4001).to.equal(true);
    }
    expect((await readFile(file, 'utf8')).length).to.equal(4001);
  });

  it('two writers at once: one of the two texts, whole', async () => {
    const writers = [new OwnWrites(), new OwnWrites()];
    for (let i = 0; i < 20; i++) {
      await Promise.all(writers.map((one, n) => one.write(file, String(n).repeat(3000))));
      expect(await readFile(file, 'utf8')).to.match(/^(0{3000}|1{3000})\n$/);
    }
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('behind a link stays behind it', async () => {
    const link = join(folder, 'link');
    await symlink('token', link);
    await new OwnWrites().write(link, 'second');
    expect(await readlink(link)).to.equal('token');
    expect(await readFile(file, 'utf8')).to.equal('second\n');
  });

  it('is no news to the watch, until somebody else writes it', async () => {
    const own = new OwnWrites();
    const seen = async (): Promise<string> => own.shown(file, await sightOfFile(file));
    const before = await seen();
    for (const text of ['second', 'third']) {
      await own.write(file, text);
      expect(await seen()).to.equal(before);
    }
    await writeFile(file, 'by hand');
    expect(await seen()).not.to.equal(before);
  });

  it('can not be written where there is no such file, and says why', async () => {
    const gone = join(folder, 'none', 'token');
    expect(await whyNotKept(file)).to.equal(null);
    expect(await whyNotKept(gone)).to.match(/no such file/);
    const error = await new OwnWrites().write(gone, 'x').catch((thrown: unknown) => thrown);
    expect(String(error)).to.include('no such file');
    await mkdir(join(folder, 'dir'));
    const instead = await new OwnWrites().write(join(folder, 'dir'), 'x').catch((thrown: unknown) => thrown);
    expect(instead).to.be.instanceOf(Error);
    expect(await readdir(folder)).to.deep.equal(['dir', 'token']);
  });
});
