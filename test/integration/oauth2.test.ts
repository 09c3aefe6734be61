import { expect } from 'chai';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../../lib/call/record.ts';
import type { SchemeDocument } from '../../lib/scheme/scheme.ts';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CrmReply,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { runInside, runProgram } from '../support/cli.ts';
import { Daemon } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';

/** Access tokens, of a token endpoint on a real socket. */

const CLIENT_SECRET = 'client-9b7e41';
type Answer = CrmReply | ((refresh: string | null) => CrmReply);

describe('OAuth 2', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let endpoint: SimulatedCrm;
  let folder: string;
  let file: string;
  const daemons: Daemon[] = [];
  /** One switch gives no two calls the same uuid. */
  const switches = new WeakMap<Daemon, SimulatedFreeSwitch>();
  /** What the endpoint says; by default a token that lasts, and with a refresh token a new one of these. */
  let says: Answer;
  let count = 0;
  /** Refresh tokens that are good; each once. */
  let good: Set<string>;
  let revoked: Set<string>;

  const json = (body: object, status = 200): CrmReply => ({
    status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const grant = (more: object = {}): CrmReply => {
    count++;
    return json({ access_token: `access-${count}-5f1c`, token_type: 'Bearer', expires_in: 3600, ...more });
  };
  const rotates = (refresh: string | null): CrmReply => {
    if (refresh === null || !good.delete(refresh))
      return json({ error: 'invalid_grant', error_description: `${refresh ?? ''} is not valid` }, 400);
    const next = `refresh-${count + 1}-c77a`;
    good.add(next);
    return grant({ refresh_token: next });
  };
  const scheme = (auth: object = {}, more: Partial<SchemeDocument['webhook']> = {}): SchemeDocument => ({
    name: 'sales',
    webhook: {
      url: crm.url,
      timeoutSeconds: 3,
      auth: {
        type: 'oauth2',
        tokenUrl: `${endpoint.url}/token`,
        clientId: 'router',
        clientSecret: '{{secret.CLIENT}}',
        ...auth,
      },
      ...more,
    },
    fallback: { onError: [{ dial: '101' }] },
  });
  const refreshing = { refreshToken: '{{secret.REFRESH}}' };
  const start = async (schemes: SchemeDocument[], settings: Record<string, string> = {}): Promise<Daemon> => {
    const daemon = await Daemon.start({
      schemes,
      settings: { NETWORK_PRIVATE: 'true', SECRET_CLIENT: CLIENT_SECRET, ...settings },
    });
    daemons.push(daemon);
    return daemon;
  };
  const call = async (daemon: Daemon, path = 'sales'): Promise<CallRecord> => {
    const switched =
      switches.get(daemon) ?? new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 100 });
    switches.set(daemon, switched);
    const { uuid } = await switched.call({
      caller: CALLER,
      did: DID,
      path,
      guardSeconds: 100,
      callee: () => answers(),
    });
    return daemon.record(uuid);
  };
  const tokens = (): string[] => endpoint.requests.map(({ body }) => body.toString());
  const until = async (fits: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 1600 && !(await fits()); i++) await delay(25);
    expect(await fits()).to.equal(true);
  };

  beforeEach(async () => {
    count = 0;
    good = new Set(['refresh-0-c77a']);
    revoked = new Set();
    says = () => grant();
    crm = await startCrm(({ headers }) => {
      const token = (headers['authorization'] ?? '').replace('Bearer ', '');
      return revoked.has(token) || token === ''
        ? { status: 401, body: '{"message":"expired"}' }
        : { status: 200, body: '{"destination":"201"}' };
    });
    endpoint = await startCrm(({ body, headers }) => {
      const text = body.toString();
      const fields = (headers['content-type'] ?? '').includes('json')
        ? (JSON.parse(text) as Record<string, string>)
        : Object.fromEntries(new URLSearchParams(text));
      return typeof says === 'function' ? says(fields['refresh_token'] ?? null) : says;
    });
    folder = await mkdtemp(join(tmpdir(), 'oauth-'));
    file = join(folder, 'refresh');
    await writeFile(file, 'refresh-0-c77a\n');
  });

  afterEach(async () => {
    for (const daemon of daemons.splice(0)) {
      const lines = JSON.stringify(daemon.lines);
      expect(lines).not.to.match(/access-\d+-5f1c|refresh-\d+-c77a|client-9b7e41/);
      await daemon.stop();
    }
    await Promise.all([crm.close(), endpoint.close()]);
    await rm(folder, { recursive: true });
  });

  it('the token is there before the first call, and two schemes of one account share it', async () => {
    const other = { ...scheme(), name: 'support' };
    const daemon = await start([scheme(), other]);
    await until(() => tokens().length === 1);
    expect(await call(daemon)).to.include({ result: 'routed' });
    expect(await call(daemon, 'support')).to.include({ result: 'routed' });
    expect(tokens()).to.deep.equal([
      `grant_type=client_credentials&client_id=router&client_secret=${CLIENT_SECRET}`,
    ]);
    expect(crm.requests.map(({ headers }) => headers['authorization'])).to.deep.equal([
      'Bearer access-1-5f1c',
      'Bearer access-1-5f1c',
    ]);
  });

  it('basic and json styles; the scheme places the token itself', async () => {
    const zoho = scheme(
      { style: 'basic', scope: 'a b' },
      { headers: { Authorization: 'Zoho-oauthtoken {{token}}' } },
    );
    const bitrix = {
      ...scheme(
        { style: 'json', redirectUri: 'https://x.example/cb', ...refreshing },
        { parameters: { auth: '{{token}}' } },
      ),
      name: 'bitrix',
    };
    const daemon = await start([zoho, bitrix], { SECRET_REFRESH: 'refresh-0-c77a' });
    await call(daemon);
    await call(daemon, 'bitrix');
    const [first, second] = crm.requests;
    expect(first?.headers['authorization']).to.match(/^Zoho-oauthtoken access-\d-5f1c$/);
    expect(second?.headers['authorization']).to.equal(undefined);
    expect(second?.body.toString()).to.match(/^\{"auth":"access-\d-5f1c"\}$/);
    const basic = endpoint.requests.find(({ headers }) => 'authorization' in headers);
    const credentials = Buffer.from(`router:${CLIENT_SECRET}`).toString('base64');
    expect(basic?.headers['authorization']).to.equal(`Basic ${credentials}`);
    expect(basic?.body.toString()).to.equal('grant_type=client_credentials&scope=a+b');
    expect(tokens().find((text) => text.startsWith('{'))).to.equal(
      JSON.stringify({
        grant_type: 'refresh_token',
        refresh_token: 'refresh-0-c77a',
        client_id: 'router',
        client_secret: CLIENT_SECRET,
        redirect_uri: 'https://x.example/cb',
      }),
    );
  });

  it('a 401 renews once, and the question is asked again under the same id', async () => {
    const daemon = await start([scheme()]);
    await until(() => count === 1);
    revoked.add('access-1-5f1c');
    const record = await call(daemon);
    expect(record).to.include({ result: 'routed' });
    const ids = crm.requests.map(({ headers }) => headers['webhook-id']);
    expect(ids).to.have.length(2);
    expect(new Set(ids).size).to.equal(1);
    expect(record.notes.join()).to.include('asked again with a new one');
    // A CRM that refuses every token does not have one fetched for each call.
    for (let i = 1; i < 9; i++) revoked.add(`access-${i}-5f1c`);
    for (let i = 0; i < 2; i++)
      expect((await call(daemon)).requests[0]).to.include({ answer: 'http_status' });
    expect(count).to.equal(2);
  });

  it('a rotated refresh token is in its file, mode 0600, and nothing is loaded for it', async () => {
    says = rotates;
    // A crash in the middle of a write has left this.
    await writeFile(join(folder, '.refresh.1.next'), 'half of a tok');
    await utimes(join(folder, '.refresh.1.next'), 1, 1);
    const daemon = await start([scheme(refreshing)], { SECRET_REFRESH_FILE: file });
    await until(async () => (await readFile(file, 'utf8')) === 'refresh-1-c77a\n');
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    await until(async () => (await readdir(folder)).join() === 'refresh');
    expect(await call(daemon)).to.include({ result: 'routed' });
    revoked.add('access-1-5f1c');
    expect(await call(daemon)).to.include({ result: 'routed' });
    await until(async () => (await readFile(file, 'utf8')) === 'refresh-2-c77a\n');
    await delay(1500);
    expect(daemon.lines.filter(({ message }) => message === 'schemes loaded')).to.have.length(0);
    await daemon.stop();
    // The next start goes on with it.
    const next = await start([scheme(refreshing)], { SECRET_REFRESH_FILE: file });
    expect(await call(next)).to.include({ result: 'routed' });
  });

  it('two routers on one file: each goes on with the newest token, and neither has the other reload for ever', async () => {
    says = rotates;
    const both = [];
    for (let i = 0; i < 2; i++) {
      both.push(await start([scheme(refreshing)], { SECRET_REFRESH_FILE: file }));
      await until(async () => (await readFile(file, 'utf8')) === `refresh-${i + 1}-c77a\n`);
    }
    for (const token of ['access-1-5f1c', 'access-2-5f1c']) revoked.add(token);
    for (const daemon of both) expect(await call(daemon)).to.include({ result: 'routed' });
    await delay(1500);
    const fetched = count;
    await delay(1000);
    expect([fetched, count]).to.deep.equal([4, 4]);
  });

  it('one that can not be kept is used all the same, and the log says so', async () => {
    says = rotates;
    const daemon = await start([scheme(refreshing)], { SECRET_REFRESH: 'refresh-0-c77a' });
    await daemon.until(({ message }) => message.startsWith('the new refresh token is lost'));
    await until(() => count === 1);
    revoked.add('access-1-5f1c');
    expect(await call(daemon)).to.include({ result: 'routed' });
    expect(count).to.equal(2);
  });

  const unusable: [string, () => CrmReply, string, RegExp][] = [
    [
      'invalid_grant',
      () => json({ error: 'invalid_grant', error_description: `token ${CLIENT_SECRET} expired` }, 400),
      'token_refused',
      /HTTP 400: invalid_grant: token \*\*\* expired/,
    ],
    ['Zoho, with 200', () => json({ error: 'invalid_code' }), 'token_refused', /HTTP 200: invalid_code/],
    ['a page', () => ({ status: 200, body: '<html>' }), 'token_failed', /web page/],
    ['a wrong address', () => json({ message: 'Not Found' }, 404), 'token_failed', /HTTP 404: Not Found/],
    ['a redirect', () => ({ status: 302, headers: { Location: crm.url } }), 'token_failed', /redirect/],
    ['a gateway', () => ({ status: 502, body: '<h1>' }), 'token_failed', /HTTP 502/],
    ['64 KiB and more', () => ({ status: 200, body: 'x'.repeat(70_000) }), 'token_failed', /body_too_large/],
    ['another type', () => grant({ token_type: 'mac' }), 'token_failed', /token_type "mac"/],
    ['no token', () => json({ token_type: 'Bearer' }), 'token_failed', /no access_token/],
    ['a token with a line', () => grant({ access_token: 'a\r\nX: y' }), 'token_failed', /header/],
    ['a reset', () => ({ reset: 'before-headers' }), 'token_unreachable', /connection_lost|connection_gone/],
  ];
  for (const [what, answer, reason, detail] of unusable) {
    it(`${what}: the call goes to its fallback at once, with a reason`, async () => {
      says = answer;
      const daemon = await start([scheme()]);
      const line = await daemon.until(({ message }) => message === 'no access token');
      expect(line).to.include({ reason });
      expect(String(line['detail'])).to.match(detail);
      const record = await call(daemon);
      expect(record.reason).to.match(/^token_/);
      expect(record.result).to.equal('error');
      expect(record.decidedMs, 'it did not wait').to.be.below(2900);
      expect(crm.requests).to.have.length(0);
    });
  }

  it('a dead endpoint stalls the first call alone, within its budget', async () => {
    says = { hang: true };
    const daemon = await start([scheme({}, { timeoutSeconds: 2 })]);
    expect(await call(daemon)).to.include({ reason: 'token_unreachable' });
    await delay(1500);
    const record = await call(daemon);
    expect(record).to.include({ reason: 'token_unreachable' });
    expect(record.decidedMs, 'it did not wait').to.be.below(1900);
    expect(endpoint.requests).to.have.length(1);
  });

  it('one that hangs for long is tried again without a call that waits for it', async () => {
    says = { hang: true };
    const daemon = await start([scheme({}, { timeoutSeconds: 4 })]);
    await daemon.until(({ message }) => message === 'no access token');
    await until(() => endpoint.requests.length === 2);
    const record = await call(daemon);
    expect(record).to.include({ reason: 'token_held' });
    expect(record.decidedMs, 'it did not wait').to.be.below(3900);
    expect(record.notes.join()).to.include('not asked: token_held: token_unreachable: ');
    const line = await daemon.until(({ message }) => message === 'the CRM failed');
    const { uuid } = record.call ?? {};
    expect(line).to.include({ scheme: 'sales', webhook: crm.url, reason: 'token_held', uuid });
  });

  it('a router that stops while it renews still keeps the new refresh token', async () => {
    says = rotates;
    const daemon = await start([scheme(refreshing)], { SECRET_REFRESH_FILE: file });
    await until(async () => (await readFile(file, 'utf8')) === 'refresh-1-c77a\n');
    says = (refresh) => ({ ...rotates(refresh), delayMs: 100 });
    revoked.add('access-1-5f1c');
    const record = call(daemon);
    await until(() => endpoint.requests.length === 2);
    daemon.signal('SIGTERM');
    await record;
    await until(async () => (await readFile(file, 'utf8')) === 'refresh-2-c77a\n');
  });

  it('a secret that was put right is used at once', async () => {
    says = rotates;
    await writeFile(file, 'refresh-x-c77a');
    const daemon = await start([scheme(refreshing)], { SECRET_REFRESH_FILE: file });
    expect(await daemon.until(({ message }) => message === 'no access token')).to.include({
      reason: 'token_refused',
    });
    await writeFile(file, 'refresh-0-c77a');
    await daemon.until(({ message }) => message === 'access tokens are available again', 5000);
    expect(await call(daemon)).to.include({ result: 'routed' });
  });

  it('comes back by itself when the endpoint does', async () => {
    says = { status: 503, body: '' };
    const daemon = await start([scheme()]);
    await daemon.until(({ message }) => message === 'no access token');
    says = () => grant();
    await daemon.until(({ message }) => message === 'access tokens are available again');
    expect(await call(daemon)).to.include({ result: 'routed' });
  });

  for (const life of [undefined, '3600', 0, -5, 'soon', 1e15]) {
    it(`expires_in ${String(life ?? 'missing')} is no reason to fetch again and again`, async () => {
      says = () => grant({ expires_in: life });
      const daemon = await start([scheme()]);
      for (let i = 0; i < 3; i++) expect(await call(daemon)).to.include({ result: 'routed' });
      expect(count).to.equal(1);
    });
  }

  it('one of a second is fetched by the calls that need it, and by no timer', async () => {
    says = () => grant({ expires_in: 1 });
    const daemon = await start([scheme()]);
    await until(() => count === 1);
    await delay(3000);
    expect(count).to.equal(1);
    expect(await call(daemon)).to.include({ result: 'routed' });
    expect(count).to.equal(2);
  });

  it('many calls at once wait for one token', async () => {
    says = () => ({ ...grant(), delayMs: 500 });
    const daemon = await start([scheme()]);
    const records = await Promise.all(Array.from({ length: 10 }, () => call(daemon)));
    expect(records.map(({ result }) => result)).to.deep.equal(Array(10).fill('routed'));
    expect(count).to.equal(1);
  });

  const run = (command: string, settings: Record<string, string>): ReturnType<typeof runProgram> =>
    runProgram(
      command === 'try' ? ['try', '--caller', CALLER, '--did', DID, '--scheme', 'sales'] : [command],
      {
        settings: {
          GATEWAY: 'crm',
          DOMAIN: 'pbx.example',
          NETWORK_PRIVATE: 'true',
          SECRET_CLIENT: CLIENT_SECRET,
          ...settings,
        },
        files: { 'schemes/sales.json': scheme(refreshing) },
      },
    );

  it('check fetches nothing, and says what can not be kept', async () => {
    const { code, stdout } = await run('check', { SECRET_REFRESH: 'refresh-0-c77a' });
    expect(code).to.equal(0);
    expect(stdout).to.include('webhook.auth.refreshToken: if the token endpoint replaces it');
    const { auth } = scheme(refreshing).webhook;
    const then = [{ url: 'https://owners.test/{{reply.id}}', auth }];
    const chain = await runInside(['check'], {
      files: { 'schemes/a.json': { name: 'a', webhook: { url: 'https://contacts.test/', then } } },
      settings: { SECRET_REFRESH: 'refresh-0-c77a', SECRET_CLIENT: CLIENT_SECRET, NETWORK_PRIVATE: 'true' },
    });
    expect(chain.stdout).to.include('webhook.then.0.auth.refreshToken: if the token endpoint replaces it');
    expect(endpoint.requests).to.have.length(0);
  });

  it('try fetches, shows how without a secret, and keeps the new refresh token', async () => {
    says = rotates;
    const { code, stdout } = await run('try', { SECRET_REFRESH_FILE: file });
    expect([code, await readFile(file, 'utf8')]).to.deep.equal([0, 'refresh-1-c77a\n']);
    expect(stdout).to.include(`access token: POST ${endpoint.url}/token grant_type=refresh_token`);
    expect(stdout).to.include('client_secret=***').and.to.include('HTTP 200');
    expect(stdout).not.to.match(/access-\d|refresh-\d|client-9b/);
  });
});
