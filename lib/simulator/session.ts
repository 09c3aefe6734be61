import type { Socket } from 'node:net';
import { runApi } from './api.ts';
import { causeNamed } from './cause.ts';
import { eventHead, type EventName } from './channel.ts';
import { CommandReader, executionOf, type Command } from './command.ts';
import { Conduct } from './conduct.ts';
import type { Listener, Taker } from './exchange.ts';
import type { Leg } from './leg.ts';
import { Outbox } from './outbox.ts';
import { Subscription } from './subscription.ts';
import {
  apiResponse,
  commandReply,
  disconnectNotice,
  encodeValue,
  eventFrame,
  lingerNotice,
  textOf,
  type Bytes,
} from './message.ts';

export interface SocketArguments {
  readonly async: boolean;
  readonly full: boolean;
}

const NOT_FOUND = '-ERR command not found';

/** Without `full` the controller has these alone (13). */
const SINGLE_CHANNEL = new Set([
  'connect',
  'myevents',
  'getvar',
  'filter',
  'divert_events',
  'resume',
  'sendmsg',
  'exit',
]);

/** A `getvar` reply is cut here, wherever that is. */
const GETVAR_BYTES = 511;

/** FreeSWITCH waits so long for the first command. */
const FIRST_COMMAND_SECONDS = 25;

/** Two sends that ought to have been one: a body that comes later than this makes FreeSWITCH spin. */
const HALF_COMMAND_MS = 1000;

function quote(bytes: Bytes): string {
  return JSON.stringify(textOf(bytes.slice(0, 120)));
}

/** One outbound event socket: mod_event_socket's listener, seen from the router. */
export class Session implements Listener {
  /** Resolves at the `connect` command, or when the socket is gone without one. */
  readonly connected: Promise<boolean>;
  readonly closed: Promise<void>;
  /** FreeSWITCH's side has let go: a moment before the socket is closed. */
  readonly over: Promise<void>;
  isClosed = false;
  closedByRouter = false;
  /** The router took its leave, which one that is killed does not. */
  saidExit = false;
  lingers = false;

  readonly #leg: Leg;
  readonly #socket: Socket;
  readonly #arguments: SocketArguments;
  readonly #reader = new CommandReader();
  readonly #outbox: Outbox;
  readonly #limbo: NodeJS.Timeout;
  #half: NodeJS.Timeout | null = null;
  #spoke = false;
  #mayConnect: (connected: boolean) => void = () => undefined;
  #letGo: () => void = () => undefined;
  readonly #conduct: Conduct;
  readonly #subscription = new Subscription();
  #lingerSeconds = -1;
  #lingerTimer: NodeJS.Timeout | null = null;
  /** Events to come until the notice of the hang-up: the real one's place varies from run to run. */
  #noticeAfter: number | null = null;
  #noticeHeld = false;
  /** In static mode: commands that wait for the running application (12). */
  #waiting: Command[] | null = null;

