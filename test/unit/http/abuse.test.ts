import { once } from 'node:events';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import tls, { type TLSSocket, type TlsOptions } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import type { AddressInfo, Socket } from 'node:net';
import { expect } from 'chai';
import { RouterError } from '../../../lib/errors.ts';
import { createHttpClient, type HttpClient } from '../../../lib/http/client.ts';
import { NO_PROXIES } from '../../../lib/http/proxy.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import { reply, startPeer, type Exchange, type Peer } from '../../faults/peer.ts';
import { trusting } from '../../support/tls.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const EARLY = 'HTTP/1.1 103 Early Hints\r\n\r\n';
/** Longer than anything here may take: what waits for it has not failed at once. */
const BUDGET_MS = 20_000;

/** Writes as fast as it is read, for ever. */
function flood(socket: Socket, text: string): void {
  const block = text.repeat(Math.ceil(16_384 / text.length));
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
}

/** Each byte in a packet of its own. */
async function packets(socket: Socket, text: string): Promise<void> {
  for (const byte of text) {
    if (socket.destroyed) return;
    socket.write(byte);
    // Written faster than they are read they would come together.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else
      socket.once('close', () => {
        resolve();
      });
  });
}

describe('a CRM that sends', () => {
  const peers: Peer[] = [];
  let client: HttpClient;

  beforeEach(() => {
    client = createHttpClient({
      network: { deny: [], allow: [], private: true, switchPorts: [] },
      restMs: 30,
    });
  });

  afterEach(async () => {
    client.close();
    for (const peer of peers.splice(0)) await peer.close();
  });

  async function crm(onRequest: (exchange: Exchange) => void): Promise<string> {
    const peer = await startPeer(onRequest);
    peers.push(peer);
    return peer.url;
  }

  function ask(url: string, rest: Partial<HttpRequest> = {}): Promise<HttpResponse> {
    const request: HttpRequest = {
      method: 'POST',
      url,
      headers: { 'Content-Length': '2' },
      body: '{}',
      redirects: 0,
      proxies: NO_PROXIES,
      tls: null,
      account: '',
      secrets: [],
      shown: { url, headers: {}, body: null, proxy: null },
      ...rest,
    };
    return client.send(request, { signal: AbortSignal.timeout(BUDGET_MS) });
  }

  /** Of this process, the CRM's own writing among it. */
  async function leastCpu(run: () => Promise<unknown>): Promise<number> {
    const times: number[] = [];
    for (let n = 0; n < 9; n++) {
      const before = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(before);
      times.push(user + system);
    }
    return Math.min(...times);
  }

  async function failure(sending: Promise<unknown>): Promise<string> {
    const error: unknown = await sending.then(
      () => 'it succeeded',
      (reason: unknown) => reason,
    );
    const text = error instanceof RouterError ? `${error.code}: ${error.message}` : String(error);
    expect(text, 'at once, and not when the time is over').not.to.include('webhook_timeout');
    return text;
  }

  describe('more than an answer needs', () => {
    const abuses: readonly [title: string, send: (socket: Socket) => void, failure: RegExp][] = [
      [
        'interim responses without end',
        (socket) => {
          flood(socket, EARLY);
        },
        /more than 16 interim responses$/,
      ],
      [
        'interim responses, each with many headers',
        (socket) => {
          flood(socket, `HTTP/1.1 103 E\r\n${'Link: </a>\r\n'.repeat(20)}\r\n`);
        },
        /more than 128 header lines$/,
      ],
      [
        '1,800 short headers',
        (socket) => socket.write(`${HEAD}${'a:b\r\n'.repeat(1800)}\r\n`),
        /128 header lines$/,
      ],
      [
        'headers without end',
        (socket) => {
          socket.write(HEAD);
          flood(socket, `X: ${'x'.repeat(500)}\r\n`);
        },
        /headers or trailers of more than 16384 bytes$/,
      ],
      ['one header without end', (socket) => socket.write(`${HEAD}X: ${'x'.repeat(99_999)}`), /16384 bytes$/],
      [
        '60,000 chunks of one byte',
        (socket) => socket.write(`${CHUNKED}${'1\r\nx\r\n'.repeat(60_000)}0\r\n\r\n`),
        /more than 1024 chunks$/,
      ],
      [
        'chunk extensions without end',
        (socket) => {
          socket.write(`${CHUNKED}1;`);
          flood(socket, 'x');
        },
        /endless chunk extensions$/,
      ],
      [
        'a long extension with each chunk',
        (socket) => {
          socket.write(CHUNKED);
          flood(socket, `1;${'x'.repeat(16_000)}\r\nx\r\n`);
        },
        /more than 131072 bytes, framing included$/,
      ],
      [
        'many trailers',
        (socket) => socket.write(`${CHUNKED}3\r\n201\r\n0\r\n${'a: b\r\n'.repeat(200)}\r\n`),
        /more than 128 header lines$/,
      ],
      [
        'trailers without end',
        (socket) => {
          socket.write(`${CHUNKED}3\r\n201\r\n0\r\n`);
          flood(socket, 'a: b\r\n');
        },
        /16384 bytes$/,
      ],
      [
        'each byte in a packet',
        (socket) => void packets(socket, `${HEAD}Content-Length: 60000\r\n\r\n${'x'.repeat(60_000)}`),
        /more than 1024 pieces$/,
      ],
    ];
    for (const [title, send, expected] of abuses) {
      it(`is cut off: ${title}`, async () => {
        const sockets: Socket[] = [];
        const url = await crm(({ socket }) => {
          sockets.push(socket);
          send(socket);
        });
        const told = await failure(ask(url));
        expect(told)
          .to.match(/^reply_abusive: the reply has /)
          .and.to.match(expected);
        for (const socket of sockets) await closed(socket);
      });
    }

    it('costs this process less than half of what reading it all costs', async () => {
      for (const text of [EARLY, `${CHUNKED}${'1\r\nx\r\n'.repeat(60_000)}`]) {
        const url = await crm(({ socket }) => socket.end(text.repeat(Math.ceil(400_000 / text.length))));
        const readAll = (): Promise<unknown> =>
          new Promise((resolve) => {
            const request = http.get(url, { agent: false }, (response) => {
              response.resume().once('close', resolve);
            });
            request.once('error', resolve);
          });
        const cut = await leastCpu(() => failure(ask(url)));
        expect(cut / (await leastCpu(readAll)), text.slice(0, 12)).to.be.below(0.5);
      }
    });

    it('is not what real ones send: hints, policies, a template flushed line by line', async () => {
      const lines = Array.from({ length: 900 }, () => '20\r\n                                \r\n').join('');
      const url = await crm(({ socket }) => {
        const head = `${EARLY.repeat(3)}${HEAD}${'Set-Cookie: a=b\r\n'.repeat(80)}`;
        socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${lines}3\r\n201\r\n0\r\nETag: x\r\n\r\n`);
      });
      expect((await ask(url)).body.trim()).to.equal('201');
    });
  });

  describe('what cannot be an answer', () => {
    for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n']) {
      it(`fails at once: 101${upgrade && ' with an Upgrade'}`, async () => {
        const url = await crm(({ socket }) =>
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\n`),
        );
        expect(await failure(ask(url))).to.match(/^http_malformed: 101 Switching Protocols/);
      });
    }

    it('fails at once: a Content-Length beyond the cap, of which nothing comes', async () => {
      const url = await crm(({ socket }) => socket.write(`${HEAD}Content-Length: 65537\r\n\r\n`));
      expect(await failure(ask(url))).to.equal('body_too_large: the reply has more than 65536 bytes');
    });
  });

  describe('a body on which nothing hangs', () => {
    const large = 'x'.repeat(100_000);

    it('204 and 304 end with their head: what stands behind it is not the next answer', async () => {
      for (const status of ['204 No Content', '304 Not Modified']) {
        for (const length of ['', 'Content-Length: 7\r\n', 'Content-Length: 99999\r\n']) {
          const url = await crm(({ socket }) => socket.write(`HTTP/1.1 ${status}\r\n${length}\r\n{"a":1}`));
          for (let n = 0; n < 2; n++) {
            expect(await ask(url), length).to.include({ status: Number(status.slice(0, 3)), body: '' });
          }
        }
      }
    });

    it('that of a redirect is not read, whatever its length', async () => {
      const target = await crm(({ socket }) => socket.write(reply('201')));
      for (const body of [
        `Content-Length: ${large.length}\r\n\r\n${large}`,
        'Content-Length: 999\r\n\r\n',
        '\r\n',
      ]) {
        const url = await crm(({ socket }) =>
          socket.write(`HTTP/1.1 303 See Other\r\nLocation: ${target}\r\n${body}`),
        );
        expect(await ask(url, { redirects: 1 })).to.include({ status: 200, body: '201' });
      }
    });

    it('nor does a small one of a redirect cost its connection', async () => {
      const target = await crm(({ socket }) => socket.write(reply('201')));
      let most = 0;
      const url = await crm(({ socket, nth }) => {
        most = Math.max(most, nth);
        socket.write(`HTTP/1.1 302 Found\r\nLocation: ${target}\r\nContent-Length: 5\r\n\r\nmoved`);
      });
      for (let n = 0; n < 4; n++) {
        await ask(url, { redirects: 1 });
        await delay(60);
      }
      expect(most).to.be.above(1);
    });

    it('that of a failure is left out where it is too large: the status counts', async () => {
      const head = 'HTTP/1.1 404 Not Found\r\n';
      for (const rest of [`Content-Length: ${large.length}\r\n\r\n${large}`, `\r\n${large}`]) {
        const url = await crm(({ socket }) => socket.end(head + rest));
        const { status, body, notes } = await ask(url);
        expect({ status, body }).to.deep.equal({ status: 404, body: '' });
        expect(notes).to.deep.equal(['the body has more than 65536 bytes and was not read']);
      }
    });
  });

  describe('the body of a failure that does not come whole', () => {
    const head = 'HTTP/1.1 404 Not Found\r\n';
    const zipped = gzipSync('{"error":"unknown"}');
    const coded = (coding: string, body: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from(`${head}Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`),
        body,
      ]);
    const sloppy: readonly (readonly [string, string | Buffer, RegExp])[] = [
      ['cut off', `${head}Content-Length: 99\r\n\r\nunknown`, /the connection ended before/],
      ['no chunks', `${head}Transfer-Encoding: chunked\r\n\r\nunknown`, /Parse Error/],
      ['longer than it says', `${head}Content-Length: 3\r\n\r\nunknown`, /longer than its Content-Length/],
      ['half a gzip', coded('gzip', zipped.subarray(0, 15)), /is not complete gzip/],
      ['too large a gzip', coded('gzip', gzipSync(Buffer.alloc(1_000_000))), /after decompression/],
      ['another coding', coded('zstd', zipped), /was not offered/],
    ];
    for (const [how, bytes, why] of sloppy) {
      it(`is left out, and the status counts: ${how}`, async () => {
        const { status, body, notes = [] } = await ask(await crm(({ socket }) => socket.end(bytes)));
        expect({ status, body }).to.deep.equal({ status: 404, body: '' });
        expect(notes[0])
          .to.match(/^the body was not read: /)
          .and.match(why);
      });
    }
  });

  describe('what nobody has asked for', () => {
    /** Answers each question with its number, and sends a stranger's answer `afterMs` later. */
    const twice = (afterMs: number): Promise<string> => {
      let count = 0;
      return crm(({ socket }) => {
        socket.write(reply(`own-${++count}`));
        setTimeout(() => socket.write(reply('stranger')), afterMs);
      });
    };
    const answers = async (url: string, times: number, everyMs: number): Promise<string[]> => {
      const bodies: string[] = [];
      for (let n = 0; n < times; n++) {
        bodies.push((await ask(url)).body);
        await delay(everyMs);
      }
      return bodies;
    };

    for (const afterMs of [0, 1, 5, 20, 40]) {
      it(`is nobody's answer: a second one ${afterMs} ms behind the first`, async () => {
        const bodies = await answers(await twice(afterMs), 30, 7);
        expect(bodies).to.deep.equal(bodies.map((_, n) => `own-${n + 1}`));
      });
    }

    it("is nobody's answer where it lies there, unread, as the next question begins", async () => {
      const sockets: Socket[] = [];
      const url = await crm(({ socket }) => {
        sockets.push(socket);
        socket.write(reply(`own-${sockets.length}`));
      });
      await answers(url, 1, 60);
      sockets[0]?.write(reply('stranger'));
      const { body, notes } = await ask(url);
      expect(body).to.equal('own-2');
      expect(notes).to.have.length(1);
    });

    it('ends the connection while it is idle, and from then on each question has its own', async () => {
      const connections: number[] = [];
      const sockets: Socket[] = [];
      const url = await crm(({ socket, nth }) => {
        connections.push(nth);
        sockets.push(socket);
        socket.write(reply('201'));
      });
      await answers(url, 2, 60);
      expect(connections).to.deep.equal([1, 2]);
      sockets[0]?.write('x');
      await delay(20);
      const { notes } = await ask(url);
      expect(notes).to.deep.equal([
        'the CRM has sent unrequested bytes: each question gets a new connection',
      ]);
      await delay(60);
      await ask(url);
      expect(connections).to.deep.equal([1, 2, 1, 1]);
    });

    it('is not a reason for that where a server only says that it closes: 408', async () => {
      const connections: number[] = [];
      let last: Socket | undefined;
      const url = await crm(({ socket, nth }) => {
        connections.push(nth);
        last = socket;
        socket.write(reply('201'));
      });
      await ask(url);
      await delay(60);
      last?.end('HTTP/1.1 408 Request Time-out\r\nConnection: close\r\n\r\n');
      await delay(20);
      for (let n = 0; n < 2; n++) {
        expect(await ask(url)).to.deep.include({ body: '201', notes: [] });
        await delay(60);
      }
      expect(connections).to.deep.equal([1, 1, 2]);
    });

    it('and a reset between two questions ends nothing but the connection', async () => {
      const url = await crm(({ socket }) => {
        socket.write(reply('201'), () => setTimeout(() => socket.resetAndDestroy(), 5));
      });
      expect(await answers(url, 5, 12)).to.deep.equal(Array(5).fill('201'));
    });
  });

  describe('by TLS', () => {
    const pem = (name: string): string =>
      readFileSync(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
    const certificate = { key: pem('key'), cert: pem('cert') };

    /** Called once a request has come. */
    async function secure(onRequest: (socket: TLSSocket) => void, options: TlsOptions = {}): Promise<string> {
      const sockets: TLSSocket[] = [];
      const server = tls.createServer({ ...certificate, ...options }, (socket) => {
        sockets.push(socket);
        socket
          .on('error', () => undefined)
          .once('data', () => {
            onRequest(socket);
          });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      peers.push({
        url: '',
        met: 0,
        close: async () => {
          server.close();
          for (const socket of sockets) socket.destroy();
          await Promise.resolve();
        },
      });
      return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    }

    it('is cut off as well', async () => {
      const url = await secure((socket) => {
        flood(socket, EARLY);
      });
      expect(await failure(ask(url, { tls: trusting(certificate.cert) }))).to.equal(
        'reply_abusive: the reply has more than 16 interim responses',
      );
    });

    it('ends the connection while it is idle, and from then on each question has its own', async () => {
      const sockets: TLSSocket[] = [];
      const url = await secure((socket) => {
        sockets.push(socket);
        socket.write(reply('201'));
      });
      const rules = { tls: trusting(certificate.cert) };
      expect((await ask(url, rules)).notes).to.deep.equal([]);
      // Longer than it rests. Were it not idle yet, the same would be asked of it.
      await delay(60);
      const [first] = sockets as [TLSSocket];
      const closed = once(first, 'close');
      first.write('x');
      await closed;
      expect((await ask(url, rules)).notes).to.deep.equal([
        'the CRM has sent unrequested bytes: each question gets a new connection',
      ]);
      expect(sockets).to.have.length(2);
    });

    it('is not given handshake after handshake', async () => {
      let handshakes = 0;
      const url = await secure(
        (socket) => {
          const again = (): void => {
            socket.renegotiate({}, (error) => {
              if (error !== null || ++handshakes === 20) socket.end(reply('201', 'Connection: close\r\n'));
              else again();
            });
          };
          again();
        },
        { maxVersion: 'TLSv1.2' },
      );
      await ask(url, { tls: trusting(certificate.cert) }).catch(() => undefined);
      expect(handshakes).to.equal(0);
    });
  });

  describe('to many', () => {
    it('over connections that those with other credentials do not use', async () => {
      const seen: string[] = [];
      const ids = new Map<Socket, number>();
      const url = await crm(({ socket }) => {
        ids.set(socket, ids.get(socket) ?? ids.size + 1);
        seen.push(String(ids.get(socket)));
        socket.write(reply('201'));
      });
      for (const account of ['a', 'b', 'a', 'b', 'b']) {
        await ask(url, { account });
        await delay(60);
      }
      expect(seen).to.deep.equal(['1', '2', '1', '2', '2']);
    });
  });
});
