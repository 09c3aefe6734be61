import type { CallEvent } from './record.ts';

/**
 * A record holds what the CRM said until its call ends, and people talk for hours: replies that are as large as they may be
 * would fill the memory. Small ones are always kept whole. The large ones of all calls share this room, and where it is full
 * the record has a reply's beginning.
 */
export class ReplyRoom {
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes = 32 * 1024 * 1024) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What one call holds of it. */
  forCall(): CallReplies {
    return new CallReplies(this);
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limitBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Body and headers together, in characters. */
const SMALL = 2048;

export class CallReplies {
  readonly #room: ReplyRoom;
  #bytes = 0;

  constructor(room: ReplyRoom) {
    this.#room = room;
  }

  /** An event as the record can keep it. */
  fit(event: CallEvent): readonly CallEvent[] {
    if (event.type !== 'reply' && event.type !== 'recalled') return [event];
    const { body } = event.type === 'reply' ? event : event.recalled;
    const headers = event.type === 'reply' ? event.headers : {};
    let { length } = body;
    for (const name of Object.keys(headers)) length += name.length + (headers[name] ?? '').length;
    if (length <= SMALL) return [event];
    // In memory a text takes two bytes a character as soon as one of them is beyond Latin-1.
    const bytes = length * 2;
    if (this.#room.take(bytes)) {
      this.#bytes += bytes;
      return [event];
    }
    const text = `the record has the first ${SMALL} of the reply's ${body.length} characters and none of its headers: too many large replies at once`;
    const short = copyOf(body.slice(0, SMALL));
    return [
      event.type === 'reply'
        ? { ...event, headers: {}, body: short }
        : { ...event, recalled: { ...event.recalled, body: short } },
      { type: 'note', text },
    ];
  }

  /** The call has ended. */
  leave(): void {
    this.#room.give(this.#bytes);
    this.#bytes = 0;
  }
}

/** V8 keeps the whole of a text for as long as a part of it is used. */
function copyOf(part: string): string {
  return Buffer.from(part, 'utf16le').toString('utf16le');
}
