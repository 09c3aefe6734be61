import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Whose question is under way on a connection. */
export interface Reader {
  /** So many bytes have come. False: no more of them, and the connection has been ended. */
  read(bytes: number): boolean;
  /** The reply is whole. */
  readonly done: boolean;
  /** The connection may be used for another question. */
  readonly keeps: boolean;
}

interface Origin {
  /** `host:port` */
  readonly name: string;
  /** Connections of before are not used again. */
  renewedAtMs: number;
  /** It has sent what nobody had asked for: until then each question has a connection of its own. */
  distrustedUntilMs: number;
}

interface Connection {
  readonly origin: Origin;
  readonly bornAtMs: number;
  /** Null between two questions. */
  reader: Reader | null;
}

/** Into the stream that the reply is read out of. */
type Push = (bytes: Buffer | null) => boolean;

/** The costliest bytes (interim responses, chunks of one byte) take 1 to 2 ms a piece; 64 KiB at once would take 20. */
const PIECE_BYTES = 4096;
const DISTRUST_MS = 3_600_000;
/** The one that was asked longest ago gives way. */
const MAX_ORIGINS = 1000;
/** HAProxy and others say so to an idle connection before they close it: RFC 9110, 15.5.9. */
const TIMEOUT_OF_SERVER = /^HTTP\/1\.[01] 408 /;

/**
 * Sees what comes over each connection before HTTP is read out of it. Whoever has asked is shown it first. What nobody has
 * asked for would be taken for the answer to the next question: it ends the connection, and its CRM's other idle ones.
 */
export class Watch {
  readonly #now: () => number;
  readonly #discardIdle: (origin: string) => void;
  readonly #connections = new WeakMap<Duplex, Connection>();
  readonly #origins = new Map<string, Origin>();
  readonly #seen: (socket: Socket, bytes: Buffer, push: Push) => boolean;

  constructor(now: () => number, discardIdle: (origin: string) => void) {
    this.#now = now;
    this.#discardIdle = discardIdle;
    this.#seen = this.#piece.bind(this);
  }

  /** For the options of one connection: what it reads into is its own. */
  onread(): OnReadOpts {
    const seen = this.#seen;
    return {
      buffer: Buffer.allocUnsafeSlow(PIECE_BYTES),
      callback(this: Socket, bytes: number, buffer: Uint8Array) {
        return seen(this, Buffer.from(buffer.subarray(0, bytes)), (piece) => this.push(piece));
      },
    };
  }

  /** TLS over a socket that is there already: Node gives it no `onread`, and what it has deciphered is pushed. */
  over(socket: Socket): Socket {
    const seen = this.#seen;
    const push = socket.push.bind(socket) as Push;
    socket.push = (bytes: Buffer | null): boolean => {
      if (bytes === null) return push(null);
      let more = true;
      for (let at = 0; at < bytes.length && !socket.destroyed; at += PIECE_BYTES)
        more = seen(socket, bytes.subarray(at, at + PIECE_BYTES), push);
      return more;
    };
    return socket;
  }

  /** `reader` is shown what comes, until the connection is free again. */
  begin(socket: Socket, origin: string, reader: Reader): void {
    const known = this.#connections.get(socket);
    if (known !== undefined) {
      known.reader = reader;
      return;
    }
    this.#connections.set(socket, { origin: this.#originOf(origin), bornAtMs: this.#now(), reader });
    // Node itself listens to none between a reply's end and the return to the pool: a reset would end the process.
    socket.on('error', () => undefined);
  }

  /** The connection is free. False: it may not be used again. */
  end(socket: Duplex): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return false;
    const { origin, bornAtMs, reader } = connection;
    connection.reader = null;
    return reader?.keeps === true && bornAtMs > origin.renewedAtMs && this.#now() >= origin.distrustedUntilMs;
  }

  /** A kept-alive connection was gone: those of its time may be so too. */
  renew(origin: string): void {
    this.#originOf(origin).renewedAtMs = this.#now();
    this.#discardIdle(origin);
  }

  distrusts(origin: string): boolean {
    return this.#now() < (this.#origins.get(origin)?.distrustedUntilMs ?? 0);
  }

  /** False: no more for now. */
  #piece(socket: Socket, bytes: Buffer, push: Push): boolean {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return push(bytes);
    const { origin, reader } = connection;
    if (reader === null || reader.done) {
      socket.destroy();
      if (!TIMEOUT_OF_SERVER.test(bytes.toString('latin1', 0, 16))) this.#distrust(origin);
      return false;
    }
    if (!reader.read(bytes.length)) return false;
    const more = push(bytes);
    // At once, for what followed the reply; a connection that is merely not to be kept is ended later.
    if (socket.destroyed && isDone(reader)) this.#distrust(origin);
    return more;
  }

  #distrust(origin: Origin): void {
    origin.distrustedUntilMs = this.#now() + DISTRUST_MS;
    this.#discardIdle(origin.name);
  }

  #originOf(name: string): Origin {
    const origin = this.#origins.get(name) ?? { name, renewedAtMs: -Infinity, distrustedUntilMs: 0 };
    this.#origins.delete(name);
    this.#origins.set(name, origin);
    const [oldest] = this.#origins.keys();
    if (this.#origins.size > MAX_ORIGINS && oldest !== undefined) this.#origins.delete(oldest);
    return origin;
  }
}

/** It becomes so while its bytes are parsed. */
function isDone({ done }: Reader): boolean {
  return done;
}
