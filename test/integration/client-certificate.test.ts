import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CallRecord } from '../../lib/call/record.ts';
import { SimulatedFreeSwitch } from '../../lib/simulator/index.ts';
import { runInside } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';
import { CLIENT, CRM, pem, ROOT } from '../support/tls.ts';

const PASSPHRASE = 'open sesame';
const TLS = { ca: '../tls/ca.pem', cert: '../tls/own.pem', key: '../tls/own.key' };
const LOCKED = { ...TLS, passphrase: '{{secret.KEY}}' };

describe('a CRM that wants a client certificate', () => {
  let server: https.Server;
  let url: string;
  let daemon: Daemon;
  let seed = 7300;

  const call = async (path: string): Promise<CallRecord> => {
    const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100, seed: ++seed });
    const script = { caller: CALLER, did: DID, path, guardSeconds: 100, callee: () => answers() };
    const { uuid } = await freeswitch.call(script);
    return daemon.record(uuid);
  };
  const scheme = (name: string, tls: Readonly<Record<string, string>>) => ({ name, webhook: { url, tls } });
  const put = (name: string, text: string): Promise<void> =>
    writeFile(join(daemon.folder, 'tls', name), text);
  const reload = async (message: string): Promise<string> => {
    const from = daemon.lines.length;
    daemon.signal('SIGHUP');
    return JSON.stringify(await daemon.until((line) => line.message === message, 6000, from));
  };

  before(async () => {
    const wanting = { ...CRM, ca: ROOT, requestCert: true, rejectUnauthorized: true };
    server = https.createServer(wanting, (_, response) => response.end('{"destination":"201"}'));
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://localhost:${(server.address() as AddressInfo).port}/`;
    daemon = await Daemon.start({
      schemes: [{ name: 'untrusted', webhook: { url } }],
      settings: { SECRET_KEY: PASSPHRASE },
    });
    await mkdir(join(daemon.folder, 'tls'));
    await put('ca.pem', ROOT);
    await put('own.pem', CLIENT.cert);
    await put('own.key', pem('client-locked.key'));
    await daemon.writeScheme(scheme('own', LOCKED));
    await daemon.writeScheme(scheme('without', { ca: TLS.ca }));
    await reload('schemes loaded');
  });

  after(async () => {
    await daemon.stop();
    server.closeAllConnections();
    server.close();
  });

  it('is shown it; without it the caller is served by the fallback, and the reason says what is missing', async () => {
    expect(await call('own')).to.include({ result: 'routed' });
    const { requests, end } = await call('without');
    expect(requests[0]).to.include({ answer: 'certificate_required' });
    expect(end).to.equal('dialplan');
    const [untrusted] = (await call('untrusted')).requests;
    expect(untrusted).to.include({ answer: 'tls_failed' });
    expect(untrusted?.detail).to.match(/the CRM sent "crm\.test", .*to be trusted \(webhook\.tls\.ca\): /);
  });

  it('a key that does not fit is a fault at a reload, and the old schemes stay', async () => {
    await put('own.key', pem('stranger.key'));
    expect(await reload('schemes not loaded: the old ones stay in use')).to.match(
      /own\.json: webhook\.tls\.key: is not the key of the first certificate in .*own\.pem/,
    );
    expect(await call('own')).to.include({ result: 'routed' });
    await put('own.key', CLIENT.key);
    await reload('schemes loaded');
    expect(await call('own')).to.include({ result: 'routed' });
  });

  it('no line holds the passphrase or the key', () => {
    const lines = JSON.stringify(daemon.lines);
    expect(lines).to.not.include(PASSPHRASE);
    for (const line of CLIENT.key.split('\n').slice(1, -2)) expect(lines).to.not.include(line);
  });

  it('check says what is wrong, and try which certificates it saw', async () => {
    const tls = { 'tls/ca.pem': ROOT, 'tls/own.pem': CLIENT.cert, 'tls/own.key': pem('client-locked.key') };
    const wrong = {
      files: { ...tls, 'schemes/own.json': scheme('own', LOCKED) },
      settings: { SECRET_KEY: 'x' },
    };
    const { code, stderr } = await runInside(['check'], wrong);
    expect(code).to.equal(2);
    expect(stderr).to.match(
      /own\.json: webhook\.tls\.key: webhook\.tls\.passphrase does not open .*own\.key/,
    );
    const args = ['try', '--scheme', 'a', '--caller', CALLER, '--did', DID];
    const { stdout } = await runInside(args, {
      files: { 'schemes/a.json': { name: 'a', webhook: { url } } },
    });
    expect(stdout).to.match(
      /^answer: tls_failed: .*the CRM sent "crm\.test", valid .*; signed by .*to be trusted/m,
    );
    // It does not get better by itself.
    expect(stdout).not.to.include('retried after');
  });

  it('that a profile of the configuration names is read too', async () => {
    const { code, stdout, stderr } = await runInside(['check'], {
      files: {
        'tls/ca.pem': ROOT,
        'tls/own.pem': CLIENT.cert,
        'tls/own.key': CLIENT.key,
        'schemes/a.json': { name: 'a', webhook: { crm: 'main', url: '/a' } },
      },
      settings: { CRMS: JSON.stringify({ main: { url, tls: TLS } }) },
    });
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    expect(stdout).to.include('uses the profile main');
  });
});
