/**
 * The floor: the daemon's job with nothing but `net` and `node:http`. Looks only at the bytes that it needs, checks
 * nothing, logs nothing, has no time limits: less can't be done in Node.
 */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { createServer, type Socket } from 'node:net';
import {
  assignments,
  destinationIn,
  dialString,
  FIELDS,
  guardPushedBack,
  questionAbout,
  requestHeaders,
} from './job.ts';
import type { Caller } from './job.ts';

const { hostname, port, pathname } = new URL(process.env['CRM_URL'] ?? '');
const agent = new http.Agent({ keepAlive: true });
const EVENT_NAME = 'Event-Name: ';
const NOTHING = Buffer.alloc(0);

function field(headers: string, name: string): string {
  const line = headers.indexOf(`\n${name}: `);
  if (line < 0) return '';
  const start = line + name.length + 3;
  return decodeURIComponent(headers.slice(start, headers.indexOf('\n', start)));
}

class Call {
  readonly #socket: Socket;
  #rest: Buffer = NOTHING;
  #request: http.ClientRequest | null = null;
  #uuid = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.write('connect\n\nlinger 10\n\nmyevents plain\n\n');
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.on('error', () => socket.destroy());
  }

  #read(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const blank = data.indexOf('\n\n', at);
      if (blank < 0) break;
      const headers = data.toString('latin1', at, blank + 1);
      const length = /^Content-Length: (\d+)/m.exec(headers)?.[1] ?? '0';
      const body = blank + 2;
      const end = body + Number(length);
      if (end > data.length) break;
      if (headers.startsWith(EVENT_NAME)) this.#ask(headers);
      else if (headers.includes('text/event-plain')) this.#hear(data.toString('latin1', body, body + 64));
      at = end;
    }
    this.#rest = at === data.length ? NOTHING : data.subarray(at);
  }

  #hear(head: string): void {
    const name = head.slice(EVENT_NAME.length, head.indexOf('\n'));
    if (name === 'CHANNEL_HANGUP') this.#request?.destroy();
    else if (name === 'CHANNEL_ANSWER') this.#socket.write(`api sched_del ${this.#uuid}\n\n`);
    else if (name === 'CHANNEL_HANGUP_COMPLETE') this.#socket.write('exit\n\n');
  }

  #ask(headers: string): void {
    const caller = Object.fromEntries(
      Object.entries(FIELDS).map(([key, name]) => [key, field(headers, name)]),
    ) as unknown as Caller;
    this.#uuid = caller.uuid;
    const body = questionAbout(caller);
    const options = { hostname, port, path: pathname, method: 'POST', agent, headers: requestHeaders(body) };
    const request = http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        this.#request = null;
        this.#bridge(caller, destinationIn(text));
      });
    });
    request.on('error', () => undefined);
    request.end(body);
    this.#request = request;
  }

  #bridge(caller: Caller, destination: string | null): void {
    if (destination === null) return;
    const { uuid } = caller;
    const dial = dialString(caller, destination);
    this.#socket.write(
      `api sched_del ${uuid}\n\n` +
        `api sched_transfer ${guardPushedBack(caller)}\n\n` +
        `api uuid_setvar_multi ${assignments(uuid, destination)}\n\n` +
        `api uuid_ring_ready ${uuid}\n\n` +
        `sendmsg\ncall-command: execute\nexecute-app-name: bridge\nevent-uuid: ${randomUUID()}\n` +
        `content-type: text/plain\ncontent-length: ${Buffer.byteLength(dial)}\n\n${dial}`,
    );
  }
}

const server = createServer({ noDelay: true }, (socket) => new Call(socket));
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
