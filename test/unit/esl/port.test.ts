import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { nextTick, platform } from 'node:process';
import { closeIfEmpty, openPort, OwnConnections, setBacklog } from '../../../lib/esl/port.ts';

const look = { isCaller: () => true, empty: true };
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
      expect(await closeIfEmpty(server, new OwnConnections(), look)).to.equal('closed');
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
      expect(await closeIfEmpty(server, own, look)).to.equal('queued');
      setBacklog(server);
      for (let n = 0; n < 20; n++) callers.push(await queue(server));
      while (accepted.length < callers.length) await new Promise((resolve) => setImmediate(resolve));
      expect(callers.some(({ errored }) => errored !== null)).to.equal(false);
      expect(await closeIfEmpty(server, own, look)).to.equal('closed');
      for (const socket of [...accepted, ...callers]) socket.destroy();
    });
  }
});
