import { expect } from 'chai';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import type { CallRecord } from '../../lib/call/record.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CrmReply,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID, scenarios } from '../support/scenario.ts';

/** How requests travel: addresses, redirects, connections, certificates. */

const location = (path: string): CrmReply => ({ status: 302, headers: { location: path } });

scenarios('redirects and addresses', [
  {
    title: 'redirects: followed as often as the scheme says, and the record tells',
    scheme: { webhook: { redirects: 2, parameters: { phone: '{{caller}}' } } },
    reply: { route: location('a'), a: location('b'), b: { json: { destination: '201' } } },
    check: ({ requests, dialled, record, name }) => {
      expect(requests.map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
        `POST /${name}/route`,
        `GET /${name}/a`,
        `GET /${name}/b`,
      ]);
      expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).to.equal(1);
      expect(record.requests).to.have.length(1);
      expect(record.requests[0]?.phases).to.include({ redirects: 2 });
      expect(record.requests[0]?.phases?.host).to.match(/^127\.0\.0\.1:\d+$/);
      expect(record.requests[0]?.reply?.status).to.equal(200);
      expect(dialled).to.deep.equal(['user/201@pbx.example']);
    },
  },
  {
    title: 'redirects: one too many',
    scheme: { webhook: { redirects: 1 } },
    reply: { route: location('a'), a: location('b'), b: { json: { destination: '201' } } },
    check: ({ requests, record, report }) => {
      expect(requests).to.have.length(2);
      expect(record.requests[0]).to.include({
        answer: 'redirect_refused',
        detail: 'HTTP 302: more than 1 in a row',
      });
      expect(report.end.kind).to.equal('dialplan');
    },
  },
  {
    title: 'redirects: not to where a webhook may not be',
    scheme: { webhook: { redirects: 3 } },
    reply: { route: location('http://169.254.169.254/latest/meta-data') },
    check: ({ record }) => {
      expect(record.requests[0]).to.include({
        answer: 'redirect_refused',
        detail: '169.254.169.254: 169.254.169.254/32 is always denied, unless network.allow names it',
      });
    },
  },
  {
    title: 'redirects: a body is not sent on to another origin',
    scheme: { webhook: { redirects: 3 } },
    reply: { route: { status: 307, headers: { location: 'http://127.0.0.1:9/' } } },
    check: ({ record }) => {
      expect(record.requests[0]).to.include({
        answer: 'redirect_refused',
        detail: 'HTTP 307: POST is not sent on to http://127.0.0.1:9',
      });
    },
  },
]);

const SETTINGS = {
  NETWORK_PRIVATE: 'false',
  NETWORK_ALLOW: '127.0.0.1',
  NETWORK_DENY: '203.0.113.0/24',
};

scenarios(
  'settings of network',
  [
    {
      title: 'allow: an exception',
      check: ({ dialled }) => {
        expect(dialled).to.deep.equal(['user/201@pbx.example']);
      },
    },
    {
      title: 'a name is as good as its addresses',
      scheme: { webhook: { url: 'http://x.localhost:9/' } },
      check: ({ record }) => {
        // Of its two addresses the allowed one was tried.
        expect(record.requests[0]?.answer).to.equal('connect_failed');
        expect(record.requests[0]?.detail).to.include('127.0.0.1:9').and.not.to.include('::1');
      },
    },
  ],
  { settings: SETTINGS },
);

