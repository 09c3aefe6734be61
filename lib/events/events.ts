import type { CallObserver } from '../call/observer.ts';
import { Cancellation } from '../cancel.ts';
import { within, type Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Telling } from '../scheme/events.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { Delivery, Lane as LaneKey } from '../store/deliveries.ts';
import type { Store } from '../store/store.ts';
import { uuidv7 } from '../uuid.ts';
import { Heartbeat } from './heartbeat.ts';
import { Lane } from './lane.ts';
import { EventObserver } from './observer.ts';
import { Outbox } from './outbox.ts';
import { deliver, type SendOptions } from './send.ts';
import { Settler } from './settler.ts';

/**
 * Reports calls to CRMs. A call's events go into the store, and from there to the CRM, in order, until they arrive or a day is
 * over. None of this delays a call.
 */

export interface EventsOptions {
  readonly store: Pick<Store, 'ready' | 'write' | 'tenantOf' | 'deliveries' | 'liveCalls'>;
  /** Of now. */
  readonly schemes: () => ReadonlyMap<string, Scheme>;
  readonly sending: SendOptions;
  /** How late the event loop is, in milliseconds: calls go first. */
  readonly lagMs: () => number;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** For tests. */
  readonly beatMs?: number;
  readonly goneMs?: number;
}

const FLUSH_MS = 500;
const ENDING_MS = 200;
/** How often to look for events that nobody can send. */
const FORGOTTEN_MS = 600_000;

export class Events {
  readonly observer: CallObserver;
  readonly #options: EventsOptions;
  readonly #outbox: Outbox;
  readonly #settler: Settler;
  readonly #heartbeat: Heartbeat;
  readonly #lanes = new Map<string, Lane>();
  readonly #stopping = new Cancellation();
  #cancelForgotten: () => void = () => undefined;
  #begun = false;

  constructor(options: EventsOptions) {
    const { store, schemes, clock, log, beatMs, goneMs } = options;
    const { deliveries, liveCalls } = store;
    const id = uuidv7(clock.date());
    this.#options = options;
    this.#settler = new Settler({
      settle: (results) => deliveries.settle(results, clock.date()),
      clock,
      log,
    });
    this.#heartbeat = new Heartbeat({
      id,
      liveCalls,
      clock,
      log,
      onClosed: () => {
        this.#kickAll();
      },
      ...(beatMs === undefined ? {} : { beatMs }),
      ...(goneMs === undefined ? {} : { goneMs }),
    });
    this.#outbox = new Outbox({
      write: (happened) =>
        store.write(async () => {
          await this.#heartbeat.refresh();
          return deliveries.write(id, happened);
        }),
      onWritten: (lanes) => {
        for (const key of new Set(lanes.map(nameOf))) this.#lanes.get(key)?.kick();
      },
      clock,
      log,
    });
    this.observer = new EventObserver({
      scheme: (name) => schemes().get(name),
      tenantOf: (record) => store.tenantOf(record),
      outbox: this.#outbox,
      clock,
    });
  }

  /** The schemes have changed. */
  follow(schemes: ReadonlyMap<string, Scheme>): void {
    const wanted = new Map<string, { key: LaneKey; telling: Telling }>();
    for (const scheme of schemes.values()) {
      for (const telling of scheme.events) {
        const key = { scheme: scheme.name, webhook: telling.name };
        wanted.set(nameOf(key), { key, telling });
      }
    }
    for (const [name, lane] of this.#lanes) {
      if (wanted.has(name)) continue;
      void lane.close();
      this.#lanes.delete(name);
    }
    for (const [name, { key, telling }] of wanted) {
      const lane = this.#lanes.get(name);
      if (lane === undefined) this.#lanes.set(name, this.#laneOf(key, telling));
      else lane.limits = telling.webhook;
    }
    if (!this.#begun) void this.#begin(wanted.size > 0);
    else this.#kickAll();
  }

  get state(): { readonly queued: number; readonly lost: number; readonly inFlight: number } {
    const { queued, lost } = this.#outbox.state;
    const inFlight = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.inFlight, 0);
    return { queued, lost, inFlight };
  }

  /** Sends nothing more, and writes what has happened. Within 0.7 s, whatever a CRM or the database does. */
  async close(): Promise<void> {
    const { clock } = this.#options;
    const tries = [...this.#lanes.values()].map((lane) => lane.close());
    this.#cancelForgotten();
    this.#stopping.abort(new Error('the router stops'));
    // What was tried is settled, or the next router would wait until it is free.
    const settled = Promise.all(tries).then(() => undefined);
    await Promise.all([this.#outbox.flush(FLUSH_MS), within(settled, FLUSH_MS, clock)]);
    this.#settler.close();
    await within(this.#heartbeat.stop(), ENDING_MS, clock);
  }

  /** Without a scheme that wants events too, as long as there are some: they are to be parked, and their calls closed. */
  async #begin(isWanted: boolean): Promise<void> {
    const { store } = this.#options;
    // Each of them retries a database that is not there yet.
    await store.ready().catch(() => undefined);
    if (!isWanted && !(await store.deliveries.hasOpen().catch(() => true))) return;
    if (this.#stopping.aborted || this.#begun) return;
    this.#begun = true;
    this.#heartbeat.start();
    this.#kickAll();
    this.#cancelForgotten();
    this.#forget();
  }

  #forget(): void {
    const { clock, store, log } = this.#options;
    this.#cancelForgotten = clock.after(
      FORGOTTEN_MS,
      () => {
        const lanes = [...this.#lanes.keys()].map(keyOf);
        store.deliveries.parkForgotten(lanes, clock.date()).then(
          (count) => {
            if (count > 0) log.warn('events are parked: no router has their scheme or entry', { count });
          },
          () => undefined,
        );
        this.#forget();
      },
      { keepsAlive: false },
    );
  }

  #kickAll(): void {
    for (const lane of this.#lanes.values()) lane.kick();
  }

  #laneOf(key: LaneKey, { webhook: limits }: Telling): Lane {
    const { store, lagMs, clock, random, log } = this.#options;
    return new Lane({
      key,
      deliveries: store.deliveries,
      deliver: (delivery) => this.#deliver(delivery),
      settle: (result) => this.#settler.add(result),
      limits,
      lagMs,
      clock,
      random,
      log,
    });
  }

  async #deliver(delivery: Delivery): ReturnType<typeof deliver> {
    const { schemes, sending } = this.#options;
    const scheme = schemes().get(delivery.scheme);
    const telling = scheme?.events.find(({ name }) => name === delivery.webhook);
    // It was there when the event was taken.
    if (scheme === undefined || telling === undefined) return { kind: 'held', error: 'the scheme is gone' };
    return deliver(delivery, { scheme, telling }, sending, this.#stopping);
  }
}

function nameOf({ scheme, webhook }: LaneKey): string {
  return `${scheme} ${webhook}`;
}

/** Neither has a space in it. */
function keyOf(name: string): LaneKey {
  const [scheme = '', webhook = ''] = name.split(' ');
  return { scheme, webhook };
}
