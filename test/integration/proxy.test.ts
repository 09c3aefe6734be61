import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import { SimulatedFreeSwitch, startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { ForwardProxy } from '../support/proxy.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** A CRM that is reached through a proxy alone: RFC 5737 has its address. */
const CRM = 'http://203.0.113.9/route';
const PASSWORD = 'pa55 w%rd';

describe('a CRM behind a proxy', () => {
  let crm: SimulatedCrm;
  let proxy: ForwardProxy;
  let daemon: Daemon;
  let seed = 7100;

  const withCredentials = (password: string): string => proxy.url.replace('//', `//router:${password}@`);
  const call = async (path: string): Promise<CallRecord> => {
    const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++seed });
    const script = { caller: CALLER, did: DID, path, guardSeconds: 100, callee: () => answers() };
    const { uuid } = await freeswitch.call(script);
    return daemon.record(uuid);
  };

  before(async () => {
    crm = await startCrm(() => ({ status: 200, body: '{"destination":"201"}' }));
    proxy = await ForwardProxy.start({
      credentials: `router:${PASSWORD}`,
      route: () => Number(new URL(crm.url).port),
    });
    const gone = await ForwardProxy.start();
    const { url: goneUrl } = gone;
    gone.close();
    daemon = await Daemon.start({
      schemes: [
        { name: 'environment', webhook: { url: CRM } },
        { name: 'own', webhook: { url: CRM, proxy: withCredentials('{{secret.PROXY}}') } },
        { name: 'wrong', webhook: { url: CRM, proxy: withCredentials('wrong') } },
        { name: 'gone', webhook: { url: CRM, proxy: goneUrl, retries: 0 } },
        { name: 'here', webhook: { url: crm.url } },
      ],
      settings: { SECRET_PROXY: PASSWORD },
      env: { http_proxy: withCredentials(encodeURIComponent(PASSWORD)), NO_PROXY: 'intern.example.com' },
    });
  });

  after(async () => {
    await daemon.stop();
    proxy.close();
    await crm.close();
  });

  for (const name of ['environment', 'own'])
    it(`is asked by the proxy of ${name === 'own' ? 'the scheme' : 'the environment'}, and the record says so`, async () => {
      const before = proxy.requests.length;
      const record = await call(name);
      expect(record).to.include({ result: 'routed', reason: 'answered' });
      expect(record.requests[0]?.proxy).to.equal(proxy.url);
      expect(proxy.requests.slice(before).map(({ method, target }) => `${method} ${target}`)).to.deep.equal([
        `POST ${CRM}`,
      ]);
      const line = daemon.lines.find(
        ({ message, uuid }) => message === 'ended' && uuid === record.call?.uuid,
      );
      expect(line).to.include({ proxy: proxy.url });
    });

  it('is not asked where the proxy rejects the credentials or is gone, and the caller is served', async () => {
    expect((await call('wrong')).requests[0]).to.include({
      answer: 'proxy_refused',
      detail: `${proxy.url}: HTTP 407: it accepts Basic`,
    });
    const { requests, end } = await call('gone');
    expect(requests[0]).to.include({ answer: 'proxy_unreachable' });
    expect(end).to.equal('dialplan');
  });

  it('this machine is asked without it', async () => {
    const before = proxy.requests.length;
    expect((await call('here')).requests[0]).to.include({ proxy: null, answer: 'found' });
    expect(proxy.requests).to.have.length(before);
  });

  it('no line holds a password of a proxy', () => {
    const lines = JSON.stringify(daemon.lines);
    for (const text of [PASSWORD, encodeURIComponent(PASSWORD), 'router:wrong'])
      expect(lines).not.to.include(text);
    expect(lines).not.to.include(Buffer.from(`router:${PASSWORD}`).toString('base64'));
  });

  it('try shows the proxy, check names it, and both say what is wrong with one', async () => {
    const env = { HTTP_PROXY: withCredentials(encodeURIComponent(PASSWORD)) };
    const files = { 'schemes/a.json': { name: 'a', webhook: { url: CRM } } };
    const settings = { DOMAIN: 'pbx.example', GATEWAY: 'crm' };
    const tried = await runInside(['try', '--caller', CALLER, '--did', DID, '--scheme', 'a'], {
      settings,
      files,
      env,
    });
    expect(tried.stdout)
      .to.include(`  through the proxy ${proxy.url}\n`)
      .and.to.match(/^result: routed/m);
    expect(tried.stdout).not.to.include(encodeURIComponent(PASSWORD));
    expect((await runInside(['check'], { settings, files, env })).stdout).to.include(
      `  ${new URL(CRM).host} through the proxy ${proxy.url} (HTTP_PROXY)\n`,
    );
    const everywhere = { HTTP_PROXY: 'http://p.test:3128', NO_PROXY: '*:1, *:80' };
    const direct = await runInside(['check'], { settings, files, env: everywhere });
    expect(direct.stdout).not.to.include('through the proxy');
    const auth = {
      type: 'oauth2',
      tokenUrl: 'https://idp.test/token',
      clientId: 'a',
      clientSecret: 'b',
    };
    const then = [{ url: 'http://owners.test/{{reply.id}}', auth, proxy: 'http://other.test:3128' }];
    const chain = { 'schemes/a.json': { name: 'a', webhook: { url: CRM, then } } };
    const checked = await runInside(['check'], {
      settings: { ...settings, HTTP_PROXY: proxy.url },
      files: chain,
    });
    expect(checked.stdout)
      .to.include(`  ${new URL(CRM).host} through the proxy ${proxy.url} (http.proxy)\n`)
      .and.include('  owners.test through the proxy http://other.test:3128 (webhook.proxy)\n')
      .and.include('  idp.test through the proxy http://other.test:3128 (webhook.proxy)\n');
    for (const [own, environment, fault] of [
      [
        'socks5://h:1',
        undefined,
        'a.json: webhook.proxy: SOCKS is not supported: expected the URL of an HTTP proxy',
      ],
      [
        'http://h:1/path',
        undefined,
        'a.json: webhook.proxy: expected nothing after the host and port of the proxy',
      ],
      [
        '{{caller}}:3128',
        undefined,
        'a.json: webhook.proxy: only {{secret.NAME}} is allowed in the URL of a proxy',
      ],
      ['http://127.0.0.1:8021', undefined, 'a.json: webhook.proxy: no request may go there: '],
      [undefined, 'http://', 'HTTP_PROXY: expected a URL such as http://proxy.example.com:3128'],
    ] as const) {
      const webhook = { url: CRM, ...(own === undefined ? {} : { proxy: own }) };
      const run = await runInside(['check'], {
        settings,
        files: { 'schemes/a.json': { name: 'a', webhook } },
        env: environment === undefined ? {} : { HTTP_PROXY: environment },
      });
      expect(run.code).to.equal(2);
      expect(run.stderr).to.include(fault);
    }
  });
});
