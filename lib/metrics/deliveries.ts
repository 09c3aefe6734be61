import { Gauge, type Registry } from 'prom-client';
import { within, type Clock } from '../clock.ts';
import type { DeliveryCount } from './state.ts';

/**
 * Events on their way to CRMs, as the store has them. A store that is slow costs a scrape half a second, and what it said last is
 * shown until it answers: an alert must not lose sight of what is parked.
 */

const WAIT_MS = 500;
/** Of a hundred thousand rows nobody wants to count each at every scrape. */
const FRESH_MS = 10_000;
/** Longer than anybody waits between two scrapes. A store that has been silent for longer has an alert of its own. */
const KNOWN_MS = 300_000;
const STATES = ['waiting', 'parked'] as const;

export function describeDeliveries(
  registry: Registry,
  read: () => Promise<readonly DeliveryCount[]>,
  clock: Clock,
): void {
  let seen: readonly DeliveryCount[] = [];
  let seenMs = -Infinity;
  let reading: Promise<void> | null = null;
  const refresh = (): Promise<void> =>
    (reading ??= read()
      .then((counts) => {
        seen = counts;
        seenMs = clock.now();
      })
      .catch(() => undefined)
      .finally(() => {
        reading = null;
      }));
  /** Null: nobody knows. Both gauges ask at the same scrape, and share its answer. */
  const counts = async (): Promise<readonly DeliveryCount[] | null> => {
    if (clock.now() - seenMs >= FRESH_MS) await within(refresh(), WAIT_MS, clock);
    return clock.now() - seenMs < KNOWN_MS ? seen : null;
  };
  const registers = [registry];
  const labelNames = ['state'];
  new Gauge({
    name: 'esl_router_deliveries',
    help: 'Events in the store that are not delivered, of all its routers: waiting, or parked after a day.',
    labelNames,
    registers,
    async collect() {
      const known = await counts();
      this.reset();
      if (known === null) return;
      for (const state of STATES) this.set({ state }, known.find((one) => one.state === state)?.count ?? 0);
    },
  });
  new Gauge({
    name: 'esl_router_deliveries_oldest_seconds',
    help: 'Age of the oldest event in the store that is not delivered.',
    labelNames,
    registers,
    async collect() {
      const known = await counts();
      this.reset();
      for (const { state, oldest } of known ?? [])
        this.set({ state }, Math.max(0, (clock.date().getTime() - new Date(oldest).getTime()) / 1000));
    },
  });
}
