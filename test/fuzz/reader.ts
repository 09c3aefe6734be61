/**
 * A second reader of the event-socket protocol, written apart from lib/esl/parser.ts and as plainly as possible: it has
 * the whole stream in one string (bytes as Latin-1), and no speed to care about. The two have to agree on every input.
 */
import type { ParserLimits } from '../../lib/esl/parser.ts';

export interface PlainMessage {
  readonly headers: [string, string][];
  readonly body: string | null;
  readonly event: PlainEvent | null;
}

interface PlainEvent {
  readonly name: string;
  readonly headers: [string, string][];
  readonly body: string | null;
}

export interface PlainStream {
  readonly messages: PlainMessage[];
  readonly broken: boolean;
}

export function readStream(stream: string, limits: ParserLimits): PlainStream {
  const messages: PlainMessage[] = [];
  let rest = stream;
  let cut = false;
  for (;;) {
    rest = rest.replace(/^\n+/, '');
    const [block = ''] = rest.split('\n\n', 1);
    const isConnect = block.startsWith('Event-Name: ');
    if (!isConnect && block.length > limits.headerBytes) return { messages, broken: true };
    if (isConnect && block.length > limits.bodyBytes) {
      const lines = block.slice(0, Math.min(limits.headerBytes, limits.bodyBytes)).split('\n');
      const whole = lines.slice(0, -1).join('\n');
      messages.push({ headers: readHeaders(whole, true), body: null, event: null });
      cut = true;
      if (block.length === rest.length) return { messages, broken: false };
      rest = rest.slice(block.length + 2);
      continue;
    }
    if (block.length === rest.length) return { messages, broken: false };
    const headers = readHeaders(block, isConnect);
    rest = rest.slice(block.length + 2);
    const length = valueOf(headers, 'Content-Length');
    let body: string | null = null;
    if (length !== undefined) {
      const valid = /^[0-9]+$/.test(length);
      if (!valid) return { messages, broken: true };
      if (Number(length) > limits.bodyBytes && !cut) return { messages, broken: true };
      if (Number(length) > limits.bodyBytes && cut) {
        rest = rest.slice(Number(length));
        continue;
      }
      if (rest.length < Number(length)) return { messages, broken: false };
      body = rest.slice(0, Number(length));
      rest = rest.slice(Number(length));
    }
    const isEvent = valueOf(headers, 'Content-Type') === 'text/event-plain';
    messages.push({ headers, body, event: isEvent ? readEvent(body ?? '') : null });
  }
}

export function valueOf(headers: [string, string][], name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

function readEvent(text: string): PlainEvent {
  const [block = ''] = text.split('\n\n', 1);
  const headers = readHeaders(block, true);
  const length = valueOf(headers, 'Content-Length');
  const rest = text.slice(block.length + 2);
  const body =
    length === undefined ? null : rest.slice(0, /^[0-9]+$/.test(length) ? Number(length) : undefined);
  return { name: valueOf(headers, 'Event-Name') ?? '', headers, body };
}

function readHeaders(block: string, encoded: boolean): [string, string][] {
  const lines = block.split('\n').filter((line) => line.indexOf(':') > 0);
  return lines.map((line) => {
    const [name = '', ...more] = line.split(':');
    const raw = more.join(':').replace(/^ /, '');
    return [name, raw === '_undef_' ? '' : readValue(raw, encoded)];
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readValue(raw: string, encoded: boolean): string {
  if (/^[ -$&-~]*$/.test(raw)) return raw;
  const bytes: number[] = [];
  for (let at = 0; at < raw.length; at++) {
    const digits = raw.slice(at + 1, at + 3);
    if (encoded && raw[at] === '%' && /^[0-9a-f][0-9a-f]$/i.test(digits)) {
      bytes.push(Number(`0x${digits}`));
      at += 2;
    } else {
      bytes.push(raw.charCodeAt(at));
    }
  }
  try {
    return UTF8.decode(Uint8Array.from(bytes));
  } catch {
    return bytes.map((byte) => String.fromCharCode(byte)).join('');
  }
}
