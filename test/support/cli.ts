import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environment, MAIN, type Settings } from './daemon.ts';

/** One run of the built command line. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly settings?: Settings;
  /** Files of the folder that it runs in: `schemes/sales.json`. What is no text is written as JSON. */
  readonly files?: Readonly<Record<string, unknown>>;
}

const RUN_MS = 15_000;

/** Runs `esl-router` in a folder of its own. Schemes are looked for in its `schemes`. Ends in 15 s at the latest. */
export async function runCli(
  args: readonly string[],
  { settings = {}, files = {} }: RunOptions = {},
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'esl-router-cli-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return await run(args, folder, settings);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[], cwd: string, settings: Settings): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: environment({ SCHEMES_DIR: 'schemes', ...settings }),
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
}
