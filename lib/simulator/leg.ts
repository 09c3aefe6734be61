import type { Author } from './author.ts';
import { Book } from './book.ts';
import { Channel, type EventName } from './channel.ts';
import type { Execution } from './command.ts';
import {
  tellWhenKnown,
  type Ender,
  type Exchange,
  type Extension,
  type Killable,
  type Listener,
  type Taker,
} from './exchange.ts';
import { bytesOf, eventFrame, header, textOf, type Bytes } from './message.ts';
import { CommandQueue } from './queue.ts';
import type { Random } from './random.ts';
import type { Task } from './tasks.ts';
import type { CallScript } from './types.ts';
import {
  endOf,
  finalSipCode,
  type Away,
  type CalleeLeg,
  type Interrupt,
  type Moment,
  type Partner,
  type Phase,
  type Stay,
} from './whereabouts.ts';

/** A dialplan application; what it resolves to is its Application-Response. */
export type Application = (
  leg: Leg,
  argument: Bytes,
  author: Author,
) => undefined | Promise<string | undefined>;

/** The reason of every abort: a fresh DOMException each time costs more than an event. */
const TAKEN_AWAY = new Error('the leg was taken away');

/** The A leg at work: its queue of executions, its hang-up, its timers; and the book that is kept of it. */
export class Leg implements Killable {
  readonly channel: Channel;
  readonly script: CallScript;
  readonly exchange: Exchange;
  readonly random: Random;
  readonly listeners = new Set<Listener>();

  /** Callees that ring or talk. */
  readonly callees = new Set<CalleeLeg>();
  readonly queue = new CommandQueue();
  readonly book = new Book();
  readonly router: Author;
  readonly dialplan: Author;

  phase: Phase = { kind: 'parked' };
  interrupt: Interrupt | null = null;
  /** Set by `respond`: it outranks the code of any cause. */
  respondCode: number | null = null;
  /** An event that is older than the socket, and comes on it anyway. */
  late: readonly [head: Bytes, body: Bytes] | null = null;
  /** What is to happen when the callee hangs up: transfer_after_bridge, park_after_bridge. */
  afterBridge: Away | null = null;
  /** Hears of every moment that a script may wait for. */
  whenReached: ((moment: Moment) => void) | null = null;
  /** Bridges that run now: more than one is a bridge inside a bridge (10c). */
  bridging = 0;

  readonly #applications: ReadonlyMap<string, Application>;
  #lastResponse = '_none_';
  #abort = new AbortController();
  #patience: NodeJS.Timeout | null = null;
  /** Who has taken the leg; the routers that it was taken from are to hear of it. */
  #taker: Taker | null = null;

  constructor(script: CallScript, exchange: Exchange, applications: ReadonlyMap<string, Application>) {
    this.script = script;
    this.exchange = exchange;
    this.random = exchange.random;
    this.#applications = applications;
    this.channel = new Channel(script, exchange, exchange.random, exchange.lean);
    exchange.legs.set(this.channel.uuid, this);
    const violate = this.book.violate.bind(this.book);
    this.router = { kind: 'router', uuid: this.uuid, violate };
    this.dialplan = { kind: 'dialplan', uuid: this.uuid, violate };
    if (script.lateAnswer === true) this.late = eventFrame(this.channel.event('CHANNEL_ANSWER'));
  }

  get uuid(): string {
    return this.channel.uuid;
  }

  get hungUp(): boolean {
    return this.channel.hangupCause !== null;
  }

  /** Aborted when the leg is hung up or transferred: what runs then stops. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  emit(name: EventName, tail = '', extra = ''): void {
    const { listeners, exchange } = this;
    if (listeners.size === 0 && exchange.listeners.size === 0) return;
    const [head, body] = eventFrame(this.channel.event(name, tail, extra));
    for (const listener of listeners) listener.hear(this, name, head, body);
    for (const listener of exchange.listeners) {
      if (!listeners.has(listener)) listener.hear(this, name, head, body);
    }
  }

  // The caller and what he hears.

  /** 180 to the caller, once in his life (10b); `callee` when it is a callee who rings. */
  ringReady(callee: string | null): void {
    const { channel } = this;
    this.reached('ringing');
    if (callee !== null) this.reached('callee-rings');
    if (channel.ringReady || channel.answerState !== 'ringing') return;
    channel.ringReady = true;
    if (callee !== null) channel.nameCallee(bytesOf(callee));
    channel.stamp('progress');
    this.emit('CHANNEL_PROGRESS');
  }

  /** 183 with SDP to the caller. */
  earlyMedia(callee: string | null): void {
    const { channel } = this;
    this.reached('ringing');
    if (callee !== null) this.reached('callee-rings');
    if (channel.answerState !== 'ringing') return;
    if (callee !== null) channel.nameCallee(bytesOf(callee));
    channel.markEarly();
    this.emit('CHANNEL_PROGRESS_MEDIA');
  }

