import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** For what must come, on a machine that may be busy. */
const HEARD_MS = 40_000;

/**
 * The other end of the event socket, by hand: for what no FreeSWITCH, not even a simulated one, would ever send. It
 * keeps what the router says and answers only what it is told to.
 */
export class RawSwitch {
  readonly uuid: string;
  /** All that the router has said so far. */
  said = '';
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket, uuid: string) {
    this.uuid = uuid;
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.said += text;
      for (const watcher of [...this.#watchers]) watcher();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
      });
    });
  }

  static async dial(address: { host: string; port: number }, uuid: string): Promise<RawSwitch> {
    const socket = connect(address);
    await once(socket, 'connect');
    return new RawSwitch(socket, uuid);
  }

  /** Until the router has said something; what matched. */
  async heard(what: RegExp): Promise<RegExpExecArray> {
    let timer: NodeJS.Timeout | undefined;
    let watcher: (() => void) | undefined;
    try {
      return await new Promise((resolve, reject) => {
        watcher = () => {
          const match = what.exec(this.said);
          if (match !== null) resolve(match);
        };
        timer = setTimeout(() => {
          reject(new Error(`the router did not say ${what.source}, only:\n${this.said}`));
        }, HEARD_MS);
        this.#watchers.add(watcher);
        watcher();
      });
    } finally {
      clearTimeout(timer);
      if (watcher !== undefined) this.#watchers.delete(watcher);
    }
  }

  /** Answers all that the router says from now on, as a FreeSWITCH does that takes every command, up to one that fits. */
  obey({ from = this.said.length, until = /(?!)/ } = {}): void {
    let at = from;
    const answer = (): void => {
      for (let end = this.said.indexOf('\n\n', at); end >= 0; end = this.said.indexOf('\n\n', at)) {
        const head = this.said.slice(at, end);
        const body = Number(/^content-length: (\d+)$/m.exec(head)?.[1] ?? 0);
        if (this.said.length < end + 2 + body) return;
        if (until.test(head)) {
          this.#watchers.delete(answer);
          return;
        }
        at = end + 2 + body;
        if (head.startsWith('api ')) this.api('+OK\n');
        else if (head.startsWith('getvar ')) this.unset();
        else this.ok();
      }
    };
    this.#watchers.add(answer);
    answer();
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  /** What is written meanwhile arrives as one chunk. */
  inOneWrite(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** By a TCP reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** The replies to `connect`, to `linger` and to `myevents`. */
  greet(path: string, more: Readonly<Record<string, string>> = {}): void {
    this.greeted(path, more);
    this.ok();
    this.ok();
  }

  /** The reply to `connect` alone. */
  greeted(path: string, more: Readonly<Record<string, string>> = {}): void {
    const headers = {
      'Event-Name': 'CHANNEL_DATA',
      'Unique-ID': this.uuid,
      'Caller-Caller-ID-Number': '380441110001',
      'Caller-Destination-Number': '15005550100',
      'Answer-State': 'ringing',
      'Event-Sequence': '1',
      variable_socket_path: path,
      'Content-Type': 'command/reply',
      'Reply-Text': '%2BOK%0A',
      'Socket-Mode': 'async',
      Control: 'full',
      ...more,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    this.write(`${lines.join('')}\n`);
  }

  ok(): void {
    this.write('Content-Type: command/reply\nReply-Text: +OK\n\n');
  }

  /** The reply to `getvar` of a variable that is not set. */
  unset(): void {
    this.write('Content-Type: command/reply\nReply-Text: -ERR command not found\n\n');
  }

  api(body: string): void {
    this.write(`Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}`);
  }

  event(name: string, headers: Readonly<Record<string, string>> = {}): void {
    const lines = Object.entries({
      'Event-Name': name,
      'Unique-ID': this.uuid,
      'Event-Sequence': '9',
      ...headers,
    });
    const body = `${lines.map(([header, value]) => `${header}: ${encodeURIComponent(value)}\n`).join('')}\n`;
    this.write(`Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`);
  }

  /** The last events of the channel, for which the router holds its socket. */
  hangUp(cause: string, headers: Readonly<Record<string, string>> = {}): void {
    for (const name of ['CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE'])
      this.event(name, { 'Answer-State': 'hangup', 'Hangup-Cause': cause, ...headers });
  }

  /** The router asks where the leg is before it does anything to it, for the `nth` time: it is where it was. */
  async located(nth = 1): Promise<void> {
    await this.heard(new RegExp(`(getvar transfer_source\\n\\n[^]*){${nth}}`));
    this.unset();
  }

  /** From the greeting to the bridge that the router sends: its `event-uuid`. */
  async sentBridge(path: string): Promise<string> {
    await this.heard(/connect\n\n/);
    this.greet(path);
    const greeted = await this.heard(/connect\n\n[^]*myevents plain\n\n/);
    // A busy router says more before: the caller rings, the leg is marked. The reply to the bridge itself is owed.
    this.obey({ from: greeted.index + greeted[0].length, until: /^execute-app-name: bridge$/m });
    const [, eventUuid = ''] = await this.heard(/execute-app-name: bridge\nevent-uuid: (\S+)/);
    return eventUuid;
  }

  /** From the greeting to the talk: answers every command of the straight path. */
  async bridged(path: string): Promise<void> {
    const eventUuid = await this.sentBridge(path);
    this.ok();
    this.event('CHANNEL_EXECUTE', { Application: 'bridge', 'Application-UUID': eventUuid });
    this.event('CHANNEL_ANSWER', { 'Answer-State': 'answered' });
    this.event('CHANNEL_BRIDGE', {
      'Answer-State': 'answered',
      'Bridge-B-Unique-ID': 'callee',
      'Other-Leg-Destination-Number': '201',
    });
  }
}
