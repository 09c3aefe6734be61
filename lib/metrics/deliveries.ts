import { Gauge, type Registry } from 'prom-client';
import { within, type Clock } from '../clock.ts';
import type { DeliveryCount } from './state.ts';

/** Events on their way to CRMs, as the store has them. A store that does not answer costs a scrape half a second, and these series. */

const WAIT_MS = 500;
/** Of a hundred thousand rows nobody wants to count each at every scrape. */
const FRESH_MS = 10_000;

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
  /** Both gauges ask at the same scrape: the second finds it answered. */
  const counts = async (): Promise<readonly DeliveryCount[]> => {
    if (clock.now() - seenMs >= FRESH_MS) await within(refresh(), WAIT_MS, clock);
    return clock.now() - seenMs < FRESH_MS ? seen : [];
  };
  const registers = [registry];
  const labelNames = ['state'];
  new Gauge({
    name: 'esl_router_deliveries',
    help: 'Events in the store, of all its routers: waiting, delivered, or parked after a day.',
    labelNames,
    registers,
    async collect() {
      const states = await counts();
      this.reset();
      for (const { state, count } of states) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'esl_router_deliveries_oldest_seconds',
    help: 'Age of the oldest event in the store that is not delivered.',
    labelNames,
    registers,
    async collect() {
      const states = await counts();
      this.reset();
      for (const { state, oldest } of states) {
        if (state === 'delivered') continue;
        this.set({ state }, Math.max(0, (clock.date().getTime() - new Date(oldest).getTime()) / 1000));
      }
    },
  });
}
