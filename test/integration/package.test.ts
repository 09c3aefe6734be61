import { expect } from 'chai';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDeb } from '../../packaging/deb.ts';
import { copyDependencies, unpackProgram } from '../../packaging/program.ts';
import { startCrm } from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';
import { environment } from '../support/daemon.ts';

/** What is installed, as npm and dpkg install it: without a compiler, without devDependencies. */

const ROOT = join(import.meta.dirname, '../..');

interface Run {
  readonly code: number | null;
  readonly text: string;
}

describe('the package', function () {
  this.timeout(120_000);
  let folder: string;
  /** Installed once. Nobody writes into it. */
  let program: string;
  let empty: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'esl-router-package-'));
    program = join(folder, 'program');
    unpackProgram(program, { build: false });
    copyDependencies(program);
  });
  beforeEach(() => {
    empty = mkdtempSync(join(folder, 'empty-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: readonly string[]): Run => {
    const main = join(program, 'dist/bin/esl-router.js');
    const { status, stdout, stderr } = spawnSync(main, args, {
      cwd: empty,
      env: environment({}),
      encoding: 'utf8',
    });
    return { code: status, text: stdout + stderr };
  };

  it('holds the program and its guides, and nothing that only we need', () => {
    const files = readdirSync(program, { recursive: true, encoding: 'utf8' }).filter(
      (file) => !file.startsWith('node_modules'),
    );
    expect(files).to.include.members([
      'dist/bin/esl-router.js',
      'dist/lib/cli.d.ts',
      'freeswitch/dialplan/esl-router.xml',
      'systemd/esl-router.service',
      'systemd/esl-router@.service',
      'README.md',
      'LICENSE',
    ]);
    const ours = /^(test|bench|packaging)\/|\.map$|^(?!.*\.d\.ts$).*\.ts$/;
    expect(files.filter((file) => ours.test(file))).to.deep.equal([]);
    const maps = files.filter(
      (file) =>
        file.endsWith('.js') && readFileSync(join(program, file), 'utf8').includes('sourceMappingURL'),
    );
    expect(maps, 'name a source map that is not there').to.deep.equal([]);
  });

  it('runs from an empty folder: init, check, config', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(run('--version')).to.deep.equal({ code: 0, text: `${version}\n` });
    expect(run('init', '--gateway', 'crm', '--domain', 'pbx.test').code).to.equal(0);
    const check = run('check');
    expect([check.code, check.text]).to.match(/^0,[^]*^fine: 1 scheme$/m);
    expect(run('config').text).to.match(/^domain +"pbx\.test" /m);
  });

  it('may be replaced or removed while a router runs from it', async () => {
    const replaced = join(folder, 'replaced');
    execFileSync('cp', ['-al', program, replaced]);
    const crm = await startCrm(() => ({ status: 200, body: '{"destination": "201"}' }));
    run('init', '--url', crm.url, '--gateway', 'crm', '--domain', 'pbx.test');
    const router = spawn(join(replaced, 'dist/bin/esl-router.js'), [], {
      cwd: empty,
      env: environment({ LISTEN_PORT: '0', LOG_FORMAT: 'json' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    router.stdout.setEncoding('utf8');
    const closed = new Promise<number | null>((resolve) => router.once('close', resolve));
    try {
      const port = await new Promise<number>((resolve, reject) => {
        router.stdout.on('data', (text: string) => {
          log += text;
          const line = log.split('\n').find((one) => one.includes('"listening"'));
          if (line !== undefined) resolve((JSON.parse(line) as { port: number }).port);
        });
        router.once('close', () => {
          reject(new Error(log));
        });
      });
      rmSync(replaced, { recursive: true });
      const calls = ['--router', `127.0.0.1:${port}`, '--calls', '5', '--rate', '20', '--json'];
      const { code, stdout } = await runInside(['simulate', ...calls]);
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.include({ calls: 5, lost: 0, ends: { answered: 5 } });
    } finally {
      router.kill('SIGTERM');
      await crm.close();
    }
    expect(await closed, log).to.equal(0);
  });

  it('has types that a program which imports it is checked by', () => {
    const modules = join(empty, 'node_modules');
    mkdirSync(join(modules, '@types'), { recursive: true });
    symlinkSync(program, join(modules, 'esl-router'));
    symlinkSync(join(ROOT, 'node_modules/@types/node'), join(modules, '@types/node'));
    writeFileSync(
      join(empty, 'use.mts'),
      `import { runCli } from 'esl-router';
const context = null as unknown as Parameters<typeof runCli>[1];
export const code: Promise<0 | 1 | 2> = runCli(['config'], context);
export const env: Readonly<Record<string, string | undefined>> = context.env;
// @ts-expect-error a list is wanted
void runCli('config', context);
`,
    );
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const args = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      'use.mts',
    ];
    const { status, stdout } = spawnSync(tsc, args, { cwd: empty, encoding: 'utf8' });
    expect(stdout).to.equal('');
    expect(status).to.equal(0);
  });

  it('npm start runs what is built, and builds nothing', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    // No dependencies are needed to see that it is not built: npm alone is asked.
    writeFileSync(join(empty, 'package.json'), JSON.stringify({ scripts }));
    const { status, stderr } = spawnSync('npm', ['start', '--silent'], { cwd: empty, encoding: 'utf8' });
    expect([status, stderr]).to.match(/^2,esl-router is not built yet: npm run build/);
    expect(existsSync(join(empty, 'dist'))).to.equal(false);
  });
});

/** In a root of its own, where nothing else is installed. A power cut is no concern there. */
const FORCED = ['--force-script-chrootless', '--force-depends', '--force-unsafe-io'];

describe('the Debian package', function () {
  this.timeout(120_000);

  it('is installed, upgraded and removed: user, units, conffiles that stay; nothing is started', function () {
    const isPossible = process.getuid?.() === 0 && spawnSync('dpkg', ['--version']).status === 0;
    if (!isPossible) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'esl-router-deb-test-'));
    try {
      const deb = buildDeb(folder, { build: false, compression: 'none' });
      const root = join(folder, 'root');
      const at = (path: string): string => join(root, path);
      for (const path of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'etc'])
        mkdirSync(at(path), { recursive: true });
      writeFileSync(at('var/lib/dpkg/status'), '');
      for (const name of ['passwd', 'group', 'shadow', 'gshadow']) writeFileSync(at(`etc/${name}`), '');
      const dpkg = (...args: readonly string[]): string =>
        // Its own root, and the scripts get that by name: this machine stays as it is.
        execFileSync('dpkg', [`--root=${root}`, ...FORCED, ...args], { encoding: 'utf8', stdio: 'pipe' });

      dpkg('--install', deb);
      expect(readFileSync(at('etc/passwd'), 'utf8')).to.match(
        /^esl-router:x:(\d+):\d+:esl-router:\/nonexistent:\/usr\/sbin\/nologin$/m,
      );
      const [, group] = /^esl-router:[^:]*:(\d+):/m.exec(readFileSync(at('etc/group'), 'utf8')) ?? [];
      const { mode, uid, gid } = statSync(at('etc/esl-router/environment'));
      expect([mode & 0o777, uid, gid]).to.deep.equal([0o640, 0, Number(group)]);
      expect(readdirSync(at('usr/lib/systemd/system')).sort()).to.deep.equal([
        'esl-router.service',
        'esl-router@.service',
      ]);
      expect(existsSync(at('etc/systemd')), 'nothing is enabled').to.equal(false);
      const config = ['--config', at('etc/esl-router/esl-router.json')];
      const check = spawnSync(at('usr/bin/esl-router'), ['check', ...config], {
        env: environment({}),
        encoding: 'utf8',
      });
      expect([check.status, check.stdout]).to.match(/^0,[^]*^fine: 1 scheme$/m);

      const configuration = at('etc/esl-router/esl-router.json');
      writeFileSync(configuration, '{"gateway": ["mine"]}');
      writeFileSync(at('etc/esl-router/schemes/mine.json'), '{}');
      dpkg('--install', deb);
      expect(readFileSync(configuration, 'utf8')).to.equal('{"gateway": ["mine"]}');

      dpkg('--remove', 'esl-router');
      expect(existsSync(at('usr/lib/esl-router'))).to.equal(false);
      expect(readFileSync(configuration, 'utf8')).to.equal('{"gateway": ["mine"]}');
      dpkg('--purge', 'esl-router');
      expect(existsSync(configuration)).to.equal(false);
      expect(readdirSync(at('etc/esl-router/schemes')), 'files of the administrator').to.deep.equal([
        'mine.json',
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the systemd units', () => {
  const unit = (name: string): string => readFileSync(join(ROOT, 'systemd', name), 'utf8');

  it('are one unit, but for the port and what goes with it', () => {
    const lines = (name: string): string[] =>
      unit(name)
        .split('\n')
        .filter((line) => !/^(#|$)/.test(line));
    const one = lines('esl-router.service');
    const many = lines('esl-router@.service');
    expect(many.filter((line) => !one.includes(line))).to.deep.equal([
      'Description=esl-router on port %i: the CRM decides where inbound calls of FreeSWITCH go',
      'StateDirectory=esl-router-%i',
      'Environment=ESL_ROUTER_STORE_DIR=/var/lib/esl-router-%i',
      'Environment=ESL_ROUTER_API_PORT=off',
      'EnvironmentFile=-/etc/esl-router/environment-%i',
      'ExecStart=/usr/bin/env ESL_ROUTER_LISTEN_PORT=%i esl-router start',
    ]);
    expect(one.filter((line) => !many.includes(line))).to.have.length(4);
  });

  it('are what systemd takes', function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'esl-router-units-'));
    try {
      const files = ['esl-router.service', 'esl-router@.service', 'esl-router@8084.service'].map((name) => {
        writeFileSync(join(folder, name), unit(name.replace('8084', '')));
        return join(folder, name);
      });
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' });
      expect([status, stderr]).to.deep.equal([0, '']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
