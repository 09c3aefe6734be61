import { expect } from 'chai';
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInside, type Run } from '../support/cli.ts';
import { environment, MAIN, schemesFolder } from '../support/daemon.ts';

/** Whatever stands under the name of a file: a sentence and exit code 2, never a stack, never silence. */

describe('files that are named', function () {
  this.timeout(60_000);
  let dir: string;
  let path: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'esl-router-test-'));
    path = join(dir, 'x.json');
  });
  afterEach(() => rm(dir, { recursive: true }));

  const fails = ({ code, stdout, stderr }: Run, fault: RegExp): void => {
    expect(stderr)
      .to.match(fault)
      .and.not.to.match(/\n\s+at /);
    expect([code, stdout]).to.deep.equal([2, '']);
  };

  for (const [title, make, fault] of [
    ['a folder', () => mkdir(path), /^the configuration file .*x\.json: is a folder, expected a file$/m],
    ['a device', () => symlink('/dev/zero', path), /x\.json: is a device, expected a file$/m],
    [
      'a circle of links',
      () => symlink('x.json', path),
      /x\.json: its symbolic links form a loop \(ELOOP\)$/m,
    ],
    [
      'no UTF-8',
      () => writeFile(path, Buffer.from([0x7b, 0x0a, 0xe0])),
      /x\.json: line 2: is not UTF-8: save the/,
    ],
    ['UTF-16', () => writeFile(path, '\ufeff{}', 'utf16le'), /x\.json: is UTF-16: save it as UTF-8/],
    [
      'larger than a configuration',
      () => writeFile(path, ' '.repeat(2 ** 20 + 1)),
      /x\.json: is larger than 1 MiB$/m,
    ],
    ['empty', () => writeFile(path, ''), /x\.json: line 1, column 1: expected JSON, and the file is empty$/m],
    [
      'with comments',
      () => writeFile(path, '{\n  // the port\n}'),
      /x\.json: line 2, column 3: expected a key in double quotes, found a comment/,
    ],
    [
      'with a comma too many',
      () => writeFile(path, '{"domain": "a.b",\n}'),
      /x\.json: line 1, column 17: expected another key after the comma/,
    ],
    [
      'nested deeply',
      () => writeFile(path, '{"gateways":'.repeat(2000)),
      /x\.json: line 1, column \d+: expected no more than 64 levels/,
    ],
    ['a list', () => writeFile(path, '[]'), /x\.json: expected a JSON object of settings$/m],
  ] as const) {
    it(`a configuration file that is ${title}`, async () => {
      await make();
      fails(await runInside(['check', '--config', path]), fault);
    });
  }

  it('a configuration file may have a byte-order mark, and a key twice is a note', async () => {
    await writeFile(path, '\ufeff{"domain": "a.b",\n"domain": "c.d"}');
    const { code, stdout, stderr } = await runInside(['config', '--config', path]);
    expect([code, stderr]).to.match(
      /^0,note: .*x\.json: line 2: the key "domain" appears again: the last one counts$/m,
    );
    expect(stdout).to.match(/^domain +"c\.d" +.*x\.json:\d+ /m);
  });

  it('an empty ESL_ROUTER_CONFIG is not a file', async () => {
    const { code, stdout } = await runInside(['config'], { settings: { CONFIG: '', DOMAIN: 'e.f' } });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^domain +"e\.f" +environment/m);
  });

  it('a configuration file may come out of a pipe', async () => {
    execFileSync('mkfifo', [path]);
    const writing = writeFile(path, '{"domain": "g.h"}');
    const { code, stdout } = await runInside(['config', '--config', path]);
    await writing;
    expect(code).to.equal(0);
    expect(stdout).to.match(/^domain +"g\.h" +.*x\.json:\d+ /m);
  });

  it('a secret in a folder, as Docker makes one of a file that is not there', async () => {
    await mkdir(path);
    fails(
      await runInside(['check'], { settings: { SECRET_TOKEN_FILE: path } }),
      /^ESL_ROUTER_SECRET_TOKEN_FILE: cannot read .*x\.json: is a folder, expected a file$/m,
    );
    fails(
      await runInside(['check'], { settings: { DOMAIN_FILE: path } }),
      /^ESL_ROUTER_DOMAIN_FILE: cannot read .*x\.json: is a folder, expected a file$/m,
    );
  });

  it('a dialplan and a reply', async () => {
    await mkdir(path);
    fails(await runInside(['check', '--dialplan', path]), /^.*x\.json: is a folder, expected a file$/m);
    await schemesFolder(dir, [{ name: 'a', webhook: { url: 'http://127.0.0.1:9/' } }]);
    const call = ['try', '--schemes', join(dir, 'schemes'), '--scheme', 'a', '--caller', '1', '--did', '2'];
    fails(
      await runInside([...call, '--reply', path]),
      /^cannot read the reply .*x\.json: is a folder, expected/m,
    );
  });

  it('a scheme that another user may read alone does not end in a stack, at the start', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const schemes = await schemesFolder(dir, [{ name: 'a', webhook: { url: 'http://127.0.0.1:9/' } }]);
    await chmod(dir, 0o755);
    await chmod(join(schemes, 'a.json'), 0o600);
    const run = await new Promise<Run>((resolve) => {
      const env = environment({ SCHEMES_DIR: schemes, LISTEN_PORT: '0' });
      execFile(
        process.execPath,
        [MAIN],
        { cwd: dir, env, uid: 65534, gid: 65534 },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
        },
      );
    });
    fails(run, /schemes\/a\.json: may not be read by the user that the router runs as \(EACCES\)$/m);
  });
});
