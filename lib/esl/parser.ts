/**
 * Event-socket bytes -> messages. Pure: no socket, no clock, and "incomplete" is not an error.
 *
 * A message is a header block that ends at a blank line, and as many body bytes as its `Content-Length` says. The body
 * of an event is a header block again, which may carry a body of its own.
 *
 * Everything here is read late and from the bytes: of the 6 KB that come with an event a call needs two or three
 * headers, and a native search for one costs less than any table of them all.
 */
import { isUtf8 } from 'node:buffer';
import { RouterError } from '../errors.ts';

/** Most bytes that one message may have. */
export interface ParserLimits {
  /** A header block, but for the reply to `connect`: see `bodyBytes`. */
  readonly headerBytes: number;
  /**
   * A body; and the reply to `connect`, which is channel data as an event's body is, and as large as the dialplan's
   * variables make it: 6 KB, 15 KB with long caller data, a megabyte with a document in a variable.
   */
  readonly bodyBytes: number;
}

const DEFAULT_PARSER_LIMITS: ParserLimits = { headerBytes: 65_536, bodyBytes: 1_048_576 };

/** One message as it was on the wire. `body` is null when there was no `Content-Length`. */
export interface Message {
  readonly headers: HeaderBlock;
  readonly body: Buffer | null;
  /** A reply to `connect` that is larger than allowed, of which `headers` are the beginning. The rest is passed over. */
  readonly fault?: RouterError;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const BLANK_LINE = '\n\n';
const EVENT_NAME = 'Event-Name: ';
const EMPTY = Buffer.alloc(0);
/** Headers of the caller's INVITE: what follows is spelled as he likes. */
const SIP_HEADER = 'variable_sip_h_';

/**
 * The headers of one block. A name is matched as FreeSWITCH writes it, except where its spelling is the caller's own
 * (`variable_sip_h_X-Name`). Keeping a value does not keep the block in memory.
 */
export class HeaderBlock {
  readonly #text: string;
  readonly #encoded: boolean;

  /**
   * @param text the bytes of the block as Latin-1
   * @param encoded whether values are URL-encoded, as they are in events and in the `connect` reply
   */
  constructor(text: string, encoded: boolean) {
    this.#text = text;
    this.#encoded = encoded;
  }

  /** The first value under this name, decoded; `''` for an empty one. */
  get(name: string): string | undefined {
    const line = this.#find(name);
    if (line < 0) return undefined;
    const end = this.#text.indexOf('\n', line);
    return this.#value(line + name.length, end < 0 ? this.#text.length : end);
  }

  /** Bytes of the block, without the blank line. */
  get length(): number {
    return this.#text.length;
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /** Every header, in its order. A line without a colon is none. */
  *entries(): IterableIterator<[string, string]> {
    for (let line = 0, end = 0; line < this.#text.length; line = end + 1) {
      end = this.#text.indexOf('\n', line);
      if (end < 0) end = this.#text.length;
      const name = /^[^:]+(?=:)/.exec(this.#text.slice(line, end))?.[0];
      if (name !== undefined) yield [name, this.#value(line + name.length, end)];
    }
  }

  /** Where the line of this header starts, or -1. */
  #find(name: string): number {
    const text = this.#text;
    const line = findLine(text, `${name}:`);
    if (line >= 0 || !name.startsWith(SIP_HEADER)) return line;
    const wanted = `${name.toLowerCase()}:`;
    for (let at = findLine(text, SIP_HEADER); at >= 0; at = findLine(text, SIP_HEADER, at + 1)) {
      if (text.slice(at, at + wanted.length).toLowerCase() === wanted) return at;
    }
    return -1;
  }

  /** What is between a colon and the end of its line. */
  #value(colon: number, end: number): string {
    const raw = this.#text.slice(this.#text.charCodeAt(colon + 1) === SPACE ? colon + 2 : colon + 1, end);
    // FreeSWITCH switch_event.c: a header without a value is serialized as _undef_.
    if (raw === '_undef_') return '';
    const value = this.#encoded ? decodeValue(raw) : fromBytes(raw);
    // In V8 a slice of 13 characters or more keeps what it was cut from, 6 KB for each waiting call. Joined again it does not.
    return value === raw && raw.length > 12 ? ` ${raw}`.slice(1) : value;
  }
}

/** Takes the stream in chunks of any size. A chunk is the parser's from then on: bodies are views of it. */
export class Parser {
  readonly #limits: ParserLimits;
  /** The start of a message that is not whole yet: the first `#heldBytes` of this buffer. */
  #held = EMPTY;
  #heldBytes = 0;
  /** So many of the held bytes need not be searched for a blank line again. */
  #scanned = 0;
  /** Headers whose body is still to come, and how long that is; null when they announced none. */
  #headers: HeaderBlock | null = null;
  #bodyBytes: number | null = null;
  /**
   * Behind a reply to `connect` that was too large: the rest of it is passed over, and so are events, which are as large.
   * Its caller has to be given back over this connection.
   */
  #afterCut: 'reply' | 'events' | null = null;
  /** Bytes of a body that are still to be passed over. */
  #passOver = 0;
  #fault: RouterError | null = null;

