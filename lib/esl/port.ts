import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net';
import { nextTick } from 'node:process';
import { guarded } from '../emitter.ts';
import { plainAddress } from './allow.ts';

/** The port that FreeSWITCH connects to, and how it is closed without resetting whom the kernel has queued there. */
export interface PortOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Connections that the kernel keeps while this process is busy; net.core.somaxconn caps them. */
  readonly backlog?: number;
}

/**
 * FreeSWITCH waits to be spoken to, so one that falls out of a full queue hangs in silence: of 1,500 during a stall of
 * 1.5 s 127 and more with a backlog of 511, none with this one.
 */
const BACKLOG = 4_096;

/** Rejects with what the system says when the address can't be listened on. */
export async function openPort({ host, port, backlog = BACKLOG }: PortOptions): Promise<Server> {
  const server = createServer();
  server.listen({ host, port, backlog });
  await once(server, 'listening');
  return server;
}

/**
 * listen(2) may be called again, and Linux takes the new length of the queue. Whoever finds it full is not answered, and asks again after a second.
 */
export function setBacklog(server: Server, backlog = BACKLOG): void {
  handleOf(server)?.listen?.(backlog);
}

/** What is below a server and a socket. Node has no public way to it: whoever asks must do without. */
interface Handle {
  readonly fd?: number;
  listen?(backlog: number): number;
  onconnection?: (this: Handle, status: number, client?: Handle) => void;
  getpeername?(peer: { address?: string; port?: number }): number;
  reset?(closed: () => void): number;
  close?(): void;
}

function handleOf(owner: Server | Socket): Handle | null {
  return (owner as { _handle?: Handle | null })._handle ?? null;
}

/** The system hands out the lowest that is free, so that all below it are open. */
export function descriptorOf(socket: Socket): number | undefined {
  return handleOf(socket)?.fd;
}

/** Who connected; null when he has reset the connection already. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/**
 * Hands on the connections of those who pass the screen, and resets all others, before Node has made a socket of them: that
 * takes half of the time, and leaves no garbage.
 */
export function screenConnections(
  server: Server,
  passes: (peer: Peer | null) => boolean,
  receive: (socket: Socket) => void,
): void {
  const handle = handleOf(server);
  const accept = handle?.onconnection;
  let screened = false;
  if (handle !== null && accept !== undefined) {
    handle.onconnection = function (status, client) {
      if (client?.getpeername !== undefined && client.close !== undefined) {
        const peer: { address?: string; port?: number } = {};
        client.getpeername(peer);
        if (!passes(peerOf(peer.address, peer.port))) {
          if (client.reset?.(ignore) !== 0) client.close();
          return;
        }
        screened = true;
      }
      accept.call(this, status, client);
      screened = false;
    };
  }
  server.on('connection', (socket) => {
    if (screened || passes(peerOf(socket.remoteAddress, socket.remotePort))) receive(socket);
    else socket.resetAndDestroy();
  });
}

function peerOf(address: string | undefined, port = 0): Peer | null {
  return address === undefined ? null : { address: plainAddress(address), port };
}

/** Connections of this process to its own port: what becomes of them tells what becomes of FreeSWITCH's. */
export class OwnConnections {
  readonly #names = new Set<string>();

  /** Resolves when the kernel has the connection in its queue, and before the event loop can accept it. */
  async open(server: Server): Promise<Socket> {
    const { host, port } = addressFor(server);
    // Reset, or its port has closed: either is seen at the other end.
    const socket = guarded(connect({ host, port, ...(isIP(host) === 4 ? { localAddress: OWN } : {}) }));
    // Behind connect(2), for which `net` takes a tick of its own.
    await new Promise<void>((resolve) => {
      nextTick(resolve);
    });
    if (socket.localPort !== undefined) this.#names.add(`${socket.localAddress ?? ''} ${socket.localPort}`);
    return socket;
  }

  /** The other end of one of them has been accepted. */
  has({ address, port }: Peer): boolean {
    return this.#names.size > 0 && this.#names.has(`${address} ${port}`);
  }

  /** The other end of this one is still to be accepted. */
  awaits({ localAddress, localPort }: Socket): boolean {
    return this.#names.has(`${localAddress ?? ''} ${localPort ?? ''}`);
  }

