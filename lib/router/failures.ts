import type { Clock } from '../clock.ts';
import { whatToDo, type Reason } from '../errors.ts';
import type { Logger } from '../log.ts';

/** A question to a CRM that failed, as it is logged. */
export interface CrmFailure {
  readonly scheme: string;
  /** Scheme, host and port that it was sent to. */
  readonly webhook: string;
  /** The proxy that it went through; absent: none. */
  readonly proxy?: string;
  readonly reason: Reason;
  readonly detail: string;
  /** Of the call. */
  readonly trace: string;
  readonly uuid: string;
}

interface Counted {
  /** Since the last line about this kind. */
  more: number;
  last: CrmFailure;
  readonly cancel: () => void;
}

const MINUTE_MS = 60_000;
/** Most kinds (scheme, host, reason) that are counted separately; any more are counted together. */
const MAX_KINDS = 200;
const OTHERS = 'other schemes';

/**
 * A CRM that is down fails every call: each kind of failure is logged once with its detail, and then as a count every minute
 * while it lasts.
 */
export class CrmFailures {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Counted>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  add(failure: CrmFailure): void {
    const { scheme, webhook, proxy = '', reason } = failure;
    const own = `${scheme} ${webhook} ${proxy} ${reason}`;
    const isOther = !this.#kinds.has(own) && this.#kinds.size >= MAX_KINDS;
    const kind = isOther ? OTHERS : own;
    const counted = this.#kinds.get(kind);
    if (counted !== undefined) {
      counted.more++;
      counted.last = failure;
      return;
    }
    if (isOther) this.#log.warn(`the CRMs of ${OTHERS} fail too: they are counted together`, failure);
    else this.#log.warn('the CRM failed', { ...failure, advice: whatToDo(failure.reason) });
    this.#begin(kind, failure);
  }

  /** What was counted and not yet logged. */
  close(): void {
    for (const { cancel, more, last } of this.#kinds.values()) {
      cancel();
      if (more > 0) this.#log.warn(`the CRM failed: ${more} more since the last line`, last);
    }
    this.#kinds.clear();
  }

  #begin(kind: string, last: CrmFailure): void {
    const report = (): void => {
      const counted = this.#kinds.get(kind);
      this.#kinds.delete(kind);
      if (counted === undefined || counted.more === 0) return;
      this.#log.warn(`the CRM failed: ${counted.more} more in the last minute`, {
        ...counted.last,
        ...(kind === OTHERS ? { scheme: OTHERS } : {}),
      });
      this.#begin(kind, counted.last);
    };
    // What is counted by the end is logged by close().
    const cancel = this.#clock.after(MINUTE_MS, report, { keepsAlive: false });
    this.#kinds.set(kind, { more: 0, last, cancel });
  }
}
