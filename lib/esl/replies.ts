/** The replies that FreeSWITCH owes. They carry no name: the first one answers the first command, and so on. */
import { RouterError } from '../errors.ts';
import type { Command } from './command.ts';
import type { Message } from './parser.ts';

export interface Reply {
  /** `Reply-Text` begins with `+OK` (of a sendmsg: queued, not executed), or the result of `api` not with `-ERR`. */
  readonly ok: boolean;
  /** `Reply-Text`, or the result of `api`; trimmed. */
  readonly text: string;
  /** The whole reply, 6 KB and more for `connect`: take what is needed and let it go. */
  readonly message: Message;
}

interface Pending {
  readonly kind: Command['kind'];
  /** By the clock of `performance.now()`. */
  readonly dueAt: number;
  readonly promise: Promise<Reply>;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: RouterError) => void;
}

export class Replies {
  readonly #timeoutMs: number;
  readonly #onOverdue: (error: RouterError) => void;
  readonly #pending: Pending[] = [];
  /** One for all: set for the oldest and looked at when it fires, so that a reply in time costs no timer call. */
  #timer: NodeJS.Timeout | undefined;

  /** @param onOverdue called with `esl_timeout`, and has to end in `fail`: any later reply would answer the wrong command */
  constructor(timeoutMs: number, onOverdue: (error: RouterError) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onOverdue = onOverdue;
  }

  /** The reply to a command that is being sent now. The promise may be ignored. */
  expect(kind: Command['kind']): Promise<Reply> {
    let resolve: (reply: Reply) => void = ignore;
    let reject: (error: RouterError) => void = ignore;
    const promise = new Promise<Reply>((resolved, rejected) => {
      resolve = resolved;
      reject = rejected;
    });
    this.#pending.push({ kind, dueAt: performance.now() + this.#timeoutMs, promise, resolve, reject });
    this.#watch();
    return promise;
  }

  /** Takes a `command/reply` or an `api/response`. */
  answer(message: Message, isApi: boolean): void {
    // One that nobody waits for comes when a value with a blank line has broken FreeSWITCH's own framing.
    const pending = this.#pending.shift();
    if (pending === undefined) return;
    const raw = isApi ? message.body?.toString() : message.headers.get('Reply-Text');
    const text = (raw ?? '').trim();
    pending.resolve({ ok: isApi ? !text.startsWith('-ERR') : text.startsWith('+OK'), text, message });
  }

  /** The reply that is due has come, and can't be taken. */
  refuse(error: RouterError): void {
    this.#pending.shift()?.reject(error);
  }

  /** There will be no more. */
  fail(error: () => RouterError): void {
    clearTimeout(this.#timer);
    for (const { promise, reject } of this.#pending.splice(0)) {
      promise.catch(ignore);
      reject(error());
    }
  }

  #watch(): void {
    const oldest = this.#pending[0];
    if (oldest === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        // After a stall of this process timers run before sockets are read: the reply may be waiting there.
        setImmediate(() => {
          this.#check();
        });
      },
      Math.max(1, oldest.dueAt - performance.now()),
    );
  }

  #check(): void {
    this.#timer = undefined;
    const oldest = this.#pending[0];
    if (oldest === undefined || performance.now() < oldest.dueAt) {
      this.#watch();
      return;
    }
    const text = `FreeSWITCH did not answer ${oldest.kind} within ${this.#timeoutMs} ms`;
    const error = new RouterError('esl_timeout', text);
    oldest.reject(error);
    this.#onOverdue(error);
  }
}

function ignore(): void {
  // A promise that nobody waits for.
}
