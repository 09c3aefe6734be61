/** The controllers that are held against each other, each one started fresh for every measurement. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTROLLER_CORE, cpuMicroseconds, died, portOf, rssKib, start, stop } from './child.ts';
import { GATEWAY } from './peers/job.ts';

export type ControllerName = 'daemon' | 'floor' | 'modesl';
export const CONTROLLERS: readonly ControllerName[] = ['daemon', 'floor', 'modesl'];

export interface ControllerOptions {
  readonly crmUrl: string;
  /** A folder of the benchmark's own, for the daemon's scheme. */
  readonly schemesDir: string;
  /** The daemon's; off by default. */
  readonly storeUrl?: string;
}

const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The most that a scheme may have: 2,000 calls have to wait together. */
const CRM_TIMEOUT_SECONDS = 30;

/** Output goes to a pipe that is drained, as a container's or systemd's: the daemon logs a line of JSON a call. */
const STDIO = ['ignore', 'pipe', 'inherit'] as const;

/** Two thousand calls wait for the CRM at once here: more than a bulkhead lets in by default. */
function writeScheme(folder: string, url: string): void {
  const webhook = { url, timeoutSeconds: CRM_TIMEOUT_SECONDS, maxInFlight: 10_000 };
  writeFileSync(join(folder, 'default.json'), JSON.stringify({ name: 'default', webhook }));
}

function spawnController(name: ControllerName, options: ControllerOptions): ChildProcess {
  const { crmUrl, schemesDir, storeUrl = 'off' } = options;
  const core = CONTROLLER_CORE;
  if (name === 'daemon') {
    writeScheme(schemesDir, crmUrl);
    return start(path('../dist/bin/esl-router.js'), {
      core,
      stdio: [...STDIO],
      // Away from the project's own conf/esl-router.json.
      cwd: tmpdir(),
      env: {
        ESL_ROUTER_LISTEN_PORT: '0',
        ESL_ROUTER_MAX_CALLS: '10000',
        // What the core carries is to be seen, and not how the router gets out of more than that.
        ESL_ROUTER_OVERLOAD_LAG: '10000',
        ESL_ROUTER_OVERLOAD_QUEUE: '10000',
        ESL_ROUTER_GATEWAY: GATEWAY,
        ESL_ROUTER_DEFAULT_SCHEME: 'default',
        ESL_ROUTER_SCHEMES_DIR: schemesDir,
        ESL_ROUTER_STORE_URL: storeUrl,
        ESL_ROUTER_LOG_FORMAT: 'json',
        ESL_ROUTER_LOG_LEVEL: 'info',
      },
    });
  }
  return start(path(`./peers/${name}.ts`), {
    core,
    stdio: [...STDIO],
    nodeArguments: ['--no-deprecation', '--import', 'tsx'],
    env: { CRM_URL: crmUrl, CRM_TIMEOUT: String(CRM_TIMEOUT_SECONDS) },
  });
}

export class Controller {
  readonly name: ControllerName;
  readonly port: number;
  /** Rejects when it ends by itself. */
  readonly died: Promise<never>;
  readonly #child: ChildProcess;
  readonly #pid: number;

  private constructor(name: ControllerName, child: ChildProcess, port: number) {
    this.name = name;
    this.port = port;
    this.#child = child;
    this.#pid = child.pid ?? 0;
    this.died = died(child, name);
    this.died.catch(() => undefined);
  }

  static async start(name: ControllerName, options: ControllerOptions): Promise<Controller> {
    const child = spawnController(name, options);
    return new Controller(name, child, await portOf(child));
  }

  get cpuMicros(): number {
    return cpuMicroseconds(this.#pid);
  }

  get rssKib(): number {
    return rssKib(this.#pid);
  }

  /** As a debugger or a swapping machine would: the kernel goes on accepting for it. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  stop(): Promise<void> {
    return stop(this.#child);
  }
}
