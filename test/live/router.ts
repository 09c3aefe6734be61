import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Journal } from './journal.ts';

/** The daemon itself, built, as its own process. */

const READY_MS = 15_000;
const STOP_MS = 8_000;
const MAIN = join(import.meta.dirname, '../../dist/bin/esl-router.js');

export class Router {
  readonly journal: Journal;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(name: string, process: ChildProcess) {
    this.journal = new Journal(name);
    this.#process = process;
    let rest = '';
    const read = (bytes: Buffer): void => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.journal.note(line);
    };
    process.stdout?.on('data', read);
    process.stderr?.on('data', read);
    this.#exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.journal.note(`exit ${code ?? ''}${signal ?? ''}`);
        resolve();
      });
      process.once('error', (error) => {
        this.journal.note(error.message);
        resolve();
      });
    });
  }

  /** Ready for calls. Nothing of the environment but its own settings reaches it. */
  static async start(name: string, settings: Readonly<Record<string, string>>): Promise<Router> {
    const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], ESL_ROUTER_LOG_FORMAT: 'json' };
    for (const [key, value] of Object.entries(settings)) env[`ESL_ROUTER_${key}`] = value;
    const child = spawn(process.execPath, [MAIN, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const router = new Router(name, child);
    try {
      await router.journal.until('"listening"', READY_MS, () => {
        if (router.exited) throw new Error(`${name} ended: ${router.log([]).join('\n')}`);
        return router.journal.lines.some(({ text }) => text.includes('listening')) || undefined;
      });
    } catch (error) {
      await router.kill();
      throw error;
    }
    return router;
  }

  get exited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Lines of its log that hold one of these texts; all of them when there is none. */
  log(texts: readonly string[]): string[] {
    return this.journal.lines
      .map(({ text }) => text)
      .filter((line) => texts.length === 0 || texts.some((text) => line.includes(text)));
  }

  /** It hangs: the kernel goes on accepting for it. */
  suspend(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Resolves when it is gone: until then the kernel would still accept for it. */
  async kill(): Promise<void> {
    if (this.exited) return;
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (this.exited) return;
    this.#process.kill('SIGCONT');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#process.kill('SIGKILL');
    }, STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
