import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { topCommand } from '../../lib/commands/top.ts';
import { userRow } from '../../lib/api/user.ts';
import { hashOf } from '../../lib/api/guard/auth.ts';
import { SimulatedFreeSwitch, startCrm, type SimulatedCrm } from '../../lib/simulator/index.ts';
import { uuidv7 } from '../../lib/uuid.ts';
import { runInside } from '../support/cli.ts';
import { Daemon, MAIN } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';
import { openStore } from '../support/stored.ts';

/** `esl-router top` beside a running router. */

const TOKEN = `eslr_${'t'.repeat(43)}`;

describe('top', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let daemon: Daemon;
  let url: string;

  const top = (args: readonly string[], token = TOKEN) =>
    runInside(['top', '--url', url, ...args], { env: { ESL_ROUTER_TOKEN: token, COLUMNS: '80' } });

  before(async () => {
    crm = await startCrm(() => ({ status: 200, body: '{"destination":"201"}' }));
    daemon = await Daemon.start({
      schemes: [{ name: 'sales', webhook: { url: `${crm.url}/sales` } }],
      settings: { STORE_URL: 'sqlite:calls.db', API_PORT: '0' },
    });
    const { port } = await daemon.until(({ message }) => message === 'api');
    url = `http://127.0.0.1:${String(port)}`;
    const store = await openStore({ url: `sqlite:${daemon.folder}/calls.db` });
    const row = {
      id: uuidv7(new Date()),
      tenant: 'default',
      name: 'top',
      hash: hashOf(TOKEN),
      scopes: 'viewer',
    };
    const created_at = new Date().toISOString();
    const never = { expires_at: null, used_at: null, revoked_at: null };
    // A token is worth something while the one who made it may log in.
    await store.accounts.addUser(userRow({ name: 'test', role: 'admin', hash: '', at: new Date() }));
    await store.accounts.addToken({ ...row, created_by: 'test', created_at, ...never });
    await store.close();
    const freeswitch = new SimulatedFreeSwitch({ routers: [daemon.address], secondMs: 500, seed: 99_000 });
    const report = await freeswitch.call({
      caller: CALLER,
      did: DID,
      path: 'sales',
      guardSeconds: 40,
      callee: () => answers(),
    });
    await daemon.line(report.uuid);
  });
  after(async () => {
    await daemon.stop();
    await crm.close();
  });

  it('prints plain blocks of 80 columns where nobody watches', async () => {
    const { code, stdout, stderr } = await top(['--count', '2']);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/ready {2}lag \d+ ms\n0 live: /);
    expect(stdout.match(/^esl-router /gm)).to.have.length(2);
    expect(stdout).to.match(/^sales +0\.0 /m);
    expect(stdout).to.match(/^store up, 0 queued, 0 lost; events: 0 waiting, 0 parked$/m);
    expect(stdout).to.not.match(/\u001b/);
    for (const line of stdout.split('\n')) expect(line.length).to.be.at.most(80);
  });

  it('keeps to a narrow terminal, with its first line in sight', async () => {
    const written: string[] = [];
    const stdout = new Writable({
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        done();
      },
    });
    const terminal = Object.assign(stdout, { isTTY: true, columns: 30, rows: 9 });
    const env = { ESL_ROUTER_TOKEN: TOKEN };
    const context = { stdout: terminal, env, version: '1.2.3', onStop: () => undefined };
    expect(await topCommand(context as never, { url, count: 1 })).to.equal(0);
    const lines = written.join('').replace('\u001b[H\u001b[J', '').trimEnd().split('\n');
    expect(lines).to.have.length(8);
    for (const line of lines) expect(Array.from(line).length, line).to.be.at.most(30);
    expect(lines[0]).to.match(/^esl-router 1\.2\.3 127/);
    expect(lines[1]).to.match(/^0 live: .*…$/);
  });

  it('ends with 2 without a token or with a wrong one, and with 1 where no router is', async () => {
    expect((await top([], '')).code).to.equal(2);
    const refused = await top([], 'eslr_wrong');
    expect([refused.code, refused.stderr]).to.deep.equal([2, 'the router refuses this token: 401\n']);
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    nobody.close();
    const gone = await runInside(['top', '--url', `http://127.0.0.1:${port}`, '--token', TOKEN]);
    expect(gone.code).to.equal(1);
    expect(gone.stderr).to.match(/does not answer at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    expect((await runInside(['top', '--url', 'nonsense'])).code).to.equal(2);
  });

  it('ends with 0 when nobody reads it any more: top | head -1', async () => {
    const child: ChildProcess = spawn(process.execPath, [MAIN, 'top', '--url', url, '--token', TOKEN], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    expect((await exited)[0]).to.equal(0);
  });

  it('ends with 0 at Ctrl-C', async () => {
    const child: ChildProcess = spawn(process.execPath, [MAIN, 'top', '--url', url, '--token', TOKEN]);
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).to.equal(0);
  });
});
