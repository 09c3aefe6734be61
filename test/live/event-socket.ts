import { connect, type Socket } from 'node:net';

/** One header of an event, decoded; '' when it is not there. Only what is asked for is decoded. */
export type SwitchEvent = (name: string) => string;

/** The test's own way to ask FreeSWITCH something, and to hear what it has to tell: the inbound event socket. */
export class EventSocket {
  readonly #socket: Socket;
  readonly #waiting: ((text: string) => void)[] = [];
  #hear: (event: SwitchEvent) => void = () => undefined;
  #buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#read();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const done of this.#waiting.splice(0)) done('-ERR closed');
    });
  }

  /** @throws Error when nobody listens there yet, or the password is wrong */
  static async open(port: number, password: string): Promise<EventSocket> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new EventSocket(socket);
    const greeting = client.#reply();
    await greeting;
    const answer = await client.#command(`auth ${password}`);
    if (!answer.startsWith('+OK')) throw new Error(`event socket: ${answer}`);
    return client;
  }

  /** What FreeSWITCH answers to an `api` command. */
  api(command: string): Promise<string> {
    return this.#command(`api ${command}`);
  }

  /** Hears events of every channel from now on. */
  async subscribe(names: readonly string[], hear: (event: SwitchEvent) => void): Promise<void> {
    this.#hear = hear;
    const answer = await this.#command(`event plain ${names.join(' ')}`);
    if (!answer.startsWith('+OK')) throw new Error(`event socket: ${answer}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #command(text: string): Promise<string> {
    this.#socket.write(`${text}\n\n`);
    return this.#reply();
  }

  #reply(): Promise<string> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #read(): void {
    for (;;) {
      const end = this.#buffer.indexOf('\n\n');
      if (end < 0) return;
      const head = this.#buffer.subarray(0, end).toString();
      const length = Number(/^Content-Length: (\d+)$/m.exec(head)?.[1] ?? 0);
      if (this.#buffer.length < end + 2 + length) return;
      const body = this.#buffer.subarray(end + 2, end + 2 + length).toString();
      this.#buffer = this.#buffer.subarray(end + 2 + length);
      if (head.includes('Content-Type: text/event-plain')) {
        this.#hear((name) => headerOf(body, name));
        continue;
      }
      const text = length > 0 ? body : (/^Reply-Text: (.*)$/m.exec(head)?.[1] ?? '');
      this.#waiting.shift()?.(text.trim());
    }
  }
}

function headerOf(body: string, name: string): string {
  const start = body.startsWith(`${name}: `) ? 0 : body.indexOf(`\n${name}: `) + 1;
  if (start === 0 && !body.startsWith(`${name}: `)) return '';
  const value = body.slice(start + name.length + 2, body.indexOf('\n', start));
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
