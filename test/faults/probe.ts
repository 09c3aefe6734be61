/**
 * Loaded into the daemon with `--import`, by the fault programme alone: tells over IPC how the process is from the
 * inside. Nothing of it keeps the process alive.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { queryObjects } from 'node:v8';

/** What of the daemon is in the process now. */
export interface Health {
  /** By how much the event loop was late at worst since the last time it was asked. */
  readonly lateMs: number;
  readonly rssKib: number;
  /** What keeps the loop alive, by kind: `Timeout`, `TCPSocketWrap`, ... */
  readonly resources: Readonly<Record<string, number>>;
  /** Objects of a call that are still reachable, after a collection; null when it was not asked for. */
  readonly objects: Readonly<Record<string, number>> | null;
}

export interface Question {
  /** Modules of the daemon and the class in each whose objects are counted. */
  readonly count: readonly (readonly [module: string, name: string])[];
}

const RESOLUTION_MS = 2;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

async function answer({ count }: Question): Promise<Health> {
  const lateMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const objects: Record<string, number> = {};
  for (const [module, name] of count) {
    // The very module of the daemon: the loader knows it already.
    const loaded = (await import(pathToFileURL(module).href)) as Record<string, new () => object>;
    const found = loaded[name];
    if (found !== undefined) objects[name] = queryObjects(found, { format: 'count' });
  }
  const rssKib = Math.round(process.memoryUsage.rss() / 1024);
  // Counting collects garbage, which is no lateness of the daemon's.
  delay.reset();
  return { lateMs, rssKib, resources, objects: count.length === 0 ? null : objects };
}

process.on('message', (question: Question) => {
  void answer(question).then((health) => process.send?.(health));
});
process.channel?.unref();

const nameServer = process.env['FAULTS_NAME_SERVER'] ?? '';
if (nameServer !== '') {
  dns.setServers([nameServer]);
  dns.Resolver = class extends dns.Resolver {
    constructor(...options: ConstructorParameters<typeof dns.Resolver>) {
      super(...options);
      this.setServers([nameServer]);
    }
  };
  dns.promises.Resolver = class extends dns.promises.Resolver {
    constructor(...options: ConstructorParameters<typeof dns.Resolver>) {
      super(...options);
      this.setServers([nameServer]);
    }
  };
  syncBuiltinESMExports();
}
