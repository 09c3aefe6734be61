import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  SimulatedFreeSwitch,
  startCrm,
  type CallReport,
  type SimulatedCrm,
} from '../../lib/simulator/index.ts';
import { Daemon, type DaemonOptions } from '../support/daemon.ts';
import { answers, CALLER, DID } from '../support/scenario.ts';
import { eventually } from '../support/wait.ts';

/** The process around the calls: its end, its supervisor, its log, its load. */

describe('the life of the daemon', function () {
  this.timeout(60_000);
  let crm: SimulatedCrm;
  let folder: string;
  let daemon: Daemon | undefined;
  let seed = 13_000;

  const start = async (options: DaemonOptions = {}, timeoutSeconds = 1): Promise<Daemon> => {
    const scheme = (name: string, url: string) => ({
      name,
      webhook: { url: `${crm.url}/${url}`, timeoutSeconds },
    });
    return (daemon = await Daemon.start({
      schemes: [scheme('default', 'now'), scheme('hang', 'hang')],
      ...options,
    }));
  };
  const place = (path = 'default'): Promise<CallReport> =>
    new SimulatedFreeSwitch({ routers: [daemon!.address], secondMs: 500, seed: ++seed }).call({
      caller: CALLER,
      did: DID,
      path,
      guardSeconds: 40,
      callee: () => answers(),
    });
  const silent = async () => {
    const socket = connect(daemon!.address).on('error', () => undefined);
    await once(socket, 'data');
    return socket;
  };
  /** A module that the daemon loads before itself. */
  const preload = async (name: string, text: string): Promise<NodeJS.ProcessEnv> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return { NODE_OPTIONS: `--import ${path}` };
  };
  const readyz = async (port: unknown): Promise<[number, unknown]> => {
    const response = await fetch(`http://127.0.0.1:${String(port)}/readyz`);
    return [response.status, ((await response.json()) as { status: unknown }).status];
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'esl-router-life-'));
    crm = await startCrm({ '/now': { status: 200, body: '{"destination":"201"}' }, '/hang': { hang: true } });
  });

  afterEach(async () => {
    if (daemon !== undefined && !daemon.exited) await daemon.kill();
    daemon = undefined;
  });

  after(async () => {
    await crm.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('SIGTERM ends it within its budget and 2 s, though a FreeSWITCH says nothing and a CRM hangs', async () => {
    await start({ settings: { ESL_REPLY_TIMEOUT: '60' } });
    const socket = await silent();
    const asked = crm.requests.length;
    const waits = place('hang');
    await eventually('a request', () => crm.requests.length > asked);
    const began = performance.now();
    await daemon!.stop();
    // Of 60 s for the silent one.
    expect(performance.now() - began).to.be.below(30_000);
    expect((await waits).end.kind).to.equal('dialplan');
    expect(daemon!.lines.map(({ reason }) => reason)).to.include.members(['webhook_timeout', 'draining']);
    socket.destroy();
  });

  it('without a silent peer nothing is cut', async () => {
    await start();
    await daemon!.stop();
    expect(daemon!.lines.filter(({ level }) => level === 'warn')).to.deep.equal([]);
  });

  for (const [what, code] of [
    ['error', 'throw new Error("boom")'],
    ['rejection', 'void Promise.reject(new Error("boom"))'],
  ] as const) {
    it(`an uncaught ${what} is a line of the log, and the end with 1`, async () => {
      await start({ env: await preload(`${what}.mjs`, `process.on('SIGUSR2', () => { ${code}; });`) });
      daemon!.signal('SIGUSR2');
      expect(await daemon!.ended()).to.equal(1);
      expect(daemon!.lines.at(-1)).to.include({ level: 'error', error: 'boom' });
      expect(String(daemon!.lines.at(-1)?.['stack'])).to.include('Error: boom');
      expect(daemon!.stderr).to.equal('');
    });
  }

  it('goes on serving calls when nobody reads its log any more', async () => {
    await start();
    daemon!.closeLog();
    for (let i = 0; i < 3; i++) expect((await place()).end.kind).to.equal('answered');
    await daemon!.stop();
  });

  it('tells systemd that it is ready, that it lives, and that it stops', async () => {
    const words = join(folder, 'words');
    const program = join(folder, 'systemd-notify');
    await writeFile(program, `#!/bin/sh\necho "$@" "$ESL_ROUTER_SECRET_X" >> ${words}\n`);
    await chmod(program, 0o755);
    const said = async (): Promise<string[]> =>
      (await readFile(words, 'utf8').catch(() => '')).split(/\s*\n/);
    await start({
      settings: { SECRET_X: 'not-told' },
      env: {
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
        NOTIFY_SOCKET: '/nowhere',
        WATCHDOG_USEC: '200000',
      },
    });
    const deadline = performance.now() + 5_000;
    while ((await said()).length < 5 && performance.now() < deadline)
      await new Promise((r) => setTimeout(r, 20));
    await daemon!.stop();
    const all = await said();
    expect(all.slice(0, 3)).to.deep.equal(['--ready', 'WATCHDOG=1', 'WATCHDOG=1']);
    expect(all).to.include('STOPPING=1');
    expect(all.join()).not.to.include('not-told');
  });

  it('a systemd-notify that is missing is a line of the log, and nothing else', async () => {
    await start({ env: { PATH: folder + '/empty', NOTIFY_SOCKET: '/nowhere' } });
    await daemon!.until(({ message }) => message === 'cannot notify systemd');
    expect((await place()).end.kind).to.equal('answered');
    await daemon!.stop();
  });

  it('speaks to a real notification socket', async function () {
    if (
      spawnSync('python3', ['-c', '']).status !== 0 ||
      spawnSync('systemd-notify', ['--version']).status !== 0
    )
      this.skip();
    const path = join(folder, 'notify.sock');
    const code =
      'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("bound",flush=True)\nwhile 1: print(s.recv(999).decode(),flush=True)';
    const receiver = spawn('python3', ['-c', code, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let heard = '';
      receiver.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text));
      await eventually('a socket', () => heard.includes('bound'));
      await start({ env: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' } });
      await eventually('READY', () => heard.includes('READY=1'));
      await eventually('WATCHDOG', () => heard.includes('WATCHDOG=1'));
      await daemon!.stop();
      await eventually('STOPPING', () => heard.includes('STOPPING=1'));
    } finally {
      receiver.kill();
    }
  });

  it('is ready until it drains', async () => {
    await start({ settings: { HEALTH_PORT: '0' } });
    const { port } = await daemon!.until(({ message }) => message === 'health');
    expect(await readyz(port)).to.deep.equal([200, 'ready']);
    const socket = await silent();
    daemon!.signal('SIGTERM');
    await daemon!.until(({ message }) => message === 'stopping');
    expect(await readyz(port)).to.deep.equal([503, 'draining']);
    socket.destroy();
    await daemon!.stop();
  });

  it('an address that health cannot have ends it with 2', async () => {
    await start({ settings: { HEALTH_PORT: '0' } });
    const { port } = await daemon!.until(({ message }) => message === 'health');
    const second = await Daemon.start({ settings: { HEALTH_PORT: String(port) } }).catch(
      (error: unknown) => error,
    );
    expect(String(second)).to.include('the daemon has ended').and.to.include('EADDRINUSE');
    await daemon!.stop();
  });

  it('gives calls back while its event loop lags, closes when that lasts, and opens the same port again', async () => {
    // On SIGUSR2 each turn of the loop takes 300 ms, for two seconds.
    const busy = `const work = (left) => { const end = Date.now() + 300; while (Date.now() < end); if (left > 0) setImmediate(work, left - 1); };
process.on('SIGUSR2', () => work(7));`;
    await start({
      settings: { HEALTH_PORT: '0', OVERLOAD_LAG: '200', OVERLOAD_QUEUE: '500' },
      env: await preload('busy.mjs', busy),
    });
    const { port } = await daemon!.until(({ message }) => message === 'health');
    daemon!.signal('SIGUSR2');
    await daemon!.until(({ message }) => message.startsWith('overload: the event loop lags'));
    const report = await place();
    expect(report.end.kind).to.equal('dialplan');
    expect(report.variables.get('esl_router_reason')).to.equal('overloaded');
    await daemon!.until(
      ({ message, because }) => message.startsWith('overload goes on') && because === 'lag',
    );
    expect((await readyz(port))[0]).to.equal(503);
    await daemon!.until(({ message }) => message.startsWith('overload is over'));
    let end = '';
    for (let i = 0; i < 50 && end !== 'answered'; i++) end = (await place()).end.kind;
    expect(end).to.equal('answered');
    expect(await readyz(port)).to.deep.equal([200, 'ready']);
    await daemon!.stop();
  });

  it('a pause of the whole process closes nothing, and loses nobody', async () => {
    await start();
    daemon!.signal('SIGSTOP');
    const waiting = Array.from({ length: 20 }, () => place());
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    daemon!.signal('SIGCONT');
    const reports = await Promise.all(waiting);
    for (const { end, lost } of reports) {
      expect(end.kind).to.be.oneOf(['answered', 'dialplan']);
      expect(lost).to.equal(null);
    }
    expect(daemon!.lines.filter(({ message }) => message.startsWith('overload goes on'))).to.deep.equal([]);
    await daemon!.stop();
  });
});
