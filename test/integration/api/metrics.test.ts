import { expect } from 'chai';
import { bearer, openApi, type ApiUnderTest } from '../../support/api.ts';

describe('api: /metrics', () => {
  let api: ApiUnderTest;
  before(async () => {
    api = await openApi({}, { ESL_ROUTER_API_TRUSTED_PROXY: '192.0.2.1' });
  });
  after(() => api.close());

  const get = async (remoteAddress: string, headers: Record<string, string> = {}): Promise<number> =>
    (await api.app.inject({ url: '/metrics', remoteAddress, headers: { host: 'localhost', ...headers } }))
      .statusCode;

  it('needs no token on loopback, and is as Prometheus reads it', async () => {
    expect(await get('127.0.0.1')).to.equal(200);
    expect(await get('::ffff:127.0.0.1')).to.equal(200);
    const reply = await api.app.inject({ url: '/metrics', headers: { host: 'localhost' } });
    expect(reply.headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(reply.body).to.equal('up 1\n');
  });

  it('needs one from beyond, and behind a proxy, whoever says so', async () => {
    const forwarded = { 'x-forwarded-for': '198.51.100.7' };
    expect(await get('192.0.2.1', forwarded)).to.equal(401);
    expect(await get('127.0.0.1', forwarded)).to.equal(401);
    expect(await get('127.0.0.1', { forwarded: 'for=127.0.0.1' })).to.equal(401);
    for (const name of ['viewer', 'admin'] as const)
      expect(await get('192.0.2.1', { ...forwarded, ...bearer(api.tokens[name]) })).to.equal(200);
    for (const name of ['expired', 'wrong'] as const)
      expect(await get('192.0.2.1', { ...forwarded, ...bearer(api.tokens[name]) })).to.equal(401);
  });

  it('is guarded like the rest: no other host, no other origin, no one from afar without TLS', async () => {
    expect(await get('127.0.0.1', { host: 'evil.test' })).to.equal(421);
    expect(await get('127.0.0.1', { origin: 'http://evil.test' })).to.equal(403);
    expect(await get('198.51.100.7', bearer(api.tokens.viewer))).to.equal(403);
  });
});
