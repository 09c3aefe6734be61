import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';

/** For supervisors and load balancers: is the router alive, and can it take more calls? */
export interface Health {
  readonly address: { readonly host: string; readonly port: number };
  close(): void;
}

export interface Readiness {
  readonly status: 'ready' | 'draining' | 'overloaded' | 'closed';
  readonly calls: number;
  /** How late the event loop is. */
  readonly lagMs: number;
  /** Absent where there is none. */
  readonly store?: { readonly status: 'up' | 'down'; readonly queued: number; readonly lost: number };
}

export interface HealthOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly readiness: () => Readiness;
}

/** A request has no body and few headers: a real client does not need longer for them. */
const REQUEST_MS = 2_000;
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8_192;

/**
 * `/healthz`: 200 while the event loop turns. `/readyz`: 200 when the next call will be served, else 503.
 * @throws RouterError `config_invalid` when the address can't be listened on
 */
export async function serveHealth({ host, port, readiness }: HealthOptions): Promise<Health> {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS / 2,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    ({ method, url = '' }, response) => {
      const [path] = url.split('?');
      if (path !== '/healthz' && path !== '/readyz') {
        answer(response, 404, { status: 'not found' });
      } else if (method !== 'GET' && method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD');
        answer(response, 405, { status: 'method not allowed' });
      } else if (path === '/healthz') {
        answer(response, 200, { status: 'ok' });
      } else {
        const state = readiness();
        answer(response, state.status === 'ready' ? 200 : 503, state);
      }
    },
  );
  dropSlowest(server);
  // requestTimeout does not cover a connection that sends nothing at all.
  server.setTimeout(REQUEST_MS);
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (cause) {
    throw new RouterError('config_invalid', `health: cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
      cause,
    });
  }
  // A failed accept: the client gets no answer, which tells it enough.
  guarded(server);
  const address = server.address() as AddressInfo;
  return {
    address: { host: address.address, port: address.port },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Requests are answered at once, so the oldest connection is the slowest client, and is closed first. If the newest were turned
 * away, a few slow clients could keep the supervisor out, and it would kill a healthy router.
 */
function dropSlowest(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [slowest] = open;
    if (open.size > MAX_CONNECTIONS) slowest?.destroy();
  });
}

/** A body is not read: the connection ends with the answer. */
function answer(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end(text);
}
