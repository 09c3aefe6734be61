import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import { serveHealth, type Health, type Readiness } from '../../../lib/router/health.ts';

describe('health', () => {
  let health: Health;
  let status: Readiness['status'];
  let mayRead: boolean;
  const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('up 1\n') };

  const get = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${health.address.port}${path}`, init);

  before(async () => {
    health = await serveHealth({
      host: '127.0.0.1',
      port: 0,
      readiness: () => ({ status, calls: 3, lagMs: 7 }),
      metrics,
      mayRead: () => mayRead,
    });
  });

  beforeEach(() => {
    status = 'ready';
    mayRead = true;
  });

  after(() => {
    health.close();
  });

  it('lives whatever the load', async () => {
    status = 'closed';
    const response = await get('/healthz');
    expect([response.status, await response.json()]).to.deep.equal([200, { status: 'ok' }]);
  });

  for (const [state, code] of [
    ['ready', 200],
    ['draining', 503],
    ['overloaded', 503],
    ['closed', 503],
  ] as const) {
    it(`is ${state}: ${code}`, async () => {
      status = state;
      const response = await get('/readyz?from=probe');
      expect([response.status, await response.json()]).to.deep.equal([
        code,
        { status: state, calls: 3, lagMs: 7 },
      ]);
    });
  }

  it('shows metrics to those who may read them', async () => {
    const response = await get('/metrics');
    expect([response.status, response.headers.get('content-type'), await response.text()]).to.deep.equal([
      200,
      'text/plain; version=0.0.4',
      'up 1\n',
    ]);
    mayRead = false;
    const refused = await get('/metrics');
    expect([refused.status, await refused.text()].join()).to.match(/^403,.*metrics\.allow/);
  });

  it('knows no other path and no other method', async () => {
    expect((await get('/')).status).to.equal(404);
    expect((await get('/readyz/x')).status).to.equal(404);
    const post = await get('/healthz', { method: 'POST', body: 'x'.repeat(100_000) });
    expect([post.status, post.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    expect((await get('/readyz', { method: 'HEAD' })).status).to.equal(200);
  });

  it('ends connections that say nothing, and takes no more than it can bear', async function () {
    this.timeout(60_000);
    const sockets = Array.from({ length: 40 }, () =>
      connect(health.address.port, '127.0.0.1').on('error', () => undefined),
    );
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
    expect((await get('/healthz')).status).to.equal(200);
  });

  it('drops the slowest and not the newest: those that trickle keep nobody out', async function () {
    this.timeout(60_000);
    const trickling = Array.from({ length: 64 }, () => {
      const socket = connect(health.address.port, '127.0.0.1').on('error', () => undefined);
      socket.write('GET /healthz HTTP/1.1\r\n');
      return socket;
    });
    const drip = setInterval(() => {
      for (const socket of trickling) if (socket.writable) socket.write('X');
    }, 50);
    await Promise.all(trickling.slice(32).map((socket) => once(socket, 'connect')));
    for (let n = 0; n < 20; n++) {
      const response = await fetch(`http://127.0.0.1:${health.address.port}/healthz`, {
        signal: AbortSignal.timeout(500),
      });
      expect(response.status).to.equal(200);
    }
    clearInterval(drip);
    for (const socket of trickling) socket.destroy();
  });

  it('names the address that it cannot have', async () => {
    const error: unknown = await serveHealth({
      ...health.address,
      readiness: () => ({ status: 'ready', calls: 0, lagMs: 0 }),
      ...{ metrics, mayRead: () => true },
    }).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).to.include({ code: 'config_invalid' });
    expect(String(error)).to.include(String(health.address.port)).and.to.include('EADDRINUSE');
  });
});
