import type { Call } from '../call/channel.ts';
import type { CallObserver } from '../call/observer.ts';
import { apply, type CallRecord, type Outlook, type ShadowRecord } from '../call/record.ts';
import { ReplyRoom, type CallReplies } from '../call/room.ts';
import { Cancellation } from '../cancel.ts';
import { RouterError, type Reason } from '../errors.ts';
import type { Scheme } from '../scheme/scheme.ts';
import type { InquiryOptions } from './decide.ts';
import { AnswerMemory } from './memory.ts';
import { outlookOf } from './outlook.ts';
import { compared, notAsked, wouldDecide, type Would } from './would.ts';

/**
 * Schemes that are asked alongside calls, and decide nothing. No call waits for them, and under load they are dropped: live calls come first.
 */

export interface ShadowsOptions extends Pick<
  InquiryOptions,
  'config' | 'version' | 'clock' | 'send' | 'tokens' | 'lastAgent'
> {
  /** Null: there is time for shadows. */
  readonly noTime: () => Reason | null;
  /** The two sides of a call are known, or its shadow was dropped. It may have ended. */
  readonly onCompared: (record: CallRecord, shadow: ShadowRecord) => void;
  readonly maxRunning?: number;
}

/** What a call goes by, and its shadows too. */
type Asking = Pick<InquiryOptions, 'schemes' | 'secrets'>;

/** A call that has shadows, until it has ended and all of them are in its record. */
interface Watched {
  readonly settled: Promise<void>;
  /** What was decided for it; null: nothing, it has ended. */
  readonly decide: (live: Outlook | null) => void;
  /** Its record holds their replies as long as it lasts. */
  readonly room: CallReplies;
  isSettled: boolean;
  hasEnded: boolean;
}

/** At a time: what one takes of memory is what a call takes. */
const MAX_RUNNING = 200;
const REPLY_BYTES = 8 * 1024 * 1024;
const MEMORY_BYTES = 4 * 1024 * 1024;

export class Shadows implements CallObserver {
  readonly #options: ShadowsOptions;
  readonly #maxRunning: number;
  readonly #memory = new AnswerMemory(MEMORY_BYTES);
  readonly #replies = new ReplyRoom(REPLY_BYTES);
  readonly #watched = new Map<string, Watched>();
  #stop = new Cancellation();
  #closed = false;
  #running = 0;
  #dropped = 0;

  constructor(options: ShadowsOptions) {
    this.#options = options;
    this.#maxRunning = options.maxRunning ?? MAX_RUNNING;
  }

  get counts(): { readonly running: number; readonly dropped: number } {
    return { running: this.#running, dropped: this.#dropped };
  }

  /** Returns at once: the call's own question goes out first. */
  ask(schemes: readonly Scheme[], call: Call, record: CallRecord, asking: Asking): void {
    if (schemes.length === 0) return;
    let decide: Watched['decide'] = () => undefined;
    const live = new Promise<Outlook | null>((resolve) => {
      decide = resolve;
    });
    const room = this.#replies.forCall();
    const all = schemes.map(async (scheme) => {
      const would = await this.#would(scheme, call, record.id, asking, room).catch(() =>
        notAsked(scheme, 'internal'),
      );
      if (would.dropped !== null) this.#dropped++;
      const shadow = compared(would, await live);
      apply(record, { type: 'shadow', shadow });
      this.#options.onCompared(record, shadow);
    });
    // A rejection that nobody handles would end the router, and with it every call.
    const settled = Promise.allSettled(all).then(() => {
      watched.isSettled = true;
      this.#forget(record.id, watched);
    });
    const watched: Watched = { settled, decide, room, isSettled: false, hasEnded: false };
    this.#watched.set(record.id, watched);
  }

  decided(record: CallRecord): void {
    this.#watched.get(record.id)?.decide(outlookOf(record));
  }

  ended({ id }: CallRecord): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    watched.decide(null);
    watched.hasEnded = true;
    this.#forget(id, watched);
  }

  /** Resolves when the record has all shadows of the call, which has ended; null: it has them already. */
  settled({ id }: CallRecord): Promise<void> | null {
    const watched = this.#watched.get(id);
    return watched === undefined || watched.isSettled ? null : watched.settled;
  }

  /** Drops those that are being asked. */
  drop(reason: Reason): void {
    const running = this.#stop;
    this.#stop = new Cancellation();
    running.abort(new RouterError(reason));
  }

  /** Drops what comes as well. Resolves when the records of calls that have ended have theirs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.drop('draining');
    await Promise.all([...this.#watched.values()].map(({ settled }) => settled));
  }

  #forget(id: string, { room, isSettled, hasEnded }: Watched): void {
    if (!isSettled || !hasEnded) return;
    room.leave();
    this.#watched.delete(id);
  }

  async #would(
    scheme: Scheme,
    call: Call,
    trace: string,
    { schemes, secrets }: Asking,
    room: CallReplies,
  ): Promise<Would> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => clock.after(0, resolve));
    const noTime = this.#noTime();
    if (noTime !== null) return notAsked(scheme, noTime);
    this.#running++;
    try {
      return await wouldDecide(scheme, {
        // Of the call's context these two alone: its connections, breakers and bulkheads are for callers.
        ...this.#options,
        ...{ schemes, secrets, call, trace },
        memory: this.#memory,
        signal: this.#stop,
        fit: (event) => room.fit(event),
      });
    } finally {
      this.#running--;
    }
  }

  #noTime(): Reason | null {
    if (this.#closed) return 'draining';
    return this.#running >= this.#maxRunning ? 'bulkhead_full' : this.#options.noTime();
  }
}
