import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../../bench/measure.ts';
import type { Random } from '../../../lib/simulator/random.ts';
import type { RouterAddress } from '../../../lib/simulator/index.ts';
import { pick } from '../hostile.ts';
import type { Outcome, Row } from '../row.ts';
import { answeredBy, call, WANTED, type Stage } from '../stage.ts';

/** A FreeSWITCH that sends what no FreeSWITCH would, in slices of any size. */

const AT_ONCE = 16;
/** Frames of one connection, should it live so long. */
const FRAMES_EACH = 500;
const CLOSES_WITHIN_MS = 3000;
const BESIDE_EVERY_MS = 100;
/** Flat: no more than this above what the first tenth of the frames left, whatever their number. */
const MOST_GROWTH_KIB = 24 * 1024;
/** And, in full, the median of the last tenth of the frames is no higher than so above that of the second tenth. */
const MOST_GROWTH = 0.05;

const GREETING = [
  'Event-Name: CHANNEL_DATA\nUnique-ID: UUID\nCaller-Caller-ID-Number: 380441110001\nCaller-Caller-ID-Name: NAME\n' +
    'Caller-Destination-Number: 15005550100\nAnswer-State: ringing\nvariable_socket_path: PATH\n' +
    'Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n',
  'Content-Type: command/reply\nReply-Text: +OK\n\n',
  'Content-Type: command/reply\nReply-Text: +OK\n\n',
].join('');

const VALUES = [
  '%',
  '%E9',
  '%zz%C3%28',
  '%00',
  'a%0A%0Aapi x',
  '\xff\xfe',
  '_undef_',
  'x'.repeat(3000),
  '',
  '${a}',
  '-ERR no',
];
const LENGTHS = ['-1', '5', '0', '99999999999999999999', '1e3', '0x10', ' 7', '7 ', 'NaN', '%31', '1048577'];
const NAMES = [
  'CHANNEL_ANSWER',
  'CHANNEL_HANGUP',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_BRIDGE',
  'HEARTBEAT',
  '%',
  '\0',
];

/** What a connection outlives, so that most frames are read and not thrown away behind a fatal one. */
const HARMLESS = NAMES.filter((name) => name !== 'CHANNEL_HANGUP');

/** One frame, sound or not. A rude one may end the connection. */
function frame(random: Random, rude: boolean): string {
  const value = pick(VALUES, random);
  const event = `Event-Name: ${pick(rude ? NAMES : HARMLESS, random)}\nUnique-ID: ${value}\nvariable_${value}: ${value}\nHangup-Cause: ${value}\n\n`;
  switch (rude ? random.below(12) : 7 + random.below(5)) {
    case 0:
      return `Content-Length: ${pick(LENGTHS, random)}\nContent-Type: text/event-plain\n\n`;
    case 1:
      return `${'\n'.repeat(random.below(2000))}${value}`;
    case 8:
      return '\n'.repeat(random.below(2000));
    case 2:
      return `Content-Type: command/reply\nReply-Text: ${value}\n\n`;
    case 3:
      return `Content-Type: api/response\nContent-Length: ${value.length}\n\n${value}`;
    case 4:
      return `X: ${'y'.repeat(random.below(70_000))}\n\n`;
    case 5:
      return `Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n`;
    case 6:
      return `Content-Type: ${value}\nContent-Length: ${event.length - random.below(20)}\n\n${event}`;
    case 10:
      if (!rude) break;
      return Array.from({ length: random.below(200) }, () => String.fromCharCode(random.below(256))).join('');
    default:
  }
  return `Content-Length: ${event.length}\nContent-Type: text/event-plain\n\n${event}`;
}

/** How many frames it took until the connection was closed by the other side, or all. */
async function attack(address: RouterAddress, uuid: string, random: Random, frames: number): Promise<number> {
  const socket = connect(address);
  socket.on('error', () => undefined).resume();
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed]);
  // The destination that is dialled; a number that the CRM does not know; a display name that is not UTF-8.
  const name = pick(['%E9', 'a', '%zz'], random);
  const greeting = GREETING.replace('UUID', uuid)
    .replace('NAME', name)
    .replace('PATH', pick(['b', 'none'], random));
  const rude = random.chance(0.5);
  let sent = 0;
  let text = random.chance(0.9) ? greeting : '';
  // After a frame that ends the connection the rest would be counted and never read.
  while (sent < frames && !socket.destroyed && !socket.readableEnded) {
    for (const most = sent + 1 + random.below(20); sent < most; sent++) text += frame(random, rude);
    await write(socket, Buffer.from(text, 'latin1'), random);
    text = '';
  }
  socket.end();
  await Promise.race([closed, delay(CLOSES_WITHIN_MS, undefined, { ref: false })]);
  socket.destroy();
  return sent;
}

