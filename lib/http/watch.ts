import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Whose question is under way on a connection. */
export interface Reader {
  /** So many bytes have come. False: no more of them, and the connection has been ended. */
  read(bytes: number): boolean;
  /** The reply is whole. */
  readonly done: boolean;
}

interface Connection {
  /** `host:port` */
  readonly origin: string;
  /** Null between two questions. */
  reader: Reader | null;
}

/** The costliest bytes (interim responses, chunks of one byte) take 1 to 2 ms a piece; 64 KiB at once would take 20. */
const PIECE_BYTES = 4096;
/** So long a CRM that has answered twice is given a connection for each question. */
const DISTRUST_MS = 3_600_000;
const MAX_DISTRUSTED = 1000;
/** HAProxy and others say so to an idle connection before they close it: RFC 9110, 15.5.9. */
const TIMEOUT_OF_SERVER = /^HTTP\/1\.[01] 408 /;

/**
 * Sees what comes over each connection before HTTP is read out of it. Whoever has asked is shown it first. What nobody has
 * asked for would be taken for the answer to the next question: it ends the connection, and its CRM's other idle ones.
 */
export class Watch {
  readonly #now: () => number;
  readonly #onDistrust: (origin: string) => void;
  readonly #connections = new WeakMap<Duplex, Connection>();
  /** By origin, until when; the oldest first. */
  readonly #distrusted = new Map<string, number>();
  /** For the options of a connection. */
  readonly onread: OnReadOpts;

  constructor(now: () => number, onDistrust: (origin: string) => void) {
    this.#now = now;
    this.#onDistrust = onDistrust;
    const piece = this.#piece.bind(this);
    this.onread = {
      buffer: () => Buffer.allocUnsafe(PIECE_BYTES),
      callback(this: Socket, bytes: number, buffer: Uint8Array) {
        return piece(this, buffer.subarray(0, bytes));
      },
    };
  }

  /** `reader` is shown what comes, until the connection is free again. */
  begin(socket: Socket, origin: string, reader: Reader): void {
    const known = this.#connections.get(socket);
    if (known !== undefined) known.reader = reader;
    else {
      this.#connections.set(socket, { origin, reader });
      // Node itself listens to none between a reply's end and the return to the pool: a reset would end the process.
      socket.on('error', () => undefined);
    }
  }

  /** The connection is free. False: it may not be used again. */
  end(socket: Duplex): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return false;
    connection.reader = null;
    return !this.distrusts(connection.origin);
  }

  /** The CRM has sent what nobody had asked for, within the last hour. */
  distrusts(origin: string): boolean {
    return this.#now() < (this.#distrusted.get(origin) ?? 0);
  }

  /** False: no more for now. */
  #piece(socket: Socket, bytes: Uint8Array): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return socket.push(bytes);
    const { origin, reader } = connection;
    if (reader === null || reader.done) {
      socket.destroy();
      if (!TIMEOUT_OF_SERVER.test(Buffer.from(bytes).toString('latin1', 0, 16))) this.#distrust(origin);
      return false;
    }
    if (!reader.read(bytes.length)) return false;
    const more = socket.push(bytes);
    // At once, for what stood behind the reply; a connection that is merely not to be kept is ended later.
    if (socket.destroyed && isDone(reader)) this.#distrust(origin);
    return more;
  }

  #distrust(origin: string): void {
    this.#distrusted.delete(origin);
    this.#distrusted.set(origin, this.#now() + DISTRUST_MS);
    const [oldest] = this.#distrusted.keys();
    if (this.#distrusted.size > MAX_DISTRUSTED && oldest !== undefined) this.#distrusted.delete(oldest);
    this.#onDistrust(origin);
  }
}

/** It becomes so while its bytes are parsed. */
function isDone({ done }: Reader): boolean {
  return done;
}
