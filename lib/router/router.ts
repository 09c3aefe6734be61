import type { Api } from '../api/server.ts';
import { LiveCalls } from '../call/live.ts';
import { CallObservers, type CallObserver } from '../call/observer.ts';
import { ReplyRoom } from '../call/room.ts';
import { Cancellation } from '../cancel.ts';
import { systemClock, within, type Clock } from '../clock.ts';
import type { Config, SettingValue } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { Limits } from '../decide/limits.ts';
import { AnswerMemory } from '../decide/memory.ts';
import { tokenAccountsIn } from '../decide/token.ts';
import { messageOf, RouterError } from '../errors.ts';
import { Connection } from '../esl/connection.ts';
import { Listener, type ListenerOptions } from '../esl/listener.ts';
import { createHttpClient } from '../http/client.ts';
import { otherPorts } from '../dialplan/hosts.ts';
import { Passes } from '../leg/pass.ts';
import { routeCall } from '../leg/story.ts';
import type { Logger } from '../log.ts';
import { ReloadableSchemes } from '../schemes/reload.ts';
import { loadSchemes } from '../schemes/folder.ts';
import type { LoadResult } from '../schemes/schemes.ts';
import type { SharedSchemes } from '../store/shared-schemes.ts';
import type { Store } from '../store/store.ts';
import { Upstream } from '../upstream/upstream.ts';
import { openApi } from './surface.ts';
import { openEvents } from './events.ts';
import { capacity } from './capacity.ts';
import { serveHealth, type Health, type Readiness } from './health.ts';
import { Journal } from './journal.ts';
import { lastAgentIn } from './last-agent.ts';
import { Load, type LoadState } from './load.ts';
import { openMonitoring, type Monitoring } from './monitoring.ts';
import { breakersOfBoth, openShadows } from './shadows.ts';
import { openTokens, type TokenStore } from './tokens.ts';
import { unserved } from './unserved.ts';

/** The composition root: start, reload, drain, stop. The caller owns the process, its signals and its output. */

export interface RouterOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Reads the secrets again with the schemes; without it they never change. */
  readonly secretSource?: SecretSource;
  readonly log: Logger;
  readonly version: string;
  readonly clock?: Clock;
  /** Refresh tokens that a CRM replaces, and their redaction; without it they are kept only in memory. */
  readonly tokenStore?: TokenStore;
  /** File descriptors that the process may have open; no limit by default. */
  readonly maxDescriptors?: number;
  /** Where the schemes come from; the configured folder and the environment by default. */
  readonly loadSchemes?: () => Promise<LoadResult>;
  /** Stores calls. The caller who opened it closes it, once the router has stopped. */
  readonly store?: Store | null;
  /** As the API shows them. */
  readonly settings?: readonly SettingValue[];
  readonly observers?: readonly CallObserver[];
  /** Schemes from outside files; none by default. */
  readonly sharedSchemes?: Pick<SharedSchemes, 'read' | 'follow'>;
}

interface SecretSource {
  /** Rejects with RouterError `config_invalid`: its message holds every fault, one per line. */
  readonly read: () => Promise<Secrets>;
  /** The state of their files, for comparison. Never rejects. */
  readonly look: () => Promise<string>;
}

export interface Router {
  readonly address: { readonly host: string; readonly port: number };
  /** Of the API and its console; null: there is none, or not yet. */
  readonly api: Api['address'];
  /** Reads the schemes again; the old ones stay when there is any fault. Resolves to the faults. */
  reload(): Promise<readonly string[]>;
  /**
   * Takes no new calls, lets undecided ones finish, and leaves bridges to FreeSWITCH. Resolves within the largest decision
   * budget and 2 s, whatever a CRM, a FreeSWITCH or a database does meanwhile. Idempotent.
   */
  stop(): Promise<void>;
}

/** After the largest budget every call has been decided, and whatever it still waits for will not come. */
const CUT_MS = 1_000;
/** How many faults of the dialplan are logged. */
const MAX_FAULTS = 100;
/** Time for aborted calls to close their sockets and write their records. */
const FAREWELL_MS = 200;

/** Rejects with RouterError `config_invalid`: its message holds every fault, one per line. */
export async function start(options: RouterOptions): Promise<Router> {
  const { config, secrets, secretSource, sharedSchemes, log, clock = systemClock } = options;
  const schemes = await ReloadableSchemes.open({
    read: options.loadSchemes ?? (() => loadAll(config, secrets, secretSource, sharedSchemes)),
    ...(secretSource === undefined ? {} : { lookBeside: secretSource.look }),
    watched: config.schemes.watch ? config.schemes.dir : null,
    log,
    clock,
  });
  const unfollow = sharedSchemes?.follow(() => void schemes.reload()) ?? (() => undefined);
  try {
    const router = await serve(schemes, options);
    const stop = (): Promise<void> => {
      unfollow();
      return router.stop();
    };
    return { ...router, stop };
  } catch (error) {
    unfollow();
    await schemes.close();
    throw error;
  }
}

