import { watch } from 'chokidar';
import type { CallRecord } from './record.ts';
import { Cancellation } from './cancel.ts';
import { routeCall } from './call.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Config } from './config.ts';
import { RouterError, type Reason } from './errors.ts';
import { Connection } from './esl/connection.ts';
import { Listener } from './esl/listener.ts';
import { createHttpClient } from './http/client.ts';
import { Limits } from './limits.ts';
import type { Logger } from './log.ts';
import { summaryOf } from './record.ts';
import { loadSchemes, type LoadResult, type SchemeSet } from './schemes.ts';
import type { Secrets } from './secret.ts';
import { AnswerMemory } from './upstream/memory.ts';
import { Upstream } from './upstream/upstream.ts';

/** The composition root: start, reload, drain, stop. The caller owns the process, its signals and its output. */

export interface RouterOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Logger;
  readonly version: string;
  readonly clock?: Clock;
  /** Where the schemes come from; the configured folder and the environment by default. */
  readonly loadSchemes?: () => Promise<LoadResult>;
  /** Sees the record of each call once it has ended. */
  readonly onRecord?: (record: CallRecord) => void;
}

export interface Router {
  readonly address: { readonly host: string; readonly port: number };
  /** Reads the schemes anew; the old ones stay when there is any fault. Resolves to the faults. */
  reload(): Promise<readonly string[]>;
  /** Takes no new calls, lets undecided ones finish, and leaves bridges to FreeSWITCH. Idempotent. */
  stop(): Promise<void>;
}

/** Rejects with RouterError `config_invalid`: its message holds every fault, a line each. */
export async function start(options: RouterOptions): Promise<Router> {
  const { config, secrets, log, version, clock = systemClock, onRecord } = options;
  const read = options.loadSchemes ?? (() => loadSchemes(config, secrets));
  const loaded = await read();
  if (!loaded.ok) throw new RouterError('config_invalid', loaded.faults.join('\n'));
  let schemes: SchemeSet = loaded.set;
  for (const note of loaded.notes) log.warn(note);

  const http = createHttpClient();
  const limits = new Limits(clock);
  const stopping = new Cancellation();
  // Each call that rings or talks listens to it, and takes its listener away again.
  const eslOptions = {
    limits: { headerBytes: config.esl.headerBytes, bodyBytes: config.esl.bodyBytes },
    replyTimeoutMs: config.esl.replyTimeoutSeconds * 1000,
  };
  const upstream = new Upstream({
    send: http.send.bind(http),
    clock,
    random: Math.random,
    onBreaker: (webhook, state) => {
      log.warn(`circuit breaker ${state.kind}`, { webhook });
    },
  });
  const send = upstream.send.bind(upstream);
  const memory = new AnswerMemory();
  const listener = await Listener.listen({ ...config.listen }, async (socket, refusal) => {
    const connection = new Connection(socket, eslOptions);
    const context = { config, schemes, secrets, send, memory, limits, clock, version, stopping };
    const record = await routeCall(connection, refusal, context);
    report(log, record, connection.peer);
    onRecord?.(record);
  });

  const reload = async (): Promise<readonly string[]> => {
    const result = await read();
    if (!result.ok) {
      log.error('schemes not loaded: the old ones stay', { faults: result.faults });
      return result.faults;
    }
    schemes = result.set;
    log.info('schemes loaded', { schemes: [...schemes.schemes.keys()], notes: result.notes });
    return [];
  };
  const watcher = config.schemes.watch ? watchSchemes(config.schemes.dir, clock, reload) : null;

  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    log.info('stopping', { calls: listener.active });
    await watcher?.close();
    stopping.abort();
    await listener.drain();
    await listener.idle();
    http.close();
    log.info('stopped');
  };
  const { host, port } = listener.address;
  log.info('listening', {
    host,
    port,
    schemes: [...schemes.schemes.keys()],
    default: schemes.default?.name ?? null,
  });
  return { address: listener.address, reload, stop: () => (stopped ??= stop()) };
}

/** Editors write a file in several steps: one load follows when the folder has been quiet for a moment. */
const QUIET_MS = 100;

function watchSchemes(dir: string, clock: Clock, reload: () => Promise<unknown>): { close(): Promise<void> } {
  let cancel: () => void = () => undefined;
  const watcher = watch(dir, { ignoreInitial: true, depth: 0 });
  watcher.on('all', () => {
    cancel();
    cancel = clock.after(QUIET_MS, () => void reload());
  });
  return {
    close: async () => {
      cancel();
      await watcher.close();
    },
  };
}

/** Reasons that need a person's eye. */
const ALARMING: ReadonlySet<Reason> = new Set([
  'esl_protocol',
  'esl_timeout',
  'esl_unsafe_value',
  'internal',
  'scheme_unknown',
  'switch_lost',
]);

/** One line a call. */
function report(log: Logger, record: CallRecord, peer: string): void {
  const summary = summaryOf(record);
  log.debug('record', record);
  if (record.reason === 'peer_not_allowed') {
    log.warn('call given back: add its FreeSWITCH to listen.allow (ESL_ROUTER_ALLOW)', { peer, ...summary });
  } else if (record.reason === 'over_capacity') {
    log.warn('call given back: too many at once, see listen.maxCalls (ESL_ROUTER_MAX_CALLS)', {
      peer,
      ...summary,
    });
  } else if (record.reason === 'socket_application') {
    log.warn(
      'call given back: the dialplan must say <action application="socket" data="HOST:PORT async full"/>',
      summary,
    );
  } else if (ALARMING.has(record.reason)) {
    log.warn('call', { peer, ...summary });
  } else {
    log.info('call', summary);
  }
}
