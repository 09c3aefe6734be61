import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { messageOf, RouterError } from '../../../lib/errors.ts';
import { createHttpClient, type HttpClientOptions } from '../../../lib/http/client.ts';
import { NO_PROXIES } from '../../../lib/http/proxy.ts';

/** Of a question whose time was up: how far it had come. A host that is down and a CRM that is slow are mended by different people. */

const LATE = 'no reply within 150 ms';

describe('http client: how far a late question had come', () => {
  const cleanups: (() => void)[] = [];

  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  async function listening(onConnection: (socket: Socket) => void): Promise<number> {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
      onConnection(socket);
    });
    cleanups.push(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function lateness(url: string, options: Partial<HttpClientOptions> = {}): Promise<string> {
    const network = { deny: [], allow: [], private: true, switchPorts: [] };
    const client = createHttpClient({ network, ...options });
    const controller = new AbortController();
    const timer = setTimeout(() => {
      controller.abort(new RouterError('webhook_timeout', LATE));
    }, 150);
    cleanups.push(() => {
      client.close();
      clearTimeout(timer);
    });
    const request = {
      method: 'GET',
      url,
      headers: {},
      body: null,
      redirects: 0,
      account: '',
      tls: null,
    } as const;
    const shown = { url, headers: {}, body: null, proxy: null };
    const sent = client.send(
      { ...request, proxies: NO_PROXIES, secrets: [], shown },
      { signal: controller.signal },
    );
    return await sent.then(() => 'a reply', messageOf);
  }

  it('connected, and not a byte', async () => {
    const port = await listening((socket) => socket.resume());
    expect(await lateness(`http://127.0.0.1:${port}/`)).to.equal(
      `${LATE}: connected to 127.0.0.1:${port}, and nothing came back`,
    );
  });

  it('connected, and no TLS', async () => {
    const port = await listening((socket) => socket.resume());
    expect(await lateness(`https://127.0.0.1:${port}/`)).to.equal(
      `${LATE}: connected to 127.0.0.1:${port}, and the TLS handshake did not end`,
    );
  });

  it('a reply that had begun', async () => {
    const port = await listening((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n20')),
    );
    expect(await lateness(`http://127.0.0.1:${port}/`)).to.equal(
      `${LATE}: the reply of 127.0.0.1:${port} began and did not end`,
    );
  });

  it('a name that was not resolved', async () => {
    const resolver = { resolve: () => new Promise<never>(() => undefined), close: () => undefined };
    expect(await lateness('http://crm.example.com/', { resolver })).to.equal(
      `${LATE}: DNS did not resolve crm.example.com`,
    );
  });
});
