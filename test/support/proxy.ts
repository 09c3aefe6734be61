import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';

/** A forward proxy on loopback: CONNECT for https, absolute URLs for http. Names are its own to resolve. */

/** What one client asked of it. */
export interface ProxyRequest {
  readonly method: string;
  /** `crm.test:443` of a CONNECT, or the whole URL. */
  readonly target: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Of the client's connection, counted from 1. */
  readonly connection: number;
}

export interface ProxyOptions {
  /** The port on loopback that a name leads to; a number of 100 to 599 is a status that is answered instead. */
  readonly route?: (host: string, port: number) => number;
  /** `user:password` without which it answers 407. */
  readonly credentials?: string;
  /** Speaks TLS itself. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answers a CONNECT in a way of its own. */
  readonly onConnect?: (client: Socket, target: string) => void;
}

const DENIED = { 'Proxy-Authenticate': 'Basic realm="proxy"' };

export class ForwardProxy {
  readonly requests: ProxyRequest[] = [];
  connections = 0;
  readonly #options: ProxyOptions;
  readonly #server: http.Server;
  readonly #sockets = new Set<Socket>();
  readonly #numbers = new WeakMap<Socket, number>();

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = options.tls === undefined ? http.createServer() : https.createServer(options.tls);
    const counted = options.tls === undefined ? 'connection' : 'secureConnection';
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    this.#server.on(counted, (socket: Socket) => this.#numbers.set(socket, ++this.connections));
    this.#server.on('request', (request: IncomingMessage, response: http.ServerResponse) => {
      this.#forward(request, response);
    });
    this.#server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#connect(request, socket, head);
    });
  }

  static async start(options: ProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(options);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Connections of clients and to CRMs that are open. */
  get open(): number {
    return [...this.#sockets].filter((socket) => !socket.destroyed).length;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): Socket {
    if (this.#sockets.has(socket)) return socket;
    this.#sockets.add(socket.on('error', () => undefined));
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }

  #take({ method = '', url = '', headers, socket }: IncomingMessage): boolean {
    this.requests.push({ method, target: url, headers, connection: this.#numbers.get(socket) ?? 0 });
    const { credentials } = this.#options;
    const wanted = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`;
    return credentials === undefined || headers['proxy-authorization'] === wanted;
  }

  #route(host: string, port: number): number {
    return this.#options.route?.(host, port) ?? port;
  }

  #forward(request: IncomingMessage, response: http.ServerResponse): void {
    if (!this.#take(request)) {
      response.writeHead(407, DENIED).end('no');
      return;
    }
    // An origin server's form has no place here: RFC 9112, 3.2.2.
    if (!URL.canParse(request.url ?? '')) {
      response.writeHead(400).end('expected an absolute URL');
      return;
    }
    const url = new URL(request.url ?? '');
    const to = this.#route(url.hostname, Number(url.port) || 80);
    if (to < 600) {
      response.writeHead(to).end('the proxy says no');
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const path = url.pathname + url.search;
    const onward = http.request({ host: '127.0.0.1', port: to, method: request.method, path, headers });
    onward.on('socket', (socket) => this.#keep(socket));
    onward.on('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  }

  #connect(request: IncomingMessage, client: Socket, head: Buffer): void {
    this.#keep(client);
    const target = request.url ?? '';
    const answer = (status: number, headers: Readonly<Record<string, string>> = {}): void => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      client.end(`HTTP/1.1 ${status} No\r\n${lines.join('')}Content-Length: 0\r\n\r\n`);
    };
    if (!this.#take(request)) {
      answer(407, DENIED);
      return;
    }
    client.once('end', () => client.destroy());
    if (this.#options.onConnect !== undefined) {
      // Read, or nobody sees it end.
      client.resume();
      this.#options.onConnect(client, target);
      return;
    }
    const { hostname, port } = new URL(`http://${target}`);
    const to = this.#route(hostname, Number(port) || 80);
    if (to < 600) {
      answer(to);
      return;
    }
    const crm = this.#keep(net.connect(to, '127.0.0.1'));
    crm.once('error', () => {
      answer(502);
    });
    crm.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      crm.write(head);
      client.pipe(crm).pipe(client);
      client.once('close', () => crm.destroy());
      crm.once('close', () => client.destroy());
    });
  }
}
