import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { starterFiles } from '../lib/commands/starter.ts';
import { copyDependencies, unpackProgram, type ProgramOptions } from './program.ts';

/** A Debian package, made with dpkg-deb: `npm run package:deb [FOLDER]`. Needs no network and no root. */

const ROOT = join(import.meta.dirname, '..');
const SCRIPTS = ['postinst', 'prerm', 'postrm'] as const;

export interface DebOptions extends ProgramOptions {
  readonly compression: 'xz' | 'none';
}

/** The path of the package that it made. */
export function buildDeb(into: string, options: DebOptions): string {
  const root = mkdtempSync(join(tmpdir(), 'esl-router-deb-'));
  try {
    const at = (path: string): string => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      return join(root, path);
    };
    const program = at('usr/lib/esl-router');
    unpackProgram(program, options);
    copyDependencies(program);
    symlinkSync('../lib/esl-router/dist/bin/esl-router.js', at('usr/bin/esl-router'));
    for (const unit of ['esl-router.service', 'esl-router@.service']) {
      cpSync(join(ROOT, 'systemd', unit), at(`usr/lib/systemd/system/${unit}`));
    }
    cpSync(join(ROOT, 'LICENSE'), at('usr/share/doc/esl-router/copyright'));
    symlinkSync('../../../lib/esl-router/README.md', at('usr/share/doc/esl-router/README.md'));
    for (const [shell, path] of [
      ['bash', 'usr/share/bash-completion/completions/esl-router'],
      ['zsh', 'usr/share/zsh/vendor-completions/_esl-router'],
    ] as const) {
      const main = join(program, 'dist/bin/esl-router.js');
      writeFileSync(at(path), execFileSync(process.execPath, [main, 'completion', shell]));
    }
    const conffiles = starterFiles({}).map(({ path, text, mode }) => {
      const name = `etc/esl-router/${path}`;
      writeFileSync(at(name), text, { mode });
      return `/${name}\n`;
    });
    readable(root);
    control(root, conffiles.join(''));
    const { version } = packageJson();
    const deb = resolve(into, `esl-router_${version}_all.deb`);
    mkdirSync(into, { recursive: true });
    execFileSync('dpkg-deb', ['--root-owner-group', `-Z${options.compression}`, '--build', root, deb], {
      stdio: 'pipe',
    });
    return deb;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Whatever umask it was built under. The secrets' file stays closed to others. */
function readable(root: string): void {
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', root]);
  chmodSync(join(root, 'etc/esl-router/environment'), 0o640);
}

function control(root: string, conffiles: string): void {
  const folder = join(root, 'DEBIAN');
  const [size = ''] = execFileSync('du', ['-sk', root], { encoding: 'utf8' }).split('\t');
  mkdirSync(folder);
  const { version } = packageJson();
  const values: Record<string, string> = { version, size, maintainer: 'esl-router <root@localhost>' };
  const text = readFileSync(join(ROOT, 'packaging/debian/control'), 'utf8');
  writeFileSync(
    join(folder, 'control'),
    text.replace(/\{(\w+)\}/g, (_all, key: string) => values[key] ?? ''),
  );
  writeFileSync(join(folder, 'conffiles'), conffiles);
  for (const name of SCRIPTS) {
    cpSync(join(ROOT, 'packaging/debian', name), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  chmodSync(folder, 0o755);
}

function packageJson(): { version: string } {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
}

if (process.argv[1] === import.meta.filename) {
  const deb = buildDeb(process.argv[2] ?? '.', { build: true, compression: 'xz' });
  process.stdout.write(`${deb}\n`);
}
