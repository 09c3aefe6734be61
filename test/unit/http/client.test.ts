import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import zlib from 'node:zlib';
import { expect } from 'chai';
import { RouterError, type Reason } from '../../../lib/errors.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../../lib/http/client.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const CERTIFICATE = { key: fixture('key.pem'), cert: fixture('cert.pem') };
const MAX_BODY = 64 * 1024;
const ANYWHERE = { deny: [], allow: [], private: true };

describe('http client', () => {
  const cleanups: (() => void)[] = [];
  let client: HttpClient;

  const open = (options: Partial<HttpClientOptions> = {}): HttpClient => {
    const opened = createHttpClient({ network: ANYWHERE, ...options });
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
      ca: null,
      ...rest,
      shown: { url, headers, body },
    };
  }

  const get = (url: string, signal = new AbortController().signal): Promise<HttpResponse> =>
    client.send(requestTo(url), { signal });

  /** With trust in the certificate of these tests. */
  const getTrusting = (url: string, rest: Partial<HttpRequest> = {}): Promise<HttpResponse> =>
    client.send(requestTo(url, { ca: CERTIFICATE.cert, ...rest }), { signal: new AbortController().signal });

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

    it('a body as UTF-8 text, whatever its type, JSON unparsed', async () => {
      const texts = ['agent_007', '{"destination":"201"}', 'Олена', '\ufeff201', '1'.repeat(MAX_BODY)];
      const url = await crm((request, response) => {
        response.setHeader('Content-Type', 'text/html; charset=windows-1251');
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
        `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(99_999)}`,
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

    it('request_invalid, for what can not be sent', async () => {
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
      const started = performance.now();
      expect(await codeOf(get(url, AbortSignal.timeout(100)))).to.equal('webhook_timeout');
      expect(performance.now() - started).to.be.within(95, 1000);
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

  it('close() ends what is under way', async () => {
    const url = await raw(() => {
      client.close();
    });
    expect(await codeOf(get(url))).to.equal('connection_lost');
  });
});
