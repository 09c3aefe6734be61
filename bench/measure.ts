/** What is measured, each on a controller that was started for it. */
import { setTimeout as delay } from 'node:timers/promises';
import { Controller, type ControllerName } from './controller.ts';
import type { LoadResult } from './order.ts';
import type { Load, Stage } from './stage.ts';

export interface Sizes {
  readonly rounds: number;
  /** V8 compiles what runs often, for its first 5,000 calls or so: a daemon runs for months. */
  readonly warmUpCalls: number;
  readonly steadyCalls: number;
  readonly fullSpeedCalls: number;
  readonly waitingCalls: number;
  readonly growthCalls: number;
  readonly stalledCalls: number;
}

/** The rate of the latency figures. */
export const STEADY_RATE = 100;
/** Whatever is set up by a first call. */
const FIRST_CALLS = 1000;
/** Fast enough to keep whatever is slower, the controller or the switch, busy all the time. */
const FULL_SPEED_CONCURRENCY = 200;
const WAITING_RATE = 400;
/** Past this the first of them have run out of their budget of 30 s. */
const WAITING_BOUND_MS = 25_000;
const STALL_MS = 1500;

/** Databases that keep the calls' records. */
export type StoreName = 'sqlite' | 'postgres';

/** One controller in one round, as fast as it goes. */
export interface Speed {
  readonly callsPerSecond: number;
  /** Per call at full speed, and at STEADY_RATE. */
  readonly cpuMicros: number;
  readonly steadyCpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly switchCpuMicros: number;
}

export interface Figures extends Speed {
  readonly waitingKib: number;
}

export interface Stall {
  readonly calls: number;
  readonly hanging: number;
  readonly ends: LoadResult['ends'];
}

export interface Growth {
  readonly calls: number;
  readonly earlyKib: number;
  readonly lateKib: number;
  readonly percent: number;
}

interface Controlled {
  readonly name: ControllerName;
  readonly storeUrl?: string;
}

export class Bench {
  readonly #stage: Stage;
  readonly #sizes: Sizes;
  readonly #schemesDir: string;
  readonly #stores: ReadonlyMap<StoreName, string>;

  constructor(
    stage: Stage,
    { sizes, ...places }: { sizes: Sizes; schemesDir: string; stores: ReadonlyMap<StoreName, string> },
  ) {
    this.#stage = stage;
    this.#sizes = sizes;
    this.#schemesDir = places.schemesDir;
    this.#stores = places.stores;
  }

  async round(name: ControllerName): Promise<Figures> {
    return { ...(await this.#speed({ name })), waitingKib: await this.#waiting(name) };
  }

  /** The daemon with each store. */
  async stores(): Promise<ReadonlyMap<StoreName, Speed>> {
    const speeds = new Map<StoreName, Speed>();
    for (const [store, storeUrl] of this.#stores)
      speeds.set(store, await this.#speed({ name: 'daemon', storeUrl }));
    return speeds;
  }

  async #speed(of: Controlled): Promise<Speed> {
    return this.#with(of, async (controller) => {
      await this.#load(controller, { calls: this.#sizes.warmUpCalls, concurrency: FULL_SPEED_CONCURRENCY });
      const { steadyCalls, fullSpeedCalls } = this.#sizes;
      const steady = await this.#load(controller, { calls: steadyCalls, callsPerSecond: STEADY_RATE });
      const full = await this.#load(controller, {
        calls: fullSpeedCalls,
        concurrency: FULL_SPEED_CONCURRENCY,
      });
      return {
        callsPerSecond: full.calls / (full.durationMs / 1000),
        cpuMicros: full.cpuMicros,
        steadyCpuMicros: steady.cpuMicros,
        p50Ms: steady.p50Ms,
        p99Ms: steady.p99Ms,
        switchCpuMicros: full.switchCpuMicros,
      };
    });
  }

  /** Median RSS of the last tenth of the calls against that of the second tenth. */
  async growth(): Promise<Growth> {
    const { growthCalls: calls } = this.#sizes;
    const early: number[] = [];
    const late: number[] = [];
    await this.#with({ name: 'daemon' }, (controller) =>
      this.#load(controller, {
        calls,
        concurrency: FULL_SPEED_CONCURRENCY / 2,
        onProgress: (ended) => {
          if (ended > calls * 0.9) late.push(controller.rssKib);
          else if (ended > calls * 0.1 && ended <= calls * 0.2) early.push(controller.rssKib);
        },
      }),
    );
    const [earlyKib, lateKib] = [median(early), median(late)];
    return { calls, earlyKib, lateKib, percent: (lateKib / earlyKib - 1) * 100 };
  }

  /** Connections that come while the daemon is stopped: none may be forgotten in the queue. */
  async stall(): Promise<Stall> {
    const { stalledCalls: calls } = this.#sizes;
    return this.#with({ name: 'daemon' }, async (controller) => {
      controller.freeze();
      const playing = this.#stage.load({
        port: controller.port,
        calls,
        // All of them within the stall.
        callsPerSecond: calls / ((STALL_MS - 300) / 1000),
        concurrency: Infinity,
      });
      await delay(STALL_MS);
      controller.thaw();
      const { hanging, lost, ends } = await playing;
      return { calls, hanging: Math.max(hanging, lost), ends };
    });
  }

  /** KiB of RSS that each waiting call costs. */
  async #waiting(name: ControllerName): Promise<number> {
    const { waitingCalls: calls } = this.#sizes;
    return this.#with({ name }, async (controller) => {
      await delay(1000);
      const before = controller.rssKib;
      this.#stage.crm({ kind: 'hang' });
      const waited = { port: controller.port, calls, callsPerSecond: WAITING_RATE, concurrency: Infinity };
      const playing = this.#stage.load(waited);
      const deadline = performance.now() + WAITING_BOUND_MS;
      let asked = 0;
      while (asked < calls && performance.now() < deadline) {
        await delay(500);
        asked = await this.#stage.asked();
      }
      const perCall = (controller.rssKib - before) / calls;
      this.#stage.release();
      await playing;
      this.#stage.crm({ kind: 'answer' });
      if (asked < calls) throw new Error(`${name}: only ${asked} of ${calls} calls had asked the CRM`);
      return perCall;
    });
  }

  async #with<T>(
    { name, ...store }: Controlled,
    measure: (controller: Controller) => Promise<T>,
  ): Promise<T> {
    const options = { crmUrl: this.#stage.crmUrl, schemesDir: this.#schemesDir, ...store };
    const controller = await Controller.start(name, options);
    try {
      await this.#load(controller, { calls: FIRST_CALLS, concurrency: 50 });
      return await Promise.race([measure(controller), controller.died]);
    } finally {
      await controller.stop();
    }
  }

  /** Every call has to be answered, or the figures mean nothing. */
  async #load(
    controller: Controller,
    order: Partial<Load> & Pick<Load, 'calls'>,
  ): Promise<LoadResult & { cpuMicros: number }> {
    const cpu = controller.cpuMicros;
    const { port } = controller;
    const load = { callsPerSecond: Infinity, concurrency: Infinity, ...order, port };
    const result = await Promise.race([this.#stage.load(load), controller.died]);
    const cpuMicros = (controller.cpuMicros - cpu) / order.calls;
    const { ends, lost, violations, example } = result;
    if (ends['answered'] !== order.calls || lost > 0 || violations > 0) {
      throw new Error(
        `${controller.name}: ${JSON.stringify(ends)}, ${lost} lost, ${violations} violations: ${example ?? ''}`,
      );
    }
    return { ...result, cpuMicros };
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}
