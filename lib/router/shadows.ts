import type { CallObserver } from '../call/observer.ts';
import type { CallRecord, ShadowRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { FindLastAgent } from '../decide/last-agent.ts';
import { Shadows } from '../decide/shadows.ts';
import type { Reason } from '../errors.ts';
import { createHttpClient } from '../http/client.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Tokens } from '../upstream/tokens.ts';
import { Upstream } from '../upstream/upstream.ts';

/** Shadows of a router: connections, breakers and bulkheads of their own, so that no call waits for what decides nothing. */

export interface OwnShadows {
  readonly shadows: Shadows;
  /** Puts calls into the store, with what their shadows came to. */
  readonly observer: CallObserver;
  close(): Promise<void>;
}

export interface OwnShadowsOptions {
  readonly config: Config;
  readonly store: Pick<Store, 'record'> | null;
  readonly lastAgent?: FindLastAgent;
  readonly tokens: Tokens;
  readonly ownPorts: ReadonlySet<number>;
  /** Null: the router has time for what is not urgent. */
  readonly noTime: () => Reason | null;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
}

/** Those that are dropped are told so often while it goes on. */
const TELL_MS = 60_000;

export function openShadows(options: OwnShadowsOptions): OwnShadows {
  const { config, store, tokens, ownPorts, noTime, log, clock, version } = options;
  const http = createHttpClient({ network: config.network, ownPorts });
  const upstream = new Upstream({
    send: http.send.bind(http),
    clock,
    random: Math.random,
    onBreaker: (webhook, { kind }, failure) => {
      if (kind === 'closed') log.info('shadow: circuit breaker closed', { webhook });
      else log.warn(`shadow: circuit breaker ${kind}`, { webhook, ...failure });
    },
  });
  let toldAt = -Infinity;
  const onCompared = (record: CallRecord, shadow: ShadowRecord): void => {
    if (shadow.dropped === null) {
      log.info('shadow', lineOf(record, shadow));
      return;
    }
    if (clock.now() - toldAt < TELL_MS) return;
    toldAt = clock.now();
    const { dropped } = shadows.counts;
    log.warn('shadow: questions are dropped, calls go on', { because: shadow.dropped, dropped });
  };
  const shadows = new Shadows({
    ...(options.lastAgent === undefined ? {} : { lastAgent: options.lastAgent }),
    ...{ config, version, clock, tokens, noTime, onCompared },
    send: upstream.send.bind(upstream),
  });
  const observer: CallObserver = {
    decided: (record) => {
      shadows.decided(record);
    },
    ended: (record) => {
      shadows.ended(record);
      const settled = shadows.settled(record);
      if (settled === null) store?.record(record);
      else void settled.then(() => store?.record(record));
    },
  };
  return {
    shadows,
    observer,
    close: async () => {
      await shadows.close();
      http.close();
    },
  };
}

/** The line of the log: where the call went, and where the shadow would have sent it. */
function lineOf({ id, call }: CallRecord, shadow: ShadowRecord): Record<string, unknown> {
  const { scheme, would, live, differs, tookMs } = shadow;
  return {
    shadow: scheme,
    differs,
    would: would?.steps.join(', ') ?? null,
    result: would?.result ?? null,
    reason: would?.reason ?? null,
    scheme: live?.scheme ?? null,
    live: live?.steps.join(', ') ?? null,
    tookMs: Math.round(tookMs),
    caller: call?.caller ?? '',
    did: call?.did ?? '',
    trace: id,
    uuid: call?.uuid ?? '',
  };
}