/** The schemes with the current secrets. The glance comes before the reading: what changes meanwhile is read once more. */
async function loadAll(
  config: Config,
  first: Secrets,
  source?: SecretSource,
  shared?: RouterOptions['sharedSchemes'],
): Promise<LoadResult> {
  const stored = await shared?.read();
  if (source === undefined) return loadSchemes(config, first, stored);
  const seen = await source.look();
  let secrets: Secrets;
  try {
    secrets = await source.read();
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    return { ok: false, faults: error.message.split('\n'), mayPass: true };
  }
  const result = await loadSchemes(config, secrets, stored);
  return { ...result, seen: (result.seen ?? '') + seen, ...(result.ok ? { secrets } : {}) };
}

async function serve(schemes: ReloadableSchemes, options: RouterOptions): Promise<Router> {
  const { config, secrets, log, version, clock = systemClock, store } = options;
  const ownPorts = new Set([config.listen.port, Number(config.health.port)]);
  const http = createHttpClient({ network: config.network, ownPorts });
  const journal = new Journal(log, clock);
  const limits = new Limits(clock);
  const stopping = new Cancellation();
  const eslOptions = {
    limits: { headerBytes: config.esl.headerBytes, bodyBytes: config.esl.bodyBytes },
    replyTimeoutMs: config.esl.replyTimeoutSeconds * 1000,
  };
  const upstream = new Upstream({
    send: http.send.bind(http),
    clock,
    random: Math.random,
    onBreaker: (webhook, state, failure) => {
      const { kind } = state;
      if (kind === 'closed') log.info('circuit breaker closed', { webhook });
      else if (kind === 'open') {
        const seconds = Math.round((state.untilMs - clock.now()) / 1000);
        const effect = 'not asked for this long: its calls go on with onError; then one call asks again';
        log.warn('circuit breaker open', { webhook, ...failure, seconds, effect });
      } else log.warn(`circuit breaker ${kind}`, { webhook, ...failure });
    },
  });
  const send = upstream.send.bind(upstream);
  const tokens = openTokens(http.send.bind(http), log, clock, options.tokenStore);
  let load: Load | null = null;
  const lagMs = (): number => load?.lagMs ?? 0;
  const telling =
    store === undefined || store === null
      ? null
      : openEvents({
          config,
          store,
          schemes: () => schemes.current.schemes,
          secrets: () => schemes.secrets ?? secrets,
          tokens,
          ownPorts,
          lagMs,
          log,
          clock,
          version,
        });
  const found =
    store === undefined || store === null ? {} : { lastAgent: lastAgentIn(store, () => clock.date()) };
  const { shadows, ...beside } = openShadows({
    ...{ config, store: store ?? null, tokens, ownPorts, log, clock, version },
    // Half of what calls are turned away at.
    noTime: () =>
      stopping.aborted
        ? 'draining'
        : load?.state.kind === 'normal' && lagMs() < config.overload.lagMs / 2
          ? null
          : 'overloaded',
  });
  const live = new LiveCalls(() => clock.date());
  const { backlog, ...most } = capacity(config, options.maxDescriptors, log);
  const monitoring = await openMonitoring({
    ...{ config, live, upstream, telling, log, clock, version, lagMs, maxCalls: most.maxCalls },
    store: store ?? null,
    schemes: () => schemes.current,
    isReady: () => readiness().status === 'ready',
  });
  const observer = new CallObservers(
    [
      journal,
      beside.observer,
      live,
      ...monitoring.observers,
      ...(store === undefined || store === null ? [] : [store.problemCounter]),
      ...(telling === null ? [] : [telling.events.observer]),
      ...(options.observers ?? []),
    ],
    (error, { id: trace }) => {
      log.error('a call could not be observed', { trace, error });
    },
  );
  schemes.follow((set, now = secrets) => {
    tokens.keep(tokenAccountsIn(set, now, version));
    telling?.events.follow(set.schemes);
    monitoring.follow(set);
  });
  const memory = new AnswerMemory();
  const replies = new ReplyRoom();
  const connections = new Set<Connection>();
  const passes = new Passes();
  const faults = new Set<string>();
  const onDialplanFault = (text: string): void => {
    // A line for each fault, not for each call.
    if (faults.has(text) || faults.size >= MAX_FAULTS) return;
    faults.add(text);
    log.warn(`dialplan: ${text}`);
  };
  const onError = (error: Error): void => {
    log.error('listener', { error: error.message });
  };
  const admit: ListenerOptions['admit'] = (counts, waitedMs) => load?.admit(counts, waitedMs) ?? null;
  const onUnserved: ListenerOptions['onUnserved'] = ({ stalledMs }) => {
    const record = unserved(stalledMs, clock);
    observer.ended(record, '');
  };
  const onTurnedAway: ListenerOptions['onTurnedAway'] = (turnedAway) => {
    log.warn('connections reset: not on listen.allow (ESL_ROUTER_ALLOW), and too many of them', turnedAway);
  };
  // The port opens last: what takes long until then holds up no call.
  let opened: Listener | null = null;
  const readiness = (): Readiness => ({
    status: stopping.aborted ? 'draining' : statusOf(load?.state, opened, most.maxCalls),
    calls: opened?.counts.calls ?? 0,
    lagMs: Math.round(lagMs()),
    ...(store === undefined || store === null ? {} : { store: storeOf(store.state) }),
  });
  const health = await openHealth(config, readiness, monitoring);
  const api = await openApi(options, {
    schemes,
    live,
    breakers: breakersOfBoth(upstream, beside.force),
    readiness,
    monitoring,
    tokens,
    ownPorts,
    listening: () => opened?.address ?? config.listen,
  }).catch((error: unknown) => {
    health?.close();
    throw error;
  });
  const listening = { ...config.listen, backlog, admit, lagMs, onUnserved, onTurnedAway, onError };
  const listener = await Listener.listen(listening, async (socket, admission) => {
    const connection = new Connection(socket, eslOptions);
    connections.add(connection);
    const context = {
      config,
      schemes: schemes.current,
      secrets: schemes.secrets ?? secrets,
      send,
      tokens,
      memory,
      replies,
      limits,
      clock,
      version,
      stopping,
      passes,
      shadows,
      ...found,
      observer,
      otherPorts: () =>
        otherPorts({ 'the API': api?.address?.port, 'the health port': health?.address.port }),
      onDialplanFault,
    };
    const record = await routeCall(connection, admission, context);
    connections.delete(connection);
    observer.ended(record, connection.peer);
  }).catch(async (error: unknown) => {
    health?.close();
    await api?.close();
    throw error;
  });
  opened = listener;
  load = new Load({
    clock,
    counts: () => listener.counts,
    ...most,
    ...config.overload,
    onChange: (state) => {
      if (state.kind !== 'normal') shadows.drop('overloaded');
      followLoad(state, { listener, log, lagMs: lagMs() });
    },
  });
  let stopped: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    log.info('stopping', { calls: listener.counts.calls });
    const cancelCut = clock.after(schemes.largestBudgetMs + CUT_MS, () => {
      log.warn('stopping: calls that are still undecided are given back', { calls: connections.size });
      for (const connection of connections) connection.destroy(new RouterError('draining'));
    });
    stopping.abort();
    schemes.close().catch((error: unknown) => {
      log.error('could not stop watching the folder of the schemes', { error: messageOf(error) });
    });
    await within(
      listener.drain().then(() => listener.idle()),
      schemes.largestBudgetMs + CUT_MS + FAREWELL_MS,
      clock,
    );
    cancelCut();
    load.stop();
    health?.close();
    // Event streams are cut; a route that waits for the store does not get long.
    if (api !== null) await within(api.close(), FAREWELL_MS, clock);
    await within(beside.close(), FAREWELL_MS, clock);
    await telling?.close();
    await monitoring.close();
    await within(tokens.close(), FAREWELL_MS, clock);
    http.close();
    journal.close();
    log.info('stopped');
  };
  const reload = (): Promise<readonly string[]> =>
    schemes.reload().catch((error: unknown) => {
      const faults = [messageOf(error)];
      log.error('schemes not loaded: the old ones stay in use', { faults });
      return faults;
    });
  const { host, port } = listener.address;
  // Ports that the system has chosen.
  ownPorts.add(port);
  if (health !== null) ownPorts.add(health.address.port);
  if (api?.address != null) ownPorts.add(api.address.port);
  if (health !== null) log.info('health', health.address);
  log.info('listening', {
    host,
    port,
    schemes: [...schemes.current.schemes.keys()],
    default: schemes.current.default?.name ?? null,
  });
  return { address: listener.address, api: api?.address ?? null, reload, stop: () => (stopped ??= stop()) };
}

