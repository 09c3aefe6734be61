import { EventSocket, type SwitchEvent } from './event-socket.ts';
import { Journal, now, SOON } from './journal.ts';

/**
 * What FreeSWITCH itself says of every channel: an inbound event socket that has nothing to do with any router. Rows find
 * the channels of their ends by it, and hold the router's records against it.
 */

export interface Channel {
  readonly uuid: string;
  readonly direction: string;
  /** The number that is called from. */
  readonly caller: string;
  /** As it was created; a transfer changes it, and not this. */
  readonly called: string;
  readonly createdMs: number;
  answeredMs: number | null;
  /** Its bridges, in order: with which channel, and since when. */
  readonly bridges: { readonly other: string; readonly atMs: number; untilMs: number | null }[];
  /** Times at which it was parked; `socket` counts. */
  readonly parkedMs: number[];
  end: {
    readonly atMs: number;
    readonly cause: string;
    /** `recv_bye`, `send_bye`, `recv_cancel`, `send_refuse`, ... */
    readonly disposition: string;
  } | null;
}

const EVENTS = [
  'CHANNEL_CREATE',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_PARK',
  'CHANNEL_HANGUP_COMPLETE',
];

export class Witness {
  readonly journal = new Journal('FreeSWITCH');
  readonly channels = new Map<string, Channel>();
  readonly #events: EventSocket;

  private constructor(events: EventSocket) {
    this.#events = events;
  }

  static async open(port: number, password: string): Promise<Witness> {
    const witness = new Witness(await EventSocket.open(port, password));
    await witness.#events.subscribe(EVENTS, (event) => {
      witness.#hear(event);
    });
    return witness;
  }

  close(): void {
    this.#events.close();
  }

  /** The channel of a call from this number, as the switch got it. */
  from(caller: string, nth = 1): Promise<Channel> {
    return this.#found(`channel ${nth} from ${caller}`, nth, (channel) => {
      return channel.direction === 'inbound' && channel.caller === caller;
    });
  }

  /** The channel that the switch made to call this number. */
  to(called: string, nth = 1): Promise<Channel> {
    return this.#found(`channel ${nth} to ${called}`, nth, (channel) => {
      return channel.direction === 'outbound' && channel.called === called;
    });
  }

  /** Waits until something has happened to a channel. */
  until<T>(channel: Channel, what: string, look: (channel: Channel) => T | null | undefined): Promise<T> {
    return this.journal.until(`${what} of ${channel.uuid}`, SOON, () => look(channel) ?? undefined);
  }

  #found(what: string, nth: number, fits: (channel: Channel) => boolean): Promise<Channel> {
    return this.journal.until(what, SOON, () => [...this.channels.values()].filter(fits)[nth - 1]);
  }

  #hear(event: SwitchEvent): void {
    const uuid = event('Unique-ID');
    const name = event('Event-Name');
    const atMs = now();
    if (name === 'CHANNEL_CREATE') {
      this.channels.set(uuid, {
        uuid,
        direction: event('Call-Direction'),
        caller: event('Caller-Caller-ID-Number'),
        called: event('Caller-Destination-Number'),
        createdMs: atMs,
        answeredMs: null,
        bridges: [],
        parkedMs: [],
        end: null,
      });
    }
    const channel = this.channels.get(uuid);
    if (channel === undefined) return;
    switch (name) {
      case 'CHANNEL_ANSWER':
        channel.answeredMs ??= atMs;
        break;
      case 'CHANNEL_BRIDGE':
        for (const one of ['A', 'B']) this.#bridged(event, one, atMs);
        break;
      case 'CHANNEL_UNBRIDGE':
        for (const one of ['A', 'B']) {
          const bridge = this.channels.get(event(`Bridge-${one}-Unique-ID`))?.bridges.at(-1);
          if (bridge !== undefined) bridge.untilMs ??= atMs;
        }
        break;
      case 'CHANNEL_PARK':
        channel.parkedMs.push(atMs);
        break;
      case 'CHANNEL_HANGUP_COMPLETE':
        channel.end = {
          atMs,
          cause: event('Hangup-Cause'),
          disposition: event('variable_sip_hangup_disposition'),
        };
        break;
    }
    this.journal.note(`${name} ${uuid}`);
  }

  #bridged(event: SwitchEvent, one: string, atMs: number): void {
    const channel = this.channels.get(event(`Bridge-${one}-Unique-ID`));
    const other = event(`Bridge-${one === 'A' ? 'B' : 'A'}-Unique-ID`);
    channel?.bridges.push({ other, atMs, untilMs: null });
  }
}
