import { networks } from '../api/guard/surface.ts';
import type { LiveCalls } from '../call/live.ts';
import type { CallObserver } from '../call/observer.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Metrics, type Exposition } from '../metrics/metrics.ts';
import { openTraces, type Traces } from '../metrics/otlp.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import type { Store } from '../store/store.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { OwnEvents } from './events.ts';

/** What of a router is counted and traced, and who may see it. */

export interface MonitoringOptions {
  readonly config: Config;
  readonly live: LiveCalls;
  readonly upstream: Upstream;
  readonly schemes: () => SchemeSet;
  readonly isReady: () => boolean;
  readonly lagMs: () => number;
  readonly maxCalls: number;
  readonly store: Store | null;
  readonly telling: OwnEvents | null;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
}

export interface Monitoring {
  readonly metrics: Exposition;
  readonly observers: readonly CallObserver[];
  /** Whether an address may read them without a token. */
  readonly mayRead: (address: string) => boolean;
  follow(schemes: SchemeSet): void;
  close(): Promise<void>;
}

export async function openMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { config, live, upstream, schemes, isReady, lagMs, maxCalls, store, telling, log, clock, version } =
    options;
  const metrics = new Metrics({
    clock,
    version,
    live: () => live.states,
    maxCalls: () => maxCalls,
    schemes: () => schemes().schemes.size,
    isReady,
    lagMs,
    breakers: () => upstream.breakers(),
    store: store === null ? null : () => store.state,
    events: telling === null ? null : () => telling.events.state,
    deliveries: store === null ? null : () => store.deliveries.undelivered(),
  });
  const traces = await tracesOf(config.otlp.url, options);
  return {
    metrics,
    observers: [metrics.observer, ...(traces === null ? [] : [traces.observer])],
    mayRead: networks(config.metrics.allow),
    follow: (set) => {
      metrics.follow(set.schemes.keys()).catch((error: unknown) => {
        log.error('could not remove the metrics of deleted schemes', { error: messageOf(error) });
      });
    },
    close: async () => {
      await traces?.close();
    },
  };
}

async function tracesOf(url: string, { log, clock, version }: MonitoringOptions): Promise<Traces | null> {
  if (url === '') return null;
  const onState = (error: string | null): void => {
    if (error === null) log.info('traces are accepted again', { url });
    else
      log.warn('traces are not accepted; calls go on', {
        url,
        error,
        advice: 'see otlp.url (ESL_ROUTER_OTLP_URL)',
      });
  };
  log.info('traces', { url });
  return openTraces({ url, version, clock, onState });
}
