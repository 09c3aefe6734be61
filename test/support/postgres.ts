import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A PostgreSQL of its own, in a temporary folder, on loopback. It refuses to run as root: then Debian's user runs it. */

const HOME = '/usr/lib/postgresql';
const PASSWORD = 'a pass:word@/%';
const READY_MS = 30_000;

/** Where it is not installed: what the tests say instead. */
export const NO_POSTGRES = 'skipped: no postgres (apt-get install postgresql)';

export function postgresInstalled(): boolean {
  return binaries() !== null;
}

function binaries(): string | null {
  const versions = existsSync(HOME) ? readdirSync(HOME).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(HOME, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

export class Postgres {
  readonly password = PASSWORD;
  readonly #bin: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #user: { uid?: number; gid?: number; env: NodeJS.ProcessEnv };
  #server: ChildProcess | null = null;

  private constructor(
    bin: string,
    folder: string,
    port: number,
    user: { uid?: number; gid?: number; env: NodeJS.ProcessEnv },
  ) {
    this.#bin = bin;
    this.#folder = folder;
    this.#port = port;
    this.#user = user;
  }

  /** `locales`: a folder of further locales, where its messages are in another language. */
  static async start(settings: readonly string[] = [], locales?: string): Promise<Postgres> {
    const bin = binaries();
    if (bin === null) throw new Error(NO_POSTGRES);
    const folder = mkdtempSync(join(tmpdir(), 'esl-router-postgres-'));
    const isRoot = process.getuid?.() === 0;
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    const user: { uid?: number; gid?: number } = isRoot ? { uid: id('-u'), gid: id('-g') } : {};
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? 0);
    const secret = join(folder, 'password');
    writeFileSync(secret, PASSWORD);
    chmodSync(secret, 0o644);
    const words = [
      '-D',
      join(folder, 'data'),
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '-A',
      'scram-sha-256',
    ];
    execFileSync(join(bin, 'initdb'), [...words, `--pwfile=${secret}`, '--no-sync'], {
      ...user,
      cwd: folder,
      stdio: 'pipe',
    });
    const env = locales === undefined ? process.env : { ...process.env, LOCPATH: locales };
    const postgres = new Postgres(bin, folder, await freePort(), { ...user, env });
    await postgres.resume(settings);
    return postgres;
  }

  /** Of its first process; the others are its children. */
  get pid(): number | undefined {
    return this.#server?.pid;
  }

  /** Without the password. */
  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.#port}/${database}`;
  }

  urlWithPassword(database = 'postgres'): string {
    return `postgres://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Starts it, again after stop(). */
  async resume(settings: readonly string[] = []): Promise<void> {
    const plain = [
      'listen_addresses=127.0.0.1',
      `port=${this.#port}`,
      `unix_socket_directories=${this.#folder}`,
      ...settings,
    ];
    const words = [
      '-D',
      join(this.#folder, 'data'),
      ...['fsync=off', ...plain].flatMap((one) => ['-c', one]),
    ];
    const options = { ...this.#user, cwd: this.#folder, stdio: 'ignore', detached: true } as const;
    this.#server = spawn(join(this.#bin, 'postgres'), words, options);
    running.add(this.#server);
    const until = Date.now() + READY_MS;
    while (!(await this.#answers())) {
      if (Date.now() > until) throw new Error('PostgreSQL does not start');
      await delay(100);
    }
  }

  /** At once, as a machine that loses its power. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGQUIT');
    await ended;
    running.delete(server);
  }

  /** It stands still: connections stay open and nothing is answered. */
  freeze(): void {
    this.#signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#signalAll('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Its processes: each connection has one, which is a session of its own. */
  #signalAll(signal: NodeJS.Signals): void {
    const pid = this.#server?.pid;
    if (pid === undefined) return;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    for (const one of [pid, ...children.split('\n').map(Number)]) if (one > 0) process.kill(one, signal);
  }

  async #answers(): Promise<boolean> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: this.urlWithPassword() });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const { pid = 0 } of running) if (pid > 0) process.kill(pid, 'SIGQUIT');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
