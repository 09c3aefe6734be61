import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';

/**
 * Server-sent events for all who watch calls. Once a second the text of a change is made, once for all of them, and handed out
 * to a few at a time: however many they are, no call waits for them.
 */

const TICK_MS = 1_000;
/** How often a sign of life is sent when nothing changes. */
const HEARTBEAT_TICKS = 15;
/** Of a text of 500 calls, which is 130 KB: a millisecond's work. */
const AT_ONCE = 8;
/** Who comes between two ticks gets a text this old at most. */
const FRESH_MS = 250;
/** A client with this much unread is gone, or should be. */
const MAX_BEHIND_BYTES = 256 * 1024;

export interface Reader {
  readonly response: ServerResponse;
  /** Whose it is. */
  readonly who: string;
  readonly isMasked: boolean;
  /** Asked each second, and with `isStrict` each heartbeat; closes the response of who may no more. */
  readonly check: (isStrict: boolean) => void;
}

interface Source {
  /** Rises with each change. */
  readonly version: () => number;
  readonly text: (isMasked: boolean) => string;
  readonly clock: Clock;
}

interface Made {
  readonly version: number;
  readonly atMs: number;
  readonly bytes: Buffer;
}

interface Seat extends Reader {
  version: number;
  ticks: number;
}

export class LiveStream {
  readonly #source: Source;
  readonly #seats = new Set<Seat>();
  readonly #made = new Map<boolean, Made>();
  #isTicking = false;

  constructor(source: Source) {
    this.#source = source;
  }

  get readers(): number {
    return this.#seats.size;
  }

  readersOf(who: string): number {
    return [...this.#seats].filter((seat) => seat.who === who).length;
  }

  add(reader: Reader): void {
    const { response } = reader;
    const seat = { ...reader, version: -1, ticks: 0 };
    this.#seats.add(seat);
    response.once('close', () => this.#seats.delete(seat));
    response.on('error', () => undefined);
    this.#serve(seat, FRESH_MS);
    if (!this.#isTicking) this.#next();
  }

  close(): void {
    for (const { response } of this.#seats) response.destroy();
  }

  #next(): void {
    this.#isTicking = true;
    this.#source.clock.after(
      TICK_MS,
      () => {
        this.#tick();
      },
      { keepsAlive: false },
    );
  }

  #tick(): void {
    this.#isTicking = false;
    if (this.#seats.size === 0) {
      this.#made.clear();
      return;
    }
    this.#next();
    const waiting = [...this.#seats];
    const tickMs = this.#source.clock.now();
    const serveSome = (): void => {
      const ageMs = this.#source.clock.now() - tickMs;
      for (const seat of waiting.splice(0, AT_ONCE)) this.#serve(seat, ageMs);
      if (waiting.length > 0) this.#source.clock.after(0, serveSome, { keepsAlive: false });
    };
    serveSome();
  }

  #serve(seat: Seat, maxAgeMs: number): void {
    const { response } = seat;
    if (response.destroyed) return;
    if (response.writableLength > MAX_BEHIND_BYTES) {
      response.destroy();
      return;
    }
    if (seat.version !== this.#source.version() && !response.writableNeedDrain) {
      const made = this.#textOf(seat.isMasked, maxAgeMs);
      seat.version = made.version;
      response.write(made.bytes);
    } else if (seat.ticks % HEARTBEAT_TICKS === 0) {
      response.write(': still here\n\n');
    }
    seat.check(++seat.ticks % HEARTBEAT_TICKS === 0);
  }

  #textOf(isMasked: boolean, maxAgeMs: number): Made {
    const { version, text, clock } = this.#source;
    const known = this.#made.get(isMasked);
    if (known !== undefined && (known.version === version() || clock.now() - known.atMs <= maxAgeMs)) {
      return known;
    }
    const made = {
      version: version(),
      atMs: clock.now(),
      bytes: Buffer.from(`event: live\ndata: ${text(isMasked)}\n\n`),
    };
    this.#made.set(isMasked, made);
    return made;
  }
}
