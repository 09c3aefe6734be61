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
    /** Where it was transferred and with whom it was joined, in order, as FreeSWITCH itself remembers it. */
    readonly transfers: readonly Transfer[];
  } | null;
}

export interface Transfer {
  /** FreeSWITCH's clock, seconds since 1970. */
  readonly atSeconds: number;
  readonly by: 'transfer' | 'bridge';
  /** `700/default/XML`, or the uuid of the other leg. */
  readonly to: string;
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
  /** Channels by direction and number: `inbound` by whom it is from, `outbound` by whom it is to. */
  readonly #found = new Map<string, Channel[]>();
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
    return this.#find(`inbound ${caller}`, nth);
  }

  /** The channel that the switch made to call this number. */
  to(called: string, nth = 1): Promise<Channel> {
    return this.#find(`outbound ${called}`, nth);
  }

  /** Waits until a leg to this number is bridged. */
  async bridgedTo(called: string): Promise<void> {
    const channel = await this.to(called);
    await this.until(channel, 'the bridge', ({ bridges: [first] }) => first);
  }

  /** Waits until something has happened to a channel. */
  until<T>(channel: Channel, what: string, look: (channel: Channel) => T | null | undefined): Promise<T> {
    return this.journal.until(`${what} of ${channel.uuid}`, SOON, () => look(channel) ?? undefined);
  }

  #find(what: string, nth: number): Promise<Channel> {
    return this.journal.until(`channel ${nth} ${what}`, SOON, () => this.#found.get(what)?.[nth - 1]);
  }

  #hear(event: SwitchEvent): void {
    const uuid = event('Unique-ID');
    const name = event('Event-Name');
    const atMs = now();
    if (name === 'CHANNEL_CREATE') {
      const created: Channel = {
        uuid,
        direction: event('Call-Direction'),
        caller: event('Caller-Caller-ID-Number'),
        called: event('Caller-Destination-Number'),
        createdMs: atMs,
        answeredMs: null,
        bridges: [],
        parkedMs: [],
        end: null,
      };
      this.channels.set(uuid, created);
      const { direction, caller, called } = created;
      const key = `${direction} ${direction === 'inbound' ? caller : called}`;
      this.#found.set(key, [...(this.#found.get(key) ?? []), created]);
    }
    const channel = this.channels.get(uuid);
    if (channel === undefined) return;
    switch (name) {
      case 'CHANNEL_ANSWER':
        channel.answeredMs ??= atMs;
        break;
      case 'CHANNEL_BRIDGE':
        for (const [one, other] of pairOf(event)) this.#bridged(one, other, atMs);
        break;
      case 'CHANNEL_UNBRIDGE':
        for (const [one, other] of pairOf(event)) {
          const bridge = this.channels.get(one)?.bridges.findLast((seen) => seen.other === other);
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
          transfers: transfersOf(event('variable_transfer_history')),
        };
        break;
    }
    this.journal.note(`${name} ${uuid}`);
  }

  #bridged(one: string, other: string, atMs: number): void {
    const bridges = this.channels.get(one)?.bridges;
    const last = bridges?.at(-1);
    // Told of by either side.
    if (last?.other === other && last.untilMs === null) return;
    bridges?.push({ other, atMs, untilMs: null });
  }
}

/** Both sides of a bridge, each with its other. */
function pairOf(event: SwitchEvent): [string, string][] {
  const a = event('Bridge-A-Unique-ID');
  const b = event('Bridge-B-Unique-ID');
  return [
    [a, b],
    [b, a],
  ];
}

/** The variable `transfer_history`: an entry, or `ARRAY::` and entries between `|:`, the oldest first. */
function transfersOf(history: string): Transfer[] {
  return [...history.matchAll(/(\d+):[^:|]*:(bl_xfer|uuid_br):([^|]*)/g)].map(
    ([, seconds, kind, to = '']): Transfer => {
      return { atSeconds: Number(seconds), by: kind === 'uuid_br' ? 'bridge' : 'transfer', to };
    },
  );
}
