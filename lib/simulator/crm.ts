import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** One request as the CRM received it. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values in turn, as they were on the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Milliseconds since the CRM started. */
  readonly atMs: number;
}

/** What the CRM does with a request. Whatever it is, it begins after `delayMs`. */
export type CrmReply = { readonly delayMs?: number } & (
  | HttpReply
  /** These bytes, straight to the socket, in one write; then it closes, unless `keepOpen`. */
  | { readonly raw: Buffer | string; readonly keepOpen?: boolean }
  /** A TCP reset; after the headers a body was promised. */
  | { readonly reset: 'before-headers' | 'after-headers' }
  /** Nothing, for ever. */
  | { readonly hang: true }
);

interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Transfer-Encoding instead of Content-Length. */
  readonly chunked?: boolean;
  readonly gzip?: boolean;
  /** The body byte by byte, with so long a pause before each. */
  readonly dripMs?: number;
  /** Half of the body that was promised, and then the end of the connection. */
  readonly half?: boolean;
}

export type CrmHandler = (request: RecordedRequest) => CrmReply | Promise<CrmReply>;

/** Replies by path, or by `METHOD /path`; a query does not count. What is not in it gets 404. */
export type CrmTable = Readonly<Record<string, CrmReply>>;

export interface CrmOptions {
  readonly host?: string;
  readonly port?: number;
  /** Keeps the requests; a benchmark of many calls does not want them. */
  readonly record?: boolean;
}

export interface SimulatedCrm {
  /** Without a slash at its end. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  close(): Promise<void>;
}

/** A CRM on real loopback HTTP that can do everything wrong that a CRM does. */
export async function startCrm(
  answers: CrmHandler | CrmTable,
  { host = '127.0.0.1', port = 0, record = true }: CrmOptions = {},
): Promise<SimulatedCrm> {
  const handler = typeof answers === 'function' ? answers : fromTable(answers);
  const requests: RecordedRequest[] = [];
  const started = performance.now();
  const stop = new AbortController();
  // Every reply that is delayed listens to it.
  setMaxListeners(0, stop.signal);
  const server = createServer((incoming, response) => {
    void serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen({ host, port, backlog: 4096 });
  await once(server, 'listening');

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming, performance.now() - started);
    if (record) requests.push(request);
    const reply = await handler(request);
    if (reply.delayMs !== undefined) await delay(reply.delayMs, undefined, { signal: stop.signal });
    await send(reply, response, stop.signal);
  }

  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      stop.abort();
      return closeServer(server);
    },
  };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function fromTable(replies: CrmTable): CrmHandler {
  return ({ method, url }) => {
    const path = url.split('?')[0] ?? '';
    return replies[`${method} ${path}`] ?? replies[path] ?? { status: 404 };
  };
}

async function read(incoming: IncomingMessage, atMs: number): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url = '', rawHeaders } = incoming;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    headers[name] = [value ?? ''].flat().join(', ');
  return { method, url, headers, rawHeaders, body: Buffer.concat(chunks), atMs };
}

async function send(reply: CrmReply, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { socket } = response;
  if ('hang' in reply || socket === null) return;
  if ('raw' in reply) {
    if (reply.keepOpen === true) socket.write(reply.raw);
    else socket.end(reply.raw);
    return;
  }
  if ('reset' in reply) {
    if (reply.reset === 'after-headers') {
      response.writeHead(200, { 'content-length': '100' });
      // The headers have to be on their way: a reset throws away what is still queued.
      await new Promise<void>((resolve) => {
        response.write('{', () => {
          resolve();
        });
      });
      await delay(20, undefined, { signal });
    }
    socket.resetAndDestroy();
    return;
  }
  await sendHttp(reply, response, signal);
}

async function sendHttp(reply: HttpReply, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const plain = Buffer.from(reply.body ?? '');
  const body = reply.gzip === true ? gzipSync(plain) : plain;
  const bodiless = reply.status === 204 || reply.status === 304;
  response.writeHead(reply.status, {
    ...(reply.gzip === true ? { 'content-encoding': 'gzip' } : {}),
    ...(reply.chunked === true || bodiless ? {} : { 'content-length': String(body.length) }),
    ...reply.headers,
  });
  if (reply.half === true) {
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => {
      response.socket?.end();
    });
    return;
  }
  if (reply.dripMs === undefined) {
    // Chunked in two, so that a reader who takes the first for the whole is found out.
    if (reply.chunked === true && body.length > 1) response.write(body.subarray(0, 1));
    response.end(reply.chunked === true && body.length > 1 ? body.subarray(1) : body);
    return;
  }
  for (const byte of body) {
    await delay(reply.dripMs, undefined, { signal });
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
  }
  response.end();
}
