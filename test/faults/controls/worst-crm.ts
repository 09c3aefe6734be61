/**
 * A CRM at its worst, in each way that a path names, and a port that speaks no TLS. A process of its own: the router is to
 * be slowed down by it, and not the generator. Tells its ports by IPC.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { drip, reply, startPeer } from '../peer.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const ANSWER = '{"destination":"201"}';
const STRANGER = '{"destination":"666"}';

/** Written once and used by all: what it costs, it costs the router. */
const EARLY = 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3000);
const CHUNKS = `${CHUNKED}${'1\r\n \r\n'.repeat(60_000)}0\r\n\r\n`;
const HEADERS = `${HEAD}${'a:b\r\n'.repeat(1800)}Content-Length: ${ANSWER.length}\r\n\r\n${ANSWER}`;
const zeros = gzipSync(Buffer.alloc(50 * 1_048_576), { level: 9 });
const BOMB = Buffer.concat([
  Buffer.from(`${HEAD}Content-Encoding: gzip\r\nContent-Length: ${zeros.length}\r\n\r\n`),
  zeros,
]);

/** As fast as it is read, for as long as anybody reads. */
function flood(socket: Socket, text: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
}

const WORST: Readonly<Record<string, (socket: Socket, nth: number) => void>> = {
  healthy: (socket) => socket.write(reply(ANSWER)),
  hints: (socket) => {
    flood(socket, EARLY);
  },
  chunks: (socket) => socket.write(CHUNKS),
  headers: (socket) => socket.write(HEADERS),
  bomb: (socket) => socket.write(BOMB),
  packets: (socket) => {
    drip(socket, `${HEAD}Content-Length: 60000\r\n\r\n${' '.repeat(60_000)}`, 1);
  },
  twice: (socket) => {
    socket.write(reply(ANSWER));
    setTimeout(() => socket.write(reply(STRANGER)), Math.random() * 60);
  },
  reset: (socket) => socket.resetAndDestroy(),
  switches: (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  stalls: (socket) => socket.write(`${HEAD}Content-Length: ${ANSWER.length}\r\n\r\n`),
};

const crm = await startPeer(({ socket, nth, head }) => {
  WORST[/^POST \/(\w+)/.exec(head)?.[1] ?? '']?.(socket, nth);
});
const mute = createServer((socket) => socket.on('error', () => undefined).resume());
mute.listen(0, '127.0.0.1');
await once(mute, 'listening');
const gone = createServer().listen(0, '127.0.0.1');
await once(gone, 'listening');
const { port: refusing } = gone.address() as AddressInfo;
gone.close();

process.send?.({ crm: crm.url, mute: (mute.address() as AddressInfo).port, refusing });
process.once('disconnect', () => process.exit());