  /** The same as `has`, to be asked once. */
  take({ remoteAddress, remotePort }: Socket): boolean {
    if (this.#names.size === 0) return false;
    return this.#names.delete(`${plainAddress(remoteAddress)} ${remotePort ?? ''}`);
  }

  /** Their port has been closed. */
  forget(): void {
    this.#names.clear();
  }
}

/** `queued`, `handshake`: somebody is there, and the port is open as before. */
export type Closing = 'closed' | 'queued' | 'handshake';

/** Two connections of our own at the end of the queue, which nobody enters while one of them is in it. */
export interface Fillers {
  readonly first: Socket;
  readonly last: Socket;
}

/**
 * The fillers come first, and the queue is shortened after that. The other way round Linux answers the second one whose
 * handshake is half open with a SYN cookie, keeps nothing of him, and drops his last packet without a word when the
 * place is gone: he believes he is connected, for ever (seen in 4 of 31 drains with more callers than could be accepted).
 */
export async function fill(server: Server, own: OwnConnections): Promise<Fillers> {
  const fillers = { first: await own.open(server), last: await own.open(server) };
  // Linux holds one more than it is told.
  setBacklog(server, 0);
  return fillers;
}

interface Look {
  /** Others are nobody. */
  readonly isCaller: (address: string) => boolean;
  /** All who were queued have been accepted: all that is known where the kernel does not tell who is queued. */
  readonly empty: boolean;
  /** Keep the queue full. */
  readonly fillers: Fillers;
}

/**
 * Closes the port if nobody is queued there. FreeSWITCH connects and waits to be spoken to: whom a closing port resets is
 * parked in silence. So for the moment of the look the queue is full: the kernel answers no one else, who asks again after a
 * second. Who was in the middle of his handshake is seen as well: he needs an open port when the kernel asks him again.
 */
export function closeIfEmpty(
  server: Server,
  own: OwnConnections,
  { isCaller, empty, fillers }: Look,
): Closing {
  const { first, last } = fillers;
  const seen =
    look(server, last, (peer) => isCaller(peer.address) && !own.has(peer)) ?? (empty ? 'closed' : 'queued');
  if (seen === 'closed') {
    server.close();
    own.forget();
  }
  first.destroy();
  last.destroy();
  return seen;
}

function look(server: Server, { localPort }: Socket, isCaller: (peer: Peer) => boolean): Closing | null {
  const peers = queuedAt(addressFor(server).port);
  if (peers === null) return null;
  const callers = peers.filter(isCaller);
  if (callers.some(({ state }) => state === SYN_RECV)) return 'handshake';
  // No port is left for a filler, or no descriptor: there is nothing to wait for. Without its place somebody else may have taken it since the table was read.
  const filled =
    localPort === undefined || peers.some(({ port, state }) => port === localPort && state === ESTABLISHED);
  return filled && callers.length === 0 ? 'closed' : 'queued';
}

/** On Linux all of 127.0.0.0/8 is this machine: an address that no FreeSWITCH comes from. */
const OWN = '127.83.69.76';

function addressFor(server: Server): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address, port };
}

interface Queued extends Peer {
  readonly state: string;
}

/** Who waits to be accepted, by the kernel's table, and whose handshake is not over; null where there is none. */
function queuedAt(port: number): Queued[] | null {
  const table = tableOf('/proc/net/tcp');
  if (table === null) return null;
  const here = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const peers: Queued[] = [];
  for (const line of (table + (tableOf('/proc/net/tcp6') ?? '')).split('\n')) {
    // proc(5): local and remote address and port in hexadecimal digits, state; inode 0: nobody has accepted it.
    const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    if (!local.endsWith(here) || !(state === SYN_RECV || (state === ESTABLISHED && inode === '0'))) continue;
    const [address = '', remotePort = ''] = remote.split(':');
    peers.push({ address: addressOf(address), port: parseInt(remotePort, 16), state });
  }
  return peers;
}

/** There is none for IPv6 where that is switched off, and none at all beside Linux. */
function tableOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

const ESTABLISHED = '01';
const SYN_RECV = '03';

/** The kernel's words of four bytes, each with the lowest first (on the machines that Node runs on). */
function addressOf(digits: string): string {
  const words = (digits.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse());
  const [last = []] = words.slice(-1);
  const mapped = words.length === 1 || digits.startsWith('0000000000000000FFFF0000');
  if (mapped) return last.map((byte) => parseInt(byte, 16)).join('.');
  return words.map(([a, b, c, d]) => `${a ?? ''}${b ?? ''}:${c ?? ''}${d ?? ''}`).join(':');
}

function ignore(): void {
  // It is closed.
}
