/**
 * A FreeSWITCH that is cheap enough to place more calls than a router can take: its own process, bytes made
 * beforehand, a fixed rate whatever becomes of the calls. The CRM that answers at once is in it too.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Channel } from '../../lib/simulator/channel.ts';
import { Random } from '../../lib/simulator/random.ts';
import { reply, startPeer } from './peer.ts';
import { call, WANTED } from './stage.ts';

export interface FloodOrder {
  readonly port: number;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** Decision budget and a second: longer nobody waits. */
  readonly patienceMs: number;
}

export interface FloodReport {
  readonly calls: number;
  /** Bridged by the router: its useful work. */
  readonly routed: number;
  /** Of these, while calls still came: what was queued then is not work of that time. */
  readonly inTime: number;
  /** Given back in order: `connect`, then `exit`. */
  readonly givenBack: number;
  /** The port was closed: FreeSWITCH goes on to its next host, or behind `socket`, at once. */
  readonly refused: number;
  /** Accepted, and then nothing within the patience, or closed without a word. */
  readonly lost: number;
  readonly example: string | null;
  readonly lagMs: number;
  readonly durationMs: number;
  /** From the connection to the bridge. */
  readonly p99Ms: number;
}

const TALK_MS = 20;
/** switch_ivr_park looks every 20 ms. */
const POLL_MS = 20;
const OK = 'Content-Type: command/reply\nReply-Text: +OK\n\n';
const BYE = 'Content-Type: command/reply\nReply-Text: +OK bye\n\n';
const apiReply = (body: string): string =>
  `Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}`;
const API = apiReply('+OK\n');
const DELETED = apiReply('+OK Deleted: 1\n');
const ADDED = apiReply('+OK Added: 8\n');
const UNSET = 'Content-Type: command/reply\nReply-Text: -ERR command not found\n\n';

function event(text: string): string {
  return `Content-Length: ${text.length + 1}\nContent-Type: text/event-plain\n\n${text}\n`;
}

const PLACEHOLDER = '00000000-0000-4000-8000-000000000000';

/** What FreeSWITCH would say of every call alike, in full length, with a placeholder for its name. */
const TEXTS = ((): { greeting: string; executed: string; answer: string; over: string } => {
  let sequence = 0;
  const identity = { coreUuid: PLACEHOLDER, nextSequence: () => ++sequence };
  const channel = new Channel(call('s'), identity, new Random(1), false);
  channel.set('socket_path', 's');
  channel.set('esl_router_guard', '8');
  channel.set('esl_router_guard_id', '7');
  const named = (text: string): string => text.replaceAll(channel.uuid, PLACEHOLDER);
  const greeting = named(channel.connectReply('async', 'full'));
  const executed = named(channel.event('CHANNEL_EXECUTE_COMPLETE'));
  channel.markAnswered();
  const bridged = channel.event('CHANNEL_BRIDGE', `Bridge-B-Unique-ID: ${PLACEHOLDER}\n`);
  const answer = named(event(channel.event('CHANNEL_ANSWER')) + event(bridged));
  channel.markHungUp('NORMAL_CLEARING');
  const over = named(
    event(channel.event('CHANNEL_HANGUP')) + event(channel.event('CHANNEL_HANGUP_COMPLETE')),
  );
  return { greeting, executed, answer, over };
})();

class Flood {
  readonly #order: FloodOrder;
  readonly #waitsMs: number[] = [];
  readonly #counts = { routed: 0, givenBack: 0, refused: 0, lost: 0 };
  #example: string | null = null;
  #open = 0;
  readonly #lagsMs: number[] = [];

  constructor(order: FloodOrder) {
    this.#order = order;
  }

