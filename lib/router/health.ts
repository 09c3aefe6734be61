import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { guarded } from '../emitter.ts';
import { messageOf, RouterError } from '../errors.ts';
import type { Exposition } from '../metrics/metrics.ts';

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
  readonly metrics: Exposition;
  /** Whether an address may read them. */
  readonly mayRead: (address: string) => boolean;
}

/** A request has no body and few headers: a real client does not need longer for them. */
const REQUEST_MS = 2_000;
const MAX_CONNECTIONS = 32;
const MAX_HEADER_BYTES = 8_192;

const PATHS = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * `/healthz`: 200 while the event loop turns. `/readyz`: 200 when the next call will be served, else 503. `/metrics`: numbers for
 * Prometheus, or 403.
 * @throws RouterError `config_invalid` when the address can't be listened on
 */
export async function serveHealth({
  host,
  port,
  readiness,
  metrics,
  mayRead,
}: HealthOptions): Promise<Health> {
  const server = createServer(
    {
      requestTimeout: REQUEST_MS,
      headersTimeout: REQUEST_MS,
      keepAliveTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS / 2,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    ({ method, url = '', socket }, response) => {
      const [path = ''] = url.split('?');
      if (!PATHS.has(path)) {
        answer(response, 404, { status: 'not found' });
      } else if (method !== 'GET' && method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD');
        answer(response, 405, { status: 'method not allowed' });
      } else if (path === '/healthz') {
        answer(response, 200, { status: 'ok' });
      } else if (path === '/metrics') {
        if (mayRead(socket.remoteAddress ?? '')) void expose(response, metrics);
        else answer(response, 403, { status: 'not on metrics.allow (ESL_ROUTER_METRICS_ALLOW)' });
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

async function expose(response: ServerResponse, metrics: Exposition): Promise<void> {
  try {
    send(response, 200, await metrics.text(), metrics.contentType);
  } catch (error) {
    answer(response, 500, { status: messageOf(error) });
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  send(response, status, `${JSON.stringify(body)}\n`, 'application/json');
}

/** A body is not read: the connection ends with the answer. */
function send(response: ServerResponse, status: number, text: string, contentType: string): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end(text);
}
