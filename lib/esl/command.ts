/**
 * Commands -> bytes. Pure.
 *
 * In FreeSWITCH's line protocol a newline in an argument starts a header and a blank line starts a COMMAND, a lone CR
 * drops the headers and is still answered `+OK`, `$` and `\` are expanded in every argument. No value with one of these
 * is ever written, whoever asks for it.
 */
import { RouterError } from '../errors.ts';

export type Command =
  /** Must be the first one; its reply is the channel's data. */
  | { readonly kind: 'connect' }
  /** Keeps the socket for the last events. Without seconds it would pin the session for ever. Needs `full`. */
  | { readonly kind: 'linger'; readonly seconds: number }
  /** The events of this leg, and of no other. */
  | { readonly kind: 'myevents' }
  | { readonly kind: 'exit' }
  /** A channel variable; its reply is the bare value. */
  | { readonly kind: 'getvar'; readonly name: string }
  /** Queues an application; `eventUuid` comes back as `Application-UUID` of its events. */
  | {
      readonly kind: 'execute';
      readonly app: string;
      readonly arg?: string;
      readonly eventUuid?: string;
      readonly eventLock?: boolean;
    }
  | { readonly kind: 'hangup'; readonly cause: string }
  /** Needs `full`. */
  | { readonly kind: 'api'; readonly command: string; readonly args?: string };

/**
 * The text of one command, to be written as UTF-8 in one piece: a header block whose body does not follow makes
 * FreeSWITCH spin.
 * @throws RouterError `esl_unsafe_value` when a value may not be sent
 */
export function serialize(command: Command): string {
  switch (command.kind) {
    case 'connect':
    case 'exit':
      return `${command.kind}\n\n`;
    case 'myevents':
      return 'myevents plain\n\n';
    case 'linger':
      return `linger ${wholeSeconds(command.seconds)}\n\n`;
    case 'getvar':
      return `getvar ${word('variable', command.name)}\n\n`;
    case 'hangup':
      return block(`sendmsg\ncall-command: hangup\nhangup-cause: ${word('cause', command.cause)}`);
    case 'api':
      return block(
        `api ${word('api command', command.command)}${command.args ? ` ${safe(command.args)}` : ''}`,
      );
    case 'execute': {
      let head = `sendmsg\ncall-command: execute\nexecute-app-name: ${word('application', command.app)}`;
      if (command.eventUuid !== undefined) head += `\nevent-uuid: ${word('event-uuid', command.eventUuid)}`;
      if (command.eventLock === true) head += '\nevent-lock: true';
      if (!command.arg) return block(head);
      // As a body the argument is not searched for names of modules (see block).
      const arg = safe(command.arg);
      return `${block(`${head}\ncontent-type: text/plain\ncontent-length: ${Buffer.byteLength(arg)}`)}${arg}`;
    }
  }
}

/**
 * mod_event_socket.c turns every header block that speaks of unloading or reloading it into just that, wherever in the
 * block the words stand.
 */
function block(head: string): string {
  if (/mod_event_socket/i.test(head) && /unload|reload/i.test(head)) {
    throw unsafe('a command that FreeSWITCH would read as unloading mod_event_socket');
  }
  return `${head}\n\n`;
}

/** Names of applications, causes and commands come from closed lists of ours; nothing else looks like them. */
function word(what: string, value: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(value)) throw unsafe(`${what} ${shown(value)}`);
  return value;
}

function safe(value: string): string {
  // NUL ends the C string that FreeSWITCH makes of the line.
  if (/[\r\n\0$\\]/.test(value)) throw unsafe(shown(value));
  return value;
}

function wholeSeconds(value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw unsafe(`linger ${value}: expected whole seconds`);
  return value;
}

function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}

function unsafe(what: string): RouterError {
  return new RouterError('esl_unsafe_value', `may not be sent to FreeSWITCH: ${what}`);
}