  async play(): Promise<FloodReport> {
    const { calls, callsPerSecond, patienceMs } = this.#order;
    const began = performance.now();
    for (let placed = 0; placed < calls;) {
      const elapsed = performance.now() - began;
      const due = Math.min(calls, Math.floor((elapsed / 1000) * callsPerSecond) + 1);
      for (; placed < due; placed++) {
        this.#lagsMs.push(elapsed - (placed / callsPerSecond) * 1000);
        this.#call(placed);
      }
      await delay(1);
    }
    const durationMs = performance.now() - began;
    const inTime = this.#counts.routed;
    for (const end = performance.now() + 2 * patienceMs; this.#open > 0 && performance.now() < end;)
      await delay(20);
    const p99 = (numbers: number[]): number =>
      numbers.sort((a, b) => a - b)[Math.ceil(numbers.length * 0.99) - 1] ?? NaN;
    return {
      calls,
      ...this.#counts,
      inTime,
      example: this.#example,
      lagMs: p99(this.#lagsMs),
      durationMs,
      p99Ms: p99(this.#waitsMs),
    };
  }

  #call(n: number): void {
    const uuid = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    const socket = connect({ host: '127.0.0.1', port: this.#order.port, noDelay: true });
    const fill = (text: string): string => text.replaceAll(PLACEHOLDER, uuid);
    let fate: 'routed' | 'givenBack' | 'refused' | 'lost' | null = null;
    let acceptedAt = NaN;
    let rest = '';
    let last = '';
    this.#open++;
    const settle = (end: Exclude<typeof fate, null>, why?: string): void => {
      if (fate !== null) return;
      fate = end;
      clearTimeout(patience);
      this.#counts[end]++;
      if (end === 'routed') this.#waitsMs.push(performance.now() - acceptedAt);
      if (why !== undefined) this.#example ??= why;
    };
    let patience: NodeJS.Timeout | undefined;
    let proof = '';
    /** A parked leg looks at its queue now and then. */
    const executeLater = (command: string): void => {
      const id = /^event-uuid: (\S+)/m.exec(command)?.[1] ?? '';
      const done = `Application: set\nApplication-UUID: ${id}\nApplication-Response: _none_\n`;
      setTimeout(() => {
        proof = /^esl_router_parked=(\S+)/m.exec(command)?.[1] ?? proof;
        if (!socket.destroyed) socket.write(fill(event(TEXTS.executed + done)), 'latin1');
      }, POLL_MS);
    };
    const obey = (command: string): string => {
      if (command.startsWith('connect')) return fill(TEXTS.greeting);
      if (command.startsWith('api sched_del')) return DELETED;
      if (command.startsWith('api sched_api')) return ADDED;
      if (command.startsWith('getvar transfer_source')) return UNSET;
      if (command.startsWith('api')) return API;
      if (command.startsWith('getvar')) return apiReply(proof);
      if (command.startsWith('exit')) {
        settle('givenBack');
        socket.end(BYE);
        return '';
      }
      if (!command.includes('execute-app-name: bridge')) {
        executeLater(command);
        return OK;
      }
      settle('routed');
      setTimeout(() => {
        if (!socket.destroyed) socket.write(fill(TEXTS.over), 'latin1');
      }, TALK_MS);
      return OK + fill(TEXTS.answer);
    };
    socket.on('connect', () => {
      acceptedAt = performance.now();
      patience = setTimeout(() => {
        settle('lost', last === '' ? 'not a word' : `nothing behind ${JSON.stringify(last.slice(0, 80))}`);
        socket.destroy();
      }, this.#order.patienceMs);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#open--;
      if (Number.isNaN(acceptedAt)) settle('refused');
      else settle('lost', 'closed without a decision');
    });
    socket.setEncoding('latin1').on('data', (text: string) => {
      rest += text;
      let said = '';
      for (let blank = rest.indexOf('\n\n'); blank >= 0; blank = rest.indexOf('\n\n')) {
        const end = blank + 2 + Number(/^content-length: (\d+)/m.exec(rest.slice(0, blank))?.[1] ?? '0');
        if (rest.length < end) break;
        last = rest.slice(0, end);
        said += obey(last);
        rest = rest.slice(end);
      }
      if (said !== '' && !socket.destroyed) socket.write(said, 'latin1');
    });
  }
}

if (process.send !== undefined) {
  const crm = await startPeer(({ socket }) => {
    socket.write(reply(`{"destination":"${WANTED}"}`));
  });
  process.on('message', (order: FloodOrder) => {
    void new Flood(order).play().then((report) => process.send?.(report));
  });
  process.on('disconnect', () => process.exit(0));
  process.send(crm.url);
}
