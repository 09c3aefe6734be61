import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { nextTick, platform } from 'node:process';
import {
  closeIfEmpty as closeIfEmptyWith,
  fill,
  openPort,
  OwnConnections,
  screenConnections,
  setBacklog,
} from '../../../lib/esl/port.ts';

async function closeIfEmpty(server: Server, own: OwnConnections): Promise<string> {
  const fillers = await fill(server, own);
  return closeIfEmptyWith(server, own, { isCaller: () => true, empty: true, fillers });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** The handshake is over, and nobody has accepted: the event loop has had no turn. */
async function queue(server: Server): Promise<Socket> {
  const socket = connect(portOf(server), '127.0.0.1');
  await new Promise<void>((resolve) => {
    nextTick(resolve);
  });
  return socket;
}

describe('esl/port', () => {
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
    it(`closes when nobody is queued: ${host}`, async () => {
      const server = await openPort({ host, port: 0 });
      const port = portOf(server);
      expect(await closeIfEmpty(server, new OwnConnections())).to.equal('closed');
      const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException];
      expect(error.code).to.equal('ECONNREFUSED');
    });

    it(`stays open for who is queued, and for as many behind him as before: ${host}`, async function () {
      if (platform !== 'linux') this.skip();
      const server = await openPort({ host, port: 0 });
      const own = new OwnConnections();
      const accepted: Socket[] = [];
      server.on('connection', (socket) => {
        if (!own.take(socket)) accepted.push(socket);
      });
      const callers = [await queue(server)];
      expect(await closeIfEmpty(server, own)).to.equal('queued');
      setBacklog(server);
      for (let n = 0; n < 20; n++) callers.push(await queue(server));
      while (accepted.length < callers.length) await new Promise((resolve) => setImmediate(resolve));
      expect(callers.some(({ errored }) => errored !== null)).to.equal(false);
      expect(await closeIfEmpty(server, own)).to.equal('closed');
      for (const socket of [...accepted, ...callers]) socket.destroy();
    });
  }

  it('nobody enters the queue behind its fillers', async function () {
    if (platform !== 'linux') this.skip();
    const server = await openPort({ host: '127.0.0.1', port: 0 });
    const own = new OwnConnections();
    const order: string[] = [];
    server.on('connection', (socket) => {
      order.push(own.take(socket) ? 'filler' : 'caller');
      socket.destroy();
    });
    const before = await queue(server);
    const { last } = await fill(server, own);
    const behind = await queue(server);
    while (own.awaits(last)) await new Promise((resolve) => setImmediate(resolve));
    expect(order).to.deep.equal(['caller', 'filler', 'filler']);
    expect(behind.connecting).to.equal(true);
    for (const socket of [before, behind]) socket.destroy();
    server.close();
  });

  it('resets who does not pass, also where Node lets nobody come before its sockets', async () => {
    for (const hidden of [false, true]) {
      const server = await openPort({ host: '127.0.0.1', port: 0 });
      const handle = (server as unknown as { _handle: object })._handle;
      if (hidden) Object.defineProperty(server, '_handle', { value: null, writable: true });
      const received: string[] = [];
      screenConnections(
        server,
        (peer) => peer?.address === '127.0.0.3',
        (socket) => {
          received.push(socket.remoteAddress ?? '');
          socket.end();
        },
      );
      Object.defineProperty(server, '_handle', { value: handle, writable: true });
      const ends: string[] = [];
      for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
        const socket = connect({ host: '127.0.0.1', port: portOf(server), localAddress }).resume();
        socket.on('error', ({ message }) => ends.push(message));
        await new Promise((resolve) => socket.once('close', resolve));
      }
      expect([ends.length, received]).to.deep.equal([1, ['127.0.0.3']]);
      expect(ends[0]).to.include('ECONNRESET');
      server.close();
    }
  });
});
