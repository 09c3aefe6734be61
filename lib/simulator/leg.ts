import { setImmediate as immediate } from 'node:timers/promises';
import { Book } from './book.ts';
import { sipCodeOf } from './cause.ts';
import { Channel, type EventName, type SwitchIdentity } from './channel.ts';
import type { Execution } from './command.ts';
import { bytesOf, eventFrame, header, textOf, type Bytes } from './message.ts';
import { CommandQueue } from './queue.ts';
import type { Random } from './random.ts';
import { Schedule } from './schedule.ts';
import type { CallEnd, CallScript, DialledLeg } from './types.ts';

/** The switch around the legs. */
export interface Exchange extends SwitchIdentity {
  readonly random: Random;
  readonly secondMs: number;
  readonly lean: boolean;
  readonly sessionCount: number;
  knowsGateway(name: string): boolean;
  /** Why a user can't be dialled; null when he can. */
  missingUser(login: string, domain: string): 'USER_NOT_REGISTERED' | 'SUBSCRIBER_ABSENT' | null;
  /** Legs by uuid: A legs, and B legs while they ring or talk. */
  readonly legs: Map<string, Killable>;
  /** Sockets that subscribed to the events of every call, not only of theirs. */
  readonly listeners: Set<Listener>;
}

export interface Killable {
  kill(cause: string): void;
}

/** A socket that hears of a leg. */
export interface Listener {
  hear(leg: Leg, name: EventName, head: Bytes, body: Bytes): void;
  /** The leg is about to say CHANNEL_HANGUP. */
  legHangsUp(): void;
  /** The leg has said its last. */
  legIsOver(): void;
}

/** A dialplan application; what it resolves to is its Application-Response. */
export type Application = (leg: Leg, argument: Bytes) => undefined | Promise<string | undefined>;

export interface Extension {
  readonly extension: string;
  readonly context: string;
}

/** Waits, on behalf of something that FreeSWITCH does no faster. */
export function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}

/** What takes a leg out of whatever it does. */
export type Interrupt =
  | { readonly kind: 'hangup' }
  | { readonly kind: 'transfer'; readonly to: Extension; readonly by: 'router' | 'guard' | 'redirect' };

/** Where the caller stands, for the report of how he ended. */
export type Phase =
  | { readonly kind: 'parked' }
  | { readonly kind: 'limbo' }
  | { readonly kind: 'ringing' }
  | { readonly kind: 'answered'; readonly leg: DialledLeg; readonly afterMs: number };

/** A command and the guard may cross on the way. */
const CROSSING_MS = 50;

/** The reason of every abort: a fresh DOMException each time costs more than an event. */
const TAKEN_AWAY = new Error('the leg was taken away');

/** The A leg at work: its queue of executions, its hang-up, its timers; and the book that is kept of it. */
export class Leg implements Killable {
  readonly channel: Channel;
  readonly script: CallScript;
  readonly exchange: Exchange;
  readonly random: Random;
  readonly listeners = new Set<Listener>();

  readonly queue = new CommandQueue();
  readonly schedule: Schedule;
  readonly book = new Book();

  phase: Phase = { kind: 'parked' };
  interrupt: Interrupt | null = null;
  /** Set by `respond`: it outranks the code of any cause. */
  respondCode: number | null = null;
  /** The guard has taken the leg, so long ago that the router knows: no command is on its way any more. */
  takenAway = false;
  /** Bridges that run now: more than one is a bridge inside a bridge (10c). */
  bridging = 0;

  readonly #applications: ReadonlyMap<string, Application>;
  #lastResponse = '_none_';
  #abort = new AbortController();
  #patience: NodeJS.Timeout | null = null;

