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
  guardIdIn,
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
  /** Is called with the reply to the guard that is pushed back. */
  #guarded: ((reply: string) => void) | null = null;
  #guardId = '';

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
      else if (headers.includes('api/response')) this.#guarded?.(data.toString('latin1', body, end));
      else if (headers.includes('text/event-plain')) this.#hear(data.toString('latin1', body, body + 64));
      at = end;
    }
    this.#rest = at === data.length ? NOTHING : data.subarray(at);
  }

  #hear(head: string): void {
    const name = head.slice(EVENT_NAME.length, head.indexOf('\n'));
    if (name === 'CHANNEL_HANGUP') this.#request?.destroy();
    else if (name === 'CHANNEL_BRIDGE') this.#socket.write(`api sched_del ${this.#guardId}\n\n`);
    else if (name === 'CHANNEL_HANGUP_COMPLETE') this.#socket.write('exit\n\n');
  }

  #ask(headers: string): void {
    const caller = Object.fromEntries(
      Object.entries(FIELDS).map(([key, name]) => [key, field(headers, name)]),
    ) as unknown as Caller;
    const body = questionAbout(caller);
    const options = { hostname, port, path: pathname, method: 'POST', agent, headers: requestHeaders(body) };
    const request = http.request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        this.#request = null;
        const destination = destinationIn(text);
        if (destination !== null) this.#guard(caller, destination);
      });
    });
    request.on('error', () => undefined);
    request.end(body);
    this.#request = request;
  }

  #guard(caller: Caller, destination: string): void {
    this.#guarded = (reply) => {
      this.#guarded = null;
      this.#guardId = guardIdIn(reply);
      this.#bridge(caller, destination);
    };
    this.#socket.write(`api sched_api ${guardPushedBack(caller)}\n\ngetvar transfer_source\n\n`);
  }

  #bridge(caller: Caller, destination: string): void {
    const dial = dialString(caller, destination, this.#guardId);
    this.#socket.write(
      `api sched_del ${caller.guardId}\n\n` +
        `api uuid_setvar_multi ${assignments(caller.uuid, destination, this.#guardId)}\n\n` +
        `api uuid_ring_ready ${caller.uuid}\n\n` +
        `sendmsg\ncall-command: execute\nexecute-app-name: bridge\nevent-uuid: ${randomUUID()}\n` +
        `content-type: text/plain\ncontent-length: ${Buffer.byteLength(dial)}\n\n${dial}`,
    );
  }
}

const server = createServer({ noDelay: true }, (socket) => new Call(socket));
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
