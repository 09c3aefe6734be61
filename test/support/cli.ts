import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { environment, MAIN, type Settings } from './daemon.ts';

/** One run of the command line. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly settings?: Settings;
  /**
   * Files of its folder, by name: schemes below `schemes/`, the configuration in `config.json`. What is not text is
   * written as JSON. `FOLDER` in an argument or a setting stands for the folder.
   */
  readonly files?: Readonly<Record<string, unknown>>;
  /** Where the configuration is looked for when none is named. `FOLDER` stands for the folder. */
  readonly configurationFolders?: readonly string[];
  /** Variables that are no settings of the router. */
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads; nothing by default. Not of a process of its own. */
  readonly stdin?: string;
  /** What the shell does that starts a process of its own. */
  readonly shell?: string;
}

const RUN_MS = 60_000;

type Execute = (
  args: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
  configurationFolders: readonly string[],
  stdin: string,
  shell: string,
) => Promise<Run>;

/** The built program, as its own process, in a minute at the latest. */
export function runProgram(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return inFolder(args, options, spawned);
}

/** The same code without a process of its own, which takes a second to start: for all that ends by itself. */
export function runInside(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return inFolder(args, options, inside);
}

async function inFolder(
  args: readonly string[],
  {
    settings = {},
    files = {},
    configurationFolders = ['FOLDER/conf'],
    env: others = {},
    stdin = '',
    shell = '',
  }: RunOptions,
  execute: Execute,
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'esl-router-cli-'));
  const fill = (text: string): string => text.replaceAll('FOLDER', folder);
  const all = { 'config.json': {}, ...files };
  try {
    for (const [name, content] of Object.entries(all)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    }
    const given = { CONFIG: 'FOLDER/config.json', SCHEMES_DIR: 'FOLDER/schemes', ...settings };
    const env = environment(
      Object.fromEntries(Object.entries(given).map(([name, text]) => [name, fill(text)])),
    );
    // Nothing is folded: a table's rows are lines.
    env['COLUMNS'] = '1000';
    return await execute(
      args.map(fill),
      folder,
      { ...env, ...others },
      configurationFolders.map(fill),
      stdin,
      shell,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const spawned: Execute = (args, folder, env, _folders, _stdin, shell) => {
  const words = [process.execPath, MAIN, ...args];
  const [program = '', ...rest] = shell === '' ? words : ['sh', '-c', `${shell}; exec "$@"`, 'sh', ...words];
  const child = spawn(program, rest, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
};

const inside: Execute = async (args, _folder, env, configurationFolders, stdin) => {
  const stdout = new Sink();
  const stderr = new Sink();
  // As the commands are: mocha loads tests by require, which has modules of its own beside those that are imported.
  const { runCli } = await import('../../lib/cli.ts');
  const code = await runCli(args, {
    version: '0.0.0-test',
    packageFolder: '/usr/lib/node_modules/esl-router',
    env,
    configurationFolders,
    maxDescriptors: Infinity,
    stdin: Readable.from(stdin === '' ? [] : [stdin]),
    stdout,
    stderr,
    onStop: () => undefined,
    onReload: () => undefined,
    onDebug: () => undefined,
    onCrash: () => undefined,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
};

class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
