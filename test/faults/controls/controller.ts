/**
 * What the controls have in common: a small controller on `net`, as one would write it in an afternoon. It connects,
 * asks, and bridges to the login that it is told; when asking fails, to the fallback.
 */
import { createServer, type Socket } from 'node:net';

const FALLBACK = '900';

export interface Caller {
  readonly uuid: string;
  /** The task of the dialplan's guard. */
  readonly guardId: string;
  /** The path behind the socket's address. */
  readonly path: string;
}

function field(headers: string, name: string): string {
  return decodeURIComponent(new RegExp(`^${name}: (.*)$`, 'm').exec(headers)?.[1] ?? '');
}

/** Hears the names of a call's events, as they come. */
type OnEvent = (caller: Caller, name: string) => void;

function take(socket: Socket, ask: (caller: Caller) => Promise<string>, onEvent: OnEvent): void {
  let rest = '';
  let taken: Caller | null = null;
  const bridge = ({ uuid, guardId }: Caller, user: string): void => {
    const dial = `{ignore_early_media=true}user/${user}@pbx.example`;
    socket.write(
      `api sched_del ${guardId}\n\napi uuid_setvar_multi ${uuid} continue_on_fail=true;hangup_after_bridge=true\n\n` +
        `sendmsg\ncall-command: execute\nexecute-app-name: bridge\nexecute-app-arg: ${dial}\n\n`,
    );
  };
  const hear = (headers: string, body: string): void => {
    if (headers.startsWith('Event-Name: ')) {
      const caller = {
        uuid: field(headers, 'Unique-ID'),
        guardId: field(headers, 'variable_esl_router_guard_id'),
        path: field(headers, 'variable_socket_path'),
      };
      taken = caller;
      ask(caller).then(
        (user) => {
          bridge(caller, user);
        },
        () => {
          bridge(caller, FALLBACK);
        },
      );
      return;
    }
    const [, name] = /^Event-Name: (.*)/.exec(body) ?? [];
    if (name !== undefined && taken !== null) onEvent(taken, name);
    if (name === 'CHANNEL_HANGUP_COMPLETE') socket.write('exit\n\n');
  };
  socket.write('connect\n\nlinger 10\n\nmyevents plain\n\n');
  socket.on('error', () => socket.destroy());
  socket.setEncoding('latin1').on('data', (text: string) => {
    rest += text;
    for (let blank = rest.indexOf('\n\n'); blank >= 0; blank = rest.indexOf('\n\n')) {
      const headers = rest.slice(0, blank + 1);
      const end = blank + 2 + Number(/^Content-Length: (\d+)/m.exec(headers)?.[1] ?? '0');
      if (rest.length < end) return;
      hear(headers, rest.slice(blank + 2, end));
      rest = rest.slice(end);
    }
  });
}

interface ServeOptions {
  readonly maxConnections?: number;
  readonly port?: number;
  readonly onEvent?: OnEvent;
}

/** Prints its address as the first line. */
export function serve(ask: (caller: Caller) => Promise<string>, options: ServeOptions = {}): void {
  const { maxConnections = Infinity, port = 0, onEvent = () => undefined } = options;
  const server = createServer({ noDelay: true }, (socket) => {
    take(socket, ask, onEvent);
  });
  server.maxConnections = maxConnections;
  server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => {
    process.stdout.write(`${JSON.stringify(server.address())}\n`);
  });
}
