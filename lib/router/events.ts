import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { Secrets } from '../config/secret.ts';
import { askWithToken, tokenAccountOf } from '../decide/token.ts';
import { Events } from '../events/events.ts';
import type { SendOptions } from '../events/send.ts';
import { createHttpClient } from '../http/client.ts';
import type { Logger } from '../log.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { Store } from '../store/store.ts';
import type { Tokens } from '../upstream/tokens.ts';
import { Upstream } from '../upstream/upstream.ts';

/** Events of a router: their own connections, breakers and bulkheads, so that no question waits for an event. */

export interface OwnEvents {
  readonly events: Events;
  close(): Promise<void>;
}

export interface OwnEventsOptions {
  readonly config: Config;
  readonly store: Pick<Store, 'ready' | 'write' | 'tenantOf' | 'deliveries' | 'liveCalls' | 'clock'>;
  readonly schemes: () => ReadonlyMap<string, Scheme>;
  readonly secrets: () => Secrets;
  readonly tokens: Tokens;
  readonly ownPorts: ReadonlySet<number>;
  readonly lagMs: () => number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
}

/** A CRM that fails a third of the time still gets its events: nobody waits, and each try is another chance. */
const FAILURES_IN_A_ROW = 20;

export function openEvents(options: OwnEventsOptions): OwnEvents {
  const { config, store, schemes, secrets, tokens, ownPorts, lagMs, log, clock, version } = options;
  const http = createHttpClient({ network: config.network, ownPorts });
  const upstream = new Upstream({
    send: http.send.bind(http),
    clock,
    random: Math.random,
    failuresInARow: FAILURES_IN_A_ROW,
    onBreaker: (webhook, { kind }, failure) => {
      if (kind === 'closed') log.info('events: circuit breaker closed', { webhook });
      else log.warn(`events: circuit breaker ${kind}`, { webhook, ...failure });
    },
  });
  const withToken: SendOptions['withToken'] = (webhook, signal, exchange) => {
    const account = tokenAccountOf(webhook, secrets(), version);
    if (account === null) return exchange(null);
    return askWithToken(account, { tokens, signal, note: () => undefined }, exchange);
  };
  const sending = {
    send: upstream.send.bind(upstream),
    withToken,
    secret: (name: string, host: string) => secrets().read(name, host),
    clock,
    version,
  };
  const events = new Events({ store, schemes, sending, lagMs, clock: store.clock, random: Math.random, log });
  return {
    events,
    close: async () => {
      await events.close();
      http.close();
    },
  };
}
