/**
 * Negative controls: what ends a server on `modesl`, or makes it say what nobody meant, does nothing to ours. When one of
 * these fails because modesl has got better, the reasons for a lib/esl of our own have to be looked at again.
 */
import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { RouterError } from '../../../lib/errors.ts';
import { serialize } from '../../../lib/esl/command.ts';
import { Connection } from '../../../lib/esl/connection.ts';
import { Listener } from '../../../lib/esl/listener.ts';
import * as wire from './wire.ts';

const MODESL = `
  const net = require('node:net');
  const esl = require('modesl');
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    new esl.Server({ server, myevents: false }).on('connection::ready', (connection) => {
      connection.execute('set', 'a=b\\n\\napi shutdown');
    });
    process.send(server.address().port);
  });
`;

const LATIN1_NAME = wire.connectReply({ 'Unique-ID': 'u', 'Caller-Caller-ID-Name': 'Andr%E9' });
const NEWLINES = '\n'.repeat(65_536);

async function onModesl(test: (fs: Socket, child: ChildProcess) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ['--no-deprecation', '-e', MODESL], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  try {
    const [port] = (await once(child, 'message')) as [number];
    const fs = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(fs, 'connect');
    await test(fs, child);
    fs.destroy();
  } finally {
    child.kill('SIGKILL');
  }
}

/** What the server's process died of. */
async function deathOf(bytes: string): Promise<string> {
  let stderr = '';
  await onModesl(async (fs, child) => {
    const said = text(child.stderr!);
    fs.resume().write(bytes);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).not.to.equal(0);
    stderr = await said;
  });
  return stderr;
}

describe('esl beside modesl 1.2.1', function () {
  this.timeout(60_000);

  it('modesl ends on a display name in Latin-1', async () => {
    expect(await deathOf(LATIN1_NAME)).to.contain('URIError: URI malformed');
  });

  it('modesl ends on 64 KB of newlines', async () => {
    expect(await deathOf(NEWLINES)).to.contain('RangeError: Maximum call stack size exceeded');
  });

  it('modesl sends a newline in an argument as a second command', async () => {
    await onModesl(async (fs) => {
      fs.write(
        wire.connectReply({ 'Unique-ID': 'u' }) + wire.commandReply('+OK event listener enabled json'),
      );
      let sent = '';
      while (!sent.includes('api shutdown')) sent += String((await once(fs, 'data'))[0]);
      expect(sent).to.contain('\n\napi shutdown');
    });
  });

  it('ours takes the name, shrugs off the newlines, and refuses the argument, each call beside the others', async () => {
    const names: (string | undefined)[] = [];
    const listener = await Listener.listen(
      { host: '127.0.0.1', port: 0, allow: ['127.0.0.1'] },
      async (socket) => {
        const connection = new Connection(socket);
        const reply = await connection.request({ kind: 'connect' });
        names.push(reply.message.headers.get('Caller-Caller-ID-Name'));
        await connection.end();
      },
    );
    for (const bytes of [LATIN1_NAME, NEWLINES + LATIN1_NAME]) {
      const fs = connect(listener.address.port, '127.0.0.1');
      fs.write(bytes);
      fs.on('data', (chunk: Buffer) => {
        if (chunk.includes('exit')) fs.end(wire.commandReply('+OK bye'));
      });
      await once(fs, 'close');
    }
    await listener.drain();
    await listener.idle();
    expect(names).to.deep.equal(['André', 'André']);
    expect(() => serialize({ kind: 'execute', app: 'set', arg: 'a=b\n\napi shutdown' })).to.throw(
      RouterError,
    );
  });
});
