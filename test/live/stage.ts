import type { IncomingCall } from './callee.ts';
import type { CallOptions, OutgoingCall } from './caller.ts';
import type { Answer, Question, Reply } from './crm.ts';
import { Journal, now, sleep, SOON } from './journal.ts';
import { calleesOf, callersOf, didOf, groupOf, type Numbers } from './number.ts';
import type { Media } from './media.ts';
import { recordOf, recordsOf, type RecordSeen } from './record.ts';
import type { Router } from './router.ts';
import type { Row } from './row.ts';
import type { UserAgent } from './user-agent.ts';
import type { Channel } from './witness.ts';
import type { World } from './world.ts';

/** What one row works with: numbers that no other row has, and the calls that it made, for the end and the report. */

/** How a callee behaves once his telephone rings. */
export type Script = (call: IncomingCall) => void | Promise<void>;

/** The voice of the group that the dialplan's own fallback rings. */
const GROUP_VOICE = 0x51;
/** The voice of a callee, unless a row says otherwise. */
export const CALLEE_VOICE = 0x41;
/** Packets of 20 ms that count as hearing someone. */
const HEARD = 10;

/** A number that can be dialled on the carrier, and who called it. */
export class Line {
  readonly number: string;
  readonly calls: IncomingCall[] = [];
  readonly journal: Journal;

  constructor(agent: UserAgent, number: string, script: Script) {
    this.number = number;
    this.journal = new Journal(`line ${number}`);
    agent.on(number, (call) => {
      this.calls.push(call);
      this.journal.note('called');
      return script(call);
    });
  }

  called(nth = 1, withinMs = SOON): Promise<IncomingCall> {
    return this.journal.until(`call ${nth}`, withinMs, () => this.calls[nth - 1]);
  }
}

/** Either end of a conversation. */
export interface End {
  readonly journal: Journal;
  readonly media: Media | null;
}

export class Stage {
  readonly row: Row;
  readonly world: World;
  readonly startedMs = now();
  /** The number that the row's callers dial. */
  readonly did: string;
  /** Routers of this row's own. */
  readonly routers: Router[] = [];
  /** Whom the dialplan's fallback rings; answers at once. */
  readonly group: Line;
  readonly callers: OutgoingCall[] = [];
  readonly lines: Line[] = [];
  /** Numbers that this row's callers call from. */
  readonly caller: Numbers;
  /** Numbers of this row's callees. */
  readonly number: Numbers;

  constructor(world: World, row: Row, index: number) {
    this.world = world;
    this.row = row;
    this.caller = callersOf(index);
    this.number = calleesOf(index);
    this.did = didOf(index);
    this.group = this.line(groupOf(index), (call) => call.answer(GROUP_VOICE));
  }

  line(number: string, script: Script, agent = this.world.carrier): Line {
    const line = new Line(agent, number, script);
    this.lines.push(line);
    return line;
  }

  /** What the CRM answers to this row's webhook. */
  answer(reply: Reply | Answer | null): void {
    this.world.crm.on(this.row.name, typeof reply === 'function' ? reply : () => reply);
  }

  destination(value: unknown): void {
    this.answer({ body: { destination: value } });
  }

  asked(nth = 1): Promise<Question> {
    return this.world.crm.asked(this.row.name, nth);
  }

  get questions(): readonly Question[] {
    return this.world.crm.questions(this.row.name);
  }

  async call(options: Partial<CallOptions> = {}): Promise<OutgoingCall> {
    const call = await this.world.callers.call({
      to: this.row.fusion === undefined ? this.world.ports.external : this.world.fusion.external,
      number: this.did,
      from: this.caller(this.callers.length),
      ...options,
    });
    this.callers.push(call);
    return call;
  }

  /** Both ends hear each other, and nobody else. */
  async talk(caller: OutgoingCall, callee: End, voice = CALLEE_VOICE): Promise<void> {
    const media = await callee.journal.until('sound', SOON, () => callee.media ?? undefined);
    caller.media.forget();
    media.forget();
    const untilMs = now() + SOON;
    while (now() < untilMs) {
      if (caller.media.heard(voice) >= HEARD && media.heard(0x21) >= HEARD) return;
      await sleep(50);
    }
    throw new Error(
      `no sound both ways: the caller heard ${caller.media.heard(voice)} packets, the callee ${media.heard(0x21)}`,
    );
  }

