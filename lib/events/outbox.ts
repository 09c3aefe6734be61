import { within, type Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Happened, Lane, NewDelivery, NewLiveCall } from '../store/deliveries.ts';
import { isBusy, StoreFault } from '../store/fault.ts';

/**
 * In the background: what happened goes into the store in order, in batches, as soon as the previous batch is written. No call
 * waits for it.
 */

export interface OutboxOptions {
  /** Resolves to how many events were dropped: another router has closed their calls. */
  readonly write: (happened: Happened) => Promise<number>;
  /** These have something to send. */
  readonly onWritten: (lanes: readonly Lane[]) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxBytes?: number;
}

type Entry =
  | { readonly kind: 'opened'; readonly call: NewLiveCall; readonly bytes: number }
  | { readonly kind: 'delivery'; readonly delivery: NewDelivery; readonly bytes: number }
  | { readonly kind: 'closed'; readonly id: string; readonly bytes: number };

const MAX_BYTES = 64 * 1024 * 1024;
/** A slow database gets larger batches. Five times as many hold the event loop up for 50 ms. */
const BATCH = 100;
/** Columns and what JavaScript has around them. */
const OVERHEAD = 500;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
const TELL_MS = 60_000;

export class Outbox {
  readonly #options: Required<OutboxOptions>;
  #queue: Entry[] = [];
  #bytes = 0;
  /** Calls that began when there was no room, until they end. */
  readonly #untold = new Set<string>();
  #writing: Promise<void> | null = null;
  #cancelRetry: (() => void) | null = null;
  #retryMs = FIRST_RETRY_MS;
  #because = '';
  #batch = BATCH;
  #lost = 0;
  #toldAt = -Infinity;

  constructor(options: OutboxOptions) {
    this.#options = { maxBytes: MAX_BYTES, ...options };
  }

  open(call: NewLiveCall): void {
    const bytes = OVERHEAD + call.ends.length;
    if (this.#hasRoomFor(bytes)) this.#add({ kind: 'opened', call, bytes });
    else this.#untold.add(call.call_id);
  }

  add(delivery: NewDelivery): void {
    const bytes = OVERHEAD + delivery.body.length;
    // The database takes no event of a call that it has not heard of.
    if (!this.#untold.has(delivery.call_id) && this.#hasRoomFor(bytes))
      this.#add({ kind: 'delivery', delivery, bytes });
    else this.#lose(1, 'too many wait to be written');
  }

  /** There is always room for it: one that is missing would have the call closed again, by a router that knows less. */
  close(id: string): void {
    if (!this.#untold.delete(id)) this.#add({ kind: 'closed', id, bytes: OVERHEAD });
  }

  get state(): { readonly queued: number; readonly lost: number; readonly because: string } {
    return { queued: this.#queue.length, lost: this.#lost, because: this.#because };
  }

  /** Writes what is there, within `ms`; what is left then is lost. */
  async flush(ms: number): Promise<void> {
    this.#stopRetry();
    if (this.#queue.length > 0) await within(this.#writing ?? this.#start(), ms, this.#options.clock);
    this.#stopRetry();
    if (this.#queue.length > 0) this.#lose(this.#queue.length, 'the router stops');
    this.#queue = [];
  }

  #stopRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= this.#options.maxBytes;
  }

  #add(entry: Entry): void {
    this.#queue.push(entry);
    this.#bytes += entry.bytes;
    if (this.#writing === null && this.#cancelRetry === null) void this.#start();
  }

  #start(): Promise<void> {
    // Takes along what comes in the same turn of the loop.
    this.#writing = Promise.resolve()
      .then(() => this.#writeAll())
      .finally(() => {
        this.#writing = null;
      });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { write, onWritten, log } = this.#options;
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#batch);
      try {
        const dropped = await write(happenedIn(batch));
        if (dropped > 0)
          this.#lose(dropped, 'this router was silent for too long, and another one closed their calls');
      } catch (error) {
        if (!(error instanceof StoreFault) || error.kind !== 'row') {
          this.#isDown(error);
          return;
        }
        if (batch.length > 1) {
          // One of them was rejected: write each by itself.
          this.#batch = 1;
          continue;
        }
        log.error('events: the database rejects an event', { error: error.message });
        this.#lost++;
        this.#batch = BATCH;
      }
      this.#queue.splice(0, batch.length);
      for (const { bytes } of batch) this.#bytes -= bytes;
      if (this.#queue.length === 0) this.#batch = BATCH;
      this.#isUp();
      onWritten(lanesIn(batch));
    }
  }

  #isDown(error: unknown): void {
    const { clock, log } = this.#options;
    if (this.#because === '') {
      log.warn(
        'events: the database accepts no events; calls go on, and queued events are written when it is back',
        {
          error: messageOf(error),
          queued: this.#queue.length,
        },
      );
    }
    this.#because = messageOf(error);
    if (isBusy(error)) this.#retryMs = FIRST_RETRY_MS;
    this.#cancelRetry = clock.after(this.#retryMs, () => {
      this.#cancelRetry = null;
      void this.#start();
    });
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #isUp(): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#because === '') return;
    this.#because = '';
    this.#options.log.info('events: the database accepts events again', {
      queued: this.#queue.length,
      lost: this.#lost,
    });
  }

  #lose(count: number, why: string): void {
    this.#lost += count;
    const { clock, log } = this.#options;
    if (clock.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = clock.now();
    log.warn(`events: events are lost: ${why}`, { lost: this.#lost });
  }
}

function happenedIn(batch: readonly Entry[]): Happened {
  return {
    opened: batch.flatMap((entry) => (entry.kind === 'opened' ? [entry.call] : [])),
    deliveries: batch.flatMap((entry) => (entry.kind === 'delivery' ? [entry.delivery] : [])),
    closed: batch.flatMap((entry) => (entry.kind === 'closed' ? [entry.id] : [])),
  };
}

function lanesIn(batch: readonly Entry[]): Lane[] {
  return batch.flatMap((entry) => (entry.kind === 'delivery' ? [entry.delivery] : []));
}