  /** 200 to the caller. */
  answer(): void {
    if (this.channel.answerState === 'answered') return;
    this.channel.markAnswered();
    this.emit('CHANNEL_ANSWER');
    this.channel.set('endpoint_disposition', 'ANSWER'); // said by the next event only (01)
  }

  /** The caller waits for his moment, and then so long. */
  reached(moment: Moment): void {
    this.whenReached?.(moment);
    const { hangupAfterMs, hangupAt = 'began' } = this.script;
    if (hangupAfterMs === undefined || moment !== hangupAt || this.#patience !== null) return;
    this.#patience = setTimeout(() => {
      this.callerHangsUp();
    }, hangupAfterMs);
  }

  /** Whether the caller will give up by himself, sooner or later. */
  get impatient(): boolean {
    return this.#patience !== null;
  }

  callerHangsUp(): void {
    if (this.hungUp) return;
    const { channel } = this;
    const answered = channel.wasAnswered;
    const code = answered ? '200' : '487';
    if (!answered) {
      channel.set('sip_hangup_disposition', 'recv_cancel');
      channel.set('sip_invite_failure_status', '487');
      channel.set('sip_invite_failure_phrase', 'CANCEL');
    }
    channel.set('sip_term_status', code);
    channel.set('proto_specific_hangup_cause', `sip:${code}`);
    channel.set('sip_term_cause', answered ? '16' : '487');
    this.hangup(answered ? 'NORMAL_CLEARING' : 'ORIGINATOR_CANCEL', 'caller');
    if (answered) channel.set('sip_hangup_disposition', 'recv_bye'); // said by the next event only (01)
  }

  // The queue of private events.

  /** Parks until the leg is interrupted or `released` says that nobody controls it any more; `inOrder`, with a leave taken. */
  async park(released: () => boolean, inOrder: () => boolean): Promise<void> {
    this.emit('CHANNEL_PARK');
    while (this.interrupt === null && !released()) {
      await this.queue.nextPoll();
      if (!released()) await this.#runQueue();
    }
    // What was on its way when the guard took the leg has crossed it.
    const givenBack = inOrder() && this.book.end?.kind !== 'guard';
    if (this.queue.length > 0 && !this.hungUp && givenBack) {
      this.book.violate('commands were still queued when the call was given back');
    }
    this.queue.clear();
    this.emit('CHANNEL_UNPARK');
  }

  async execute({ application, argument, uuid, locked }: Execution, author = this.router): Promise<void> {
    const run = this.#applications.get(application);
    if (run === undefined) {
      this.hangup('DESTINATION_OUT_OF_ORDER', 'router'); // and no EXECUTE event (14b)
      return;
    }
    const data = this.#expand(argument);
    this.channel.set('current_application_data', data);
    this.channel.set('current_application', application);
    const id = header('Application-UUID', uuid ?? this.random.uuid());
    const named = header('Application', application) + (data === '' ? '' : header('Application-Data', data));
    this.emit('CHANNEL_EXECUTE', named + id);
    this.#lastResponse = '_none_';
    const running = run(this, data, author);
    const response = running === undefined ? undefined : await this.attend(running, locked);
    // One that says nothing shows what ran inside it has said.
    if (response !== undefined) this.#lastResponse = response;
    this.emit(
      'CHANNEL_EXECUTE_COMPLETE',
      `${named}${header('Application-Response', this.#lastResponse)}${id}`,
    );
  }

  /**
   * What rings, talks or plays goes on polling: commands sent meanwhile run inside it, and it can't end before they
   * have (10c, 23). Sent with event-lock, it keeps the queue to itself (23b, 24c).
   */
  async attend<T>(running: Promise<T>, locked = false): Promise<T> {
    if (locked) return running;
    const finished = running.then(() => true);
    for (;;) {
      if (await Promise.race([finished, this.queue.nextPoll().then(() => false)])) break;
      await this.#runQueue();
    }
    this.queue.forget();
    return running;
  }

  async #runQueue(): Promise<void> {
    while (this.interrupt === null) {
      const run = this.queue.shift();
      if (run === undefined) return;
      await run();
    }
  }

  /** `${name}` is expanded in every argument (21b); API calls in it are not simulated, the reader has flagged them. */
  #expand(argument: Bytes): Bytes {
    if (!argument.includes('${')) return argument;
    return argument.replace(/\$\{([^{}()]*)\}/g, (_, name: string) => this.channel.lookUp(name) ?? '');
  }

  // Interruptions.

  /** Ends the leg. What still runs sees the signal, says its last event and returns. */
  hangup(cause: string, by: Ender): void {
    if (this.hungUp) return;
    const sipCode = this.respondCode ?? finalSipCode(this.channel, cause);
    this.book.settle(endOf(this.phase, by, cause, sipCode));
    this.dismiss();
    for (const listener of this.listeners) listener.legHangsUp();
    this.channel.markHungUp(cause);
    this.emit('CHANNEL_HANGUP');
    this.#interruptWith({ kind: 'hangup' });
  }

  kill(cause: string, by: Ender = 'router'): void {
    this.hangup(cause, by);
  }

  transfer(to: Extension, by: 'router' | 'redirect'): void {
    if (this.hungUp) return;
    if (by === 'router') this.book.settle({ kind: 'transfer', ...to });
    this.#transfer(to, by, null);
  }

  /** `uuid_transfer` by others, or what looks like it. */
  transferAway(to: Extension, away: Away): void {
    if (this.#isTaken(away)) this.#transfer(to, 'others', away.stay);
  }

  /** `uuid_park`: the dialplan is left, and nothing shows it but the states. */
  parkAway(away: Away): void {
    if (!this.#isTaken(away)) return;
    this.channel.nextState = 'CS_PARK';
    this.#interruptWith({ kind: 'park', stay: away.stay });
  }

  joinTo(partner: Partner, away: Away): void {
    if (!this.#isTaken(away)) return;
    const type = partner.role === 'originatee' ? 'originator' : 'originatee';
    this.channel.join(partner.profile, type, this.random.uuid());
    this.#interruptWith({ kind: 'bridge', partner, stay: away.stay });
  }

  /** What a guard does when nobody has deleted it: `movesBefore` others had moved the call when it was set. */
  guardFires(to: Extension, movesBefore: number): void {
    if (this.hungUp) return;
    const { phase, book } = this;
    if (book.moves.length > movesBefore) book.violate('a guard tore a moved caller out of his new place');
    if (phase.kind === 'moved') book.settle({ kind: 'moved', by: phase.by, to: phase.to, endedBy: 'guard' });
    else book.settle({ kind: 'guard' });
    this.#taker = 'guard';
    this.#transfer(to, 'guard', null);
  }

  /** Tasks that would give the call to the fallback extension. */
  get guards(): readonly Task[] {
    return this.exchange.tasks.due(this.uuid).filter(({ guard }) => guard);
  }

  #transfer(to: Extension, by: Taker | 'router' | 'redirect', stay: Stay | null): void {
    this.channel.stamp('transfer');
    this.channel.enter(bytesOf(to.extension), bytesOf(to.context), this.random.uuid());
    this.#interruptWith({ kind: 'transfer', to, by, stay });
  }

  /** Others have taken the leg; false when there is nothing left to take. */
  #isTaken({ by, to }: Away): boolean {
    if (this.hungUp) return false;
    const { phase, book } = this;
    const from = {
      parked: 'asked',
      limbo: 'asked',
      ringing: 'ringing',
      answered: 'talking',
      moved: 'moved',
    } as const;
    book.moves.push({ by, to, from: from[phase.kind], atMs: book.now() });
    this.phase = { kind: 'moved', by, to };
    this.#taker = 'others';
    return true;
  }

  /** The dialplan has the leg again: a transfer is over. */
  resume(): void {
    this.interrupt = null;
    this.#taker = null;
    this.#abort = new AbortController();
  }

  #interruptWith(interrupt: Interrupt): void {
    this.interrupt = interrupt;
    this.#abort.abort(TAKEN_AWAY);
    this.queue.wake();
  }

  /** Nothing is due any more, neither of the switch nor of the caller. */
  dismiss(): void {
    this.exchange.tasks.stop(this.uuid);
    if (this.#patience !== null) clearTimeout(this.#patience);
  }

  /** The end of the `socket` application itself, said on its own socket too. */
  completeSocket(data: Bytes, uuid: string): void {
    const named = header('Application', 'socket') + header('Application-Data', data);
    const id = header('Application-UUID', uuid);
    this.emit(
      'CHANNEL_EXECUTE_COMPLETE',
      `${named}${header('Application-Response', this.#lastResponse)}${id}`,
    );
    if (this.#taker !== null) void tellWhenKnown(this.#taker, [...this.listeners]);
    this.#taker = null;
  }

  /** The last events of a leg that was hung up. */
  finish(): void {
    this.#sayGoodbye();
    this.channel.nextState = null;
    this.channel.state = 'CS_HANGUP';
    this.emit('CHANNEL_STATE');
    this.channel.state = 'CS_REPORTING';
    this.channel.callState = 'HANGUP';
    this.emit('CHANNEL_STATE');
    this.channel.closeBooks(this.exchange.lean);
    this.emit('CHANNEL_HANGUP_COMPLETE');
    for (const listener of this.listeners) listener.legIsOver();
  }

  /** Unless the caller went first: a BYE, or a final answer. */
  #sayGoodbye(): void {
    const { channel } = this;
    if (channel.get('sip_hangup_disposition') !== undefined) return;
    channel.set('sip_hangup_disposition', channel.wasAnswered ? 'send_bye' : 'send_refuse');
  }

  /** The A leg's variables as text. */
  variables(): ReadonlyMap<string, string> {
    return new Map([...this.channel.variables].map(([name, value]) => [textOf(name), textOf(value)]));
  }
}
