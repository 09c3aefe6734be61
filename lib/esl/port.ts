import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { nextTick } from 'node:process';

/** The port that FreeSWITCH connects to, and how it is closed without resetting whom the kernel has queued there. */
export interface PortOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * Connections that the kernel keeps while this process is busy (it caps them at net.core.somaxconn). FreeSWITCH waits
 * to be spoken to, so one that falls out of a full queue hangs in silence: of 1,500 during a stall of 1.5 s 127 and
 * more with a backlog of 511, none with this one.
 */
const BACKLOG = 4_096;

/** Rejects with what the system says when the address can't be listened on. */
export async function openPort({ host, port }: PortOptions): Promise<Server> {
  const server = createServer();
  server.listen({ host, port, backlog: BACKLOG });
  await once(server, 'listening');
  return server;
}

/** Node has no public way to it: listen(2) may be called again, and Linux takes the new length of the queue. */
function setBacklog(server: Server, backlog: number): void {
  const { _handle: handle } = server as { _handle?: { listen?: (backlog: number) => number } | null };
  handle?.listen?.(backlog);
}

/** `queued`, `handshake`: somebody is there, and the port is open as before. */
export type Closing = 'closed' | 'queued' | 'handshake';

/**
 * Closes the port if nobody is queued there. FreeSWITCH connects and waits to be spoken to: whom a closing port resets is
 * parked in silence. So for the moment of the look the queue has a single place, and a connection of our own takes it: the
 * kernel answers no one else, who asks again after a second. Who was in the middle of his handshake is seen as well: he
 * needs an open port when the kernel asks him again. To be called right behind a turn of the event loop in which nobody was
 * accepted. Where the kernel does not tell who is queued the port is closed unseen.
 */
export async function closeIfEmpty(server: Server): Promise<Closing> {
  // Linux holds one more than it is told.
  setBacklog(server, 0);
  const filler = connect({ ...addressFor(server), localAddress: FILLER });
  filler.on('error', () => undefined);
  // Behind connect(2), for which `net` takes a tick of its own, and before the event loop accepts what it made.
  await new Promise<void>((resolve) => {
    nextTick(resolve);
  });
  const seen = look(server);
  if (seen === 'closed') server.close();
  else setBacklog(server, BACKLOG);
  filler.destroy();
  return seen;
}

function look(server: Server): Closing {
  const peers = peersOf(server);
  if (peers === null) return 'closed';
  if (peers.handshakes > 0) return 'handshake';
  return peers.queued.join() === FILLER ? 'closed' : 'queued';
}

/** On Linux all of 127.0.0.0/8 is this machine: an address that no FreeSWITCH comes from. */
const FILLER = '127.83.69.76';

/** Ours, which came in with somebody else. */
export function isFiller({ remoteAddress = '' }: Socket): boolean {
  return remoteAddress.endsWith(FILLER);
}

function addressFor(server: Server): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

interface Peers {
  /** IPv4 addresses of who waits to be accepted. */
  readonly queued: readonly string[];
  readonly handshakes: number;
}

/** By the kernel's table; null where there is none. */
function peersOf(server: Server): Peers | null {
  const { host, port } = addressFor(server);
  if (isIP(host) !== 4) return null;
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  } catch {
    return null;
  }
  const here = `:${hexadecimal(port)}`;
  const queued: string[] = [];
  let handshakes = 0;
  for (const line of table.split('\n')) {
    // proc(5): local and remote address and port in hexadecimal digits, state; inode 0: nobody has accepted it.
    const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    if (!local.endsWith(here)) continue;
    if (state === SYN_RECV) handshakes++;
    else if (state === ESTABLISHED && inode === '0') queued.push(addressOf(remote));
  }
  return { queued, handshakes };
}

const ESTABLISHED = '01';
const SYN_RECV = '03';

function hexadecimal(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** The last four bytes, the lowest first: IPv4, also within IPv6. */
function addressOf(remote: string): string {
  const bytes = (remote.split(':')[0] ?? '').slice(-8).match(/../g) ?? [];
  return bytes
    .map((byte) => parseInt(byte, 16))
    .reverse()
    .join('.');
}
