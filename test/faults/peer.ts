import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** One whole request, as it came over TCP. */
export interface Exchange {
  readonly socket: Socket;
  /** On this connection, from 1. */
  readonly nth: number;
  readonly head: string;
  readonly body: string;
}

export interface Peer {
  readonly url: string;
  /** Whole requests so far. */
  readonly met: number;
  close(): Promise<void>;
}

/** A CRM below HTTP: it is handed whole requests and does to their socket what it likes. */
export async function startPeer(onRequest: (exchange: Exchange) => void): Promise<Peer> {
  let met = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = '';
    let nth = 0;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text;
      for (;;) {
        const blank = rest.indexOf('\r\n\r\n');
        if (blank < 0) return;
        const head = rest.slice(0, blank);
        const end = blank + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? '0');
        if (rest.length < end) return;
        const body = rest.slice(blank + 4, end);
        rest = rest.slice(end);
        met++;
        onRequest({ socket, nth: ++nth, head, body });
      }
    });
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get met() {
      return met;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A whole reply that keeps the connection. */
export function reply(body: string, headers = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Writes a text byte by byte, as long as anybody listens. */
export function drip(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < text.length) socket.write(text.charAt(at++), 'latin1');
    else clearInterval(timer);
  }, everyMs);
  socket.once('close', () => {
    clearInterval(timer);
  });
}
