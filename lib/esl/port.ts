import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, isIP, type AddressInfo, type Server } from 'node:net';
import { nextTick } from 'node:process';
import { setImmediate as nextPoll } from 'node:timers/promises';

/** The port that FreeSWITCH connects to, and how it is closed without resetting whom the kernel has queued there. */
export interface PortOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /**
   * Connections that the kernel keeps while this process is busy (it caps them at net.core.somaxconn). FreeSWITCH waits
   * to be spoken to, so one that falls out of a full queue hangs in silence: of 1,500 during a stall of 1.5 s 127 and
   * more with a backlog of 511, none with the default, 4096.
   */
  readonly backlog?: number;
}

/** Rejects with what the system says when the address can't be listened on. */
export async function openPort({ host, port, backlog = 4_096 }: PortOptions): Promise<Server> {
  const server = createServer();
  server.listen({ host, port, backlog });
  await once(server, 'listening');
  return server;
}

/**
 * Makes the kernel's queue as short as it can be, for one: listen(2) may be called again, and Linux takes the new backlog.
 * Node has no public way to it; without it a port under a steady stream is never seen empty.
 */
export function shortenQueue(server: Server): void {
  const { _handle: handle } = server as { _handle?: { listen?: (backlog: number) => number } | null };
  handle?.listen?.(0);
}

/** Under a steady stream the one place is somebody else's now and then: he is accepted, and it is tried again. */
const MOST_TRIES = 20;

/**
 * Closes the port while nobody is queued there; the queue has to be short. FreeSWITCH connects and waits to be spoken to:
 * whom a closing port resets is parked in silence. So a connection of our own takes the one place in the queue, the kernel
 * lets nobody else in meanwhile, and that one is reset. Where the kernel does not tell who is queued the port is closed
 * behind a look at the queue, and who comes in that very moment is lost.
 */
export async function closeEmpty(server: Server): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES;) {
    // Right behind an accept: the place is free.
    await nextPoll();
    const filler = connect({ ...addressFor(server), localAddress: FILLER });
    filler.on('error', () => undefined);
    // Behind connect(2), for which `net` takes a tick of its own, and before the event loop accepts what it made.
    await new Promise<void>((resolve) => {
      nextTick(resolve);
    });
    const queued = queuedPeers(server);
    const ours = queued?.filter((peer) => peer === FILLER).length ?? 0;
    if (queued === null || (ours > 0 && ours === queued.length)) server.close();
    filler.destroy();
    if (!server.listening) return;
    if (queued === null || queued.length <= 1) tries++;
    // From before the queue was shortened: one is accepted a turn.
    else for (let left = queued.length; left > 1; left--) await nextPoll();
  }
  await nextPoll();
  server.close();
}

/** On Linux all of 127.0.0.0/8 is this machine: an address that no FreeSWITCH comes from. */
const FILLER = '127.83.69.76';

function addressFor(server: Server): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

/** IPv4 addresses of connections that wait to be accepted, by the kernel's table; null where there is none. */
function queuedPeers(server: Server): readonly string[] | null {
  const { host, port } = addressFor(server);
  if (isIP(host) !== 4) return null;
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'utf8') + readFileSync('/proc/net/tcp6', 'utf8');
  } catch {
    return null;
  }
  return table.split('\n').flatMap((line) => {
    // proc(5): local and remote address and port in hexadecimal digits, state; inode 0: nobody has accepted it.
    const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    const queued = state === ESTABLISHED && inode === '0' && local.endsWith(`:${hexadecimal(port)}`);
    return queued ? [addressOf(remote)] : [];
  });
}

const ESTABLISHED = '01';

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