/** In one piece, in two, or in very small ones. */
async function write(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  const size = pick([bytes.length, bytes.length, 1 + random.below(bytes.length + 1), 7], random);
  const end = size === 7 ? Math.min(bytes.length, 700) : bytes.length;
  for (let at = 0; at < end && !socket.destroyed; at += size) socket.write(bytes.subarray(at, at + size));
  if (end < bytes.length) socket.write(bytes.subarray(end));
  await new Promise((resolve) => setImmediate(resolve));
  if (socket.writableNeedDrain && !socket.destroyed) {
    await Promise.race([once(socket, 'drain').catch(() => undefined), delay(500)]);
  }
}

interface Target {
  readonly address: RouterAddress;
  readonly rssKib?: () => number;
}

async function play(
  stage: Stage,
  target: Target,
  wanted: number,
): Promise<Outcome & { readonly died: string | null }> {
  const { random } = stage;
  let frames = 0;
  let connections = 0;
  /** Of each tenth of the frames. */
  const rssKib: number[][] = Array.from({ length: 10 }, () => []);
  let beside = 0;
  const bad: string[] = [];
  const over = (): boolean => frames >= wanted || stage.signal.aborted || bad.length > 20;
  const freeswitch = stage.freeswitch({ routers: [target.address], maxCallMs: 8000 });
  const check = answeredBy(WANTED);
  const healthy = async (): Promise<void> => {
    while (!over()) {
      const report = await freeswitch.call(call('b', { guardSeconds: 6 }));
      beside++;
      const why = report.lost ?? check(report);
      if (why !== null) bad.push(why);
      await delay(BESIDE_EVERY_MS);
    }
  };
  const worker = async (): Promise<void> => {
    while (!over()) {
      const uuid = `00000000-0000-4000-9000-${String(++connections).padStart(12, '0')}`;
      frames += await attack(target.address, uuid, random, FRAMES_EACH);
      const tenth = Math.min(9, Math.floor((frames / wanted) * 10));
      if (target.rssKib !== undefined) rssKib[tenth]?.push(target.rssKib());
    }
  };
  await Promise.all([healthy(), ...Array.from({ length: AT_ONCE }, worker)]);
  const [before, after] = [median(rssKib[1] ?? []), median(rssKib[9] ?? [])];
  const grown = after / before - 1;
  const peak = Math.max(...rssKib.flat());
  const grownKib = peak - Math.max(...(rssKib[0] ?? []));
  return {
    figure:
      `${frames} frames on ${connections} connections; ${bad.length} of ${beside} calls beside them lost or astray` +
      (bad[0] === undefined ? '' : ` (${bad[0]})`) +
      (target.rssKib === undefined
        ? ''
        : `; RSS, median of the second and of the last tenth: ${(before / 1024).toFixed(0)} and ${(after / 1024).toFixed(0)} MiB ` +
          `(${(grown * 100).toFixed(1)} %), peak ${(peak / 1024).toFixed(0)} MiB, ${(grownKib / 1024).toFixed(1)} MiB above that of the first tenth`),
    // A few thousand frames are the daemon warming up.
    reached:
      bad.length === 0 &&
      beside > 0 &&
      (target.rssKib === undefined || grownKib <= MOST_GROWTH_KIB || !stage.timed) &&
      (target.rssKib === undefined || grown <= MOST_GROWTH || stage.scale !== 'full'),
    died: bad[0] ?? null,
  };
}

export const hostileBytes: Row = {
  name: 'hostile-bytes',
  fault: 'hostile bytes from the ESL side: slices, lengths, percent, floods',
  target: '1,000,000 frames, 0 crashes, 0 hangs, flat memory',
  seconds: 900,
  run: async (stage) => {
    const crm = await stage.crm(() => ({ status: 200, body: `{"destination":"${WANTED}"}` }));
    const router = await stage.router({
      schemes: [{ name: 'b', webhook: { url: crm.url } }],
      settings: { ESL_REPLY_TIMEOUT: '1' },
    });
    const wanted = stage.count(1_000_000, 100_000, 5000);
    return play(stage, { address: router.address, rssKib: () => router.rssKib }, wanted);
  },
  control: {
    what: 'modesl 1.2.1',
    run: async (stage) => {
      const crm = await stage.crm(() => ({ status: 200, body: '{"destination":"380441234567"}' }));
      const control = await stage.control('../../bench/peers/modesl.ts', { CRM_URL: crm.url });
      return play(stage, { address: control }, 5000);
    },
  },
};
