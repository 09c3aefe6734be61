import { Counter, Gauge, type Registry } from 'prom-client';
import type { LiveState } from '../call/live.ts';

/** What is looked up when somebody scrapes: the state of the router's parts. */

export interface Sources {
  readonly live: () => Readonly<Record<LiveState, number>>;
  readonly maxCalls: () => number;
  readonly schemes: () => number;
  readonly isReady: () => boolean;
  /** How late the event loop is. */
  readonly lagMs: () => number;
  readonly breakers: () => readonly { readonly name: string; readonly holdsBack: boolean }[];
  /** Null: there is none. */
  readonly store: (() => StoreShape) | null;
  /** Null: no scheme has ever had events, or there is no store. */
  readonly events: (() => EventsShape) | null;
  /** Rejects where the store does not answer. */
  readonly deliveries: (() => Promise<readonly DeliveryCount[]>) | null;
}

interface StoreShape {
  readonly status: 'up' | 'down';
  readonly queued: number;
  readonly written: number;
  readonly lost: number;
}

interface EventsShape {
  readonly queued: number;
  readonly lost: number;
  readonly inFlight: number;
}

export interface DeliveryCount {
  readonly state: string;
  readonly count: number;
  /** When the oldest of them was written. */
  readonly oldest: string;
}

/** Of hosts and webhooks; the rest are `(others)`. */
const MOST_BREAKERS = 200;
const OTHERS = '(others)';

export function describeState(registry: Registry, sources: Sources, version: string): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `esl_router_${name}`,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name: `esl_router_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  new Gauge({
    name: 'esl_router_build_info',
    help: 'Always 1; the version of the program.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);
  gauge('ready', '1 while /readyz says that the next call will be served.', () => Number(sources.isReady()));
  new Gauge({
    name: 'esl_router_live_calls',
    help: 'Live calls, by what they are doing.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(sources.live())) this.set({ state }, count);
    },
  });
  gauge('live_calls_limit', 'Limit on live calls (listen.maxCalls).', sources.maxCalls);
  gauge('schemes', 'Schemes in use.', sources.schemes);
  gauge('event_loop_lag_seconds', 'Event-loop lag by which overload is judged.', () => {
    return sources.lagMs() / 1000;
  });
  new Gauge({
    name: 'esl_router_circuit_breaker_open',
    help: '1 while the circuit breaker of a webhook or host holds calls back; 0 when the next call may find out whether it is back.',
    labelNames: ['webhook'],
    registers,
    collect() {
      this.reset();
      for (const [webhook, open] of openBreakers(sources.breakers())) this.set({ webhook }, Number(open));
    },
  });
  const { store, events } = sources;
  if (store !== null) {
    gauge('store_up', '1 while the store takes records.', () => Number(store().status === 'up'));
    gauge('store_queue_records', 'Records waiting to be written.', () => store().queued);
    counter('store_written_records_total', 'Records written.', () => store().written);
    counter('store_lost_records_total', 'Records that found no room in the queue.', () => store().lost);
  }
  if (events !== null) {
    gauge('events_queue', 'Events waiting to be written to the store.', () => events().queued);
    gauge('events_in_flight', 'Events being sent to a CRM.', () => events().inFlight);
    counter('events_lost_total', 'Events that found no room in the queue.', () => events().lost);
  }
}

/** By name, which several accounts may have: open when one of them is. */
function openBreakers(breakers: ReturnType<Sources['breakers']>): Map<string, boolean> {
  const open = new Map<string, boolean>();
  for (const { name, holdsBack } of breakers) {
    const own = shown(name);
    const label = open.has(own) || open.size < MOST_BREAKERS ? own : OTHERS;
    open.set(label, (open.get(label) ?? false) || holdsBack);
  }
  return open;
}

/** Keys stand in the query, in front of the host, and in the path: a part of it that is long and has digits is shown as `***`. */
function shown(webhook: string): string {
  return webhook
    .replace(/[?#].*$/s, '')
    .replace(/\/\/[^/@]*@/g, '//')
    .replace(/(?<=[^/]\/)(?=[^/]*\d)[\w.~-]{8,}/g, '***');
}
