/** Child process: connects so many times to a port, as FreeSWITCHes would, and counts who was spoken to. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Order {
  readonly port: number;
  readonly count: number;
  /** All at once when absent. */
  readonly everyMs?: number;
  readonly from?: string;
  /** Hangs up once he is connected, by a reset. */
  readonly resets?: boolean;
}

export interface Greeted {
  readonly greeted: number;
  /** Never connected: FreeSWITCH goes on at once. */
  readonly refused: number;
  /** Connected, and closed without a word: FreeSWITCH leaves its caller in silence. */
  readonly lost: number;
  /** From the connection to the first word. */
  readonly longestMs: number;
}

process.on('message', ({ port, count, everyMs = 0, from, resets = false }: Order) => {
  const result = { greeted: 0, refused: 0, lost: 0, longestMs: 0 };
  const call = (): void => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    let connectedAt = NaN;
    let fate: 'greeted' | 'refused' | 'lost' = 'refused';
    socket.on('connect', () => {
      connectedAt = performance.now();
      fate = 'lost';
      if (resets) socket.resetAndDestroy();
    });
    socket.on('data', () => {
      fate = 'greeted';
      result.longestMs = Math.max(result.longestMs, performance.now() - connectedAt);
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      result[fate]++;
      if (result.greeted + result.refused + result.lost === count) process.send?.(result satisfies Greeted);
    });
  };
  void (async () => {
    const began = performance.now();
    for (let made = 1; made <= count; made++) {
      call();
      const ahead = began + made * everyMs - performance.now();
      if (ahead > 0) await delay(ahead);
    }
  })();
});
process.send?.('ready');
