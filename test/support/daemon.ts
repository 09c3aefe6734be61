import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned } from '../../bench/child.ts';
import type { CallRecord } from '../../lib/call/record.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';

/** The built daemon, as its own process. */

export const MAIN = join(import.meta.dirname, '../../dist/bin/esl-router.js');

const READY_MS = 30_000;
const STOP_MS = 9_000;
const WAIT_MS = 20_000;

/** One line of its JSON log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Settings without their prefix: `{ LISTEN_PORT: '0' }`. */
export type Settings = Readonly<Record<string, string>>;

export interface DaemonOptions {
  readonly schemes?: readonly SchemeDocument[];
  readonly settings?: Settings;
  /** For node itself, in front of the program: a module to `--import`, which may speak to `child` by IPC. */
  readonly nodeArguments?: readonly string[];
  /** Hears the lines of calls, which are not kept then: for very many of them. */
  readonly onCall?: (line: LogLine) => void;
  /** The processor that it runs on alone, where the system can do that; any, when not told. */
  readonly core?: number;
  /** Variables that are not settings of the router. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Nothing of the environment but its own settings reaches a process under test. */
export function environment(settings: Settings): NodeJS.ProcessEnv {
  // A machine that is busy with other tests is not an overload, unless a test is about that.
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    ESL_ROUTER_OVERLOAD_LAG: '10000',
    ESL_ROUTER_OVERLOAD_QUEUE: '10000',
    // One port for all of them would be one too few.
    ESL_ROUTER_API_PORT: 'off',
  };
  for (const [name, value] of Object.entries(settings)) env[`ESL_ROUTER_${name}`] = value;
  return env;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class Daemon {
  readonly lines: LogLine[] = [];
  /** Its folder, which is also where it runs; `schemes` is in it. */
  readonly folder: string;
  #port = 0;
  #stderr = '';
  /** SIGTERM has been sent. */
  #told = false;
  readonly child: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #watchers = new Set<() => void>();

  private constructor(folder: string, settings: Settings, options: DaemonOptions) {
    const { nodeArguments = [], core, onCall, env = {} } = options;
    this.folder = folder;
    const node = [process.execPath, ...nodeArguments, MAIN] as const;
    const [program, ...words] = core === undefined ? node : pinned(core, node);
    const child = spawn(program, words, {
      cwd: folder,
      env: { ...environment(settings), ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(nodeArguments.length > 0 ? (['ipc'] as const) : [])],
    });
    running.add(child);
    this.child = child;
    let rest = '';
    // Piped, whatever the type makes of the fourth stream.
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const line = JSON.parse(text) as LogLine;
        if (onCall !== undefined && /^(?:decided|ended|record)$/.test(line.message)) {
          if (line.message === 'ended') onCall(line);
        } else this.lines.push(line);
      }
      this.#tell();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#exited = new Promise((resolve) => {
      child.once('close', (code) => {
        running.delete(child);
        resolve(code);
        this.#tell();
      });
    });
  }

  /** Listens already when this resolves. */
  static async start(options: DaemonOptions = {}): Promise<Daemon> {
    const { schemes = [], settings = {} } = options;
    const folder = await mkdtemp(join(tmpdir(), 'esl-router-test-'));
    const all = {
      LISTEN_PORT: '0',
      GATEWAY: 'crm',
      DOMAIN: 'pbx.example',
      SCHEMES_DIR: await schemesFolder(folder, schemes),
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'debug',
      ...settings,
    };
    const daemon = new Daemon(folder, all, options);
    try {
      const { port } = await daemon.until(({ message }) => message === 'listening', READY_MS);
      daemon.#port = Number(port);
      return daemon;
    } catch (error) {
      await daemon.kill();
      throw error;
    }
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#port };
  }

  get exited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first line that fits, from `from` on: one that is there already, or the next to come. */
  async until(fits: (line: LogLine) => boolean, withinMs = WAIT_MS, from = 0): Promise<LogLine> {
    let timer: NodeJS.Timeout | undefined;
    let watcher: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const fail = (why: string): void => {
          const last = this.lines.slice(-8).map((line) => JSON.stringify(line).slice(0, 300));
          reject(new Error(`${why}; the last lines:\n${last.join('\n')}\n${this.#stderr}`));
        };
        watcher = () => {
          const line = this.lines.slice(from).find(fits);
          if (line !== undefined) resolve(line);
          else if (this.exited) fail('the daemon has ended');
        };
        timer = setTimeout(() => {
          fail(`no such log line within ${withinMs} ms`);
        }, withinMs);
        this.#watchers.add(watcher);
        watcher();
      });
    } finally {
      clearTimeout(timer);
      if (watcher !== undefined) this.#watchers.delete(watcher);
    }
  }

  /**
   * The full record of a call, but for the note that a busy machine had it wait; the caller's view of its end may come a
   * little before.
   */
  async record(uuid: string): Promise<CallRecord> {
    const line = await this.until(
      ({ message, call }) =>
        message === 'record' && (call as { uuid?: string } | null | undefined)?.uuid === uuid,
    );
    const record = line as unknown as CallRecord;
    return { ...record, notes: record.notes.filter((note) => !/^waited \d+ ms to be served$/.test(note)) };
  }

  /** The line of a call's end. */
  line(uuid: string): Promise<LogLine> {
    return this.until((line) => line.message === 'ended' && line['uuid'] === uuid);
  }

  async writeScheme(
    document: SchemeDocument | { readonly name: string; readonly text: string },
  ): Promise<void> {
    const text = 'text' in document ? document.text : JSON.stringify(document);
    await writeFile(join(this.folder, 'schemes', `${document.name}.json`), text);
  }

  signal(name: NodeJS.Signals): void {
    this.#told ||= name === 'SIGTERM';
    this.child.kill(name);
  }

  /** SIGTERM; it has to end by itself, with exit code 0 and without a word on standard error. */
  async stop(): Promise<void> {
    if (!this.#told && !this.exited) this.signal('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    await rm(this.folder, { recursive: true, force: true });
    if (code !== 0 || this.#stderr !== '') {
      throw new Error(`the daemon ended with ${code ?? this.child.signalCode ?? '?'}: ${this.#stderr}`);
    }
  }

  /** It ends by itself: its exit code. */
  ended(): Promise<number | null> {
    return this.#exited;
  }

  /** Nobody reads its log any more. */
  closeLog(): void {
    this.child.stdout?.destroy();
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
    await rm(this.folder, { recursive: true, force: true });
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Schemes as files named after them. */
export async function schemesFolder(folder: string, schemes: readonly object[]): Promise<string> {
  const path = join(folder, 'schemes');
  await mkdir(path, { recursive: true });
  for (const [index, scheme] of schemes.entries()) {
    const { name = String(index) } = scheme as { name?: string };
    await writeFile(join(path, `${name}.json`), JSON.stringify(scheme));
  }
  return path;
}
