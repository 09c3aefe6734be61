import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { expect } from 'chai';
import { RouterError, type Reason } from '../../../lib/errors.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../../lib/http/client.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import { NO_PROXIES } from '../../../lib/http/proxy.ts';
import type { Resolver } from '../../../lib/http/resolver.ts';
import { trusting } from '../../support/tls.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const CERTIFICATE = { key: fixture('key.pem'), cert: fixture('cert.pem') };
const MAX_BODY = 64 * 1024;
/** None, or tests that are not about it would wait; a connection is free some turns of the loop later. */
const REST_MS = 0;
const ANYWHERE = { deny: [], allow: [], private: true, switchPorts: [] };

describe('http client', () => {
  const cleanups: (() => void)[] = [];
  let client: HttpClient;

  const open = (options: Partial<HttpClientOptions> = {}): HttpClient => {
    const opened = createHttpClient({ network: ANYWHERE, restMs: REST_MS, ...options });
    cleanups.push(() => {
      opened.close();
    });
    return opened;
  };

  beforeEach(() => {
    client = open();
  });

  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  async function listen(server: net.Server, scheme = 'http'): Promise<string> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => undefined));
    });
    cleanups.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/route`;
  }

  /** A CRM that speaks bytes: called with each piece of a request, numbered over all connections. */
  function raw(onRequest: (socket: Socket, count: number) => void): Promise<string> {
    let count = 0;
    return listen(
      net.createServer((socket) =>
        socket.on('data', () => {
          onRequest(socket, ++count);
        }),
      ),
    );
  }

  const crm = (handler: http.RequestListener): Promise<string> => listen(http.createServer(handler));

  function requestTo(url: string, rest: Partial<HttpRequest> = {}): HttpRequest {
    const { headers = {}, body = null } = rest;
    return {
      method: 'GET',
      url,
      headers,
      body,
      redirects: 0,
      proxies: NO_PROXIES,
      tls: null,
      account: '',
      secrets: [],
      ...rest,
      shown: { url, headers, body, proxy: null },
    };
  }

  const get = (url: string, signal = new AbortController().signal): Promise<HttpResponse> =>
    client.send(requestTo(url), { signal });

  /** With trust in the certificate of these tests. */
  const getTrusting = (url: string, rest: Partial<HttpRequest> = {}): Promise<HttpResponse> =>
    client.send(requestTo(url, { tls: trusting(CERTIFICATE.cert), ...rest }), {
      signal: new AbortController().signal,
    });

  /** Until the connection of the last request is free again: a few turns, as this process may stand still in one. */
  const rested = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await delay(5);
  };

  async function failure(sending: Promise<unknown>): Promise<{ code: Reason; message: string }> {
    const error: unknown = await sending.then(
      () => 'it succeeded',
      (reason: unknown) => reason,
    );
    if (!(error instanceof RouterError)) throw new Error(`not a RouterError: ${String(error)}`);
    // What is logged of it must not hold the request, with its credentials.
    expect(error).to.not.have.property('cause');
    return { code: error.code, message: error.message };
  }

  const codeOf = async (sending: Promise<unknown>): Promise<Reason> => (await failure(sending)).code;

  describe('sends', () => {
    it('what it is given: method, path, headers and the bytes of the body, never chunked', async () => {
      const seen: unknown[] = [];
      const url = await crm((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { method, url: path, rawHeaders } = request;
          seen.push({ method, path, rawHeaders, body: Buffer.concat(chunks).toString() });
          response.end();
        });
      });
      const body = '{"name":"Олена"}';
      const headers = {
        'webhook-id': 'msg_1',
        'X-Empty': '',
        'Content-Length': String(Buffer.byteLength(body)),
      };
      for (const method of ['POST', 'PUT'] as const) {
        await client.send(requestTo(`${url}?a=b+c&x[]=%D0`, { method, headers, body }), {
          signal: new AbortController().signal,
        });
      }
      const host = new URL(url).host;
      const common = ['Accept-Encoding', 'gzip, deflate, br', 'webhook-id', 'msg_1', 'X-Empty', ''];
      const rawHeaders = [
        ...common,
        'Content-Length',
        '21',
        'User-Agent',
        'x',
        'Host',
        host,
        'Connection',
        'keep-alive',
      ];
      for (const [index, method] of ['POST', 'PUT'].entries()) {
        const request = seen[index] as { rawHeaders: string[] };
        expect(request).to.include({ method, path: '/route?a=b+c&x[]=%D0', body });
        const agent = request.rawHeaders.indexOf('User-Agent');
        expect(request.rawHeaders.with(agent + 1, 'x')).to.have.members(rawHeaders);
      }
    });

    it('GET and DELETE without a body, POST with an empty one', async () => {
      const url = await crm((request, response) => response.end(JSON.stringify(request.headers)));
      const headersOf = async (rest: Partial<HttpRequest>): Promise<Record<string, string>> => {
        const { body } = await client.send(requestTo(url, rest), { signal: new AbortController().signal });
        return JSON.parse(body) as Record<string, string>;
      };
      for (const method of ['GET', 'DELETE'] as const) {
        expect(await headersOf({ method })).to.not.have.any.keys('content-length', 'transfer-encoding');
      }
      const empty = await headersOf({ method: 'POST', headers: { 'Content-Length': '0' }, body: '' });
      expect(empty).to.include({ 'content-length': '0' }).and.not.have.property('transfer-encoding');
    });

    it('over one connection while it is idle for less than its limit', async () => {
      let connections = 0;
      const server = http.createServer((_, response) => response.end('201'));
      server.on('connection', () => connections++);
      const url = await listen(server);
      const first = await get(url);
      await rested();
      const second = await get(url);
      expect(connections).to.equal(1);
      expect(first.phases).to.have.all.keys('connect', 'firstByte', 'total');
      expect(second.phases).to.have.all.keys('firstByte', 'total');
    });

    it('over a connection that it closes itself once it was idle too long', async () => {
      client = open({ idleSocketMs: 30 });
      const server = http.createServer((_, response) => response.end('201'));
      const connected = once(server, 'connection') as Promise<[Socket]>;
      await get(await listen(server));
      const [socket] = await connected;
      await once(socket, 'end');
    });

    it('and waits for a reply longer than a connection may be idle', async () => {
      client = open({ idleSocketMs: 30 });
      const url = await crm((_, response) => setTimeout(() => response.end('201'), 120));
      expect(await get(url)).to.include({ body: '201' });
      expect(await get(url)).to.include({ body: '201' });
    });

    it('nothing through a proxy of the environment', async () => {
      const before = process.env['http_proxy'];
      process.env['http_proxy'] = 'http://127.0.0.1:9';
      try {
        const url = await crm((_, response) => response.end('201'));
        expect(await get(url)).to.include({ body: '201' });
      } finally {
        if (before === undefined) delete process.env['http_proxy'];
        else process.env['http_proxy'] = before;
      }
    });
  });

  describe('receives', () => {
    it('any status, without following redirects', async () => {
      let requests = 0;
      const url = await crm((request, response) => {
        requests++;
        const status = Number(new URL(request.url ?? '', 'http://x').searchParams.get('status'));
        response.writeHead(status, { Location: '/elsewhere', 'Set-Cookie': ['a=1', 'b=2'] }).end();
      });
      for (const status of [200, 204, 302, 404, 503]) {
        const response = await get(`${url}?status=${status}`);
        expect(response).to.include({ status, body: '' });
        expect(response.headers).to.include({ location: '/elsewhere', 'set-cookie': 'a=1, b=2' });
      }
      expect(requests).to.equal(5);
    });

    it('a body as text, whatever its type, JSON unparsed', async () => {
      const texts = ['agent_007', '{"destination":"201"}', 'Олена', '1'.repeat(MAX_BODY)];
      const url = await crm((request, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.end(texts[Number(request.url?.split('?')[1])]);
      });
      for (const [index, text] of texts.entries()) expect((await get(`${url}?${index}`)).body).to.equal(text);
    });

    it('the 9-byte login of a CRM that speaks HTTP/1.0', async () => {
      const url = await raw((socket) =>
        socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nagent_007'),
      );
      expect(await get(url)).to.include({ status: 200, body: 'agent_007' });
    });

    it('gzip, deflate with and without its wrapper, and brotli', async () => {
      const encoders = {
        gzip: zlib.gzipSync,
        'X-GZIP': zlib.gzipSync,
        deflate: zlib.deflateSync,
        'deflate ': zlib.deflateRawSync,
        br: zlib.brotliCompressSync,
        identity: (text: string) => Buffer.from(text),
      };
      for (const [encoding, encode] of Object.entries(encoders)) {
        const url = await crm((_, response) => {
          response.setHeader('Content-Encoding', encoding);
          response.end(encode('{"destination":"201"}'));
        });
        expect(await get(url), encoding).to.include({ body: '{"destination":"201"}' });
      }
    });

    it('a body in its charset, without its byte-order mark', async () => {
      const bodies: [type: string, body: Buffer][] = [
        ['text/html; charset=windows-1251', Buffer.from('ceebe5ede0', 'hex')],
        ['application/json; charset=utf-16', Buffer.from('\ufeffОлена', 'utf16le')],
        ['text/plain', Buffer.from('\ufeffОлена')],
      ];
      const url = await crm((request, response) => {
        const [type, body] = bodies[Number(request.url?.split('?')[1])] ?? ['', ''];
        response.setHeader('Content-Type', type);
        response.end(body);
      });
      for (const index of bodies.keys()) {
        expect(await get(`${url}?${index}`)).to.deep.include({ body: 'Олена', notes: [] });
      }
    });

    it('notes on what is out of the ordinary about it', async () => {
      const url = await crm((_, response) => {
        response.setHeader('Content-Type', 'text/plain; charset=utf8mb4');
        response.setHeader('Content-Encoding', 'UTF-8');
        response.end(Buffer.of(0x32, 0x30, 0xe9));
      });
      expect(await get(url)).to.deep.include({
        body: '20é',
        notes: [
          'Content-Encoding names no coding, "utf-8": ignored',
          'the charset utf8mb4 is not known and is ignored',
          'the reply is not valid UTF-8: read as windows-1252',
        ],
      });
    });

    it('a body as large as allowed, in bytes and not in characters', async () => {
      const half = MAX_BODY / 2;
      const url = await crm((request, response) => {
        response.end('я'.repeat(half + Number(request.url?.split('?')[1])));
      });
      expect((await get(`${url}?0`)).body).to.have.length(half);
      expect(await codeOf(get(`${url}?1`))).to.equal('body_too_large');
    });

    it('phases that follow each other, DNS and TLS among them', async () => {
      const url = await listen(
        https.createServer(CERTIFICATE, (_, response) => response.end('201')),
        'https',
      );
      const { body, phases } = await getTrusting(url.replace('127.0.0.1', 'localhost'));
      expect(body).to.equal('201');
      const order = [phases.dns, phases.connect, phases.tls, phases.firstByte, phases.total];
      expect(order.every((ms) => typeof ms === 'number' && ms > 0)).to.be.true;
      expect(order).to.deep.equal([...order].sort((a = 0, b = 0) => a - b));
    });
  });

  describe('refuses', () => {
    it('the false Content-Length in one write, and says so', async () => {
      const reply =
        'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 25\r\n\r\n{"number_01":"3 80123456789"}';
      const expected = {
        code: 'http_malformed',
        message: 'the body is longer than its Content-Length of 25',
      };
      const keptAlive = await raw((socket) => socket.write(reply));
      expect(await failure(get(keptAlive))).to.deep.equal(expected);
      // Once more: nothing of it is left in a connection.
      expect(await failure(get(keptAlive))).to.deep.equal(expected);
      const closing = await raw((socket) =>
        socket.end(reply.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
      );
      expect(await failure(get(closing))).to.deep.equal(expected);
    });

    it('to take a second reply to one question for the reply to the next', async () => {
      const reply = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
      const url = await raw((socket, count) => socket.write(`${reply}20${count}${reply}666`));
      expect(await get(url)).to.include({ body: '201' });
      expect(await get(url)).to.include({ body: '202' });
    });

    it('what is not HTTP', async () => {
      for (const reply of [
        'SSH-2.0-OpenSSH_9.6\r\n',
        'HTTP/1.1 abc\r\n\r\n',
        'HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n',
      ]) {
        const url = await raw((socket) => socket.write(reply));
        expect(await codeOf(get(url)), reply.slice(0, 20)).to.equal('http_malformed');
      }
    });

    it('a body over 64 KiB, with and without Content-Length, before it has come whole', async () => {
      const chunk = 'x'.repeat(16 * 1024);
      for (const headers of [{ 'Content-Length': String(1e9) }, {}]) {
        const url = await crm((_, response) => {
          response.writeHead(200, headers);
          const more = (): void => {
            while (!response.destroyed && response.write(chunk));
          };
          response.on('drain', more);
          more();
        });
        expect(await failure(get(url))).to.deep.equal({
          code: 'body_too_large',
          message: `the reply has more than ${MAX_BODY} bytes`,
        });
      }
    });

    it('a body over 64 KiB after decompression', async () => {
      const zeros = Buffer.alloc(20_000_000);
      const quick = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } };
      const bombs = { gzip: zlib.gzipSync(zeros), br: zlib.brotliCompressSync(zeros, quick) };
      for (const [encoding, bytes] of Object.entries(bombs)) {
        const url = await crm((_, response) => {
          response.setHeader('Content-Encoding', encoding);
          response.end(bytes);
        });
        expect(await failure(get(url))).to.deep.equal({
          code: 'body_too_large',
          message: `more than ${MAX_BODY} bytes after decompression`,
        });
      }
    });

    it('a compressed body that is cut off, broken or of an unknown kind', async () => {
      const whole = zlib.gzipSync('{"destination":"380441234567"}');
      const bodies = { gzip: whole.subarray(0, -12), br: whole, 'gzip, br': whole, compress: whole };
      for (const [encoding, bytes] of Object.entries(bodies)) {
        const url = await crm((_, response) => {
          response.setHeader('Content-Encoding', encoding);
          response.end(bytes);
        });
        expect(await codeOf(get(url)), encoding).to.equal('http_malformed');
      }
    });
  });

  describe('tells why it failed', () => {
    it('dns_failed', async () => {
      // RFC 6761: no name below "invalid" exists.
      expect(await failure(get('http://crm.invalid/'))).to.include({ code: 'dns_failed' });
    });

    it('connect_failed', async () => {
      const server = net.createServer();
      const url = await listen(server);
      server.close();
      await once(server, 'close');
      const { code, message } = await failure(get(url));
      expect(code).to.equal('connect_failed');
      expect(message).to.contain('ECONNREFUSED');
      // Each address that was tried is named.
      expect((await failure(get(url.replace('127.0.0.1', 'localhost')))).message).to.contain('ECONNREFUSED');
    });

    it('tls_failed: not trusted, another name, an old version, no TLS at all', async () => {
      const answer: http.RequestListener = (_, response) => response.end('201');
      const url = await listen(https.createServer(CERTIFICATE, answer), 'https');
      const untrusted = await failure(get(url));
      expect(untrusted.code).to.equal('tls_failed');
      expect(untrusted.message).to.match(/^self-signed certificate/);
      expect(await getTrusting(url)).to.include({ body: '201' });
      // For that request alone.
      expect((await failure(get(url))).message).to.match(/^self-signed certificate/);
      // node:https asks for the certificate of the Host header. A new connection: idle ones are verified.
      const other = await listen(https.createServer(CERTIFICATE, answer), 'https');
      expect(await codeOf(getTrusting(other, { headers: { Host: 'crm.example.com' } }))).to.equal(
        'tls_failed',
      );
      const old = https.createServer(
        { ...CERTIFICATE, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
        answer,
      );
      expect(await codeOf(getTrusting(await listen(old, 'https')))).to.equal('tls_failed');
      const plain = await raw((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      expect(await codeOf(getTrusting(plain.replace('http:', 'https:')))).to.equal('tls_failed');
    });

    it('connection_lost: before the reply, in its header, in its body, in a chunk', async () => {
      const replies = [
        '',
        'HTTP/1.1 200 OK\r\nContent-Le',
        'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"destination":"2',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"des',
      ];
      for (const reply of replies) {
        const ended = await raw((socket) => socket.end(reply));
        expect(await codeOf(get(ended)), reply).to.equal('connection_lost');
        const reset = await raw((socket) => socket.write(reply, () => socket.resetAndDestroy()));
        expect(await codeOf(get(reset)), reply).to.equal('connection_lost');
      }
    });

    it('request_invalid, for what cannot be sent', async () => {
      const request = requestTo('http://127.0.0.1:9/', { headers: { 'X Y': 'z' } });
      expect(await codeOf(client.send(request, { signal: new AbortController().signal }))).to.equal(
        'request_invalid',
      );
    });
  });

  describe('signal', () => {
    it('is the one deadline, even for a reply that trickles', async () => {
      const url = await crm((_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('2'), 10);
        response.on('close', () => {
          clearInterval(timer);
        });
      });
      expect(await codeOf(get(url, AbortSignal.timeout(100)))).to.equal('webhook_timeout');
    });

    it('throws its own reason otherwise, and the CRM sees the connection end', async () => {
      const controller = new AbortController();
      const hungUp = new Error('the caller hung up');
      const sockets: Socket[] = [];
      const url = await raw((socket) => {
        sockets.push(socket);
        controller.abort(hungUp);
      });
      expect(await get(url, controller.signal).catch((error: unknown) => error)).to.equal(hungUp);
      const [socket] = sockets;
      if (socket?.closed === false) await once(socket, 'close');
      expect(sockets).to.have.length(1);
    });

    it('that is aborted already sends nothing', async () => {
      const server = net.createServer();
      const url = await listen(server);
      const connected = once(server, 'connection') as Promise<[Socket]>;
      const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
      expect(await codeOf(get(url, late))).to.equal('webhook_timeout');
      const reason = new RouterError('caller_hung_up');
      expect(await get(url, AbortSignal.abort(reason)).catch((error: unknown) => error)).to.equal(reason);
      // Connections are accepted in their order: the first one is this.
      const probe = net.connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
      await once(probe, 'connect');
      const [socket] = await connected;
      expect(socket.remotePort).to.equal(probe.localPort);
    });
  });

  describe('a kept-alive connection that is gone', () => {
    const REPLY = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n201';

    /** A CRM that answers the first request of each connection, and does `then` with its second. */
    async function fickle(
      then: (socket: Socket) => void,
      serve: (onConnection: (socket: Socket) => void) => net.Server = (onConnection) =>
        net.createServer(onConnection),
      scheme = 'http',
    ): Promise<{ url: string; seen: string[] }> {
      const seen: string[] = [];
      let connections = 0;
      const server = serve((socket) => {
        const connection = ++connections;
        let requests = 0;
        socket.on('data', () => {
          requests++;
          seen.push(`${connection}.${requests}`);
          if (requests === 1) socket.write(REPLY);
          else then(socket);
        });
      });
      return { url: await listen(server, scheme), seen };
    }

    const reset = (socket: Socket): void => {
      socket.resetAndDestroy();
    };
    const end = (socket: Socket): void => {
      socket.end();
    };

    for (const [title, then] of [
      ['reset', reset],
      ['ended', end],
    ] as const) {
      it(`${title} as the question went out is a reason of its own, and nothing is sent twice`, async () => {
        const { url, seen } = await fickle(then);
        await get(url);
        await rested();
        expect(await failure(get(url))).to.deep.equal({
          code: 'connection_gone',
          message: 'the CRM closed a kept-alive connection as the question went out over it',
        });
        expect(seen).to.deep.equal(['1.1', '1.2']);
      });
    }

    it('takes the idle ones of its CRM with it, and those of others not', async () => {
      const { url, seen } = await fickle(reset);
      let connections = 0;
      const server = http.createServer((_, response) => response.end('202'));
      server.on('connection', () => connections++);
      const other = await listen(server);
      await Promise.all([get(url), get(url), get(url), get(other)]);
      await rested();
      expect(await codeOf(get(url))).to.equal('connection_gone');
      expect(await get(url)).to.include({ body: '201' });
      expect(seen.slice(4)).to.deep.equal(['4.1']);
      await get(other);
      expect(connections).to.equal(1);
    });

    it('by TLS too', async () => {
      const { url, seen } = await fickle(
        (socket) => socket.destroy(),
        (onConnection) => tls.createServer(CERTIFICATE, onConnection),
        'https',
      );
      await getTrusting(url);
      await rested();
      expect(await codeOf(getTrusting(url))).to.equal('connection_gone');
      expect(seen).to.deep.equal(['1.1', '1.2']);
    });

    it('before the question goes out costs nothing: another one is taken', async () => {
      const { url, seen } = await fickle(reset);
      const server = net.createServer((socket) =>
        socket.on('data', () => {
          socket.end(REPLY);
        }),
      );
      const closing = await listen(server);
      for (let n = 0; n < 3; n++) {
        expect(await get(closing)).to.include({ body: '201' });
        await rested();
      }
      await get(url);
      expect(seen).to.deep.equal(['1.1']);
    });

    it('is none that a retry could meet: it goes over a new one', async () => {
      const { url, seen } = await fickle(reset);
      await Promise.all([get(url), get(url)]);
      await rested();
      expect(await codeOf(get(url))).to.equal('connection_gone');
      // Kept alive since, as the question of another call has been answered.
      await get(url);
      await rested();
      const retry = client.send(requestTo(url), { signal: new AbortController().signal, isRetry: true });
      expect(await retry).to.include({ body: '201' });
      expect(seen).to.deep.equal(['1.1', '2.1', '2.2', '3.1', '4.1']);
    });

    it('is none that a redirect could lead to: behind one no connection is kept', async () => {
      const { url, seen } = await fickle(reset);
      const first = await crm((_, response) => response.writeHead(302, { Location: url }).end());
      const redirected = () =>
        client.send(requestTo(first, { redirects: 1 }), { signal: new AbortController().signal });
      await redirected();
      await rested();
      expect(await redirected()).to.include({ body: '201' });
      expect(seen).to.deep.equal(['1.1', '2.1']);
    });

    it('of somebody else is not used behind a redirect', async () => {
      const { url, seen } = await fickle(reset);
      await get(url);
      await rested();
      const first = await crm((_, response) => response.writeHead(302, { Location: url }).end());
      await client.send(requestTo(first, { redirects: 1 }), { signal: new AbortController().signal });
      expect(seen).to.deep.equal(['1.1', '2.1']);
    });

    it('after a byte of the reply is connection_lost', async () => {
      const { url, seen } = await fickle((socket) =>
        socket.write('HTTP/1.1 200', () => socket.resetAndDestroy()),
      );
      await get(url);
      await rested();
      expect(await codeOf(get(url))).to.equal('connection_lost');
      expect(seen).to.deep.equal(['1.1', '1.2']);
    });

    it('by our own end is connection_lost', async () => {
      const { url, seen } = await fickle(() => {
        client.close();
      });
      await get(url);
      await rested();
      expect(await codeOf(get(url))).to.equal('connection_lost');
      expect(seen).to.deep.equal(['1.1', '1.2']);
    });
  });

  describe('addresses', () => {
    const resolving = (addresses: Record<string, readonly string[]>): Resolver => ({
      resolve: (name) =>
        Promise.resolve(addresses[name]).then(
          (found) => found ?? Promise.reject(new RouterError('dns_failed', name)),
        ),
      close: () => undefined,
    });
    const LOOPBACK_DENIED = {
      ...ANYWHERE,
      deny: ['127.0.0.0/8', '::1'],
      allow: ['127.0.0.1'],
      private: true,
    };

    it('that are denied are not connected to, in whatever notation', async () => {
      client = open({ network: { ...ANYWHERE, private: false } });
      let connections = 0;
      const server = http
        .createServer((_, response) => response.end('201'))
        .on('connection', () => connections++);
      const { port } = new URL(await listen(server));
      for (const host of [
        '127.0.0.1',
        '0x7f.1',
        '2130706433',
        '[::ffff:127.0.0.1]',
        '[::ffff:7f00:1]',
        'localhost',
      ]) {
        for (const scheme of ['http', 'https']) {
          const { code, message } = await failure(get(`${scheme}://${host}:${port}/`));
          expect([host, code]).to.deep.equal([host, 'address_denied']);
          expect(message)
            .to.match(/127\.0\.0\.1|::ffff:7f00:1/)
            .and.to.include('network.private is false');
        }
      }
      expect(connections).to.equal(0);
    });

    it('that are allowed are used, and no others of the same name', async () => {
      const url = await crm((request, response) => response.end(request.socket.localAddress));
      const at = url.replace('127.0.0.1', 'crm.example.com');
      const addresses = ['127.0.0.2', '127.0.0.1', '::1'];
      client = open({ network: LOOPBACK_DENIED, resolver: resolving({ 'crm.example.com': addresses }) });
      expect(await get(at)).to.include({ body: '127.0.0.1' });
      client = open({
        network: LOOPBACK_DENIED,
        resolver: resolving({ 'crm.example.com': ['127.0.0.2', '127.0.0.3'] }),
      });
      expect(await failure(get(at))).to.deep.equal({
        code: 'address_denied',
        message: 'crm.example.com is 127.0.0.2, 127.0.0.3: network.deny has 127.0.0.0/8',
      });
    });

    it('are asked for once a connection: what was checked is what is connected to', async () => {
      const url = await crm((_, response) => response.end('201'));
      // DNS rebinding: the second answer is another one.
      const answers = [['127.0.0.1'], ['127.0.0.2']];
      let asked = 0;
      client = open({
        network: LOOPBACK_DENIED,
        resolver: { resolve: () => Promise.resolve(answers[asked++] ?? []), close: () => undefined },
      });
      const at = url.replace('127.0.0.1', 'crm.example.com');
      expect(await get(at)).to.include({ body: '201' });
      await rested();
      expect(await get(at)).to.include({ body: '201' });
      expect(asked).to.equal(1);
    });

    it('of which one does not answer: the next', async () => {
      const url = await crm((_, response) => response.end('201'));
      const resolver = resolving({ 'crm.example.com': ['127.0.0.2', '::1', '127.0.0.1'] });
      client = open({ resolver });
      const { port } = new URL(url);
      expect(await get(`http://crm.example.com:${port}/`)).to.include({ body: '201' });
    });

    it('that cannot be found end the request by its signal, and leave nothing', async () => {
      let closed = false;
      client = open({
        resolver: {
          resolve: () => new Promise(() => undefined),
          close: () => {
            closed = true;
          },
        },
      });
      expect(await codeOf(get('http://crm.example.com/', AbortSignal.timeout(30)))).to.equal(
        'webhook_timeout',
      );
      client.close();
      expect(closed).to.equal(true);
    });

    it('that cannot be found are dns_failed, in the words of the resolver', async () => {
      client = open({ resolver: resolving({}) });
      expect(await failure(get('http://crm.example.com/'))).to.deep.equal({
        code: 'dns_failed',
        message: 'crm.example.com',
      });
    });
  });

  it('tells once of a connection to the host, whatever comes of the question', async () => {
    const silent = await raw(() => undefined);
    const url = await crm((_, response) => response.end('201'));
    const first = await crm((_, response) => response.writeHead(302, { Location: url }).end());
    const told = async (asked: string): Promise<number> => {
      let times = 0;
      const onConnected = (): void => {
        times++;
      };
      const options = { signal: AbortSignal.timeout(200), onConnected };
      await client.send(requestTo(asked, { redirects: 1 }), options).catch(() => undefined);
      await delay(20);
      return times;
    };
    expect(await told(silent)).to.equal(1);
    expect(await told(url)).to.equal(1);
    expect(await told(url), 'kept alive').to.equal(1);
    expect(await told(first)).to.equal(1);
    expect(await told('http://127.0.0.1:1/')).to.equal(0);
  });

  describe('redirects', () => {
    /** A CRM that sends every path on to the next, as `status` says, and answers with what it got at the end. */
    async function chain(status: number, hops: readonly string[]): Promise<{ url: string; seen: string[] }> {
      const seen: string[] = [];
      const url = await crm((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          seen.push(`${request.method ?? ''} ${request.url ?? ''} ${Buffer.concat(chunks).toString()}`);
          const next = hops[seen.length - 1];
          if (next === undefined) response.end('201');
          else response.writeHead(status, { Location: next }).end('moved');
        });
      });
      return { url, seen };
    }
    const post = (url: string, redirects: number): Promise<HttpResponse> =>
      client.send(
        requestTo(url, { method: 'POST', body: '{}', headers: { 'Content-Length': '2' }, redirects }),
        {
          signal: new AbortController().signal,
        },
      );

    it('are followed as often as the request says', async () => {
      const { url, seen } = await chain(302, ['/a', '/b', '/c']);
      const { status, body, phases } = await post(url, 3);
      expect({ status, body }).to.deep.equal({ status: 200, body: '201' });
      expect(phases).to.include({ redirects: 3, host: new URL(url).host });
      expect(seen).to.deep.equal(['POST /route {}', 'GET /a ', 'GET /b ', 'GET /c ']);
    });

    it('and no further', async () => {
      const { url, seen } = await chain(302, ['/a', '/b', '/c']);
      expect(await failure(post(url, 2))).to.deep.equal({
        code: 'redirect_refused',
        message: 'HTTP 302: more than 2 in a row',
      });
      expect(seen).to.have.length(3);
    });

    it('307 sends the body along', async () => {
      const { url, seen } = await chain(307, ['/a']);
      await post(url, 1);
      expect(seen).to.deep.equal(['POST /route {}', 'POST /a {}']);
    });

    it('to another origin tell it nothing of the scheme', async () => {
      const other = await crm((request, response) => response.end(JSON.stringify(request.headers)));
      const { url } = await chain(302, [other]);
      const headers = {
        Accept: 'text/plain',
        'User-Agent': 'esl-router/1',
        'webhook-id': 'msg_1',
        Authorization: 'Bearer t',
        'X-Api-Key': 'k',
        Cookie: 'c',
      };
      const sent = client.send(requestTo(url, { headers, redirects: 1 }), {
        signal: new AbortController().signal,
      });
      expect(JSON.parse((await sent).body)).to.deep.equal({
        accept: 'text/plain',
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': 'esl-router/1',
        'webhook-id': 'msg_1',
        host: new URL(other).host,
        connection: 'keep-alive',
      });
      expect((await sent).phases.host).to.equal(new URL(other).host);
    });

    it('are held against the rules for addresses', async () => {
      client = open({ network: { ...ANYWHERE, deny: ['127.0.0.2', '169.254.0.0/16'] } });
      for (const location of ['http://127.0.0.2/', 'http://[::ffff:a9fe:a9fe]/latest/meta-data']) {
        const { url } = await chain(302, [location]);
        const { code, message } = await failure(post(url, 3));
        expect(code, location).to.equal('redirect_refused');
        expect(message).to.match(/127\.0\.0\.2: network\.deny has|a9fe:a9fe: .* is always denied/);
      }
    });

    it("never lead to the switch or to the router's own ports", async () => {
      let connections = 0;
      const server = http.createServer().on('connection', () => connections++);
      const { port, origin } = new URL(await listen(server));
      for (const rules of [
        { network: { ...ANYWHERE, allow: ['127.0.0.1'], switchPorts: [Number(port)] } },
        { network: ANYWHERE, ownPorts: new Set([Number(port)]) },
      ]) {
        client = open(rules);
        for (const location of [
          `${origin}/api`,
          `http://localhost:${port}/`,
          `http://[::ffff:127.0.0.1]:${port}`,
        ]) {
          const { url } = await chain(302, [location]);
          expect(await codeOf(post(url, 3)), location).to.equal('redirect_refused');
        }
        expect(await codeOf(post(origin, 0))).to.equal('address_denied');
      }
      expect(connections).to.equal(0);
    });

    describe('from outside', () => {
      // oxlint-disable-next-line typescript/unbound-method -- it is called with the socket
      const connect = net.Socket.prototype.connect as (...given: unknown[]) => net.Socket;
      /** Who answers at this port is taken for an address out there: nothing here leaves loopback. */
      const outside = (port: string, address: string): void => {
        net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
          const [[{ port: to }]] = given as [[{ port: unknown }]];
          if (Number(to) === Number(port)) Object.defineProperty(this, 'remoteAddress', { value: address });
          return connect.apply(this, given);
        };
      };
      afterEach(() => {
        net.Socket.prototype.connect = connect;
      });

      for (const [zone, address] of [
        ['public', '203.0.113.7'],
        ['private', '10.0.0.7'],
      ] as const) {
        it(`never lead to loopback: from a ${zone} address`, async () => {
          let asked = 0;
          const inside = await crm((_, response) => {
            asked++;
            response.end('201');
          });
          for (const location of [
            inside,
            inside.replace('127.0.0.1', 'localhost'),
            inside.replace('127.0.0.1', '0x7f.1'),
          ]) {
            const { url } = await chain(302, [location]);
            outside(new URL(url).port, address);
            expect(await failure(post(url, 1)), location).to.deep.include({ code: 'redirect_refused' });
          }
          expect(asked).to.equal(0);
          // Nor over a connection that is there already.
          await post(inside, 0);
          const { url } = await chain(302, [inside]);
          outside(new URL(url).port, address);
          const { message } = await failure(post(url, 1));
          expect(message).to.equal(
            `127.0.0.1: a redirect never leads from a ${zone} address to a loopback one`,
          );
          expect(asked).to.equal(1);
        });
      }
    });

    it('to where nobody listens are connection_lost: the question was sent, and is not to be sent again', async () => {
      const { url } = await chain(302, ['http://127.0.0.1:9/']);
      const { code, message } = await failure(post(url, 1));
      expect(code).to.equal('connection_lost');
      expect(message).to.match(/^sent once, and then connect_failed: .*ECONNREFUSED/);
    });

    it('have the signal of the request, for all of it', async () => {
      const { url } = await chain(302, ['/a', '/b']);
      const slow = await crm(() => undefined);
      const first = await chain(302, [slow]);
      expect(
        await codeOf(
          client.send(requestTo(first.url, { redirects: 3 }), { signal: AbortSignal.timeout(50) }),
        ),
      ).to.equal('webhook_timeout');
      expect((await post(url, 2)).phases.total).to.be.above(0);
    });
  });

  it('trusts a hundred authorities in turn, each for its own requests and over its own connection', async () => {
    client = open({ idleSocketMs: 60_000 });
    let connections = 0;
    const server = https.createServer(CERTIFICATE, (_, response) => response.end('201'));
    server.on('secureConnection', () => connections++);
    const url = await listen(server, 'https');
    const pem = (count: number): string => CERTIFICATE.cert + '\n'.repeat(count);
    const round = async (): Promise<void> => {
      for (let count = 0; count < 100; count++) await getTrusting(url, { tls: trusting(pem(count)) });
    };
    await round();
    await rested();
    expect(connections).to.equal(100);
    await round();
    expect(connections, 'each has kept its connection').to.equal(100);
    expect((await failure(get(url))).message).to.match(/^self-signed certificate/);
  });

  it('close() ends what is under way', async () => {
    const url = await raw(() => {
      client.close();
    });
    expect(await codeOf(get(url))).to.equal('connection_lost');
  });
});
