/**
 * Fuzz of the event-socket parser: streams of valid messages, most of them mutated, in chunks of any size. Ours and the
 * plain reader have to agree on every one, nothing but a RouterError may be thrown, and memory has to stay flat.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { RouterError } from '../../lib/errors.ts';
import { parseEvent, Parser, type Message } from '../../lib/esl/parser.ts';
import { readStream, type PlainMessage } from './reader.ts';

export interface FuzzReport {
  readonly count: number;
  readonly messages: number;
  readonly broken: number;
  /** CPU of the slowest stream. */
  readonly slowestMs: number;
  /** Growth of heap and buffers from the first tenth of the run to its end. */
  readonly grownBytes: number;
}

/** Small caps, so that mutations reach them; the default ones have tests of their own. */
const LIMITS = { headerBytes: 600, bodyBytes: 900 };
const MOST_MS = 1_000;

/** @throws AssertionError with the seed, the case and the bytes when the two readers differ */
export function fuzzParser(
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): FuzzReport {
  const random = mulberry32(seed);
  let messages = 0;
  let broken = 0;
  let slowestMs = 0;
  let baseline = 0;
  for (let run = 0; run < count; run++) {
    if (run === Math.floor(count / 10)) baseline = memory();
    const stream = mutate(validStream(random), random);
    const start = process.cpuUsage();
    const ours = read(stream, random);
    slowestMs = Math.max(slowestMs, process.cpuUsage(start).user / 1_000);
    const theirs = readStream(stream, LIMITS);
    try {
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) deepStrictEqual(ours, theirs);
      if (slowestMs > MOST_MS) throw new Error(`took ${slowestMs} ms`);
    } catch (error) {
      throw new Error(`seed ${seed}, case ${run}: ${JSON.stringify(stream)}`, { cause: error });
    }
    messages += ours.messages.length;
    if (ours.broken) broken++;
    if (run % 10_000 === 0) progress(run);
  }
  return { count, messages, broken, slowestMs, grownBytes: memory() - baseline };
}

function read(stream: string, random: Random): { messages: PlainMessage[]; broken: boolean } {
  const parser = new Parser(LIMITS);
  const messages: PlainMessage[] = [];
  const bytes = Buffer.from(stream, 'latin1');
  const most = pick([1, 40, 40, 300, 2_000, 2_000], random);
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * most);
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    at += size;
    try {
      messages.push(...parser.push(chunk).map(plain));
      if (parser.fault !== null) return { messages, broken: true };
    } catch (error) {
      if (!(error instanceof RouterError) || error.code !== 'esl_protocol') throw error;
      return { messages, broken: true };
    }
    if (parser.pendingBytes > LIMITS.headerBytes + LIMITS.bodyBytes + size) throw new Error('holds too much');
  }
  return { messages, broken: false };
}

function plain(message: Message): PlainMessage {
  const isEvent = message.headers.get('Content-Type') === 'text/event-plain';
  const event = isEvent ? parseEvent(message) : null;
  return {
    headers: [...message.headers.entries()],
    body: message.body?.toString('latin1') ?? null,
    event: event && {
      name: event.name,
      headers: [...event.entries()],
      body: event.body?.toString('latin1') ?? null,
    },
  };
}

type Random = () => number;

function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(choices: readonly T[], random: Random): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

const VALUES = [
  'ringing',
  '',
  '_undef_',
  'a: b',
  'Andr%E9',
  'Zo%C3%AB',
  '100%',
  '%2BOK%0A',
  'Zo\u00c3\u00ab',
  '\u00e9',
  'sofia/internal/1%40x',
];
const NAMES = ['Unique-ID', 'Answer-State', 'variable_a', 'Application-UUID', 'variable_sip_h_X-Card'];

function headers(random: Random): string {
  let text = '';
  for (let left = Math.floor(random() * 5); left > 0; left--)
    text += `${pick(NAMES, random)}: ${pick(VALUES, random)}\n`;
  return text;
}

function validStream(random: Random): string {
  let stream = '';
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    const kind = random();
    if (kind < 0.15) {
      stream += `Event-Name: CHANNEL_DATA\n${headers(random)}Content-Type: command/reply\nReply-Text: %2BOK%0A\n\n`;
    } else if (kind < 0.3) {
      stream += `Content-Type: command/reply\nReply-Text: ${pick(VALUES, random)}\n\n`;
    } else if (kind < 0.4) {
      const body = pick(['+OK\n', '', '-ERR no\n', 'true'], random);
      stream += `Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}`;
    } else if (kind < 0.5) {
      stream += 'Content-Type: text/disconnect-notice\nContent-Disposition: linger\nContent-Length: 0\n\n';
    } else {
      const body = random() < 0.3 ? `inner: ${pick(VALUES, random)}\n\nUnique-ID: forged\n\n` : null;
      const tail = body === null ? '\n' : `Content-Length: ${body.length}\n\n${body}`;
      const inner = `Event-Name: CHANNEL_ANSWER\n${headers(random)}${tail}`;
      stream += `Content-Length: ${inner.length}\nContent-Type: text/event-plain\n\n${inner}`;
    }
  }
  return stream;
}

const SPLINTERS = [
  '\n',
  '\n\n',
  ':',
  ': ',
  '%',
  '\0',
  '\r\n',
  '-',
  '9',
  '\u00ff',
  'Content-Length: 5\n',
  '\n'.repeat(700),
  'x'.repeat(1_000),
];

/** Up to four small wounds; one stream in eight stays whole. */
function mutate(stream: string, random: Random): string {
  let text = stream;
  for (let left = Math.floor(random() * 8) % 5; left > 0; left--) {
    const at = Math.floor(random() * text.length);
    const end = at + Math.floor(random() * random() * 60);
    const wound = random();
    if (wound < 0.3) text = text.slice(0, at) + pick(SPLINTERS, random) + text.slice(at);
    else if (wound < 0.5) text = text.slice(0, at) + text.slice(end);
    else if (wound < 0.65) text = text.slice(0, end) + text.slice(at);
    else if (wound < 0.85) {
      const byte = String.fromCharCode(Math.floor(random() * 256));
      text = text.slice(0, at) + byte + text.slice(at + 1);
    } else if (wound < 0.95) text = text.replace(/\d+/, () => String(Math.floor(random() * 2_000) - 20));
    else text = text.slice(0, at);
  }
  return text;
}

function memory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
