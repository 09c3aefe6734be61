import type { CallObserver } from '../call/observer.ts';
import type { CallRecord, ShadowRecord } from '../call/record.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { Shadows, type ShadowsOptions } from '../decide/shadows.ts';
import type { Reason } from '../errors.ts';
import { createHttpClient } from '../http/client.ts';
import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { Tokens } from '../upstream/tokens.ts';
import { Upstream } from '../upstream/upstream.ts';
import { lastAgentIn } from './last-agent.ts';

/** Shadows of a router: connections, breakers and bulkheads of their own, so that no call waits for what decides nothing. */

export interface OwnShadows {
  readonly shadows: Shadows;
  /** Holds their breakers for a webhook, or for a host, as well. */
  readonly force: Upstream['force'];
  /** Puts calls into the store, with what their shadows came to. */
  readonly observer: CallObserver;
  close(): Promise<void>;
}

export interface OwnShadowsOptions {
  readonly config: Config;
  readonly store: Pick<Store, 'record' | 'calls' | 'tenantOf'> | null;
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
/** In the store, at a time: callers look there too. */
const MAX_LOOKING = 10;

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
  // A token that is refused to a shadow may serve callers: they alone have it replaced, which token endpoints limit.
  const readTokens: ShadowsOptions['tokens'] = {
    token: (account, signal) => tokens.token(account, signal),
    replace: () => Promise.resolve(null),
  };
  const shadows = new Shadows({
    ...(store === null ? {} : { lastAgent: lastAgentIn(store, () => clock.date(), MAX_LOOKING) }),
    ...{ config, version, clock, noTime, onCompared },
    tokens: readTokens,
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
    force: upstream.force.bind(upstream),
    observer,
    close: async () => {
      await shadows.close();
      http.close();
    },
  };
}

/** Those of callers are shown; a CRM that is not to be asked is not asked for shadows either. */
export function breakersOfBoth(
  upstream: Upstream,
  forceShadows: Upstream['force'],
): Pick<Upstream, 'breakers' | 'force'> {
  return {
    breakers: () => upstream.breakers(),
    force: (name, open) => {
      upstream.force(name, open);
      forceShadows(name, open);
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
