import { Registry } from 'prom-client';
import { systemClock } from '../../lib/clock.ts';
import { CallMetrics } from '../../lib/metrics/calls.ts';
import { describeDeliveries } from '../../lib/metrics/deliveries.ts';
import { describeState, type Sources } from '../../lib/metrics/state.ts';

/** A router that has all that can be counted, and none of it. */
export const NOTHING: Sources = {
  live: () => ({ deciding: 0, asking: 0, ringing: 0, talking: 0 }),
  maxCalls: () => 0,
  schemes: () => 0,
  isReady: () => true,
  lagMs: () => 0,
  breakers: () => [],
  store: () => ({ status: 'up', queued: 0, written: 0, lost: 0 }),
  events: () => ({ queued: 0, lost: 0, inFlight: 0 }),
  deliveries: () => Promise.resolve([]),
};

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Every metric of the router's own, as docs/metrics.md has it. */
export function metricsTable(): string {
  const registry = new Registry();
  new CallMetrics(registry, systemClock);
  describeState(registry, NOTHING, 'test');
  describeDeliveries(registry, () => Promise.resolve([]), systemClock);
  const rows = (registry.getMetricsAsArray() as unknown as Described[]).map((metric) => {
    const type = metric.constructor.name.toLowerCase();
    const labels = metric.labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${metric.name}\` | ${type} | ${labels} | ${metric.help} |`;
  });
  return ['| metric | type | labels | what |', '|---|---|---|---|', ...rows].join('\n');
}
