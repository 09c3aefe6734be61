import { within, type Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { CallRow } from './calls.ts';
import { isBusy, StoreFault } from './fault.ts';

/**
 * In the background: records go into a queue, and are written in batches. Nobody waits for it. A database that accepts nothing
 * fills the queue, and what comes then is counted and lost.
 */

export interface WriterOptions {
  readonly write: (rows: readonly CallRow[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxRows?: number;
  readonly maxBytes?: number;
}

export interface WriterState {
  readonly status: 'up' | 'down';
  /** Why it is down. */
  readonly because: string;
  readonly queued: number;
  readonly queuedBytes: number;
  readonly written: number;
  readonly lost: number;
}

const MAX_ROWS = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** How much later a record is in the store. */
const GATHER_MS = 500;
/** What has waited for long goes in few batches: between two of them everybody else who writes has his turn. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 2 * 1024 * 1024;
const PLACES_TRIED = 3;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** How often losses are logged while they go on. */
const TELL_MS = 60_000;
/** A database gives up by itself before; a disk that stands still never does. */
const SILENT_MS = 12_000;

export class Writer {
  readonly #options: Required<WriterOptions>;
  #queue: CallRow[] = [];
  #bytes = 0;
  #written = 0;
  #lost = 0;
  #toldLost = 0;
  #toldAt = -Infinity;
  #because = '';
  #retryMs = FIRST_RETRY_MS;
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  #closing = false;

  constructor(options: WriterOptions) {
    this.#options = { maxRows: MAX_ROWS, maxBytes: MAX_BYTES, ...options };
  }

  add(row: CallRow): void {
    const { maxRows, maxBytes } = this.#options;
    if (this.#closing || this.#queue.length >= maxRows || this.#bytes + row.bytes > maxBytes) {
      this.#lose(1, 'its queue is full');
      return;
    }
    this.#queue.push(row);
    this.#bytes += row.bytes;
    if (this.#writing === null) this.#cancelTimer ??= this.#after(GATHER_MS);
  }

  get state(): WriterState {
    return {
      status: this.#because === '' ? 'up' : 'down',
      because: this.#because,
      queued: this.#queue.length,
      queuedBytes: this.#bytes,
      written: this.#written,
      lost: this.#lost,
    };
  }

  /** For anyone who wants to see what was recorded just now: resolves when it is written, or can't be. */
  async flush(): Promise<void> {
    while (this.#queue.length > 0 && this.#because === '') {
      this.#stopTimer();
      await (this.#writing ?? this.#start());
    }
  }

  /** Writes what is queued, within `ms`; what is left then is lost. */
  async close(ms: number): Promise<void> {
    this.#stopTimer();
    this.#because = '';
    await within(this.flush(), ms, this.#options.clock);
    this.#closing = true;
    this.#stopTimer();
    if (this.#queue.length > 0) this.#lose(this.#queue.length, 'the router stops');
    this.#queue = [];
    this.#tellLost();
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #after(ms: number): () => void {
    return this.#options.clock.after(ms, () => {
      this.#cancelTimer = null;
      void this.#start();
    });
  }

  #start(): Promise<void> {
    this.#writing = this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
      const cancel = this.#options.clock.after(SILENT_MS, () => {
        this.#tellDown(`no answer for ${SILENT_MS / 1000} s`);
      });
      try {
        await this.#write(batch);
      } catch (error) {
        this.#isDown(error);
        return;
      } finally {
        cancel();
      }
      this.#isUp();
    }
  }

  #nextBatch(): CallRow[] {
    let rows = 0;
    let bytes = 0;
    for (const row of this.#queue) {
      bytes += row.bytes;
      if (rows === BATCH_ROWS || (rows > 0 && bytes > BATCH_BYTES)) break;
      rows++;
    }
    return this.#queue.slice(0, rows);
  }

  /** A row that the database rejects does not affect the others. */
  async #write(batch: readonly CallRow[]): Promise<void> {
    const { write } = this.#options;
    try {
      await write(batch);
      this.#written += batch.length;
      this.#settle(batch);
      return;
    } catch (error) {
      if (!(error instanceof StoreFault) || error.kind !== 'row') throw error;
    }
    for (const row of batch) {
      await this.#writeAlone(row);
      // At once: a database that goes away before the last one would be given, and counted, all of them again.
      this.#settle([row]);
    }
  }

  /** The first of the queue are written, or can't be. */
  #settle(rows: readonly CallRow[]): void {
    this.#queue.splice(0, rows.length);
    for (const { bytes } of rows) this.#bytes -= bytes;
  }

  async #writeAlone(row: CallRow): Promise<void> {
    const { write, log } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        await write([row]);
        this.#written++;
        return;
      } catch (error) {
        if (!(error instanceof StoreFault) || error.kind !== 'row') throw error;
        // Another router may have had the same place in the order: each try has a new one.
        if (tries < PLACES_TRIED) continue;
        this.#lost++;
        log.warn('store: the database rejects a record', { trace: row.id, error: error.message });
        return;
      }
    }
  }

  #isDown(error: unknown): void {
    if (this.#closing) return;
    this.#tellDown(messageOf(error));
    // It has waited for the lock itself, and costs nothing meanwhile.
    if (isBusy(error)) this.#retryMs = FIRST_RETRY_MS;
    this.#cancelTimer = this.#after(this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  /** Once, until it takes records again. */
  #tellDown(because: string): void {
    if (this.#because === '') {
      this.#options.log.warn(
        'store: the database accepts no records; calls go on, and queued records are written when it is back',
        { error: because, queued: this.#queue.length },
      );
    }
    this.#because = because;
  }

  #isUp(): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#because === '') return;
    this.#because = '';
    this.#options.log.info('store: the database accepts records again', {
      queued: this.#queue.length,
      lost: this.#lost,
    });
    this.#tellLost();
  }

  #lose(count: number, why: string): void {
    this.#lost += count;
    const { clock, log } = this.#options;
    if (clock.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = clock.now();
    this.#toldLost = this.#lost;
    log.warn(`store: records are lost: ${why}; they are only in the log`, { lost: this.#lost });
  }

  /** Those since the last log line. */
  #tellLost(): void {
    if (this.#lost === this.#toldLost) return;
    this.#toldLost = this.#lost;
    this.#options.log.warn('store: records were lost; they are only in the log', { lost: this.#lost });
  }
}
