import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { RouterError } from '../../../lib/errors.ts';
import { createHttpClient, type HttpClient } from '../../../lib/http/client.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import { NO_PROXIES, type Proxies } from '../../../lib/http/proxy.ts';
import type { Tls, TlsVersion } from '../../../lib/http/tls.ts';
import { ForwardProxy } from '../../support/proxy.ts';
import { CLIENT, CRM, pem, ROOT, speaking, trusting } from '../../support/tls.ts';

const ANYWHERE = { deny: [], allow: [], private: true, switchPorts: [] };
const WANTS_CLIENT = { ca: ROOT, requestCert: true, rejectUnauthorized: true };
const STRANGER = { cert: pem('stranger.pem'), key: pem('stranger.key') };

describe('TLS to a CRM', () => {
  const cleanups: (() => void)[] = [];
  let client: HttpClient;
  /** Of each request: the name of the client's certificate, the name asked for, the number of its connection. */
  let seen: string[];

  beforeEach(() => {
    seen = [];
    const resolver = { resolve: () => Promise.resolve(['127.0.0.1']), close: () => undefined };
    client = createHttpClient({ network: ANYWHERE, restMs: 0, resolver });
    cleanups.push(() => {
      client.close();
    });
  });

  afterEach(() => {
    for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  });

  async function listen(server: net.Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
    server.on('tlsClientError', () => undefined);
    cleanups.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  function crm(options: https.ServerOptions = {}): Promise<number> {
    const numbers = new WeakMap<object, number>();
    let connections = 0;
    const server = https.createServer({ ...CRM, ...options }, ({ socket, url = '' }, response) => {
      const secure = socket as unknown as {
        readonly servername?: string | false;
        getPeerCertificate(): Partial<PeerCertificate>;
      };
      const { servername } = secure;
      const { subject } = secure.getPeerCertificate();
      seen.push(`${String(subject?.CN)} ${String(servername)} ${String(numbers.get(socket))}`);
      if (url.startsWith('/to/')) response.writeHead(302, { location: decodeURIComponent(url.slice(4)) });
      response.end('201');
    });
    server.on('secureConnection', (socket) => numbers.set(socket, ++connections));
    return listen(server);
  }

  function ask(url: string, rules: Tls | null, rest: Partial<HttpRequest> = {}): Promise<HttpResponse> {
    const shown = { url, headers: {}, body: null, proxy: null };
    const request = {
      method: 'GET',
      url,
      headers: {},
      body: null,
      redirects: 0,
      account: '',
      secrets: [],
    } as const;
    return client.send(
      { ...request, proxies: NO_PROXIES, tls: rules, shown, ...rest },
      { signal: AbortSignal.timeout(5000) },
    );
  }

  async function failure(sending: Promise<unknown>): Promise<string> {
    const error: unknown = await sending.then(
      () => 'it succeeded',
      (reason: unknown) => reason,
    );
    if (!(error instanceof RouterError)) throw new Error(`not a RouterError: ${String(error)}`);
    expect(error.message).to.not.match(/SSL routines|\n/);
    return `${error.code}: ${error.message}`;
  }

  async function throughProxy(port: number): Promise<Proxies> {
    const proxy = await ForwardProxy.start({ route: () => port });
    cleanups.push(() => {
      proxy.close();
    });
    const { url: name } = proxy;
    const setting = { name, secure: false, host: '127.0.0.1', port: proxy.port, isOperators: true };
    const one = { ...setting, authorization: null, id: name };
    return { http: one, https: one, isExcepted: () => false };
  }

  for (const [path, behind] of [
    ['directly', false],
    ['through a proxy', true],
  ] as const) {
    describe(path, () => {
      const reach = async (port: number): Promise<[string, Partial<HttpRequest>]> =>
        behind
          ? ['https://crm.test/', { proxies: await throughProxy(port) }]
          : [`https://crm.test:${port}/`, {}];

      for (const version of ['TLSv1.2', 'TLSv1.3'] as const satisfies readonly TlsVersion[]) {
        it(`${version}: the CRM sees the client certificate`, async () => {
          const [url, rest] = await reach(await crm({ ...WANTS_CLIENT, maxVersion: version }));
          const { body } = await ask(url, speaking({ ca: ROOT, identity: CLIENT }), rest);
          expect(body).to.equal('201');
          expect(seen).to.deep.equal(['esl-router client crm.test 1']);
        });

        it(`${version}: says that the CRM wants a certificate where the scheme has none`, async () => {
          const [url, rest] = await reach(await crm({ ...WANTS_CLIENT, maxVersion: version }));
          for (let n = 0; n < 5; n++)
            expect(await failure(ask(url, trusting(ROOT), rest))).to.match(
              version === 'TLSv1.3'
                ? /^certificate_required: .*alert certificate required: set webhook\.tls\.cert and webhook\.tls\.key$/
                : /^tls_failed: .*alert handshake failure; the CRM may want a client certificate \(webhook\.tls\)$/,
            );
        });

        it(`${version}: a certificate that the CRM drops without a word is named as what may be wrong`, async () => {
          const [url, rest] = await reach(await crm({ ...WANTS_CLIENT, maxVersion: version }));
          for (const identity of [STRANGER, { ...CLIENT, cert: pem('past.pem') + pem('intermediate.pem') }])
            expect(await failure(ask(url, speaking({ ca: ROOT, identity }), rest))).to.match(
              /^(tls_failed|connection_lost): .*; the CRM may not accept the client certificate$/,
            );
        });
      }

      it('says which certificates it saw and which would have to be trusted', async () => {
        const whole = await reach(await crm());
        expect(await failure(ask(whole[0], null, whole[1]))).to.match(
          /^tls_failed: unable to get local issuer certificate; the CRM sent "crm\.test", valid 2026-\d\d-\d\d to 2126-\d\d-\d\d; signed by "esl-router test intermediate", valid .*; to be trusted \(webhook\.tls\.ca\): "esl-router test root", which it did not send$/,
        );
        const partial = await reach(await crm({ cert: pem('crm.pem') }));
        expect(await failure(ask(partial[0], trusting(ROOT), partial[1]))).to.match(
          /^tls_failed: unable to verify the first certificate; the CRM sent "crm\.test", .*: "esl-router test intermediate", which it did not send$/,
        );
        const stranger = await reach(await crm(STRANGER));
        expect(await failure(ask(stranger[0], trusting(ROOT), stranger[1]))).to.match(
          /^tls_failed: self-signed certificate; the CRM sent "esl-router test, a stranger".*: "esl-router test, a stranger", SHA-256 [0-9A-F:]{95}$/,
        );
        const expired = await reach(
          await crm({ cert: pem('past.pem') + pem('intermediate.pem'), key: CLIENT.key }),
        );
        expect(await failure(ask(expired[0], trusting(ROOT), expired[1]))).to.match(
          /^tls_failed: certificate has expired; the CRM sent "esl-router client", valid 2020-01-01 to 2021-01-01/,
        );
      });

      it('verifies the name, which serverName can be', async () => {
        const port = await crm();
        const [url, rest] = await reach(port);
        const other = url.replace('crm.test', 'other.test');
        expect(await failure(ask(other, trusting(ROOT), rest))).to.match(
          /^tls_failed: Hostname\/IP does not match certificate's altnames: .*other\.test/,
        );
        expect((await ask(other, speaking({ ca: ROOT, serverName: 'crm.test' }), rest)).body).to.equal('201');
        expect(await failure(ask(url, speaking({ ca: ROOT, serverName: 'other.test' }), rest))).to.match(
          /^tls_failed: Hostname/,
        );
        expect(seen).to.deep.equal(['undefined crm.test 1']);
      });

      it('speaks no version older than minVersion', async () => {
        const [url, rest] = await reach(await crm({ maxVersion: 'TLSv1.2' }));
        expect((await ask(url, trusting(ROOT), rest)).body).to.equal('201');
        expect(await failure(ask(url, speaking({ ca: ROOT, minVersion: 'TLSv1.3' }), rest))).to.match(
          /^tls_failed: .*(protocol version|unsupported protocol)/,
        );
      });

      it('shares no connection between two certificates, and keeps one for each', async () => {
        const [url, rest] = await reach(
          await crm({ ca: ROOT, requestCert: true, rejectUnauthorized: false }),
        );
        const known = speaking({ ca: ROOT, identity: CLIENT });
        const stranger = speaking({ ca: ROOT, identity: STRANGER });
        for (let n = 0; n < 2; n++) {
          for (const rules of [known, stranger, trusting(ROOT)]) await ask(url, rules, rest);
          await delay(20);
        }
        const names = ['esl-router client', 'esl-router test, a stranger', 'undefined'];
        const round = names.map((name, i) => `${name} crm.test ${i + 1}`);
        expect(seen).to.deep.equal([...round, ...round]);
      });
    });
  }

  it('certificate_required by the page that nginx sends', async () => {
    const page = (text: string): string =>
      `<html>\r\n<head><title>400 ${text}</title></head>\r\n<body><center><h1>400 Bad Request</h1></center></body></html>`;
    let text = 'No required SSL certificate was sent';
    const port = await listen(
      https.createServer(CRM, (_, response) => response.writeHead(400).end(page(text))),
    );
    const url = `https://crm.test:${port}/`;
    expect(await failure(ask(url, trusting(ROOT)))).to.equal(
      'certificate_required: HTTP 400: set webhook.tls.cert and webhook.tls.key',
    );
    text = 'The SSL certificate error';
    expect(await failure(ask(url, speaking({ ca: ROOT, identity: CLIENT })))).to.equal(
      'certificate_refused: HTTP 400',
    );
    text = 'Bad Request';
    expect((await ask(url, trusting(ROOT))).status).to.equal(400);
  });

  it('certificate_refused where the CRM says so by an alert', async () => {
    for (const [alert, words] of [
      [48, 'unknown ca'],
      [45, 'certificate expired'],
    ] as const) {
      // A server that reads the greeting and answers with the alert of RFC 8446, 6.
      const port = await listen(
        net.createServer((socket) =>
          socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert]))),
        ),
      );
      const url = `https://crm.test:${port}/`;
      expect(await failure(ask(url, speaking({ ca: ROOT, identity: CLIENT })))).to.match(
        new RegExp(`^certificate_refused: .*alert ${words}$`),
      );
    }
  });

  it('a redirect to another origin is not shown the client certificate', async () => {
    const there = await crm({ ca: ROOT, requestCert: true, rejectUnauthorized: false });
    const here = await crm({ ca: ROOT, requestCert: true, rejectUnauthorized: false });
    const rules = speaking({ ca: ROOT, identity: CLIENT, serverName: 'crm.test' });
    const to = encodeURIComponent(`https://localhost:${there}/`);
    await ask(`https://crm.test:${here}/to/${to}`, rules, { redirects: 1 });
    expect(seen).to.deep.equal(['esl-router client crm.test 1', 'undefined localhost 1']);
  });
});