  /** What FreeSWITCH answers to an `api` command. */
  api(command: string): Promise<string> {
    return this.world.freeswitch.api(command);
  }

  /** The caller's channel. */
  channel(caller: OutgoingCall): Promise<Channel> {
    return this.world.witness.from(this.caller(this.callers.indexOf(caller)));
  }

  /** What the router wrote of a caller's call at its end, or of its nth socket. */
  record(caller: OutgoingCall, nth = 1): Promise<RecordSeen> {
    return recordOf(this.#routers, this.caller(this.callers.indexOf(caller)), nth);
  }

  /** Of all sockets that the caller's channel had, in the order in which they were opened. */
  async passes(caller: OutgoingCall, count: number): Promise<RecordSeen[]> {
    for (let nth = 1; nth <= count; nth++) await this.record(caller, nth);
    return this.records(caller).sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  }

  /** All that it has written of it up to now. */
  records(caller: OutgoingCall): RecordSeen[] {
    return recordsOf(this.#routers, this.caller(this.callers.indexOf(caller)));
  }

  get #routers(): readonly Router[] {
    return this.routers.length > 0 ? this.routers : [this.world.router];
  }

  /** The dialplan's own fallback serves the caller: he is connected to the group. Milliseconds since his INVITE. */
  async served(caller: OutgoingCall, withinMs = SOON): Promise<number> {
    const { atMs } = await caller.answered(withinMs);
    const member = await this.group.called(this.group.calls.length);
    await this.talk(caller, member, GROUP_VOICE);
    return atMs - caller.placedMs;
  }

  /** Ends what the row left behind. */
  async close(): Promise<void> {
    await Promise.allSettled(this.callers.map((call) => call.hangup()));
    // A callee whose BYE crosses that of the switch gets no answer to it.
    await Promise.allSettled(
      this.lines.flatMap(({ calls }) => calls).map((call) => call.ended(500).catch(() => call.hangup())),
    );
    await Promise.allSettled(this.routers.map((router) => router.stop()));
  }

  /** All that was seen of this row, for a failure. */
  report(): string[] {
    const journals = [
      ...this.callers.map(({ journal }) => journal),
      ...this.lines.flatMap(({ calls }) => calls.map(({ journal }) => journal)),
      this.world.crm.journal(this.row.name),
    ].filter(({ lines }) => lines.length > 0);
    const numbers = [this.did, ...this.callers.map((_, nth) => this.caller(nth))];
    const routers = this.routers.length > 0 ? this.routers : [this.world.router];
    const log = this.world.freeswitch.excerpt([this.did, ...this.lines.map(({ number }) => number)]);
    return [
      ...overtaken(log),
      ...journals.map((journal) => `${journal.name}: ${journal.told(this.startedMs)}`),
      '--- router',
      ...routers.flatMap((router) => router.log(this.routers.length > 0 ? [] : numbers).slice(-20)),
      '--- FreeSWITCH',
      ...log,
    ];
  }
}

/**
 * FreeSWITCH marks a channel as transferred, which ends `socket`, before it changes the channel's state, which ends the dialplan: the
 * line behind `socket` may be executed in between, and its transfer to the fallback is the later one. No router can prevent it.
 */
function overtaken(log: readonly string[]): string[] {
  const behind = log.slice(log.findLastIndex((line) => /^EXECUTE .* socket\(/.test(line)) + 1);
  const moved = behind.findIndex((line) => / Transfer \S+ to XML\[(?!esl_router_fallback@)/.test(line));
  const next = behind.slice(moved + 1).find((line) => /^EXECUTE |Processing .*->/.test(line)) ?? '';
  return moved >= 0 && next.includes('transfer(esl_router_fallback')
    ? ['FreeSWITCH executed the line behind socket in the middle of a transfer: the fallback took its place']
    : [];
}
