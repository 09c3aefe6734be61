import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, MAIN } from '../support/daemon.ts';

/** README's commands, as they are written there: from an empty folder to a routed call. Only the ports are others. */

const README = readFileSync('README.md', 'utf8');
const section = README.slice(README.indexOf('## Your own CRM'), README.indexOf('## A scheme'));
const COMMANDS = [...section.matchAll(/^ {4}(\S.*)$/gm)].map((match) => match[1] ?? '');

describe("README's commands", function () {
  this.timeout(60_000);
  let folder: string;
  let crm: number;
  let port: number;
  const running: ChildProcess[] = [];

  /** A command for the shell, with the program that was built and with ports of this test. */
  const shell = (command: string): string =>
    `exec ${command
      .replace(/^esl-router/, `"${process.execPath}" "${MAIN}"`)
      .replace(/^node/, `"${process.execPath}"`)
      .replaceAll('8090', String(crm))
      .replace(/simulate/, `simulate --router 127.0.0.1:${port}`)}`;
  const settings = (): NodeJS.ProcessEnv => environment({ LISTEN_PORT: String(port) });
  const run = (command: string) =>
    spawnSync('sh', ['-c', shell(command)], { cwd: folder, env: settings(), encoding: 'utf8' });
  const begin = (command: string): ChildProcess => {
    const child = spawn('sh', ['-c', shell(command)], { cwd: folder, env: settings(), stdio: 'ignore' });
    running.push(child);
    return child;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quick-start-'));
    [crm, port] = [await freePort(), await freePort()];
  });
  after(() => {
    for (const child of running) child.kill();
    rmSync(folder, { recursive: true });
  });

  it('lead from an empty folder to a routed call', async () => {
    const [server = '', init = '', check = '', attempt = '', start = '', simulate = '', ...more] = COMMANDS;
    expect(more).to.deep.equal([]);
    begin(server);
    await listens(crm);
    expect(run(init)).to.include({ status: 0 });
    const checked = run(check);
    expect([checked.status, checked.stdout]).to.match(/^0,[^]*^fine: 1 scheme$/m);
    const asked = run(attempt);
    expect([asked.status, asked.stdout]).to.match(/^0,[^]*user\/201@pbx\.example\.com/);
    const router = begin(start);
    await listens(port);
    const simulated = run(simulate);
    expect([simulated.status, simulated.stdout]).to.match(/^0,[^]*^ {2}answered +1$[^]*^lost +0$/m);
    router.kill('SIGTERM');
    expect(await once(router, 'close')).to.deep.equal([0, null]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listens(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const socket = connect(port, '127.0.0.1');
    const there = await new Promise((resolve) => {
      socket
        .once('connect', () => {
          resolve(true);
        })
        .once('error', () => {
          resolve(false);
        });
    });
    socket.destroy();
    if (there === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on port ${port}`);
}
