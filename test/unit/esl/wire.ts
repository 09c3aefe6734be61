/** FreeSWITCH's side of the wire for these tests, written from the recordings and without a line of lib/esl. */
import { readFileSync } from 'node:fs';

/** As mod_event_socket does: everything outside a small set becomes an upper-case `%XX`. */
export function encode(value: string): string {
  return [...Buffer.from(value)]
    .map((byte) =>
      byte > 0x20 && byte < 0x7f && !'\r\n "#%&+:;<=>?@[\\]^`{|}'.includes(String.fromCharCode(byte))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
}

function lines(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** Values are taken as they are: encode what needs it. */
export function event(name: string, headers: Record<string, string> = {}, body?: string): string {
  const inner = `${lines({ 'Event-Name': name, 'Core-UUID': 'c', ...headers })}${
    body === undefined ? '\n' : `Content-Length: ${Buffer.byteLength(body)}\n\n${body}`
  }`;
  return `Content-Length: ${Buffer.byteLength(inner)}\nContent-Type: text/event-plain\n\n${inner}`;
}

export function commandReply(text: string): string {
  return `Content-Type: command/reply\nReply-Text: ${text}\n\n`;
}

export function apiResponse(text: string): string {
  return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(text)}\n\n${text}`;
}

export function connectReply(headers: Record<string, string> = {}): string {
  return `${lines({
    'Event-Name': 'CHANNEL_DATA',
    'Core-UUID': 'c',
    ...headers,
    'Content-Type': 'command/reply',
    'Reply-Text': '%2BOK%0A',
    'Socket-Mode': 'async',
    Control: 'full',
  })}\n`;
}

export const LINGER_NOTICE =
  'Content-Type: text/disconnect-notice\nControlled-Session-UUID: u\nContent-Disposition: linger\n' +
  'Channel-Name: sofia/internal/1@127.0.0.1\nLinger-Time: 10\nContent-Length: 0\n\n';

export const DISCONNECT_NOTICE =
  'Content-Type: text/disconnect-notice\nControlled-Session-UUID: u\nContent-Disposition: disconnect\n' +
  'Content-Length: 67\n\nDisconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';

interface Line {
  readonly dir: 'fs>' | '>fs' | '--';
  readonly data: string;
}

const FOLDER = new URL('../../fixtures/esl-transcripts/', import.meta.url);

export const RECORDINGS = [
  '01-answered-caller-hangs-up',
  '14-garbage-and-invalid-commands',
  '15-non-ascii-display-and-percent',
  '17d-sendmsg-hangup-CALL_REJECTED',
  '18-api-bgapi-on-outbound',
  '21d-body-text-plain-multiline',
  '22u-very-long-caller-user-truncates-linger-notice',
  '22w-argument-in-body-is-not-scanned-for-unload',
] as const;

/** What one side of a recorded session said, message by message. */
export function recorded(name: (typeof RECORDINGS)[number], dir: Line['dir']): string[] {
  const text = readFileSync(new URL(`${name}.jsonl`, FOLDER), 'utf8');
  const all = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return all.filter((line) => line.dir === dir).map((line) => line.data);
}
