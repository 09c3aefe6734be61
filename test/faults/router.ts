import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rssKib } from '../../bench/child.ts';
import { SETTINGS } from '../../lib/config/settings.ts';
import type { RouterAddress } from '../../lib/simulator/index.ts';
import { Daemon, type DaemonOptions, type LogLine } from '../support/daemon.ts';
import type { Health, Question } from './probe.ts';

export interface RouterOptions extends Omit<DaemonOptions, 'nodeArguments' | 'env'> {
  /** The only name server that the process knows, `127.0.0.1:5353`. */
  readonly nameServer?: string;
  /** It gives calls back for want of time, as it is delivered, and not only after ten seconds. */
  readonly sheds?: boolean;
}

/** By variable, without the prefix. */
const OVERLOAD = Object.fromEntries(
  SETTINGS.filter(({ name }) => name.startsWith('overload.')).map((setting) => [
    setting.env.replace('ESL_ROUTER_', ''),
    String(setting.default),
  ]),
);

const DIST = join(import.meta.dirname, '../../dist/lib');
/** The objects that live as long as a call. */
const OF_A_CALL: Question['count'] = [
  [join(DIST, 'esl/connection.js'), 'Connection'],
  [join(DIST, 'leg/leg.js'), 'Leg'],
  [join(DIST, 'esl/parser.js'), 'Parser'],
];

/** By a process of its own: a compiler in this one would make each of its collections 20 ms longer. */
const TRANSPILE = `
  const [, path] = process.argv;
  const source = require('node:fs').readFileSync(path, 'utf8');
  import('vite')
    .then(({ transformWithOxc }) => transformWithOxc(source, path))
    .then(({ code }) => process.stdout.write(code));
`;

/** The daemon has no TypeScript: the probe is put into JavaScript for it, once. Other rows are being played meanwhile. */
async function probe(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'esl-router-probe-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'probe.mjs');
  const source = join(import.meta.dirname, 'probe.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', TRANSPILE, source]);
  writeFileSync(path, stdout);
  return path;
}

let probePath: Promise<string> | undefined;

/** The built daemon as its own process, with a look inside. */
export class Router {
  readonly daemon: Daemon;
  /** Lines of calls by `end`, by `reason` and by `answer`. */
  readonly ends = new Map<string, number>();
  readonly reasons = new Map<string, number>();
  #calls = 0;

  private constructor(daemon: Daemon) {
    this.daemon = daemon;
  }

  static async start(router: RouterOptions): Promise<Router> {
    const { settings, onCall, nameServer = '', sheds = false, ...options } = router;
    probePath ??= probe();
    const opened: { router?: Router } = {};
    const daemon = await Daemon.start({
      ...options,
      settings: { LOG_LEVEL: 'info', ...(sheds ? OVERLOAD : {}), ...settings },
      nodeArguments: ['--no-warnings', '--import', await probePath],
      env: { FAULTS_NAME_SERVER: nameServer },
      onCall: (line) => {
        opened.router?.count(line);
        onCall?.(line);
      },
    });
    return (opened.router = new Router(daemon));
  }

  get address(): RouterAddress {
    return this.daemon.address;
  }

  get pid(): number {
    return this.daemon.child.pid ?? 0;
  }

  /** Calls whose line has come. */
  get calls(): number {
    return this.#calls;
  }

  get rssKib(): number {
    return rssKib(this.pid);
  }

  /** Sockets that the process holds, the listening one included (Linux). */
  get sockets(): number {
    const fds = `/proc/${this.pid}/fd`;
    return readdirSync(fds).filter((fd) => {
      try {
        return readlinkSync(join(fds, fd)).startsWith('socket:');
      } catch {
        return false;
      }
    }).length;
  }

  /** As the probe tells it. `objects` collects garbage first, which takes its time. */
  async health({ objects = false } = {}): Promise<Health> {
    const answer = once(this.daemon.child, 'message') as Promise<[Health]>;
    this.daemon.child.send({ count: objects ? OF_A_CALL : [] } satisfies Question);
    const [health] = await answer;
    return health;
  }

  /** Also of one that hangs or is gone already. */
  end(): Promise<void> {
    return this.daemon.kill();
  }

  private count(line: LogLine): void {
    this.#calls++;
    for (const [field, counts] of [
      ['end', this.ends],
      ['reason', this.reasons],
    ] as const) {
      const value = String(line[field]);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
}
