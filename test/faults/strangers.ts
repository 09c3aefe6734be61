/**
 * A host that has no business here: connects as fast as it is told, from addresses that are not allowed, in a process of its
 * own. Every other one hangs up at once, by a reset; the others say nothing for as long as they are let.
 */
import { connect } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

export interface StrangersOrder {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface StrangersReport {
  /** Connections that were made, or tried where nobody listens. */
  readonly perSecond: number;
}

/** Each has its own 28,000 ports. */
const HOSTS = 16;
/** What one process may hold; more are not begun meanwhile. */
const MOST_OPEN = 2_000;
/** Its own events have their turns in between. */
const AT_A_TIME = 50;

async function play({ port, perSecond, seconds }: StrangersOrder): Promise<StrangersReport> {
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1_000;
  let made = 0;
  let open = 0;
  while (elapsed() < seconds) {
    const due = Math.min(Math.floor(elapsed() * perSecond), made + AT_A_TIME);
    for (; made < due && open < MOST_OPEN; made++) {
      open++;
      const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.1.${1 + (made % HOSTS)}` });
      socket.on('error', () => undefined);
      socket.on('close', () => open--);
      if (made % 2 === 0) socket.resume();
      else socket.on('connect', () => socket.resetAndDestroy());
    }
    await (made < Math.floor(elapsed() * perSecond) ? nextTurn() : delay(1));
  }
  return { perSecond: made / elapsed() };
}

process.on('message', (order: StrangersOrder) => {
  void play(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