  constructor(limits: ParserLimits = DEFAULT_PARSER_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes kept for a message that is not whole yet. */
  get pendingBytes(): number {
    return this.#heldBytes;
  }

  /** What ended this parser, if anything did. */
  get fault(): RouterError | null {
    return this.#fault;
  }

  /**
   * The messages that this chunk completes.
   * @throws RouterError `esl_protocol` over a cap or for a bad `Content-Length`; the parser is dead from then on.
   * When whole messages came before the fault they are returned first: `fault` is set, and the next push throws.
   */
  push(chunk: Buffer): Message[] {
    if (this.#fault !== null) throw this.#fault;
    const messages: Message[] = [];
    const data = this.#heldBytes === 0 ? chunk : this.#append(chunk);
    let at = 0;
    try {
      for (;;) {
        if (this.#passOver > 0) {
          const bytes = Math.min(this.#passOver, data.length - at);
          this.#passOver -= bytes;
          at += bytes;
        }
        if (this.#afterCut === 'reply') {
          const blank = data.indexOf(BLANK_LINE, at);
          // The last byte may be half of the blank line.
          at = blank < 0 ? Math.max(at, data.length - 1) : blank + BLANK_LINE.length;
          if (blank < 0) break;
          this.#afterCut = 'events';
        }
        if (this.#headers === null) {
          while (data[at] === NEWLINE) at++;
          const blank = this.#blankLine(data, at);
          const cut = this.#cutReply(data, at, blank);
          if (cut !== null) {
            messages.push(cut);
            this.#afterCut = 'reply';
            continue;
          }
          if (blank < 0) break;
          const headers = outerBlock(data.toString('latin1', at, blank));
          this.#bodyBytes = this.#bodyLength(headers);
          at = blank + BLANK_LINE.length;
          if (
            this.#afterCut !== null &&
            this.#bodyBytes !== null &&
            this.#bodyBytes > this.#limits.bodyBytes
          ) {
            this.#passOver = this.#bodyBytes;
            continue;
          }
          this.#headers = headers;
        }
        const end = at + (this.#bodyBytes ?? 0);
        if (end > data.length) break;
        const body = this.#bodyBytes === null ? null : data.subarray(at, end);
        messages.push({ headers: this.#headers, body });
        this.#headers = null;
        at = end;
      }
    } catch (error) {
      if (error instanceof RouterError) this.#fault = error;
      this.#hold(EMPTY);
      if (messages.length === 0) throw error;
      return messages;
    }
    if (at === data.length) this.#hold(EMPTY);
    else if (at > 0 || data === chunk) this.#hold(data.subarray(at));
    this.#scanned = this.#headers === null ? Math.max(0, this.#heldBytes - 1) : 0;
    return messages;
  }

  #blankLine(data: Buffer, from: number): number {
    const blank = data.indexOf(BLANK_LINE, Math.max(from, this.#scanned));
    this.#scanned = 0;
    const { headerBytes } = this.#limits;
    const bytes = (blank < 0 ? data.length : blank) - from;
    if (bytes > headerBytes && !isChannelData(data, from)) {
      throw protocolError(`a header block of more than ${headerBytes} bytes (esl.headerBytes)`);
    }
    return blank;
  }

  /** Null: it is none, or not larger than allowed. */
  #cutReply(data: Buffer, from: number, blank: number): Message | null {
    const { headerBytes, bodyBytes } = this.#limits;
    const bytes = (blank < 0 ? data.length : blank) - from;
    if (bytes <= bodyBytes || !isChannelData(data, from)) return null;
    // What names the call is in front of the variables.
    const start = data.toString('latin1', from, from + Math.min(headerBytes, bodyBytes));
    const headers = outerBlock(start.slice(0, start.lastIndexOf('\n') + 1));
    const what = `a reply to connect of more than ${bodyBytes} bytes (esl.bodyBytes), ${bytes} so far`;
    return { headers, body: null, fault: protocolError(`${what}${whoseCall(headers)}`) };
  }

  #bodyLength(headers: HeaderBlock): number | null {
    const text = headers.get('Content-Length');
    if (text === undefined) return null;
    if (!/^\d+$/.test(text)) {
      throw protocolError(`Content-Length ${JSON.stringify(text.slice(0, 40))} is not a number of bytes`);
    }
    const bytes = Number(text);
    if (bytes > this.#limits.bodyBytes && this.#afterCut === null) {
      throw protocolError(
        `a body of ${text.slice(0, 40)} bytes, at most ${this.#limits.bodyBytes} are accepted (esl.bodyBytes)`,
      );
    }
    return bytes;
  }

  /** A copy: what is left of a chunk must not keep the chunk, and has to grow. */
  #hold(rest: Buffer): void {
    this.#heldBytes = rest.length;
    this.#held = EMPTY;
    if (rest.length === 0) return;
    this.#held = Buffer.allocUnsafeSlow(rest.length);
    rest.copy(this.#held);
  }

  /** Doubling, so that a megabyte that comes byte by byte is not copied a million times. */
  #append(chunk: Buffer): Buffer {
    const bytes = this.#heldBytes + chunk.length;
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#held.length));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldBytes);
    this.#heldBytes = bytes;
    return this.#held.subarray(0, bytes);
  }
}

/** An event. Only its name is read at once, the rest when someone asks for it. */
export class EslEvent {
  readonly name: string;
  readonly #bytes: Buffer;
  #headers: HeaderBlock | null = null;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    // FreeSWITCH switch_event.c writes the name first, so an event that nobody waits for costs one line.
    const named = /^Event-Name: ([A-Z_]+)\n/.exec(bytes.toString('latin1', 0, 64));
    this.name = named?.[1] ?? this.get('Event-Name') ?? '';
  }

  get(header: string): string | undefined {
    return this.#block().get(header);
  }

  entries(): IterableIterator<[string, string]> {
    return this.#block().entries();
  }

  /** The body inside the event (a result of bgapi, a SIP INFO), null when it has none. */
  get body(): Buffer | null {
    const length = this.get('Content-Length');
    if (length === undefined) return null;
    const rest = this.#bytes.subarray(this.#block().length + BLANK_LINE.length);
    return /^\d+$/.test(length) ? rest.subarray(0, Number(length)) : rest;
  }

  #block(): HeaderBlock {
    if (this.#headers === null) {
      const text = this.#bytes.toString('latin1');
      // Behind the blank line stands a body, which may be a caller's own text.
      const blank = text.indexOf(BLANK_LINE);
      this.#headers = new HeaderBlock(blank < 0 ? text : text.slice(0, blank), true);
    }
    return this.#headers;
  }
}

/** Reads a `text/event-plain` message. Never throws; an event without a name has the name `''`. */
export function parseEvent(message: Message): EslEvent {
  return new EslEvent(message.body ?? EMPTY);
}

/**
 * URL-decodes a value whose bytes are held one a character (Latin-1). Never throws: a display name in Latin-1 comes as
 * `%E9`, and such bytes, which are not UTF-8, are kept as Latin-1; a `%` without two hexadecimal digits stays.
 */
export function decodeValue(raw: string): string {
  if (!raw.includes('%')) return fromBytes(raw);
  return fromBytes(
    raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  );
}

/** UTF-8 where the bytes are UTF-8, else Latin-1. */
function fromBytes(raw: string): string {
  // Nearly everything is ASCII, which reads the same in both.
  if (!/[^\x00-\x7f]/.test(raw)) return raw;
  const bytes = Buffer.from(raw, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : raw;
}

/** The names that an operator looks for; a withheld number goes into no log. */
function whoseCall(block: HeaderBlock): string {
  const withheld = block.get('Caller-Privacy-Hide-Number') === 'true';
  const facts = {
    uuid: block.get('Unique-ID'),
    caller: withheld ? undefined : block.get('Caller-Caller-ID-Number'),
  };
  const known = Object.entries(facts).flatMap(([name, value = '']) =>
    value === '' ? [] : [`${name} ${JSON.stringify(value.slice(0, 80))}`],
  );
  return known.map((fact) => `, ${fact}`).join('');
}

/** Only the reply to `connect` begins so outside an event. */
function isChannelData(data: Buffer, from: number): boolean {
  return data.toString('latin1', from, from + EVENT_NAME.length) === EVENT_NAME;
}

/** Outside an event only the `connect` reply is encoded, which FreeSWITCH serializes as it does an event. */
function outerBlock(text: string): HeaderBlock {
  return new HeaderBlock(text, text.startsWith(EVENT_NAME));
}

/** Finds `Name:` at the start of a line. Searching for the name alone is twice as fast as with the newline before it. */
function findLine(text: string, needle: string, from = 0): number {
  let at = text.indexOf(needle, from);
  while (at > 0 && text.charCodeAt(at - 1) !== NEWLINE) at = text.indexOf(needle, at + 1);
  return at;
}

function protocolError(what: string): RouterError {
  return new RouterError('esl_protocol', `FreeSWITCH sent ${what}`);
}
