/**
 * What FreeSWITCH puts on the wire. Written from the recordings, not from the router's parser.
 *
 * Inside the simulated switch a string holds bytes, one per character, as FreeSWITCH's `char *` does: what is no
 * UTF-8 (a display name in Latin-1) passes through unharmed. `bytesOf` and `textOf` stand at its edges.
 */

export type Bytes = string;

export function bytesOf(text: string | Buffer): Bytes {
  return (typeof text === 'string' ? Buffer.from(text, 'utf8') : text).toString('latin1');
}

export function textOf(bytes: Bytes): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

// switch_utils.h SWITCH_URL_UNSAFE, and whatever is not printable ASCII. A `%` that already begins an upper-case
// %XX is left alone, which makes the encoding lossy: "100%25" and "100%" arrive alike.
const UNSAFE = /%(?![0-9A-F]{2})|[\x00-\x20"#&+:;<=>?@[\\\]^`{|}\x7f-\xff]/g;

/** A header's value as it is in an event. */
export function encodeValue(value: Bytes): string {
  return value.replace(
    UNSAFE,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

export function header(name: string, value: Bytes | number): string {
  return `${name}: ${typeof value === 'number' ? value : encodeValue(value)}\n`;
}

/** An event's outer header block and its body: FreeSWITCH sends them in two writes. */
export function eventFrame(headers: string, payload: Bytes = ''): readonly [Bytes, Bytes] {
  const inner = payload === '' ? '' : `Content-Length: ${payload.length}\n`;
  const body = `${headers}${inner}\n${payload}`;
  return [`Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n`, body];
}

/** Replies are not URL-encoded; the line ends where the text does. */
export function commandReply(text: Bytes, more = ''): Bytes {
  return `Content-Type: command/reply\nReply-Text: ${text}\n${more}\n`;
}

export function apiResponse(body: Bytes): Bytes {
  return `Content-Type: api/response\nContent-Length: ${body.length}\n\n${body}`;
}

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';

export function disconnectNotice(uuid: string): Bytes {
  return (
    `Content-Type: text/disconnect-notice\nControlled-Session-UUID: ${uuid}\nContent-Disposition: disconnect\n` +
    `Content-Length: ${GOODBYE.length}\n\n${GOODBYE}`
  );
}

/** `seconds` is -1 for a bare `linger`, which never ends. */
export function lingerNotice(uuid: string, channelName: Bytes, seconds: number): Bytes {
  return (
    `Content-Type: text/disconnect-notice\nControlled-Session-UUID: ${uuid}\nContent-Disposition: linger\n` +
    `Channel-Name: ${channelName}\nLinger-Time: ${seconds}\nContent-Length: 0\n\n`
  );
}
