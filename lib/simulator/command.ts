import type { Bytes } from './message.ts';

/** One command of the router, as FreeSWITCH reads it. */
export interface Command {
  /** Every byte of it. */
  readonly text: Bytes;
  /** Its first word in lower case: FreeSWITCH compares with strncasecmp ("SENDMSG" works, 14). */
  readonly name: string;
  /** The rest of its first line. */
  readonly argument: Bytes;
  /** The header lines below the first, names in lower case. */
  readonly headers: ReadonlyMap<string, Bytes>;
  readonly body: Bytes;
  /** What a careful router never sends. */
  readonly faults: readonly string[];
}

const MESSAGE_HEADERS = new Set([
  'call-command',
  'execute-app-name',
  'execute-app-arg',
  'event-uuid',
  'event-lock',
  'hangup-cause',
  'loops',
  'async',
  'content-type',
  'content-length',
]);

/**
 * Reads what the router sends, byte by byte and strictly: FreeSWITCH forgives much, and a fault that it forgives
 * today injects something tomorrow. Nothing here refuses a command; what is wrong with it is noted beside it.
 */
export class CommandReader {
  #pending: Bytes = '';

  read(chunk: Buffer): Command[] {
    this.#pending += chunk.toString('latin1');
    const commands: Command[] = [];
    for (;;) {
      const command = this.#next();
      if (command === null) return commands;
      commands.push(command);
    }
  }

  /** Bytes of a command that has not ended yet. */
  get rest(): Bytes {
    return this.#pending;
  }

  #next(): Command | null {
    // A blank line ends the header block, with or without CR (14: 'connect\r\n\r\n').
    const end = /\n\r?\n/.exec(this.#pending);
    if (end === null) return null;
    const block = this.#pending.slice(0, end.index);
    const bodyStart = end.index + end[0].length;
    const lines = block.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    const first = lines[0] ?? '';
    const headers = new Map<string, Bytes>();
    const faults: string[] = [];
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(':');
      if (colon <= 0) {
        faults.push(`a line that is not a header: ${JSON.stringify(line)}`);
        continue;
      }
      const name = line.slice(0, colon).toLowerCase();
      if (headers.has(name)) faults.push(`the header ${name} twice: a newline was in a value`);
      headers.set(name, line.slice(colon + 1).trimStart());
    }
    const bodyLength = Number(headers.get('content-length') ?? '0');
    if (!Number.isSafeInteger(bodyLength) || bodyLength < 0) {
      faults.push(`a Content-Length that is not a number: ${headers.get('content-length') ?? ''}`);
    } else if (this.#pending.length < bodyStart + bodyLength) {
      return null;
    }
    const textEnd = bodyStart + (bodyLength > 0 ? bodyLength : 0);
    const text = this.#pending.slice(0, textEnd);
    this.#pending = this.#pending.slice(textEnd);

    const space = first.indexOf(' ');
    const name = (space < 0 ? first : first.slice(0, space)).toLowerCase();
    const argument = space < 0 ? '' : first.slice(space + 1).trim();
    const body = text.slice(bodyStart);
    faults.push(...faultsOf(name, text, headers, body));
    return { text, name, argument, headers, body, faults };
  }
}

function faultsOf(name: string, text: Bytes, headers: ReadonlyMap<string, Bytes>, body: Bytes): string[] {
  const faults: string[] = [];
  if (text.includes('\r'))
    faults.push('a CR: a lone one makes FreeSWITCH discard the headers and answer +OK');
  if (text.includes('\0')) faults.push('a NUL');
  if (/[$\\]/.test(text))
    faults.push('an expansion character, "$" or "\\": FreeSWITCH runs what it names (22c)');
  if (/\n./.test(body)) faults.push('a newline inside an argument');
  // mod_event_socket.c scans a header block for this pair, and unloads itself (21e); a body it does not scan (22w).
  const block = body === '' ? text : text.slice(0, -body.length);
  if (/(?:un|re)load/i.test(block) && block.includes('mod_event_socket'))
    faults.push('names the module for unloading');
  if (name === 'sendmsg') {
    for (const header of headers.keys()) {
      if (!MESSAGE_HEADERS.has(header)) faults.push(`an unknown header ${header}: a newline was in a value`);
    }
  } else if (headers.size > 0) {
    faults.push(`headers under the command ${name}`);
  }
  return faults;
}

/** A sendmsg that asks for an application. */
export interface Execution {
  readonly application: string;
  readonly argument: Bytes;
  /** Comes back as Application-UUID. */
  readonly uuid: string | null;
  /** Nothing else of the queue runs until this one has ended (23b, 24c). */
  readonly locked: boolean;
}

/** The argument is in its header, or as a text/plain body (21d). */
export function executionOf(command: Command): Execution {
  const { headers, body } = command;
  const inBody = headers.get('content-type') === 'text/plain' && body !== '';
  return {
    application: headers.get('execute-app-name') ?? '',
    argument: inBody ? body : (headers.get('execute-app-arg') ?? ''),
    uuid: headers.get('event-uuid') ?? null,
    locked: headers.get('event-lock') === 'true',
  };
}
