import { collectDefaultMetrics, Registry } from 'prom-client';
import type { CallObserver } from '../call/observer.ts';
import type { Clock } from '../clock.ts';
import { CallMetrics } from './calls.ts';
import { describeDeliveries } from './deliveries.ts';
import { describeState, type Sources } from './state.ts';

/** The router in numbers, as Prometheus reads it. Labels are of closed lists and bounded: never a number, a caller or a call. */

/** What `/metrics` answers. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface MetricsOptions extends Sources {
  readonly clock: Clock;
  readonly version: string;
}

/** Gauges named as counters, each the sum of one that stays: `promtool check metrics` refuses them. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

export class Metrics implements Exposition {
  readonly observer: CallObserver;
  readonly #registry = new Registry();
  readonly #calls: CallMetrics;
  #text: Promise<string> | null = null;
  #watchesProcess = false;

  constructor({ clock, version, ...sources }: MetricsOptions) {
    this.#calls = new CallMetrics(this.#registry, clock);
    this.observer = this.#calls;
    describeState(this.#registry, sources, version);
    if (sources.deliveries !== null) describeDeliveries(this.#registry, sources.deliveries, clock);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The names of the schemes of now. */
  follow(schemes: Iterable<string>): Promise<void> {
    return this.#calls.follow(schemes);
  }

  /** Those who ask at one moment get one answer. */
  text(): Promise<string> {
    this.#watchProcess();
    return (this.#text ??= this.#registry.metrics().finally(() => {
      this.#text = null;
    }));
  }

  /** From the first scrape on: it has timers of its own, which nobody needs where nobody looks. */
  #watchProcess(): void {
    if (this.#watchesProcess) return;
    this.#watchesProcess = true;
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }
}
