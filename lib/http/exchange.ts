import http from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { CancelSignal } from '../cancel.ts';
import { messageOf, RouterError, type Reason } from '../errors.ts';
import { certificateFailure, handshakeFailure, MAYBE_REFUSED } from './handshake.ts';
import type { HttpPhases } from './message.ts';
import { abusive, HEAD_BYTES, Meter } from './meter.ts';
import { outermost, type Zone } from './network.ts';
import type { Pool } from './pool.ts';
import type { Proxy } from './proxy.ts';
import { isRedirect } from './redirect.ts';
import type { Tls } from './tls.ts';
import { credentialsFor, type Making } from './tunnel.ts';
import type { Reader } from './watch.ts';

export type Phases = { -readonly [Phase in keyof HttpPhases]: HttpPhases[Phase] };

export interface ExchangeOptions {
  readonly pool: Pool;
  readonly url: URL;
  /** Null: directly. */
  readonly proxy: Proxy | null;
  readonly tls: Tls | null;
  /** Ends a connection that is being made through a proxy. */
  readonly signal: CancelSignal;
  /** Of the first request, where this one follows on another. */
  readonly startedAt: number;
  /** Whose connections it may use. */
  readonly account: string;
  /** The outermost zone that redirects have come through; null for the first request. */
  readonly from: Zone | null;
  /** None of those that were kept alive. */
  readonly overNewConnection: boolean;
  readonly maxBodyBytes: number;
  /** Without what a status of success counts as well. */
  readonly unread: 'nothing' | 'body' | 'long body';
  /** A redirect is not the answer. */
  readonly followsRedirects: boolean;
  readonly onConnected: () => void;
}

/** RFC 9112, 6.3: they end with their head, whatever is in it. */
const WITHOUT_BODY = new Set([204, 304]);
/** Parts of the reply that are longer than Node's parser takes. */
const TOO_LONG: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: `headers or trailers of more than ${HEAD_BYTES} bytes`,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'endless chunk extensions',
};

/**
 * One request on its way: axios' transport, which is where its phases and its failures can be told apart, and where a
 * reply that takes too much is cut off.
 */
