import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The program as it is installed: what `npm pack` holds, and the dependencies that the lock file names. */

const ROOT = join(import.meta.dirname, '..');

interface Locked {
  readonly packages: Readonly<Record<string, { version: string; dev?: boolean; optional?: boolean }>>;
}

/** More than half of the files: types and source maps, which no running program reads. */
const FOR_COMPILERS = /\.(map|[cm]?ts)$/;

export interface ProgramOptions {
  /** Build first, into an empty dist/. */
  readonly build: boolean;
}

/** Unpacks the package into a folder. */
export function unpackProgram(folder: string, { build }: ProgramOptions): void {
  const temporary = mkdtempSync(join(tmpdir(), 'esl-router-pack-'));
  try {
    const args = [
      'pack',
      '--silent',
      '--pack-destination',
      temporary,
      ...(build ? [] : ['--ignore-scripts']),
    ];
    // The last line is the name of the tarball; in front of it stands what the build prints.
    const tarball =
      execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', join(temporary, tarball), '-C', folder, '--strip-components=1']);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  // npm does so when it installs.
  chmodSync(join(folder, 'dist/bin/esl-router.js'), 0o755);
}

/** Copies the dependencies out of node_modules, so that no network is needed. Throws when they are not those of the lock file. */
export function copyDependencies(folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Locked;
  for (const [path, { version, dev = false, optional = false }] of Object.entries(packages)) {
    if (path === '' || dev) continue;
    const from = join(ROOT, path);
    if (!existsSync(from)) {
      if (optional) continue;
      throw new Error(`${path} is not there: npm ci`);
    }
    const installed = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { version: string };
    if (installed.version !== version) {
      throw new Error(`${path} is ${installed.version}, and the lock file says ${version}: npm ci`);
    }
    const nested = join(from, 'node_modules');
    const filter = (name: string): boolean => name !== nested && !FOR_COMPILERS.test(name);
    cpSync(from, join(folder, path), { recursive: true, filter });
  }
}
