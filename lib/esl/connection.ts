/** One socket of FreeSWITCH: commands out, replies matched in their order, events handed on. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CancelSignal } from '../cancel.ts';
import { messageOf, RouterError } from '../errors.ts';
import { plainAddress } from './allow.ts';
import { serialize, type Command } from './command.ts';
import {
  parseEvent,
  Parser,
  type EslEvent,
  type HeaderBlock,
  type Message,
  type ParserLimits,
} from './parser.ts';
import { Replies, type Reply } from './replies.ts';

export type { Reply } from './replies.ts';

export interface ConnectionOptions {
  readonly limits?: ParserLimits;
  /** How long FreeSWITCH may take to answer a command, in milliseconds. Default 5000. */
  readonly replyTimeoutMs?: number;
}

/** What ended the connection: FreeSWITCH closed it, this side did, or a fault. */
export type CloseReason =
  | { readonly kind: 'switch' }
  | { readonly kind: 'local' }
  | { readonly kind: 'error'; readonly error: RouterError };

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: CancelSignal;
}

interface Listener {
  readonly hear: (event: EslEvent) => void;
  readonly lose?: (error: RouterError) => void;
}

/** FreeSWITCH answers `exit` within a millisecond and closes. */
const FAREWELL_MS = 1_000;
/** As FreeSWITCH does on its side. */
const KEEPALIVE_MS = 30_000;

/**
 * Takes the socket over. Whatever happens on it later ends this connection and nothing else. It is read without a pause,
 * since FreeSWITCH blocks on a controller that stops reading.
 *
 * Events reach their listeners within the chunk that brought them, replies reach who awaits them a microtask later: to
 * miss nothing, listen first and send then. The first listener alone may wait for a reply, since events that came when
 * nobody listened are kept until the next chunk.
 */
export class Connection {
  /** Address of the FreeSWITCH at the other end; an IPv4 one without `::ffff:`. `''` when there is none. */
  readonly peer: string;
  /** Resolves once, and never rejects. */
  readonly closed: Promise<CloseReason>;
  /** Resolves when FreeSWITCH says that the channel is gone, and that it keeps the socket for its last events. */
  readonly lingers: Promise<void>;

  readonly #socket: Duplex;
  readonly #parser: Parser;
  readonly #replies: Replies;
  readonly #listeners = new Set<Listener>();
  /** Events of the last chunk that came when nobody listened. */
  readonly #unheard: Message[] = [];
  #resolveClosed: (reason: CloseReason) => void = ignore;
  #resolveLingers: () => void = ignore;
  #isClosed = false;
  #disconnected = false;
  #cutReply: HeaderBlock | null = null;
  #noticedUuid: string | null = null;
  #ending: Promise<void> | null = null;

  constructor(socket: Duplex, options: ConnectionOptions = {}) {
    this.#socket = socket;
    this.#parser = new Parser(options.limits);
    this.#replies = new Replies(options.replyTimeoutMs ?? 5_000, (error) => {
      this.destroy(error);
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.lingers = new Promise((resolve) => {
      this.#resolveLingers = resolve;
    });
    this.peer = socket instanceof Socket ? plainAddress(socket.remoteAddress) : '';
    if (socket instanceof Socket) {
      // With Nagle's delay an otherwise idle call took 132 ms instead of 1.
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEPALIVE_MS);
    }
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.on('end', () => {
      this.#close({ kind: this.#ending === null ? 'switch' : 'local' });
    });
    socket.on('error', (error) => {
      this.#break(error);
    });
    socket.on('close', () => {
      this.#close({ kind: 'local' });
    });
    if (socket.destroyed) this.#break(new Error('it was closed before it was taken over'));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** FreeSWITCH has said that it disconnects, and so has ended this connection. */
  get disconnected(): boolean {
    return this.#disconnected;
  }

  /**
   * The call that a notice of FreeSWITCH names: all that is known of one that ended while its connection was queued, which
   * brings this notice in place of every reply (measured on 1.11.1).
   */
  get noticedUuid(): string | null {
    return this.#noticedUuid;
  }

  /**
   * The beginning of the reply to `connect` when that was larger than `bodyBytes`: it names the call, and holds some of its
   * variables. The request was rejected with `esl_protocol` then; commands still work.
   */
  get cutReply(): HeaderBlock | null {
    return this.#cutReply;
  }

