import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

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

/** What Node has no public way to: the socket that listens. Without it the port closes all the same, and less gently. */
interface Handle {
  listen(backlog: number): number;
  close(): void;
  onconnection: (...accepted: unknown[]) => void;
}

function handleOf(server: Server): Handle | null {
  const { _handle: handle } = server as { _handle?: Partial<Handle> | null };
  const { listen, close, onconnection } = handle ?? {};
  return listen === undefined || close === undefined || onconnection === undefined
    ? null
    : (handle as Handle);
}

/**
 * Makes the kernel's queue as short as it can be: listen(2) may be called again, and Linux takes the new backlog. Without
 * it closing under a steady stream resets what has just come.
 */
export function shortenQueue(server: Server): void {
  handleOf(server)?.listen(0);
}

/**
 * Closes the port behind the next accept: the queue holds one connection at most by now, and is as likely to be empty then
 * as it ever is. Before anything is made of what was accepted, since that takes long enough for another one to come.
 */
export function closeBehindNext(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const handle = handleOf(server);
    if (handle === null) {
      server.prependOnceListener('connection', () => {
        server.close();
        resolve();
      });
      return;
    }
    const take = handle.onconnection;
    handle.onconnection = (...accepted) => {
      handle.close();
      take.apply(handle, accepted);
      resolve();
    };
  });
}
