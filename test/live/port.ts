import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Ports that the system says are free, on the loopback interface. */

/** That many different ports, each free for TCP and for UDP. */
export async function freePorts(count: number): Promise<number[]> {
  const held: (() => void)[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const { port, release } = await holdTcp(0);
      held.push(release);
      const udp = await holdUdp(port);
      if (udp === null) continue;
      held.push(udp);
      ports.push(port);
    }
  } finally {
    for (const release of held) release();
  }
  return ports;
}

/** First port of `count` free UDP ports in a row, below those that the system hands out itself. */
export async function freeRange(count: number): Promise<number> {
  for (;;) {
    const first = 12_000 + 2 * Math.floor(Math.random() * 8_000);
    const held: (() => void)[] = [];
    for (let port = first; port < first + count; port++) {
      const release = await holdUdp(port);
      if (release === null) break;
      held.push(release);
    }
    for (const release of held) release();
    if (held.length === count) return first;
  }
}

function holdTcp(port: number): Promise<{ port: number; release: () => void }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve({ port: address.port, release: () => server.close() });
    });
  });
}

function holdUdp(port: number): Promise<(() => void) | null> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => {
      resolve(null);
    });
    socket.bind(port, '127.0.0.1', () => {
      resolve(() => {
        socket.close();
      });
    });
  });
}