  /**
   * Writes the commands in one piece. Gives one promise for each, in order, which may be ignored. They reject when the
   * connection ends first, with the RouterError that ended it or else `switch_lost`. An overdue reply ends it
   * (`esl_timeout`), as replies carry no name and a late one would answer the wrong command.
   * @throws RouterError `esl_unsafe_value`; nothing has been sent then
   */
  send(commands: Command | readonly Command[]): Promise<Reply>[] {
    const list = 'kind' in commands ? [commands] : commands;
    const text = list.map((command) => serialize(command)).join('');
    const replies = list.map((command) => this.#replies.expect(command.kind));
    if (this.#isClosed) this.#replies.fail(() => lost());
    else if (text !== '') this.#socket.write(text);
    return replies;
  }

  /** Sends one command; throws and rejects as `send` does. */
  request(command: Command): Promise<Reply> {
    const [reply] = this.send(command) as [Promise<Reply>];
    return reply;
  }

  /**
   * Hears every event, in order of arrival, from the next one on; and first, those of the last chunk that nobody has heard.
   * Returns what ends that. A throw ends the connection.
   */
  on(listener: (event: EslEvent) => void): () => void {
    const entry: Listener = { hear: listener };
    if (!this.#isClosed) {
      this.#listeners.add(entry);
      this.#safely(() => {
        for (const message of this.#unheard.splice(0)) this.#deliver(message);
      });
    }
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /**
   * The next event that fits. Rejects as `send` does when the connection ends first, with `esl_timeout`, or with the
   * signal's reason. The promise may be ignored.
   */
  waitFor(match: (event: EslEvent) => boolean, options: WaitOptions = {}): Promise<EslEvent> {
    const { timeoutMs, signal } = options;
    const event = new Promise<EslEvent>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (): void => {
        this.#listeners.delete(entry);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const lose = (error: Error): void => {
        settle();
        reject(error);
      };
      const abort = (): void => {
        lose(signal?.reason as Error);
      };
      const hear = (event: EslEvent): void => {
        if (!match(event)) return;
        settle();
        resolve(event);
      };
      const entry: Listener = { hear, lose };
      if (signal?.aborted === true) {
        abort();
      } else if (this.#isClosed) {
        lose(lost());
      } else {
        this.#listeners.add(entry);
        signal?.addEventListener('abort', abort);
        if (timeoutMs !== undefined) {
          timer = setTimeout(() => {
            lose(new RouterError('esl_timeout', `the event did not come within ${timeoutMs} ms`));
          }, timeoutMs);
        }
      }
    });
    event.catch(ignore);
    return event;
  }

  /** Says `exit`, and closes when FreeSWITCH does, after a second at the latest. Never rejects. */
  end(): Promise<void> {
    this.#ending ??= this.#leave();
    return this.#ending;
  }

  /** Closes at once. */
  destroy(error?: RouterError): void {
    this.#close(error === undefined ? { kind: 'local' } : { kind: 'error', error });
  }

  async #leave(): Promise<void> {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#close({ kind: 'local' });
    }, FAREWELL_MS);
    void this.request({ kind: 'exit' });
    await this.closed;
    clearTimeout(timer);
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#unheard.length = 0;
    this.#safely(() => {
      for (const message of this.#parser.push(chunk)) this.#receive(message);
      if (this.#parser.fault !== null) this.destroy(this.#parser.fault);
    });
  }

  #safely(run: () => void): void {
    try {
      run();
    } catch (error) {
      const own = error instanceof RouterError;
      this.destroy(own ? error : new RouterError('internal', messageOf(error), { cause: error }));
    }
  }

  #receive(message: Message): void {
    if (message.fault !== undefined) {
      this.#cutReply = message.headers;
      this.#replies.refuse(message.fault);
      return;
    }
    const type = message.headers.get('Content-Type');
    if (type === 'text/event-plain') {
      this.#deliver(message);
    } else if (type === 'command/reply' || type === 'api/response') {
      this.#replies.answer(message, type === 'api/response');
    } else if (type === 'text/disconnect-notice') {
      this.#noticedUuid = message.headers.get('Controlled-Session-UUID') ?? this.#noticedUuid;
      // With `linger` the notice may come BEFORE the last events, and nothing is over yet.
      if (message.headers.get('Content-Disposition') === 'linger') this.#resolveLingers();
      else this.#takeLeave();
    } else if (type === 'text/rude-rejection') {
      const text = (message.body?.toString() ?? '').trim();
      this.destroy(new RouterError('switch_lost', `FreeSWITCH rejected the connection: ${text}`));
    }
  }

  /** The notice is FreeSWITCH's last word (mod_event_socket.c closes after it): what it still owes does not come. */
  #takeLeave(): void {
    this.#disconnected = true;
    const timer = setTimeout(() => this.#socket.destroy(), FAREWELL_MS);
    this.#socket.once('close', () => {
      clearTimeout(timer);
    });
    this.#socket.end();
    this.#close({ kind: this.#ending === null ? 'switch' : 'local' }, { inOrder: true });
  }

  #deliver(message: Message): void {
    if (this.#listeners.size === 0) {
      this.#unheard.push(message);
      return;
    }
    const event = parseEvent(message);
    for (const listener of [...this.#listeners]) {
      if (this.#listeners.has(listener)) listener.hear(event);
    }
  }

  #break(cause: Error): void {
    // FreeSWITCH resets what it closes with commands unread: after `exit` or its own notice that is a close.
    if (this.#ending !== null) this.#close({ kind: 'local' });
    else if (this.#disconnected) this.#close({ kind: 'switch' });
    else this.#close({ kind: 'error', error: lost(cause) });
  }

  #close(reason: CloseReason, { inOrder = false } = {}): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!inOrder) this.#socket.destroy();
    const error = (): RouterError => lost(reason.kind === 'error' ? reason.error : undefined);
    this.#replies.fail(error);
    for (const listener of this.#listeners) listener.lose?.(error());
    this.#listeners.clear();
    this.#resolveClosed(reason);
  }
}

function lost(cause?: Error): RouterError {
  if (cause === undefined) return new RouterError('switch_lost');
  if (cause instanceof RouterError) return cause;
  return new RouterError('switch_lost', `the connection to FreeSWITCH was lost: ${cause.message}`, { cause });
}

function ignore(): void {
  // A promise that nobody waits for, or a place not yet filled.
}
