import { createHash, randomBytes } from 'node:crypto';

/**
 * SIP messages, as much of RFC 3261 as two ends on a loopback interface need. Written independently of anything
 * in lib/. Text is Latin-1 throughout, so that every byte a caller sends goes out, and comes in, as it is.
 */

export type Header = readonly [name: string, value: string];

export interface SipMessage {
  readonly startLine: string;
  /** '' in a response. */
  readonly method: string;
  /** Request-URI; '' in a response. */
  readonly uri: string;
  /** 0 in a request. */
  readonly status: number;
  readonly headers: readonly Header[];
  readonly body: string;
}

const COMPACT: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  c: 'content-type',
  l: 'content-length',
};

export function parseMessage(bytes: Buffer): SipMessage | null {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers: [string, string][] = [];
  for (const line of lines) {
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) last[1] += ` ${line.trim()}`;
    else {
      const colon = line.indexOf(':');
      if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
    }
  }
  const response = /^SIP\/2\.0 (\d{3})/.exec(startLine);
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(startLine);
  if (response === null && request === null) return null;
  return {
    startLine,
    method: request?.[1] ?? '',
    uri: request?.[2] ?? '',
    status: Number(response?.[1] ?? 0),
    headers,
    body: text.slice(end + 4),
  };
}

export function serializeMessage(startLine: string, headers: readonly Header[], body = ''): Buffer {
  const lines = [startLine, ...headers.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
}

export function headersOf(message: SipMessage, name: string): string[] {
  const wanted = name.toLowerCase();
  return message.headers
    .filter(([key]) => {
      const lower = key.toLowerCase();
      return (COMPACT[lower] ?? lower) === wanted;
    })
    .map(([, value]) => value);
}

/** The first header of that name; '' when there is none. */
export function headerOf(message: SipMessage, name: string): string {
  return headersOf(message, name)[0] ?? '';
}

/** The URI in `"Name" <sip:user@host>;tag=x`. */
export function uriOf(address: string): string {
  return /<([^>]*)>/.exec(address)?.[1] ?? address.split(';')[0]?.trim() ?? '';
}

/** `user` of `sip:user@host:port`. */
export function userOf(uri: string): string {
  return /^sips?:([^@;>]*)@/.exec(uri)?.[1] ?? '';
}

export function tagOf(address: string): string {
  return /;tag=([^;>\s]+)/.exec(address)?.[1] ?? '';
}

export function branchOf(message: SipMessage): string {
  return /;branch=([^;,\s]+)/.exec(headerOf(message, 'via'))?.[1] ?? '';
}

export function cseqOf(message: SipMessage): { number: number; method: string } {
  const [number = '0', method = ''] = headerOf(message, 'cseq').split(/\s+/);
  return { number: Number(number), method };
}

export function newBranch(): string {
  return `z9hG4bK${token()}`;
}

export function token(): string {
  return randomBytes(8).toString('hex');
}

export interface Account {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
}

/** `Authorization` for a Digest challenge (RFC 2617, MD5, with or without qop=auth). */
export function answerChallenge(
  challenge: string,
  { user, password, method, uri }: { user: string; password: string; method: string; uri: string },
): string {
  const field = (name: string): string =>
    new RegExp(`\\b${name}="?([^",]+)"?`, 'i').exec(challenge)?.[1] ?? '';
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const realm = field('realm');
  const nonce = field('nonce');
  const secret = md5(`${user}:${realm}:${password}`);
  const request = md5(`${method}:${uri}`);
  const cnonce = token();
  const qop = field('qop') === '' ? '' : `00000001:${cnonce}:auth:`;
  const response = md5(`${secret}:${nonce}:${qop}${request}`);
  const tail = qop === '' ? '' : `, qop=auth, nc=00000001, cnonce="${cnonce}"`;
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5${tail}`;
}

/** An offer or answer of one PCMU stream on the loopback interface. */
export function sessionDescription(port: number): string {
  return [
    'v=0',
    `o=- ${port} ${port} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=ptime:20',
    '',
  ].join('\r\n');
}

/** The port of the audio stream; null when the body holds no session description. */
export function audioPortOf(body: string): number | null {
  const port = /^m=audio (\d+) /m.exec(body)?.[1];
  return port === undefined ? null : Number(port);
}