describe('transport', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let secure: Server;
  let daemon: Daemon;
  let resets = 0;
  let seed = 7000;

  const certificate = (name: string): string =>
    readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');
  const secureUrl = (): string => `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`;
  const call = async (path: string): Promise<CallRecord> => {
    const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++seed });
    const script = { caller: CALLER, did: DID, path, guardSeconds: 100, callee: () => answers() };
    const { uuid } = await freeswitch.call(script);
    return daemon.record(uuid);
  };
  /** Until the connection of the last question may be used again. */
  const rested = (): Promise<void> => delay(300);
  const tls = (ca?: string) => ({
    name: 'tls',
    webhook: { url: secureUrl(), ...(ca === undefined ? {} : { tls: { ca } }) },
  });
  const reload = async (message: string): Promise<string> => {
    const from = daemon.lines.length;
    daemon.signal('SIGHUP');
    return JSON.stringify(await daemon.until((line) => line.message === message, 6000, from));
  };

  before(async () => {
    crm = await startCrm(({ url }): CrmReply => {
      if (url.startsWith('/to/'))
        return { status: 302, headers: { location: `http://127.0.0.1:${url.slice(4)}/` } };
      if (resets === 0) return { status: 200, body: '{"destination":"201"}' };
      resets--;
      return { reset: 'before-headers' };
    });
    secure = createServer({ cert: certificate('cert.pem'), key: certificate('key.pem') }, (_, response) =>
      response.end('{"destination":"202"}'),
    ).listen(0, '127.0.0.1');
    await once(secure, 'listening');
    daemon = await Daemon.start({
      schemes: [
        { name: 'plain', webhook: { url: crm.url } },
        { name: 'once', webhook: { url: `${crm.url}/once`, retries: 0 } },
        tls(),
      ],
      settings: { SCHEMES_WATCH: 'false' },
    });
  });

  after(async () => {
    await crm.close();
    secure.closeAllConnections();
    secure.close();
    await daemon.stop();
  });

  it('a kept-alive connection that is gone costs no call, as a retry of the scheme', async () => {
    const first = await call('plain');
    expect(first.requests[0]?.phases).to.include.keys('connect');
    await rested();
    resets = 1;
    const record = await call('plain');
    expect(record).to.include({ result: 'routed', reason: 'answered' });
    expect(record.requests.map(({ retries }) => retries.map(({ reason }) => reason))).to.deep.equal([
      ['connection_gone'],
    ]);
    expect(crm.requests).to.have.length(3);
    expect(crm.requests[2]?.headers['webhook-id']).to.equal(crm.requests[1]?.headers['webhook-id']);
  });

  it('and with retries: 0 no question is asked twice', async () => {
    await call('once');
    await rested();
    const before = crm.requests.length;
    resets = 1;
    const record = await call('once');
    expect(record.requests[0]).to.deep.include({ answer: 'connection_gone', retries: [] });
    expect(crm.requests).to.have.length(before + 1);
  });

  it('a CRM that resets every connection is not asked a third time', async () => {
    await call('plain');
    await rested();
    const before = crm.requests.length;
    resets = 9;
    expect((await call('plain')).requests[0]?.answer).to.equal('connection_lost');
    resets = 0;
    expect(crm.requests).to.have.length(before + 2);
  });

  it("a redirect leads neither to the switch nor to the router's own port", async () => {
    const before = crm.requests.length;
    const own = String(daemon.address.port);
    for (const [port, why] of [
      ['8021', "port 8021 is FreeSWITCH's event socket (network.switchPorts)"],
      [own, `port ${own} here is the router's own`],
    ] as const) {
      await daemon.writeScheme({ name: 'moved', webhook: { url: `${crm.url}/to/${port}`, redirects: 1 } });
      await reload('schemes loaded');
      const { requests, reason } = await call('moved');
      expect(reason).to.equal('redirect_refused');
      expect(requests[0]).to.include({ answer: 'redirect_refused', detail: `127.0.0.1: ${why}` });
    }
    expect(crm.requests.slice(before)).to.have.length(2);
  });

  it('tls.ca: who signs this webhook, read with the schemes', async () => {
    expect((await call('tls')).requests[0]?.answer).to.equal('tls_failed');
    await mkdir(join(daemon.folder, 'ca'));
    const file = join(daemon.folder, 'ca', 'office.pem');
    await writeFile(file, certificate('cert.pem'));
    await daemon.writeScheme(tls('../ca/office.pem'));
    await reload('schemes loaded');
    const record = await call('tls');
    expect(record).to.include({ result: 'routed' });
    expect(record.requests[0]?.phases).to.include.keys('tls');

    await writeFile(file, rootCertificates[0] ?? '');
    await reload('schemes loaded');
    expect((await call('tls')).requests[0]?.answer).to.equal('tls_failed');

    await writeFile(file, 'office');
    expect(await reload('schemes not loaded: the old ones stay in use')).to.match(
      /tls\.json: webhook\.tls\.ca: .*office\.pem holds no certificate in PEM/,
    );
  });

  it('try goes by the same rules', async () => {
    const files = {
      'ca.pem': certificate('cert.pem'),
      'schemes/tls.json': tls('../ca.pem'),
      'schemes/plain.json': { name: 'plain', webhook: { url: crm.url } },
    };
    const args = (scheme: string): string[] => ['try', '--scheme', scheme, '--caller', CALLER, '--did', DID];
    const settings = { DOMAIN: 'pbx.example' };
    expect((await runInside(args('tls'), { settings, files })).stdout).to.match(/^result: routed/m);
    const refused = { ...settings, NETWORK_DENY: '127.0.0.0/8' };
    const run = await runInside(args('plain'), { settings: refused, files });
    expect(run.stderr).to.match(
      /plain\.json: webhook\.url: no request may go there: network\.deny has 127\.0\.0\.0\/8$/m,
    );
    const moved = await startCrm({
      '/': location('/a'),
      '/a': { status: 200, body: '{"destination":"201"}' },
    });
    try {
      const redirected = {
        'schemes/moved.json': { name: 'moved', webhook: { url: moved.url, redirects: 1 } },
      };
      const { stdout } = await runInside(args('moved'), { settings, files: redirected });
      expect(stdout).to.match(/^reply 200 after [\d.]+ ms, redirected once, from 127\.0\.0\.1:\d+$/m);
    } finally {
      await moved.close();
    }
  });

  it('check tells of certificates that cannot be read', async () => {
    const { code, stderr } = await runInside(['check'], { files: { 'schemes/tls.json': tls('gone.pem') } });
    expect(code).to.equal(2);
    expect(stderr).to.match(/tls\.json: webhook\.tls\.ca: .*gone\.pem.*there is no such file \(ENOENT\)/);
  });
});
