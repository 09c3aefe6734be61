import type { RawSwitch } from './raw-switch.ts';

/** What a peer may say instead of the reply to `connect`. */
export interface Bad {
  readonly title: string;
  /** What the router can read of the call's name; nothing when absent. */
  readonly uuid?: string;
  readonly send: (peer: RawSwitch) => void;
}

const head = (name: string, bytes: number): string => `${name}: ${'x'.repeat(bytes)}\n`;

export const BAD: readonly Bad[] = [
  {
    title: 'a header block over its cap',
    send: (peer) => {
      for (let i = 0; i < 10; i++) peer.write(head(`X-${i}`, 8000));
    },
  },
  {
    title: 'a body over its cap',
    send: (peer) => {
      peer.write('Content-Type: command/reply\nContent-Length: 99999999\n\n');
    },
  },
  {
    title: 'a Content-Length that is not a number',
    send: (peer) => {
      peer.write('Content-Type: command/reply\nContent-Length: -1\n\n');
    },
  },
  {
    title: 'bytes without any sense',
    send: (peer) => {
      peer.write(Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 251 || 1)));
    },
  },
  {
    title: 'a reply to connect that names no call',
    send: (peer) => {
      peer.write('Content-Type: command/reply\nReply-Text: +OK\n\n');
    },
  },
  {
    title: 'a call named by something that is not a name',
    uuid: 'a%20b%0Ac',
    send: (peer) => {
      peer.write('Unique-ID: a%20b%0Ac\nContent-Type: command/reply\nReply-Text: +OK\n\n');
    },
  },
  {
    title: 'HTTP',
    send: (peer) => {
      peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    },
  },
  { title: 'silence', send: () => undefined },
  {
    title: 'a reset',
    send: (peer) => {
      peer.destroy();
    },
  },
];
