import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  SimulatedFreeSwitch,
  type CalleeBehaviour,
  type CallReport,
  type CallScript,
  type DialledLeg,
  type SwitchOptions,
} from '../../../lib/simulator/index.ts';

/** One message of FreeSWITCH, decoded by the test itself. */
export interface Message {
  readonly raw: string;
  /** Headers of the reply, or of the event inside; decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly isEvent: boolean;
}

function headersOf(block: string, encoded: boolean): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0)
      headers.set(line.slice(0, colon), encoded ? decode(line.slice(colon + 2)) : line.slice(colon + 2));
  }
  return headers;
}

/** Percent-decoding into bytes, then as Latin-1: never throws. */
export function decode(value: string): string {
  return value.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function messageOf(raw: string): Message {
  const end = raw.indexOf('\n\n');
  const outer = headersOf(raw.slice(0, end), false);
  const body = raw.slice(end + 2);
  if (outer.get('Content-Type') === 'text/event-plain') {
    return { raw, headers: headersOf(body, true), body, isEvent: true };
  }
  if (outer.has('Event-Name'))
    return { raw, headers: headersOf(raw.slice(0, end), true), body, isEvent: false };
  return { raw, headers: outer, body, isEvent: false };
}

/** What the router of a test sees of one connection. */
export class Wire {
  readonly messages: Message[] = [];
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** Sizes of the chunks as they came. */
  #pending = '';
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#pending += chunk.toString('latin1');
      this.#split();
      this.#tell();
    });
    socket.on('error', () => undefined);
    this.closed = once(socket, 'close').then(() => {
      this.#ended = true;
      this.#tell();
    });
  }

  #split(): void {
    for (;;) {
      const end = this.#pending.indexOf('\n\n');
      if (end < 0) return;
      const length = Number(/^Content-Length: (\d+)$/m.exec(this.#pending.slice(0, end))?.[1] ?? '0');
      if (this.#pending.length < end + 2 + length) return;
      this.messages.push(messageOf(this.#pending.slice(0, end + 2 + length)));
      this.#pending = this.#pending.slice(end + 2 + length);
    }
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Sends a command and waits for its reply. */
  async ask(text: string): Promise<Message> {
    const before = this.#replies().length;
    this.send(text);
    await this.until(() => this.#replies().length > before);
    return this.#replies()[before]!;
  }

  #replies(): Message[] {
    return this.messages.filter(
      ({ raw, isEvent }) => !isEvent && !raw.startsWith('Content-Type: text/disconnect-notice'),
    );
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#ended)
        throw new Error(`the connection ended; the last messages:\n${this.summary().slice(-12).join('\n')}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  find(event: string, application?: string): Message | undefined {
    return this.messages.find(
      ({ headers }) =>
        headers.get('Event-Name') === event &&
        (application === undefined || headers.get('Application') === application),
    );
  }

  async event(event: string, application?: string): Promise<Message> {
    await this.until(() => this.find(event, application) !== undefined);
    return this.find(event, application)!;
  }

  summary(): string[] {
    return this.messages.map(kindOf);
  }
}

/** A message's kind in a word or two. */
export function kindOf({ raw, headers }: Message): string {
  const event = headers.get('Event-Name');
  if (event === 'CHANNEL_DATA') return 'CHANNEL_DATA';
  if (event !== undefined) {
    const application = headers.get('Application');
    return application === undefined ? event : `${event} ${application}`;
  }
  const disposition = headers.get('Content-Disposition');
  if (disposition !== undefined) return `notice ${disposition}`;
  if (headers.get('Content-Type') === 'api/response') return `api ${raw.slice(raw.indexOf('\n\n') + 2)}`;
  return `reply ${headers.get('Reply-Text') ?? ''}`;
}

/** A listening router; each connection is handed to `handle`. */
export async function listen(
  handle: (wire: Wire) => void,
): Promise<{ server: Server; port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    handle(new Wire(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { server, port, close };
}

export interface RecordedLine {
  readonly t_ms: number;
  readonly dir: 'fs>' | '>fs' | '--';
  readonly data: string;
}

export function recording(name: string): RecordedLine[] {
  const file = new URL(`../../fixtures/esl-transcripts/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as RecordedLine);
}

/** The lab's callees, by the name that was dialled: as the recordings' own, only faster. */
export function labCallee({ user }: DialledLeg): CalleeBehaviour {
  if (user === 'agent_008') return { kind: 'fail', cause: 'USER_NOT_REGISTERED', afterMs: 0 };
  if (user === 'nobody') return { kind: 'fail', cause: 'SUBSCRIBER_ABSENT', afterMs: 0 };
  const name = user.replace(/[\d_]+$/, '');
  switch (name) {
    case 'answer':
    case 'slow':
    case 'agent':
      return { kind: 'answer', afterMs: 30, talkMs: 30, hangup: 'caller' };
    case 'bye':
      return { kind: 'answer', afterMs: 30, talkMs: 30, hangup: 'callee' };
    case 'busy':
      return { kind: 'fail', cause: 'USER_BUSY', afterMs: 10 };
    case 'slowbusy':
      return { kind: 'fail', cause: 'USER_BUSY', afterMs: 120 };
    case 'notfound':
      return { kind: 'fail', cause: 'UNALLOCATED_NUMBER', afterMs: 10 };
    case 'reject':
      return { kind: 'fail', cause: 'CALL_REJECTED', afterMs: 10 };
    case 'unavail':
      return { kind: 'fail', cause: 'NO_USER_RESPONSE', afterMs: 10 };
    case 'error':
      return { kind: 'fail', cause: 'NORMAL_TEMPORARY_FAILURE', sipCode: 500, afterMs: 10 };
    case 'svc':
      return { kind: 'fail', cause: 'NORMAL_TEMPORARY_FAILURE', afterMs: 10 };
    case 'prog':
      return { kind: 'early-media', afterMs: 20 };
    case 'moved':
      return { kind: 'redirect' };
    case 'noresp':
      return { kind: 'silent' };
    default:
      return { kind: 'ring' };
  }
}

/** Answers at once and talks for a moment. */
export const answers = (): CalleeBehaviour => ({ kind: 'answer', afterMs: 30, talkMs: 30, hangup: 'callee' });

/** A sendmsg that executes an application, in the text/plain body form. */
export function execute(application: string, argument = '', more = ''): string {
  const head = `sendmsg\ncall-command: execute\nexecute-app-name: ${application}\n${more}`;
  if (argument === '') return `${head}\n`;
  return `${head}content-type: text/plain\ncontent-length: ${Buffer.byteLength(argument)}\n\n${argument}`;
}

/** What a careful router says first, in one write; the connect reply. */
export async function greet(wire: Wire): Promise<Message> {
  wire.send('connect\n\nlinger 5\n\nmyevents plain\n\n');
  await wire.until(() => wire.messages.length >= 3);
  return wire.messages[0]!;
}

/** Reads on to the leg's end, and leaves. */
export async function leave(wire: Wire): Promise<void> {
  await wire.event('CHANNEL_HANGUP_COMPLETE');
  wire.send('exit\n\n');
  await wire.closed;
}

/** Runs the commands, and reads on to the end of the call. */
export function routes(...commands: string[]): (wire: Wire) => Promise<void> {
  return async (wire) => {
    await greet(wire);
    wire.send(commands.join(''));
    await leave(wire);
  };
}

/** A leg that runs a command is parked: before that the end of the socket would leave the caller in silence. */
export async function parked(wire: Wire): Promise<void> {
  const sets = (): number => wire.summary().filter((kind) => kind === 'CHANNEL_EXECUTE_COMPLETE set').length;
  const before = sets();
  wire.send(execute('set', 'parked=1'));
  await wire.until(() => sets() > before);
}

export interface Played {
  readonly report: CallReport;
  readonly wires: readonly Wire[];
}

/** One call against a router of the test's own; `router` is its story of one connection. */
export async function play(
  router: (wire: Wire, number: number) => Promise<void>,
  script: Partial<CallScript> = {},
  options: Partial<SwitchOptions> = {},
): Promise<Played> {
  const wires: Wire[] = [];
  const failures: unknown[] = [];
  const listener = await listen((wire) => {
    wires.push(wire);
    router(wire, wires.length).catch((error: unknown) => {
      failures.push(error);
      wire.socket.destroy();
    });
  });
  const freeswitch = new SimulatedFreeSwitch({
    routers: [{ host: '127.0.0.1', port: listener.port }],
    secondMs: 40,
    maxCallMs: 5000,
    ...options,
  });
  try {
    const report = await freeswitch.call({
      caller: '380441110001',
      did: '15005550100',
      callee: answers,
      ...script,
    });
    if (failures.length > 0) throw failures[0];
    return { report, wires };
  } finally {
    await freeswitch.close();
    await listener.close();
  }
}
