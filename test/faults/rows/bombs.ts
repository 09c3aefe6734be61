import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { reply, startPeer } from '../peer.ts';
import { VoidRun, type Row } from '../row.ts';
import { answeredBy, call, FALLBACK, WANTED, type Stage } from '../stage.ts';
import type { Router } from '../router.ts';

/** Replies that are small on the wire and huge in memory, or that never end. */

const MOST_GROWTH_KIB = 20 * 1024;
const MOST_LATE_MS = 50;
const RATE = 10;
const WARM_UP = 300;
const SAMPLE_MS = 20;

const MIB = 1_048_576;
const LEVELS = 30_000;

function encoded(encoding: string, body: Buffer): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const zeros = Buffer.alloc(50 * MIB, 0x20);
/** By name; each within the 64 KiB of a reply, as long as nobody unpacks it. */
const BOMBS: Readonly<Record<string, Buffer>> = {
  gzip: encoded('gzip', gzipSync(zeros, { level: 9 })),
  deflate: encoded('deflate', deflateSync(zeros, { level: 9 })),
  br: encoded('br', brotliCompressSync(zeros)),
  levels: Buffer.from(reply('['.repeat(LEVELS) + ']'.repeat(LEVELS))),
  objects: Buffer.from(reply(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)),
};
const CHUNK = `4000\r\n${'x'.repeat(0x4000)}\r\n`;

function endless(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const more = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  };
  socket.on('drain', more);
  more();
}

const NAMES = [...Object.keys(BOMBS), 'endless'];

async function worst(router: Router, until: Promise<unknown>): Promise<{ rssKib: number; lateMs: number }> {
  let over = false;
  void until.finally(() => (over = true));
  const most = { rssKib: 0, lateMs: 0 };
  // What was late before is told with the first answer.
  await router.health();
  const done = (): boolean => over;
  while (!done()) {
    const { rssKib, lateMs } = await router.health();
    most.rssKib = Math.max(most.rssKib, rssKib);
    most.lateMs = Math.max(most.lateMs, lateMs);
    await delay(SAMPLE_MS);
  }
  return most;
}

async function run(stage: Stage): Promise<{ figure: string; reached: boolean }> {
  const crm = await startPeer(({ socket, head }) => {
    const bomb = BOMBS[/^POST \/(\w+)/.exec(head)?.[1] ?? ''];
    if (bomb !== undefined) socket.write(bomb);
    else if (head.startsWith('POST /endless')) endless(socket);
    else socket.write(reply(`{"destination":"${WANTED}"}`));
  });
  stage.atEnd(() => crm.close());
  // A target of its own for each few calls, or a breaker would spare the router the bombs.
  const calls = stage.count(600, 240, 36);
  const router = await stage.router({
    schemes: [
      { name: 'fine', webhook: { url: `${crm.url}/fine` } },
      ...Array.from({ length: calls }, (_, n) => ({
        name: `b${n}`,
        webhook: { url: `${crm.url}/${NAMES[n % NAMES.length] ?? ''}?${n}` },
        fallback: { onError: [{ dial: FALLBACK }] },
      })),
    ],
  });
  const warm = { calls: WARM_UP, callsPerSecond: stage.count(50, 50, 100), script: () => call('fine') };
  await stage.load([router.address], { ...warm, astray: answeredBy(WANTED) });
  const idle = await worst(router, delay(stage.count(3000, 2000, 300)));
  if (stage.timed && idle.lateMs > MOST_LATE_MS / 2) {
    throw new VoidRun(
      `the event loop of an idle daemon is ${idle.lateMs.toFixed(0)} ms late on this machine`,
    );
  }
  const playing = stage.load([router.address], {
    calls,
    callsPerSecond: RATE * stage.count(1, 2, 4),
    script: (n) => call(`b${n}`),
    astray: answeredBy(FALLBACK),
  });
  const under = await worst(router, playing);
  const load = await playing;
  const grownKib = under.rssKib - idle.rssKib;
  const refused = ['body_too_large', 'body_not_json'].map(
    (reason) => `${reason} ${router.reasons.get(reason) ?? 0}`,
  );
  return {
    figure:
      `${load.toString()}; ${refused.join(', ')}; RSS ${(idle.rssKib / 1024).toFixed(0)} MiB + ${(grownKib / 1024).toFixed(1)} MiB; ` +
      `event loop late by ${under.lateMs.toFixed(0)} ms at most (idle ${idle.lateMs.toFixed(0)} ms)`,
    reached: load.clean && grownKib <= MOST_GROWTH_KIB && (!stage.timed || under.lateMs <= MOST_LATE_MS),
  };
}

export const bombs: Row = {
  name: 'bombs',
  fault: 'gzip bomb, endless chunked body, 30,000 levels of JSON',
  target: 'refused; RSS grows by at most 20 MB; event loop never late by more than 50 ms',
  run,
};
