import { expect } from 'chai';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInside } from '../support/cli.ts';

/** init, and where the configuration is looked for. */

describe('init', () => {
  let dir: string;
  let folders: string[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'esl-router-init-'));
    folders = [join(dir, 'conf'), join(dir, 'etc')];
  });
  afterEach(() => rm(dir, { recursive: true }));

  const run = (...args: readonly string[]) =>
    runInside(args, { configurationFolders: folders, settings: { CONFIG: '', SCHEMES_DIR: '' } });

  it('writes a configuration that check takes and names what is not filled in', async () => {
    const init = await run('init');
    expect([init.code, init.stderr]).to.deep.equal([0, '']);
    expect(init.stdout).to.match(/^written +\S+conf\/esl-router\.json$/m);
    expect(init.stdout).to.match(/^written +\S+conf\/schemes\/main\.json$/m);
    expect(init.stdout).to.match(
      /^Left to do:\n {2}1\. .*"gateway" [^]*"domain" [^]*"url" [^]*esl-router check: /m,
    );
    expect(init.stdout, 'only the units read it').not.to.include('environment');
    const check = await run('check');
    expect([check.code, check.stderr]).to.deep.equal([0, '']);
    expect(check.stdout)
      .to.match(/^note: .*main\.json: gateway: set neither here/m)
      .and.to.match(/^note: .*main\.json: domain: set neither here/m)
      .and.to.match(/^note: .*main\.json: webhook\.url: crm\.example\.com is an example/m)
      .and.to.match(/^main \(default\): POST /m);
  });

  it('with what is known already: nothing is left open', async () => {
    await run('init', '.', '--url', 'http://127.0.0.1:9/route', '--gateway', 'crm', '--domain', 'pbx.test');
    const { stdout } = await run('check');
    expect(stdout).to.match(/^main \(default\): POST http:\/\/127\.0\.0\.1:9\/route, /);
  });

  it('overwrites nothing, follows no link, adds no scheme to those that are there', async () => {
    await mkdir(join(dir, 'conf/schemes'), { recursive: true });
    await symlink(join(dir, 'elsewhere'), join(dir, 'conf/esl-router.json'));
    await writeFile(join(dir, 'conf/schemes/mine.json'), '{}');
    const { code, stdout } = await run('init', '--gateway', 'crm');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^kept +\S+esl-router\.json: not changed, so --gateway was not written$/m);
    expect(stdout).to.match(/^kept +\S+conf\/schemes$/m);
    expect(await readFile(join(dir, 'conf/schemes/mine.json'), 'utf8')).to.equal('{}');
    expect(await stat(join(dir, 'elsewhere')).catch(() => null)).to.equal(null);
    expect(await stat(join(dir, 'conf/schemes/main.json')).catch(() => null)).to.equal(null);
  });

  it('for a service: with the file of its secrets, closed to others', async () => {
    const { stdout } = await run('init', join(dir, 'etc/'));
    expect(stdout).to.match(/^written +\S+etc\/environment$/m);
    expect(stdout).to.match(/systemctl enable --now esl-router: /);
    expect((await stat(join(dir, 'etc/environment'))).mode & 0o007).to.equal(0);
  });

  it('refuses values that no file can hold, and writes nothing then', async () => {
    const { code, stderr } = await run('init', '--url', 'crm', '--gateway', 'a b');
    expect(code).to.equal(2);
    expect(stderr)
      .to.match(/webhook\.url: expected/)
      .and.to.match(/gateway: expected a list of gateway names/);
    expect(await stat(join(dir, 'conf')).catch(() => null)).to.equal(null);
  });

  it('says in a sentence why a file cannot be written', async () => {
    await writeFile(join(dir, 'conf'), 'a file');
    const { code, stderr } = await run('init');
    expect([code, stderr]).to.match(/^1,.*esl-router\.json cannot be written: .*\n$/);
  });
});

describe('the configuration is looked for', () => {
  const settings = { CONFIG: '', SCHEMES_DIR: '' };
  const configurationFolders = ['FOLDER/conf', 'FOLDER/etc'];
  const scheme = (name: string) => ({ name, webhook: { url: 'http://127.0.0.1:9/' } });
  const found = async (files: Record<string, unknown>, args: readonly string[] = []) => {
    const { stdout } = await runInside(['config', ...args], { settings, configurationFolders, files });
    const cell = (name: string): string => new RegExp(`^${name} +"([^"]*)"`, 'm').exec(stdout)?.[1] ?? '';
    return [cell('domain'), cell('schemes\\.dir').replace(/^.*?esl-router-cli-[^/]+\//, '')];
  };

  it('in ./conf, then in /etc/esl-router; the schemes are beside it', async () => {
    const etc = { 'etc/esl-router.json': { domain: 'etc.test' }, 'etc/schemes/a.json': scheme('a') };
    expect(await found(etc)).to.deep.equal(['etc.test', 'etc/schemes']);
    expect(await found({ ...etc, 'conf/esl-router.json': { domain: 'conf.test' } })).to.deep.equal([
      'conf.test',
      'conf/schemes',
    ]);
    expect(await found({ ...etc, 'conf/other.ini': '' }), "another program's").to.deep.equal([
      'etc.test',
      'etc/schemes',
    ]);
    expect(await found({ ...etc, 'conf/schemes/a.json': scheme('a') })).to.deep.equal(['', 'conf/schemes']);
    expect(await found({})).to.deep.equal(['', 'conf/schemes']);
  });

  it('first where --config or ESL_ROUTER_CONFIG says', async () => {
    const files = { 'conf/esl-router.json': {}, 'mine/x.json': { domain: 'mine.test' } };
    expect(await found(files, ['--config', 'FOLDER/mine/x.json'])).to.deep.equal([
      'mine.test',
      'mine/schemes',
    ]);
    expect(await found(files, ['--config', 'FOLDER/mine/x.json', '--schemes', 'there'])).to.deep.equal([
      'mine.test',
      'there',
    ]);
  });

  it('config: what is not at its default comes first, with file and line', async () => {
    const { stdout } = await runInside(['config'], {
      settings: { ...settings, GATEWAY: 'crm' },
      configurationFolders,
      files: { 'conf/esl-router.json': '{\n  "log": {\n    "level": "warn" },\n  "domain": "a.test"\n}' },
    });
    const rows = stdout
      .split('\n')
      .slice(1)
      .filter((row) => !row.startsWith('overload.'));
    expect(rows[0]).to.match(/^gateway +\["crm"\] +environment +ESL_ROUTER_GATEWAY$/);
    expect(rows[1]).to.match(/^domain +"a\.test" +\S+conf\/esl-router\.json:4 /);
    expect(rows.find((row) => row.startsWith('log.level'))).to.match(/conf\/esl-router\.json:3 /);
    const first = rows.findIndex((row) => / default +ESL_ROUTER_LISTEN_HOST$/.test(row));
    expect(rows.slice(0, first).every((row) => !/ default +ESL_ROUTER_(?!SCHEMES_DIR)/.test(row))).to.equal(
      true,
    );
  });
});
