import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Cancellation } from '../../../lib/cancel.ts';
import { RouterError } from '../../../lib/errors.ts';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../../lib/http/client.ts';
import type { HttpRequest, HttpResponse } from '../../../lib/http/message.ts';
import { NO_PROXIES, type Proxies, type Proxy } from '../../../lib/http/proxy.ts';
import type { Resolver } from '../../../lib/http/resolver.ts';
import { ForwardProxy, type ProxyOptions } from '../../support/proxy.ts';
import { CRM, ROOT, trusting } from '../../support/tls.ts';
import { eventually } from '../../support/wait.ts';

const ANYWHERE = { deny: [], allow: [], private: true, switchPorts: [] };
const REST_MS = 0;

describe('a question through a proxy', () => {
  const cleanups: (() => void)[] = [];
  let names: Record<string, readonly string[] | 'hangs'>;
  let asked: string[];
  let client: HttpClient;

  const resolver: Resolver = {
    resolve: (name) => {
      asked.push(name);
      const addresses = names[name];
      if (addresses === 'hangs') return new Promise(() => undefined);
      return addresses === undefined
        ? Promise.reject(new RouterError('dns_failed', `ENOTFOUND ${name}`))
        : Promise.resolve(addresses);
    },
    close: () => undefined,
  };

  const open = (options: Partial<HttpClientOptions> = {}): HttpClient => {
    const opened = createHttpClient({ network: ANYWHERE, restMs: REST_MS, resolver, ...options });
    cleanups.push(() => {
      opened.close();
    });
    return opened;
  };

  beforeEach(() => {
    names = {};
    asked = [];
    client = open();
  });

  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  async function listen(server: net.Server): Promise<number> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
    cleanups.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Says who asks for what. */
  const echo: http.RequestListener = ({ method, url, headers }, response) => {
    response.end(JSON.stringify({ method, url, host: headers.host, headers }));
  };
  const plainCrm = (handler = echo): Promise<number> => listen(http.createServer(handler));
  const secureCrm = (handler = echo): Promise<number> => listen(https.createServer(CRM, handler));

  async function proxied(options: ProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = await ForwardProxy.start(options);
    cleanups.push(() => {
      proxy.close();
    });
    return proxy;
  }

  const setting = (proxy: ForwardProxy, rest: Partial<Proxy> = {}): Proxy => ({
    name: proxy.url,
    secure: proxy.url.startsWith('https'),
    host: '127.0.0.1',
    port: proxy.port,
    isOperators: true,
    authorization: null,
    id: `${proxy.url} ${rest.authorization ?? ''}`,
    ...rest,
  });
  const through = (proxy: ForwardProxy, rest: Partial<Proxy> = {}): Proxies => ({
    http: setting(proxy, rest),
    https: setting(proxy, rest),
    isExcepted: () => false,
  });

  function ask(url: string, proxies: Proxies, rest: Partial<HttpRequest> = {}): Promise<HttpResponse> {
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
      { ...request, proxies, tls: trusting(ROOT), shown, ...rest },
      { signal: new AbortController().signal },
    );
  }

  async function failure(sending: Promise<unknown>): Promise<string> {
    const error: unknown = await sending.then(
      () => 'it succeeded',
      (reason: unknown) => reason,
    );
    if (!(error instanceof RouterError)) throw new Error(`not a RouterError: ${String(error)}`);
    expect(error).to.not.have.property('cause');
    return `${error.code}: ${error.message}`;
  }

  const bodyOf = ({ body }: HttpResponse): Record<string, unknown> =>
    JSON.parse(body) as Record<string, unknown>;
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

  for (const secure of [false, true]) {
    describe(secure ? 'by TLS to the proxy itself' : 'by HTTP', () => {
      const options: ProxyOptions = secure ? { tls: CRM } : {};
      const NAME: Partial<Proxy> = { host: 'proxy.test' };
      beforeEach(() => {
        names['proxy.test'] = ['127.0.0.1'];
        if (secure) client = open({ proxyCa: ROOT });
      });

      it('for http tells the proxy the whole URL, and the CRM no less than without', async () => {
        const crm = await plainCrm();
        const proxy = await proxied({ ...options, route: () => crm });
        const proxies = through(proxy, { ...NAME, authorization: basic('router:pw') });
        const response = await ask('http://crm.test:8080/a/b?c=%20d', proxies, {
          method: 'POST',
          headers: { 'X-Own': '1', 'Content-Length': '2' },
          body: '{}',
        });
        expect(bodyOf(response)).to.include({ method: 'POST', url: '/a/b?c=%20d', host: 'crm.test:8080' });
        expect(proxy.requests).to.have.length(1);
        expect(proxy.requests[0]).to.include({ method: 'POST', target: 'http://crm.test:8080/a/b?c=%20d' });
        expect(proxy.requests[0]?.headers).to.include({
          'proxy-authorization': basic('router:pw'),
          'x-own': '1',
        });
        expect(JSON.stringify(bodyOf(response))).to.not.include('authorization');
      });

      it('for https makes a tunnel, and tells the proxy nothing but the host', async () => {
        const crm = await secureCrm();
        const proxy = await proxied({ ...options, route: () => crm });
        const proxies = through(proxy, { ...NAME, authorization: basic('router:pw') });
        const response = await ask('https://crm.test/a?b', proxies, {
          headers: { Authorization: 'Bearer x' },
        });
        expect(bodyOf(response)).to.include({ url: '/a?b', host: 'crm.test' });
        expect(bodyOf(response)['headers'])
          .to.include({ authorization: 'Bearer x' })
          .and.not.have.property('proxy-authorization');
        expect(proxy.requests).to.deep.equal([
          {
            method: 'CONNECT',
            target: 'crm.test:443',
            headers: { host: 'crm.test:443', 'proxy-authorization': basic('router:pw') },
            connection: 1,
          },
        ]);
        const { dns, connect, tunnel, tls, firstByte, total } = response.phases;
        const order = [dns, connect, tunnel, tls, firstByte, total];
        expect(
          order.every((ms) => typeof ms === 'number' && ms > 0),
          JSON.stringify(response.phases),
        ).to.be.true;
        expect(order).to.deep.equal([...order].sort((a = 0, b = 0) => a - b));
      });

      it('keeps the connection for the next question', async () => {
        const crm = await secureCrm();
        const plain = await plainCrm();
        const proxy = await proxied({ ...options, route: (_, port) => (port === 443 ? crm : plain) });
        for (const url of ['https://crm.test/', 'http://crm.test/']) {
          for (let n = 0; n < 3; n++) {
            await ask(url, through(proxy, NAME));
            // Until it is free again: a few turns, as this process may stand still in one.
            for (let turn = 0; turn < 4; turn++) await delay(5);
          }
        }
        expect(proxy.connections).to.equal(2);
        expect(proxy.requests.map(({ method, connection }) => `${method} ${connection}`)).to.deep.equal([
          ...['CONNECT 1', 'GET 2', 'GET 2', 'GET 2'],
        ]);
      });
    });
  }

  it('verifies the certificate of a proxy that speaks TLS', async () => {
    names['proxy.test'] = ['127.0.0.1'];
    const proxy = await proxied({ tls: CRM });
    for (const url of ['http://crm.test/', 'https://crm.test/'])
      expect(await failure(ask(url, through(proxy, { host: 'proxy.test' })))).to.match(
        /^proxy_unreachable: .*(certificate|issuer)/,
      );
    client = open({ proxyCa: ROOT });
    expect(await failure(ask('https://crm.test/', through(proxy, { host: 'other.test' })))).to.match(
      /^proxy_unreachable: ENOTFOUND other.test/,
    );
    names['other.test'] = ['127.0.0.1'];
    expect(await failure(ask('https://crm.test/', through(proxy, { host: 'other.test' })))).to.match(
      /^proxy_unreachable: Hostname\/IP does not match/,
    );
  });

  it('verifies the certificate of the CRM behind it, by the name of the CRM', async () => {
    const crm = await secureCrm();
    const proxy = await proxied({ route: () => crm });
    expect(await failure(ask('https://crm.test/', through(proxy), { tls: null }))).to.match(
      /^tls_failed: .*certificate/,
    );
    expect(await failure(ask('https://other.test/', through(proxy)))).to.match(
      /^tls_failed: Hostname\/IP does not match/,
    );
  });

  describe('keeps apart', () => {
    it('proxies, and the credentials for one', async () => {
      const crm = await secureCrm();
      const plain = await plainCrm();
      const route = (_: string, port: number): number => (port === 443 ? crm : plain);
      const [one, other] = [await proxied({ route }), await proxied({ route })];
      for (const url of ['https://crm.test/', 'http://crm.test/']) {
        for (let n = 0; n < 2; n++) {
          await ask(url, through(one));
          await ask(url, through(one, { authorization: basic('a:1') }));
          await ask(url, through(one, { authorization: basic('b:2') }));
          await ask(url, through(other));
          await delay(10);
        }
      }
      expect(one.connections).to.equal(6);
      expect(other.connections).to.equal(2);
      const said = one.requests.map(
        ({ connection, headers }) => `${connection} ${headers['proxy-authorization'] ?? ''}`,
      );
      expect(new Set(said).size).to.equal(6);
    });

    it('accounts, and CRMs, over the same proxy', async () => {
      const plain = await plainCrm();
      const proxy = await proxied({ route: () => plain });
      await ask('http://crm.test/', through(proxy), { account: 'a' });
      await delay(10);
      await ask('http://crm.test/', through(proxy), { account: 'b' });
      await delay(10);
      await ask('http://other.test/', through(proxy), { account: 'a' });
      expect(proxy.connections).to.equal(3);
    });

    it('what is asked through it from what is asked directly', async () => {
      const crm = await plainCrm();
      const proxy = await proxied({ route: () => crm });
      names['crm.test'] = ['127.0.0.1'];
      const url = `http://crm.test:${crm}/`;
      await ask(url, NO_PROXIES);
      await delay(10);
      await ask(url, through(proxy));
      await delay(10);
      await ask(url, NO_PROXIES);
      expect(proxy.requests).to.have.length(1);
    });
  });

  it('goes directly to this machine, and to what is excepted', async () => {
    const crm = await plainCrm();
    const proxy = await proxied();
    names['crm.test'] = ['127.0.0.1'];
    names['a.localhost'] = ['127.0.0.1'];
    for (const host of ['127.0.0.1', 'a.localhost', 'crm.test']) {
      const proxies = {
        ...through(proxy),
        isExcepted: (name: string, port: number) => `${name}:${port}` === `crm.test:${crm}`,
      };
      expect(bodyOf(await ask(`http://${host}:${crm}/`, proxies))).to.include({ url: '/' });
    }
    expect(proxy.requests).to.deep.equal([]);
  });

  describe('fails', () => {
    it('as proxy_unreachable: nobody there, no such name, it closes at once', async () => {
      const server = net.createServer((socket) => socket.destroy());
      const port = await listen(server);
      const free = await new Promise<number>((resolve) => {
        const probe = net.createServer().listen(0, '127.0.0.1', () => {
          const { port: found } = probe.address() as AddressInfo;
          probe.close(() => {
            resolve(found);
          });
        });
      });
      const proxy = await proxied();
      for (const url of ['http://crm.test/', 'https://crm.test/']) {
        expect(await failure(ask(url, through(proxy, { port: free })))).to.match(
          /^proxy_unreachable: .*ECONNREFUSED/,
        );
        expect(await failure(ask(url, through(proxy, { host: 'gone.test' })))).to.equal(
          'proxy_unreachable: ENOTFOUND gone.test',
        );
      }
      expect(await failure(ask('https://crm.test/', through(proxy, { port })))).to.match(
        /^proxy_refused: http.*the connection was closed/,
      );
    });

    it('as proxy_refused: by any word of the proxy that is not consent', async () => {
      const proxy = await proxied({ credentials: 'router:right' });
      const basicOnly = 'HTTP 407: it accepts Basic';
      for (const url of ['http://crm.test/', 'https://crm.test/']) {
        expect(await failure(ask(url, through(proxy)))).to.equal(`proxy_refused: ${proxy.url}: ${basicOnly}`);
        const wrong = through(proxy, { authorization: basic('router:wrong') });
        expect(await failure(ask(url, wrong))).to.equal(`proxy_refused: ${proxy.url}: ${basicOnly}`);
      }
      const says = async (reply: string): Promise<string> => {
        const odd = await proxied({ onConnect: (socket) => socket.write(reply) });
        return (await failure(ask('https://crm.test/', through(odd)))).replace(odd.url, 'PROXY');
      };
      expect(await says('HTTP/1.1 403 Forbidden\r\n\r\n')).to.equal('proxy_refused: PROXY: HTTP 403');
      expect(
        await says('HTTP/1.1 407 X\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n'),
      ).to.equal(
        'proxy_refused: PROXY: HTTP 407: it accepts Negotiate, NTLM, and the router supports only Basic',
      );
      expect(await says('HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\n\r\n')).to.equal(
        'proxy_refused: PROXY: HTTP 302',
      );
      expect(await says('HTTP/1.1 200 OK\r\n\r\nand more')).to.equal(
        'proxy_refused: PROXY: bytes came before the tunnel was used',
      );
      expect(await says('SSH-2.0-OpenSSH\r\n')).to.match(/^proxy_refused: PROXY: its answer is not HTTP/);
      expect(await says(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).to.match(
        /^proxy_refused: PROXY: its answer has too many headers/,
      );
    });

    it('as connect_failed: the proxy finds no way to the CRM', async () => {
      for (const status of [502, 503, 504]) {
        const proxy = await proxied({ route: () => status });
        expect(await failure(ask('https://crm.test/', through(proxy)))).to.equal(
          `connect_failed: the proxy ${proxy.url} answered HTTP ${status}`,
        );
      }
    });

    it('by its deadline, whatever the proxy does, and leaves no connection behind', async () => {
      const crm = await listen(net.createServer());
      const silent = await proxied({ onConnect: () => undefined });
      const toSilence = await proxied({ route: () => crm });
      const drip = await proxied({
        onConnect: (socket) => {
          const timer = setInterval(() => socket.write('H'), 20);
          socket.once('close', () => {
            clearInterval(timer);
          });
        },
      });
      for (const proxy of [silent, toSilence, drip]) {
        const signal = AbortSignal.timeout(120);
        const url = 'https://crm.test/';
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
        const sending = client.send(
          { ...request, proxies: through(proxy), tls: trusting(ROOT), shown },
          { signal },
        );
        const told = await failure(sending);
        expect(told, proxy.url).to.match(/^(webhook_timeout|proxy_refused)/);
        if (proxy === silent) expect(told).to.include('no connection to crm.test:443 through http://');
        await eventually(`${proxy.url} has no connection left`, () => proxy.open === 0);
      }
    });

    it('by the caller who hangs up while the tunnel is made', async () => {
      const proxy = await proxied({ onConnect: () => undefined });
      const signal = new Cancellation();
      const url = 'https://crm.test/';
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
      const sending = client.send(
        { ...request, proxies: through(proxy), tls: trusting(ROOT), shown },
        { signal },
      );
      sending.catch(() => undefined);
      while (proxy.requests.length === 0) await delay(5);
      signal.abort('hung up');
      expect(await sending.catch((reason: unknown) => reason)).to.equal('hung up');
      await eventually('no connection', () => proxy.open === 0);
    });

    it('by close(), with a tunnel that is being made', async () => {
      const proxy = await proxied({ onConnect: () => undefined });
      const sending = failure(ask('https://crm.test/', through(proxy)));
      while (proxy.requests.length === 0) await delay(5);
      client.close();
      expect(await sending).to.match(/^(proxy_refused|connection_lost)/);
      await eventually('no connection', () => proxy.open === 0);
    });
  });

  describe('goes on being watched', () => {
    it('what nobody has asked for ends the connection, and the CRM is distrusted behind this proxy alone', async () => {
      let extra = '';
      const handler: http.RequestListener = (_, response) => {
        const { socket } = response;
        response.once('finish', () => setTimeout(() => extra !== '' && socket?.write(extra), 5));
        response.end('201');
      };
      const crm = await secureCrm(handler);
      const proxy = await proxied({ route: () => crm });
      const other = await proxied({ route: () => crm });
      extra = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n666';
      expect((await ask('https://crm.test/', through(proxy))).body).to.equal('201');
      await delay(40);
      extra = '';
      const second = await ask('https://crm.test/', through(proxy));
      expect(second.body).to.equal('201');
      expect(second.notes?.join()).to.include('the CRM has sent unrequested bytes');
      await delay(10);
      await ask('https://crm.test/', through(proxy));
      expect(proxy.connections).to.equal(3);
      expect((await ask('https://crm.test/', through(other))).notes).to.deep.equal([]);
      await delay(10);
      await ask('https://crm.test/', through(other));
      expect(other.connections).to.equal(1);
    });

    it('a reply that takes too much is cut off, and its tunnel with it', async () => {
      const crm = await secureCrm((_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 0);
        response.once('close', () => {
          clearInterval(timer);
        });
      });
      const proxy = await proxied({ route: () => crm });
      expect(await failure(ask('https://crm.test/', through(proxy)))).to.match(/^reply_abusive: /);
      await eventually('no connection', () => proxy.open === 0);
    });

    it('a tunnel that was gone is connection_gone, and the next one is new', async () => {
      const sockets: Socket[] = [];
      let gone = false;
      const crm = await listen(
        https
          .createServer(CRM, (_, response) => (gone ? response.socket?.destroy() : response.end('201')))
          .on('secureConnection', (socket: Socket) => sockets.push(socket)),
      );
      const proxy = await proxied({ route: () => crm });
      await ask('https://crm.test/', through(proxy));
      await delay(10);
      gone = true;
      expect(await failure(ask('https://crm.test/', through(proxy)))).to.match(/^connection_(gone|lost)/);
      gone = false;
      expect((await ask('https://crm.test/', through(proxy))).body).to.equal('201');
      expect(proxy.connections).to.equal(2);
    });

    it('of the addresses of a proxy the one that answers comes first the next time', async () => {
      const crm = await secureCrm();
      const proxy = await proxied({ route: () => crm });
      names['proxy.test'] = ['127.0.0.2', '127.0.0.1'];
      const asked = through(proxy, { host: 'proxy.test' });
      await ask('https://crm.test/', asked);
      let tried = 0;
      const late = net.createServer((socket) => {
        tried++;
        socket.destroy();
      });
      late.listen(proxy.port, '127.0.0.2');
      await once(late, 'listening');
      await ask('https://crm.test/', asked, { account: 'other' });
      late.close();
      expect(tried).to.equal(0);
    });
  });

  describe('is held against the rules for addresses', () => {
    const NOTHING_PRIVATE = { ...ANYWHERE, private: false };

    it('by the name of the CRM, as far as our own name servers know it', async () => {
      const crm = await secureCrm();
      const proxy = await proxied({ route: () => crm });
      client = open({ network: { ...NOTHING_PRIVATE, switchPorts: [8021] } });
      names['inside.test'] = ['203.0.113.5', '10.0.0.5'];
      names['meta.test'] = ['169.254.169.254'];
      names['crm.test'] = ['203.0.113.5'];
      for (const [url, why] of [
        ['https://10.0.0.5/', '10.0.0.5: network.private is false, and 10.0.0.0/8 is private'],
        ['http://[fd00::1]/', 'fd00::1: network.private is false, and fc00::/7 is private'],
        [
          'https://169.254.169.254/',
          '169.254.169.254: 169.254.169.254/32 is always denied, unless network.allow names it',
        ],
        [
          'https://inside.test/',
          'inside.test is 203.0.113.5, 10.0.0.5: network.private is false, and 10.0.0.0/8 is private',
        ],
        [
          'http://meta.test/',
          'meta.test is 169.254.169.254: 169.254.169.254/32 is always denied, unless network.allow names it',
        ],
        [
          'http://unknown.test:8021/',
          "unknown.test: port 8021 is FreeSWITCH's event socket (network.switchPorts)",
        ],
      ] as const)
        expect(await failure(ask(url, through(proxy))), url).to.equal(`address_denied: ${why}`);
      expect(proxy.connections).to.equal(0);
      expect(bodyOf(await ask('https://crm.test/', through(proxy)))).to.include({ url: '/' });
      // The proxy knows it, and its own rules are all there is.
      expect(await failure(ask('https://unknown.test/', through(proxy)))).to.match(/^tls_failed: Hostname/);
    });

    it('"deny all but" goes for names that nobody here knows', async () => {
      const proxy = await proxied();
      client = open({ network: { ...ANYWHERE, deny: ['0.0.0.0/0'], allow: ['203.0.113.0/24'] } });
      expect(await failure(ask('https://unknown.test/', through(proxy)))).to.equal(
        'address_denied: unknown.test: network.deny has 0.0.0.0/0',
      );
    });

    it('a name server that does not answer costs 300 ms once', async () => {
      const crm = await secureCrm();
      const proxy = await proxied({ route: () => crm });
      names['crm.test'] = 'hangs';
      const from = performance.now();
      await ask('https://crm.test/', through(proxy), { account: 'a' });
      expect(performance.now() - from).to.be.above(290);
      await ask('https://crm.test/', through(proxy), { account: 'b' });
      // The second question did not ask it, and so did not wait for it.
      expect(asked).to.deep.equal(['crm.test']);
    });

    it("the operator's proxy is exempt, one that a scheme names is not", async () => {
      const crm = await secureCrm();
      const proxy = await proxied({ route: () => crm });
      names['proxy.test'] = ['127.0.0.1'];
      client = open({ network: { ...NOTHING_PRIVATE, deny: ['127.0.0.0/8'] } });
      expect(bodyOf(await ask('https://crm.test/', through(proxy)))).to.include({ url: '/' });
      const scheme = { isOperators: false };
      for (const url of ['https://crm.test/', 'http://crm.test/']) {
        expect(await failure(ask(url, through(proxy, scheme)))).to.equal(
          'address_denied: the proxy 127.0.0.1: network.deny has 127.0.0.0/8',
        );
        expect(await failure(ask(url, through(proxy, { ...scheme, host: 'proxy.test' })))).to.equal(
          'address_denied: the proxy proxy.test is 127.0.0.1: network.deny has 127.0.0.0/8',
        );
      }
      client = open({
        network: { ...NOTHING_PRIVATE, allow: ['127.0.0.0/8'] },
        ownPorts: new Set([proxy.port]),
      });
      expect(await failure(ask('https://crm.test/', through(proxy, scheme)))).to.equal(
        `address_denied: the proxy 127.0.0.1: port ${proxy.port} here is the router's own`,
      );
    });

    it('a redirect never leads further inside than the CRM is, wherever the proxy is', async () => {
      const crm = await plainCrm(({ url = '' }, response) => {
        response.writeHead(302, { location: decodeURIComponent(url.slice(1)) }).end();
      });
      const proxy = await proxied({ route: () => crm });
      names['crm.test'] = ['203.0.113.5'];
      names['inside.test'] = ['10.0.0.5'];
      const redirected = (host: string, to: string): Promise<string> =>
        failure(ask(`http://${host}/${encodeURIComponent(to)}`, through(proxy), { redirects: 1 }));
      for (const host of ['crm.test', 'unknown.test']) {
        expect(await redirected(host, 'http://10.0.0.5/')).to.equal(
          'redirect_refused: 10.0.0.5: a redirect never leads from a public address to a private one',
        );
        expect(await redirected(host, 'http://inside.test/')).to.equal(
          'redirect_refused: inside.test is 10.0.0.5: a redirect never leads from a public address to a private one',
        );
        expect(await redirected(host, `http://127.0.0.1:${crm}/`)).to.equal(
          'redirect_refused: 127.0.0.1: a redirect never leads from a public address to a loopback one',
        );
      }
      // From inside to inside, and a kept-alive connection knows where its CRM is as well.
      for (let n = 0; n < 2; n++) {
        expect(await redirected('inside.test', 'http://10.0.0.6/')).to.match(
          /^redirect_refused: HTTP 302: more than 1/,
        );
        await delay(10);
      }
    });
  });

  it('a redirect goes through the proxy of its own URL, and tells it its own credentials', async () => {
    const secure = await secureCrm();
    const plain = await plainCrm((_, response) =>
      response.writeHead(302, { location: 'https://crm.test/there' }).end(),
    );
    const [one, other] = [await proxied({ route: () => plain }), await proxied({ route: () => secure })];
    const proxies: Proxies = {
      http: setting(one, { authorization: basic('one:1') }),
      https: setting(other, { authorization: basic('other:2') }),
      isExcepted: () => false,
    };
    const response = await ask('http://crm.test/here', proxies, { redirects: 1 });
    expect(bodyOf(response)).to.include({ url: '/there' });
    expect(one.requests.map(({ headers }) => headers['proxy-authorization'])).to.deep.equal([basic('one:1')]);
    expect(other.requests.map(({ headers }) => headers['proxy-authorization'])).to.deep.equal([
      basic('other:2'),
    ]);
    expect(response.body).to.not.include('proxy-authorization');
  });
});