  constructor(socket: Socket, leg: Leg, socketArguments: SocketArguments) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket, leg.exchange.lean);
    this.#leg = leg;
    this.#arguments = socketArguments;
    this.#conduct = new Conduct(leg);
    this.connected = new Promise((resolve) => {
      this.#mayConnect = resolve;
    });
    this.over = new Promise((resolve) => {
      this.#letGo = resolve;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isOver();
        resolve();
      });
    });
    this.#limbo = setTimeout(() => {
      this.disconnect();
    }, FIRST_COMMAND_SECONDS * leg.exchange.secondMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (chunk) => {
      this.#read(chunk);
    });
    // The router has closed its side: FreeSWITCH still says goodbye (11).
    socket.on('end', () => {
      this.closedByRouter ||= !this.isClosed;
      this.disconnect();
    });
    socket.on('error', () => {
      this.closedByRouter ||= !this.isClosed;
      socket.destroy();
    });
    leg.listeners.add(this);
  }

  get isAsync(): boolean {
    return this.#arguments.async;
  }

  // What it hears of the leg.

  hear(leg: { readonly uuid: string }, name: EventName, head: Bytes, body: Bytes): void {
    if (this.isClosed) return;
    const own = leg === this.#leg;
    if (own) this.#countDown();
    if (this.#subscription.wants(name, own, body)) this.#outbox.event(head, body);
  }

  /**
   * The socket's own thread notices the hang-up when it comes to look: before its events (14b, 39), after the first
   * (09, 24), between the last ones (04), mostly after all (01). Without `linger` it closes then, and what was still to
   * come is lost (01c, where by luck nothing was).
   */
  legHangsUp(): void {
    const { random } = this.#leg;
    const luck = random.next();
    if (luck < 0.1 && this.lingers) this.#noticeAfter = 0;
    else if (luck < (this.lingers ? 0.3 : 0.6)) this.#noticeAfter = 1;
    else if (luck < 0.5 && this.lingers) this.#noticeAfter = 2 + random.below(4);
  }

  legIsOver(): void {
    if (this.#noticeAfter !== -1) this.#notice();
  }

  legIsTaken(by: Taker): void {
    this.#conduct.legIsTaken(by);
  }

  #countDown(): void {
    if (this.#noticeAfter === null || this.#noticeAfter < 0) return;
    if (this.#noticeAfter === 0) this.#notice();
    else this.#noticeAfter--;
  }

  #notice(): void {
    if (this.#outbox.isHeld) {
      this.#noticeHeld = true;
      return;
    }
    this.#noticeHeld = false;
    this.#noticeAfter = -1;
    if (!this.lingers) {
      this.disconnect();
      return;
    }
    this.#write(lingerNotice(this.#leg.uuid, this.#leg.channel.name, this.#lingerSeconds));
    if (this.#lingerSeconds < 0) return; // a bare linger never ends
    this.#lingerTimer = setTimeout(() => {
      this.disconnect();
    }, this.#lingerSeconds * this.#leg.exchange.secondMs);
  }

  // What the router says.

  #read(chunk: Buffer): void {
    clearTimeout(this.#half ?? undefined);
    for (const command of this.#reader.read(chunk)) this.#take(command);
    if (this.#reader.rest !== '' && !this.isClosed) {
      this.#half = setTimeout(() => {
        this.#leg.book.violate(`half a command: ${quote(this.#reader.rest)}`);
      }, HALF_COMMAND_MS);
    }
  }

  #take(command: Command): void {
    if (this.isClosed) return;
    if (this.#waiting !== null) {
      this.#waiting.push(command);
      return;
    }
    const leg = this.#leg;
    leg.book.commands.push({ atMs: leg.book.now(), text: textOf(command.text) });
    for (const fault of command.faults) leg.book.violate(`${fault}, in ${quote(command.text)}`);
    clearTimeout(this.#limbo);
    const first = !this.#spoke;
    this.#spoke = true;
    this.#outbox.hold();
    const reply = this.#run(command);
    if (reply === null) return;
    if (first && command.name !== 'connect') {
      leg.book.violate(`the first command is ${command.name}, not connect`); // it has run, and gets no reply (14c)
      this.#release('');
    } else {
      this.#release(reply);
    }
    if (command.name === 'exit') this.disconnect();
  }

  /** Replies, and then says what happened meanwhile. */
  #release(reply: Bytes): void {
    const held = this.#outbox.release();
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#write(reply);
    for (const command of waiting) this.#take(command);
    for (const frame of held) this.#write(frame);
    if (this.#noticeHeld) this.#notice();
  }

  #run(command: Command): Bytes | null {
    const { name, argument } = command;
    const leg = this.#leg;
    const subscription = this.#subscription;
    if (!this.#arguments.full && !SINGLE_CHANNEL.has(name)) return commandReply(NOT_FOUND);
    switch (name) {
      case 'connect': {
        leg.book.connectReplyMs ??= leg.book.now();
        this.#mayConnect(true);
        const { async, full } = this.#arguments;
        return leg.channel.connectReply(async ? 'async' : 'static', full ? 'full' : 'single-channel');
      }
      case 'myevents':
        if (leg.late !== null) this.#outbox.event(...leg.late);
        return commandReply(subscription.myEvents(argument) ?? NOT_FOUND); // plain only: the simulation speaks no JSON
      case 'linger':
        this.lingers = true;
        this.#lingerSeconds = argument === '' ? -1 : Number.parseInt(argument, 10) || 0;
        return commandReply(`+OK will linger${argument === '' ? '' : ` ${this.#lingerSeconds} seconds`}`);
      case 'nolinger':
        this.lingers = false;
        return commandReply('+OK will not linger');
      case 'event': {
        const reply = subscription.event(argument);
        if (subscription.hearsEveryCall) leg.exchange.listeners.add(this);
        return commandReply(reply);
      }
      case 'nixevent':
        return commandReply(subscription.nixevent(argument));
      case 'noevents':
        return commandReply(subscription.noevents());
      case 'filter':
        return commandReply(subscription.filter(argument) ?? NOT_FOUND);
      case 'divert_events':
        return commandReply('+OK events diverted');
      case 'resume':
        return commandReply('+OK');
      case 'getvar':
        return commandReply(leg.channel.lookUp(argument)?.slice(0, GETVAR_BYTES) ?? NOT_FOUND);
      case 'api':
        return this.#api(command);
      case 'bgapi':
        return this.#bgapi(command);
      case 'sendmsg':
        return this.#message(command);
      case 'exit':
        this.#conduct.decides('exit');
        this.closedByRouter = true;
        this.saidExit = true;
        return commandReply('+OK bye');
      default:
        leg.book.violate(`not a command: ${quote(command.text)}`);
        return commandReply(NOT_FOUND);
    }
  }

  #api(command: Command): Bytes {
    if (command.argument === '') return commandReply(NOT_FOUND);
    this.#conduct.api(command.argument);
    return apiResponse(runApi(this.#leg.exchange, command.argument, this.#leg.router));
  }

  #bgapi(command: Command): Bytes {
    const job = command.headers.get('job-uuid') ?? this.#leg.random.uuid();
    this.#conduct.api(command.argument);
    const result = runApi(this.#leg.exchange, command.argument, this.#leg.router);
    const [name = '', ...rest] = command.argument.split(' ');
    const headers =
      `${eventHead('BACKGROUND_JOB', this.#leg.exchange)}Job-UUID: ${job}\nJob-Owner-UUID: ${this.#leg.uuid}\n` +
      `Job-Command: ${name}\nJob-Command-Arg: ${encodeValue(rest.join(' '))}\n`;
    if (this.#subscription.wants('BACKGROUND_JOB', false)) {
      setImmediate(() => {
        if (!this.isClosed) this.#outbox.event(...eventFrame(headers, result));
      });
    }
    return commandReply(`+OK Job-UUID: ${job}`, `Job-UUID: ${job}\n`);
  }

  /** +OK means queued, whatever it asks for: an unknown call-command too (14). */
  #message(command: Command): Bytes | null {
    const leg = this.#leg;
    if (command.argument !== '' && command.argument !== leg.uuid) {
      return commandReply(`-ERR invalid session id [${command.argument}]`);
    }
    const ok = commandReply('+OK');
    const call = command.headers.get('call-command');
    if (call === 'hangup') {
      this.#conduct.decides('hangup');
      const cause = causeNamed(command.headers.get('hangup-cause') ?? '');
      leg.queue.push(() => {
        leg.hangup(cause, 'router');
        return undefined;
      });
      return ok;
    }
    if (call !== 'execute') return ok;
    const execution = executionOf(command);
    if (execution.application === '') return ok;
    this.#conduct.application(execution.application);
    if (!this.isAsync) return this.#runNow(() => leg.execute(execution), ok);
    leg.queue.push(() => leg.execute(execution));
    return ok;
  }

  /** Static mode: the reply, all further commands and every event wait for the application's end (12). */
  #runNow(run: () => Promise<void>, reply: Bytes): null {
    this.#waiting = [];
    void run().then(() => {
      this.#release(reply);
    });
    return null;
  }

  // The end.

  /** Says goodbye and closes. */
  disconnect(): void {
    if (this.isClosed) return;
    this.#write(disconnectNotice(this.#leg.uuid));
    this.#isOver();
    this.#outbox.flush();
    this.#socket.end();
    // Who does not close his side in turn holds the socket no longer than this.
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  destroy(): void {
    this.#isOver();
    this.#socket.destroy();
  }

  #isOver(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.#limbo);
    clearTimeout(this.#half ?? undefined);
    clearTimeout(this.#lingerTimer ?? undefined);
    if (this.#reader.rest !== '') this.#leg.book.violate('the socket closed in the middle of a command');
    if (this.#spoke) this.#conduct.decides('close');
    this.#leg.listeners.delete(this);
    this.#leg.exchange.listeners.delete(this);
    this.#mayConnect(false);
    this.#letGo();
    this.#leg.queue.wake();
  }

  #write(bytes: Bytes): void {
    if (!this.isClosed) this.#outbox.write(bytes);
  }
}