export class Exchange implements Reader {
  readonly #options: ExchangeOptions;
  readonly #meter: Meter;
  readonly #phases: Phases = { total: 0 };
  /** What a failure means at the point that was reached. */
  #stage: Reason = 'request_invalid';
  #request: http.ClientRequest | undefined;
  #socket: Socket | undefined;
  #response: http.IncomingMessage | undefined;
  #zone: Zone = 'public';
  /** `host:port` */
  #origin = '';
  /** A connection that had been kept alive, and the bytes that had come over it before. */
  #reused: { readonly socket: Socket; readonly bytesRead: number } | null = null;
  #fault: RouterError | null = null;
  /** Why the body of a failure was left out. */
  #unread: string | null = null;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#meter = new Meter(options.maxBodyBytes);
  }

  request(
    options: https.RequestOptions,
    onResponse: (response: http.IncomingMessage) => void,
  ): http.ClientRequest {
    const secure = options.protocol === 'https:';
    const { pool, account, from, overNewConnection } = this.#options;
    this.#origin = `${options.hostname ?? ''}:${Number(options.port ?? 0) || (secure ? 443 : 80)}`;
    if (overNewConnection) pool.watch.renew(this.#origin);
    Object.assign(options, { account, from, maxHeaderSize: HEAD_BYTES });
    const { proxy, tls } = this.#options;
    if (secure && tls !== null && tls.serverName !== null) options.servername = tls.serverName;
    if (proxy !== null) this.#goThrough(proxy, options, secure);
    const request = (secure ? https : http).request(options, (response) => {
      this.#received(response, onResponse);
    });
    this.#request = request;
    this.#stage = 'connect_failed';
    request.on('information', ({ rawHeaders }) => {
      this.#limit(this.#meter.count('interims'));
      this.#limit(this.#meter.count('headers', rawHeaders.length / 2));
    });
    request.once('upgrade', (_, socket) => {
      socket.destroy();
      request.emit('error', (this.#fault = switching()));
    });
    return request.once('socket', (socket) => {
      this.#socket = socket;
      pool.watch.begin(socket, this.#origin, this);
      if (socket.connecting) {
        this.#time(socket, secure);
        return;
      }
      this.#stage = 'connection_lost';
      this.#options.onConnected();
      if (request.reusedSocket) this.#reused = { socket, bytesRead: socket.bytesRead };
    });
  }

  /** RFC 9112, 3.2.2: a proxy that reads the question is told the whole URL of it. */
  #goThrough(proxy: Proxy, options: https.RequestOptions, secure: boolean): void {
    const { signal, tls } = this.#options;
    const reached = (phase: 'dns' | 'connect' | 'tunnel' | 'tls'): void => {
      this.#phases[phase] ??= this.#elapsed();
    };
    Object.assign(options, { making: { proxy, tls, signal, reached } satisfies Making });
    this.#origin = `${this.#origin} through ${proxy.name}`;
    if (secure) return;
    options.path = this.#options.url.origin + (options.path ?? '/');
    Object.assign(options.headers ?? {}, credentialsFor(proxy));
  }

  read(bytes: number): boolean {
    this.#limit(this.#meter.read(bytes));
    return this.#fault === null;
  }

  get done(): boolean {
    return this.#response?.complete === true;
  }

  /** Behind a redirect none is: were it gone the next time, nobody could ask again, as the question itself was read. */
  get keeps(): boolean {
    return this.#options.from === null;
  }

  get status(): number {
    return this.#response?.statusCode ?? 0;
  }

  /** The outermost zone of all who have answered so far, where the answer is a redirect. */
  get zone(): Zone {
    return this.#zone;
  }

  headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, value = ''] of Object.entries(this.#response?.headers ?? {})) {
      headers[name] = typeof value === 'string' ? value : value.join(', ');
    }
    return headers;
  }

  phases(): Phases {
    this.#phases.total = this.#elapsed();
    return this.#phases;
  }

  /** How far it came when its time was up, in words. */
  get progress(): string {
    const [origin, { url, proxy }] = [this.#origin, this.#options];
    if (this.#response !== undefined) return `the reply of ${origin} began and did not end`;
    if (this.#stage === 'connection_lost') return `connected to ${origin}, and nothing came back`;
    if (this.#stage === 'tls_failed') return `connected to ${origin}, and the TLS handshake did not end`;
    const isNamed = proxy === null && isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0;
    return isNamed && this.#phases.dns === undefined
      ? `DNS did not resolve ${url.hostname}`
      : `no connection to ${origin}`;
  }

  /** What was out of the ordinary about the connection, in words. */
  notes(): string[] {
    const { pool, maxBodyBytes } = this.#options;
    const notes: string[] = [];
    if (this.#fault !== null) notes.push(`the body has more than ${maxBodyBytes} bytes and was not read`);
    else if (this.#unread !== null) notes.push(`the body was not read: ${this.#unread}`);
    if (pool.watch.distrusts(this.#origin))
      notes.push('the CRM has sent unrequested bytes: each question gets a new connection');
    return notes;
  }

  /** What ended a reply that came whole nevertheless. */
  get fault(): RouterError | null {
    return this.#fault;
  }

  /** Where nothing of the reply hangs on its body it counts, whatever became of that. Throws what failed otherwise. */
  endWithoutBody(error: unknown): void {
    const { status } = this;
    const failure = this.#failure(error);
    if (failure.code === 'reply_abusive') throw failure;
    if (WITHOUT_BODY.has(status) || this.#leadsOn(status)) return;
    const { unread } = this.#options;
    const counts = unread === 'body' || (unread === 'long body' && failure.code === 'body_too_large');
    if (status < (counts ? 200 : 300)) throw failure;
    this.#unread = failure.message;
  }

  #failure(error: unknown): RouterError {
    if (this.#fault !== null) return this.#fault;
    if (error instanceof RouterError) return error;
    // What the lookup or the check of the address said; axios has wrapped it.
    if (error instanceof Error && error.cause instanceof RouterError) return error.cause;
    const code = codeOf(error);
    const response = this.#response;
    const tooLong = TOO_LONG[code];
    if (tooLong !== undefined) return abusive(tooLong);
    if (code.startsWith('HPE_')) {
      const promised = this.done ? response?.headers['content-length'] : undefined;
      return promised === undefined
        ? new RouterError('http_malformed', messageOf(error))
        : new RouterError('http_malformed', `the body is longer than its Content-Length of ${promised}`);
    }
    if (response !== undefined) {
      return new RouterError('connection_lost', 'the connection ended before the reply was whole');
    }
    if (this.#foundGone(code)) {
      this.#options.pool.watch.renew(this.#origin);
      return new RouterError('connection_gone');
    }
    const { tls } = this.#options;
    if (this.#stage === 'tls_failed') return handshakeFailure(error, this.#socket, tls);
    // By TLS 1.3 a client has finished before the server has looked at its certificate.
    const refused = certificateFailure(error, tls);
    if (refused !== null) return refused;
    const isNew = this.#stage === 'connection_lost' && this.#reused === null;
    const hint = isNew && tls?.identity != null ? MAYBE_REFUSED : '';
    return new RouterError(this.#stage, `${messageOf(error)}${hint}`);
  }

  #received(response: http.IncomingMessage, onResponse: (response: http.IncomingMessage) => void): void {
    const { maxBodyBytes } = this.#options;
    this.#phases.firstByte = this.#elapsed();
    this.#response = response;
    if (this.#fault !== null) return;
    const { statusCode: status = 0, rawHeaders, headers } = response;
    this.#limit(status === 101 ? switching() : this.#meter.count('headers', rawHeaders.length / 2));
    const promised = Number(headers['content-length'] ?? 0);
    if (this.#leadsOn(status)) {
      const { from } = this.#options;
      const answering = this.#options.pool.zoneOf(response.socket);
      this.#zone = from === null ? answering : outermost(from, answering);
      this.#leaveUnread(response, onResponse);
      return;
    }
    if (promised > maxBodyBytes && !WITHOUT_BODY.has(status)) this.#limit(tooLarge(maxBodyBytes));
    let bytes = 0;
    response.on('data', ({ length }: Buffer) => {
      bytes += length;
      this.#limit(bytes > maxBodyBytes ? tooLarge(maxBodyBytes) : this.#meter.count('chunks'));
    });
    response.once('end', () => {
      this.#limit(this.#meter.count('headers', response.rawTrailers.length / 2));
    });
    onResponse(response);
  }

  #limit(fault: RouterError | null): void {
    if (fault === null || this.#fault !== null) return;
    this.#fault = fault;
    this.#request?.destroy(fault);
    // A request whose reply is whole has let go of it.
    this.#socket?.destroy();
  }

  #leadsOn(status: number): boolean {
    return this.#options.followsRedirects && isRedirect(status);
  }

  /** Where its head leads is all that counts. A body that is there already goes with it, any other with its connection. */
  #leaveUnread(response: http.IncomingMessage, onResponse: (response: http.IncomingMessage) => void): void {
    const { statusCode, headers } = response;
    response.on('error', () => undefined).resume();
    setImmediate(() => {
      if (!response.complete) response.destroy();
    });
    onResponse(Object.assign(Readable.from([]), { statusCode, headers }) as unknown as http.IncomingMessage);
  }

  /**
   * The other side ended the kept-alive connection as the request went out, and not a byte has come back: most likely it
   * never saw it (RFC 9112, 9.3.1). On a new connection the same means that the CRM is at fault.
   */
  #foundGone(code: string): boolean {
    if (this.#reused === null) return false;
    const { socket, bytesRead } = this.#reused;
    return (code === 'ECONNRESET' || code === 'EPIPE') && socket.bytesRead === bytesRead;
  }

  #time(socket: Socket, secure: boolean): void {
    const onLookup = (error: Error | null): void => {
      if (error === null) this.#phases.dns ??= this.#elapsed();
    };
    // Several times when several addresses are tried, never for an IP address.
    socket.on('lookup', onLookup);
    socket.once('connect', () => {
      socket.off('lookup', onLookup);
      this.#phases.connect = this.#elapsed();
      this.#stage = secure ? 'tls_failed' : 'connection_lost';
      this.#options.onConnected();
    });
    if (!secure) return;
    socket.once('secureConnect', () => {
      this.#phases.tls = this.#elapsed();
      this.#stage = 'connection_lost';
    });
  }

  /** Milliseconds, to the hundredth. */
  #elapsed(): number {
    return Math.round((performance.now() - this.#options.startedAt) * 100) / 100;
  }
}

function switching(): RouterError {
  return new RouterError('http_malformed', '101 Switching Protocols, and no other protocol was asked for');
}

function tooLarge(maxBodyBytes: number): RouterError {
  return new RouterError('body_too_large', `the reply has more than ${maxBodyBytes} bytes`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
