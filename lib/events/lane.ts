import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Deliveries, Delivery, Lane as LaneKey, Settled } from '../store/deliveries.ts';
import type { Tried } from './send.ts';

/** The events that wait for one entry of one scheme, and their delivery: in order for each call, many calls at a time. */

export interface LaneOptions {
  readonly key: LaneKey;
  readonly deliveries: Pick<Deliveries, 'take' | 'nextAt'>;
  /** Never rejects. */
  readonly deliver: (delivery: Delivery) => Promise<Tried>;
  readonly settle: (result: Settled) => Promise<void>;
  readonly limits: LaneLimits;
  /** How late the event loop is, in milliseconds. */
  readonly lagMs: () => number;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

export interface LaneLimits {
  readonly maxInFlight: number;
  readonly maxPerSecond: number | null;
  readonly timeoutSeconds: number;
}

/** After the last moment at which a try may end: what was taken by a router that died is tried again. */
const LEASE_MS = 30_000;
/** How often to look for events that other routers have left. */
const IDLE_MS = 5_000;
const BLOCKED_MS = 1_000;
/** After a pause a CRM is tried with one event. */
const HELD_MS = 2_000;
/** How often failures of one CRM are logged. */
const TELL_MS = 60_000;
const SECOND_MS = 1_100;
/** A loop that is so late makes calls wait: events go in small portions then, with a rest after each. */
const LATE_MS = 25;
const LATE_PORTION = 5;
const LATE_REST_MS = 200;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 600_000;

export class Lane {
  readonly #options: LaneOptions;
  limits: LaneLimits;
  readonly #tries = new Set<Promise<void>>();
  #looking = false;
  #lastLook: Promise<void> = Promise.resolve();
  #again = false;
  #closed = false;
  #cancelTimer: (() => void) | null = null;
  /** By the clock: not before. */
  #restUntilMs = 0;
  /** The CRM has failed: one event at a time, until one arrives. */
  #narrow = false;
  #toldMs = -Infinity;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.limits = options.limits;
  }

  get inFlight(): number {
    return this.#tries.size;
  }

  /** Something may be due. */
  kick(): void {
    if (this.#closed) return;
    if (this.#looking) this.#again = true;
    else this.#lastLook = this.#look();
  }

  /** Takes nothing more. Resolves when the tries that are under way have ended, and their results are settled. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#lastLook;
    await Promise.all(this.#tries);
  }

  async #look(): Promise<void> {
    this.#looking = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    for (;;) {
      this.#again = false;
      const waitMs = await this.#takeSome();
      if (this.#isKicked) continue;
      if (waitMs !== null) this.#after(waitMs);
      break;
    }
    this.#looking = false;
  }

  /** Closed while it looked. */
  get #isKicked(): boolean {
    return this.#again && !this.#closed;
  }

  /** How many may be taken now, and how long to rest after them. */
  #portion(): { readonly limit: number; readonly restMs: number | null } {
    const { maxInFlight, maxPerSecond } = this.limits;
    const free = (this.#narrow ? 1 : maxInFlight) - this.#tries.size;
    const isLate = this.#options.lagMs() >= LATE_MS;
    const limit = isLate ? Math.min(free, LATE_PORTION) : free;
    if (maxPerSecond === null) return { limit, restMs: isLate ? LATE_REST_MS : null };
    // One every two seconds is one in any two.
    const burst = Math.max(1, Math.floor(maxPerSecond));
    return { limit: Math.min(limit, burst), restMs: (burst / maxPerSecond) * SECOND_MS };
  }

  /** Resolves to the time to look again; null if the end of a try triggers it. */
  async #takeSome(): Promise<number | null> {
    const { key, deliveries, clock } = this.#options;
    const { limit, restMs } = this.#portion();
    if (limit <= 0) return null;
    const leftMs = this.#restUntilMs - clock.now();
    if (leftMs > 0) return leftMs;
    const at = clock.date();
    const until = new Date(at.getTime() + this.limits.timeoutSeconds * 1000 + LEASE_MS);
    try {
      const taken = await deliveries.take(key, { at, until, limit });
      for (const delivery of taken) this.#begin(delivery);
      if (taken.length > 0 && restMs !== null) this.#restUntilMs = clock.now() + restMs;
      if (taken.length === limit) return restMs;
      const next = await deliveries.nextAt(key);
      if (next === null) return IDLE_MS;
      const ms = next.getTime() - clock.date().getTime();
      // Due, and not taken: behind one that is on its way.
      return ms <= 0 ? BLOCKED_MS : Math.min(IDLE_MS, ms);
    } catch {
      // The outbox reports a database that can't be reached.
      return IDLE_MS;
    }
  }

  #begin(delivery: Delivery): void {
    const trying = this.#try(delivery).then(() => {
      this.#tries.delete(trying);
      this.kick();
    });
    this.#tries.add(trying);
  }

  async #try(delivery: Delivery): Promise<void> {
    const { deliver, settle } = this.#options;
    const tried = await deliver(delivery);
    const result = this.#resultOf(delivery, tried);
    await settle(result);
  }

  #resultOf(delivery: Delivery, tried: Tried): Settled {
    const { key, clock, random, log } = this.#options;
    const at = clock.date().getTime();
    const facts = { ...key, event: delivery.event, id: delivery.id };
    if (tried.kind === 'delivered') {
      this.#narrow = false;
      return { kind: 'delivered', delivery };
    }
    const { error } = tried;
    // Nothing is wrong: requests of other entries to the same place came first.
    const isFull = tried.kind === 'held' && tried.isFull === true;
    if (!this.#closed && !isFull && clock.now() - this.#toldMs >= TELL_MS) {
      this.#toldMs = clock.now();
      log.warn('an event was not delivered: it is tried again for a day', { ...facts, error });
    }
    const isOver = delivery.give_up_at !== null && at >= Date.parse(delivery.give_up_at);
    if (isOver && !this.#closed) {
      log.warn('an event is parked: see esl-router events failed', { ...facts, error });
      return { kind: 'parked', delivery, error };
    }
    if (tried.kind === 'held') {
      this.#narrow ||= !isFull;
      this.#restUntilMs = clock.now() + HELD_MS;
      // When a router stops, the next one finds it at once.
      return { kind: 'released', delivery, nextAt: new Date(this.#closed ? at : at + HELD_MS) };
    }
    const backoffMs = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** delivery.attempts) * (0.5 + random());
    return { kind: 'failed', delivery, error, nextAt: new Date(at + backoffMs) };
  }

  #after(ms: number): void {
    if (this.#closed) return;
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      this.kick();
    });
  }
}