/** The port follows the load, and the log says so. */
function followLoad(
  state: LoadState,
  { listener, log, lagMs }: { listener: Listener; log: Logger; lagMs: number },
): void {
  const facts = { ...listener.counts, lagMs: Math.round(lagMs) };
  switch (state.kind) {
    case 'normal':
      log.info('overload is over: calls are accepted again', facts);
      void listener.resume();
      break;
    case 'shedding':
      log.warn('overload: the event loop lags, calls are given back', facts);
      break;
    case 'closed':
      log.warn('overload goes on: the port closes for a while', { because: state.because, ...facts });
      void listener.pause(state.because === 'descriptors');
  }
}

function statusOf(
  state: LoadState | undefined,
  listener: Listener | null,
  maxCalls: number,
): Readiness['status'] {
  if (state === undefined || listener?.isOpen !== true) return 'closed';
  return state.kind === 'normal' && listener.counts.calls < maxCalls ? 'ready' : 'overloaded';
}

/** A store that is down does not affect calls: the router stays ready, and reports it. */
function storeOf({ status, queued, lost }: Store['state']): NonNullable<Readiness['store']> {
  return { status, queued, lost };
}

async function openHealth(
  { health: { host, port } }: Config,
  readiness: () => Readiness,
  { metrics, mayRead }: Monitoring,
): Promise<Health | null> {
  return port === 'off' ? null : serveHealth({ host, port, readiness, metrics, mayRead });
}
