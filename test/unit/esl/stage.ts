import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { platform } from 'node:process';
import { Connection } from '../../../lib/esl/connection.ts';
import {
  Listener,
  type Admission,
  type Handler,
  type ListenerOptions,
  type Refusal,
} from '../../../lib/esl/listener.ts';
import type { Greeted, Order } from './dialler.ts';

/** A listener with its callers. */

export const LOOPBACK = { host: '127.0.0.1', port: 0, allow: ['127.0.0.0/8'] };

/** Serves as the router does: `connect` always, then until FreeSWITCH closes. */
export const serve: Handler = async (socket, { refusal }) => {
  const connection = new Connection(socket);
  void connection.request({ kind: 'connect' });
  if (refusal !== null) await connection.end();
  await connection.closed;
};

/** Listens, and tears everything down after the test. */
export async function withListener(
  options: Partial<ListenerOptions>,
  handler: Handler,
  test: (listener: Listener) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const listener = await Listener.listen({ ...LOOPBACK, ...options }, (socket, admission) => {
    sockets.add(socket);
    return handler(socket, admission);
  });
  try {
    await test(listener);
  } finally {
    for (const socket of sockets) socket.destroy();
    await listener.drain();
    await listener.idle();
  }
}

/** Callers in a process of their own, so that they connect while this one is busy; `meanwhile` returns its end. */
export async function dialling(
  order: Omit<Order, 'port'>,
  meanwhile: (listener: Listener) => () => void,
  options: Partial<ListenerOptions> = {},
): Promise<{ result: Greeted; admissions: Admission[] }> {
  const dialler = fork(new URL('./dialler.ts', import.meta.url), { execArgv: ['--import', 'tsx'] });
  const admissions: Admission[] = [];
  const handler: Handler = (socket, admission) => {
    admissions.push(admission);
    return serve(socket, admission);
  };
  let result: Greeted | undefined;
  try {
    await once(dialler, 'message');
    await withListener(options, handler, async (listener) => {
      const done = once(dialler, 'message') as Promise<[Greeted]>;
      dialler.send({ ...order, port: listener.address.port } satisfies Order);
      const end = meanwhile(listener);
      [result] = await done;
      end();
    });
  } finally {
    dialler.kill();
  }
  return { result: result as Greeted, admissions };
}

/** Notes how each connection was judged, and serves it until the other side closes. */
export function judging(): { verdicts: (Refusal | null)[]; handler: Handler; next: () => Promise<void> } {
  const verdicts: (Refusal | null)[] = [];
  let wake: () => void = () => undefined;
  return {
    verdicts,
    next: () => new Promise((resolve) => (wake = resolve)),
    handler: async (socket, { refusal }) => {
      verdicts.push(refusal);
      wake();
      await new Connection(socket).closed;
    },
  };
}

/** SYN cookies that this machine has sent; 0 where its kernel does not say. */
export function synCookies(): number {
  if (platform !== 'linux') return 0;
  const [names = '', values = ''] = readFileSync('/proc/net/netstat', 'utf8').split('\n');
  return Number(values.split(' ')[names.split(' ').indexOf('SyncookiesSent')] ?? 0);
}
