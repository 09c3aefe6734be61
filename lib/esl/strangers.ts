import type { Socket } from 'node:net';

/**
 * Peers that are not on `allow`: a FreeSWITCH that somebody forgot to name there, which is to get its calls back, or anybody
 * at all, who is not to cost the others anything. So they have places, time and log lines of their own, and who finds none
 * is closed at once.
 */

/** Connections that nobody may speak for, which are closed at once, since the last word about them. */
export interface TurnedAway {
  /** Of peers that are not on `allow`; the last one's address. */
  readonly strangers: number;
  readonly peer: string;
  /** Reset before they were accepted: nothing is known of those. */
  readonly reset: number;
}

/** Given back at once. */
const AT_ONCE = 32;
/** A FreeSWITCH that places more than 55 calls a second on a core collapses itself. */
const PER_SECOND = 50;
/** To be given back takes a tenth of that. */
const LONGEST_MS = 2_000;
/** One line of the log for all of them. */
const TELL_MS = 1_000;

export class Strangers {
  readonly #tell: (turnedAway: TurnedAway) => void;
  #served = 0;
  readonly #welcomed = new Allowance();
  readonly #named = new Allowance();
  #turnedAway: TurnedAway | null = null;

  constructor(tell: (turnedAway: TurnedAway) => void) {
    this.#tell = tell;
  }

  /** Being given back. */
  get count(): number {
    return this.#served;
  }

  /** Whether there is a place for one more; he is closed at once if not. */
  mayEnter(peer: string): boolean {
    if (this.#served < AT_ONCE && this.#welcomed.take()) return true;
    this.#count({ strangers: 1, peer, reset: 0 });
    return false;
  }

  /** He is to be given back within his time; until `leave`. */
  enter(socket: Socket): void {
    this.#served++;
    const timer = setTimeout(() => socket.destroy(), LONGEST_MS);
    socket.once('close', () => {
      clearTimeout(timer);
    });
  }

  leave(): void {
    this.#served--;
  }

  /** One that was reset before it was accepted. Whose it was nobody knows: true when it may have a line of its own. */
  mayBeNamed(): boolean {
    if (this.#named.take()) return true;
    this.#count({ strangers: 0, peer: '', reset: 1 });
    return false;
  }

  #count({ strangers, peer, reset }: TurnedAway): void {
    const before = this.#turnedAway;
    if (before === null) {
      setTimeout(() => {
        const turnedAway = this.#turnedAway;
        this.#turnedAway = null;
        if (turnedAway !== null) this.#tell(turnedAway);
      }, TELL_MS).unref();
    }
    this.#turnedAway = {
      strangers: (before?.strangers ?? 0) + strangers,
      peer: peer === '' ? (before?.peer ?? '') : peer,
      reset: (before?.reset ?? 0) + reset,
    };
  }
}

/** So many a second. */
class Allowance {
  #second = -1;
  #left = 0;

  take(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = PER_SECOND;
    }
    return this.#left-- > 0;
  }
}
