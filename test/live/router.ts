import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { end, start, type Child } from './child.ts';
import { Journal } from './journal.ts';

/** The daemon itself, built, as its own process. */

const READY_MS = 15_000;
const STOP_MS = 8_000;
const MAIN = join(import.meta.dirname, '../../dist/bin/esl-router.js');

export class Router {
  readonly journal: Journal;
  /** Where it listens. */
  readonly port: number;
  readonly #child: Child;

  private constructor(name: string, port: number, child: Child) {
    this.port = port;
    this.journal = new Journal(name);
    this.#child = child;
    let rest = '';
    const read = (bytes: Buffer): void => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.journal.note(line);
    };
    child.process.stdout?.on('data', read);
    child.process.stderr?.on('data', read);
    void child.exited.then((how) => {
      this.journal.note(how);
    });
  }

  /** Ready for calls. Nothing of the environment but its own settings reaches it. */
  static async start(name: string, settings: Readonly<Record<string, string>>): Promise<Router> {
    const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'], ESL_ROUTER_LOG_FORMAT: 'json' };
    for (const [key, value] of Object.entries(settings)) env[`ESL_ROUTER_${key}`] = value;
    const child = start(process.execPath, [MAIN, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const router = new Router(name, Number(settings['LISTEN_PORT']), child);
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

  /** Resident memory in KiB; null when it is gone, or where there is no /proc. */
  get rssKib(): number | null {
    try {
      const status = readFileSync(`/proc/${this.#child.process.pid ?? ''}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) || null;
    } catch {
      return null;
    }
  }

  /** `exit 0`, or the signal that ended it. */
  get end(): Promise<string> {
    return this.#child.exited;
  }

  get exited(): boolean {
    const { exitCode, signalCode } = this.#child.process;
    return exitCode !== null || signalCode !== null;
  }

  /** Lines of its log that hold one of these texts; all of them when there is none. */
  log(texts: readonly string[]): string[] {
    return this.journal.lines
      .map(({ text }) => text)
      .filter((line) => texts.length === 0 || texts.some((text) => line.includes(text)));
  }

  /** It hangs: the kernel goes on accepting for it. */
  suspend(): void {
    this.#child.process.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.process.kill('SIGCONT');
  }

  /** Resolves when it is gone: until then the kernel would still accept for it. */
  async kill(): Promise<void> {
    if (this.exited) return;
    this.#child.process.kill('SIGKILL');
    await this.#child.exited;
  }

  /** Asks it to end, without waiting: it lets undecided calls finish. */
  terminate(): void {
    this.#child.process.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    if (!this.exited) await end(this.#child, STOP_MS);
  }
}