  constructor(script: CallScript, exchange: Exchange, applications: ReadonlyMap<string, Application>) {
    this.script = script;
    this.exchange = exchange;
    this.random = exchange.random;
    this.schedule = new Schedule(exchange.random, exchange.secondMs);
    this.#applications = applications;
    this.channel = new Channel(script, exchange, exchange.random, exchange.lean);
    exchange.legs.set(this.channel.uuid, this);
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
  reached(moment: 'began' | 'connected' | 'ringing' | 'answered'): void {
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

  async execute({ application, argument, uuid, locked }: Execution): Promise<void> {
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
    const running = run(this, data);
    const response = running === undefined ? undefined : await this.#whileRunning(running, locked);
    this.#lastResponse = response ?? '_none_';
    this.emit(
      'CHANNEL_EXECUTE_COMPLETE',
      `${named}${header('Application-Response', this.#lastResponse)}${id}`,
    );
  }

  /**
   * What rings, talks or plays goes on polling: commands sent meanwhile run inside it, and it can't end before they
   * have (10c, 23). Sent with event-lock, it keeps the queue to itself (23b, 24c).
   */
  async #whileRunning(running: Promise<string | undefined>, locked: boolean): Promise<string | undefined> {
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
  hangup(cause: string, by: 'caller' | 'callee' | 'router' | 'switch'): void {
    if (this.hungUp) return;
    this.book.settle(this.#endOf(cause, by));
    this.dismiss();
    for (const listener of this.listeners) listener.legHangsUp();
    this.channel.markHungUp(cause);
    this.emit('CHANNEL_HANGUP');
    this.#interruptWith({ kind: 'hangup' });
  }

  kill(cause: string): void {
    this.hangup(cause, 'router');
  }

  transfer(to: Extension, by: 'router' | 'guard' | 'redirect'): void {
    if (this.hungUp) return;
    if (by === 'guard') {
      this.book.settle({ kind: 'guard' });
      void this.#outCrossing();
    }
    if (by === 'router') this.book.settle({ kind: 'transfer', ...to });
    this.channel.stamp('transfer');
    this.#interruptWith({ kind: 'transfer', to, by });
  }

  /** By turns of the event loop, so that a stall of this process is not held against the router: out, a while, and in. */
  async #outCrossing(): Promise<void> {
    await immediate();
    await pause(CROSSING_MS);
    await immediate();
    this.takenAway = true;
  }

  /** The dialplan has the leg again: a transfer is over. */
  resume(): void {
    this.interrupt = null;
    this.#abort = new AbortController();
  }

  #interruptWith(interrupt: Interrupt): void {
    this.interrupt = interrupt;
    this.#abort.abort(TAKEN_AWAY);
    this.queue.wake();
  }

  #endOf(cause: string, by: 'caller' | 'callee' | 'router' | 'switch'): CallEnd {
    const { phase } = this;
    if (phase.kind === 'answered') {
      const hangupBy = by === 'switch' ? 'router' : by;
      return { kind: 'answered', leg: phase.leg, afterMs: phase.afterMs, hangupBy };
    }
    if (by === 'caller') {
      if (phase.kind === 'limbo') return { kind: 'silence' };
      return { kind: 'caller-hangup', at: phase.kind === 'ringing' ? 'ringing' : 'waiting' };
    }
    return { kind: 'hangup', cause, sipCode: this.#sipCode(cause) };
  }

  /** After a failed bridge the caller gets the callee's code, whatever the cause (39), unless told otherwise. */
  #sipCode(cause: string): number {
    if (this.respondCode !== null) return this.respondCode;
    if (this.channel.wasAnswered) return 200; // a BYE
    const remote = /^sip:(\d{3})$/.exec(this.channel.get('last_bridge_proto_specific_hangup_cause') ?? '');
    const ignored = this.channel.get('sip_ignore_remote_cause') === 'true';
    return remote && !ignored ? Number(remote[1]) : sipCodeOf(cause);
  }

  /** Nothing is due any more, neither of the switch nor of the caller. */
  dismiss(): void {
    this.schedule.clear();
    if (this.#patience !== null) clearTimeout(this.#patience);
  }

  /** The end of the `socket` application itself, said on its own socket too. */
  completeSocket(data: Bytes): void {
    const named = header('Application', 'socket') + header('Application-Data', data);
    const id = header('Application-UUID', this.random.uuid());
    this.emit(
      'CHANNEL_EXECUTE_COMPLETE',
      `${named}${header('Application-Response', this.#lastResponse)}${id}`,
    );
  }

  /** The last events of a leg that was hung up. */
  finish(): void {
    this.#sayGoodbye();
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
