import type { Call, HeaderLookup } from './channel.ts';

/** The caller's leg was taken elsewhere: by a transfer, a pickup, a park, or by our own `transfer`. */
export interface Move {
  /** Milliseconds of the clock. */
  readonly atMs: number;
  /** What was going on when it was taken. */
  readonly from: 'asked' | 'ringing' | 'talking' | 'moved';
  /** `bridge`: joined with another leg (attended transfer, pickup). `router`: our own transfer. */
  readonly by: 'transfer' | 'bridge' | 'park' | 'router' | 'unknown';
  /** `700 default` (extension and context), or the number of the other leg; '' when FreeSWITCH does not say. */
  readonly to: string;
  /** `Caller-Transfer-Source`: tells one move from the next. */
  readonly source: string;
}

/** The state of a channel that runs dialplan applications, `socket` among them. */
const AT_WORK = 'CS_EXECUTE';
const PARKED = 'CS_PARK';

/** `1795662087:6838763b-...:bl_xfer:700/default/XML`, `...:uuid_br:<uuid of the other leg>` (switch_ivr.c, switch_ivr_bridge.c). */
const SOURCE = /^\d+:[^:]*:(bl_xfer|uuid_br):(.*)$/;

/** No application of a dialplan runs there: parked by `uuid_park`, joined by `uuid_bridge`, or on the way. */
export function isElsewhere(event: HeaderLookup): boolean {
  return ![AT_WORK, undefined].includes(event.get('Channel-State'));
}

/** What an event says of a move. `before`: the `Caller-Transfer-Source` that was there before it. */
export function moveOf(
  event: HeaderLookup,
  { before, ...since }: Pick<Move, 'from' | 'atMs'> & { readonly before: string },
): Move {
  const source = event.get('Caller-Transfer-Source') ?? '';
  const [, kind, target = ''] = source === before ? [] : (SOURCE.exec(source) ?? []);
  if (kind === 'bl_xfer') return { ...since, source, by: 'transfer', to: extensionOf(target) };
  if (kind === 'uuid_br') return { ...since, source, by: 'bridge', to: otherLegOf(event) };
  if (event.get('Channel-State') === PARKED) return { ...since, source, by: 'park', to: '' };
  if (event.get('Event-Name') === 'CHANNEL_BRIDGE')
    return { ...since, source, by: 'bridge', to: otherLegOf(event) };
  return { ...since, source, by: 'unknown', to: '' };
}

/** Where a leg is that another application than `socket` had by the reply to `connect`; by what, FreeSWITCH does not say. */
export function placeOf({ destinationNumber, context, transferSource }: Call, atMs: number): Move {
  return {
    atMs,
    from: 'asked',
    by: 'unknown',
    to: `${destinationNumber} ${context}`,
    source: transferSource,
  };
}

/** `700/default/XML` -> `700 default`. An extension may hold a slash, the others do not. */
function extensionOf(target: string): string {
  const [, extension = target, context = ''] = /^(.*)\/([^/]*)\/[^/]*$/.exec(target) ?? [];
  return `${extension} ${context}`.trim();
}

function otherLegOf(event: HeaderLookup): string {
  return event.get('Other-Leg-Destination-Number') ?? event.get('Other-Leg-Unique-ID') ?? '';
}

/** Who has a call in its new place. */
export interface Join {
  /** His number or login; of a queue or a mailbox the extension that was dialled for it. */
  readonly by: string;
  readonly kind: 'person' | 'number' | 'queue' | 'voicemail';
}

const PLACES: Readonly<Record<string, Join['kind']>> = {
  callcenter: 'queue',
  fifo: 'queue',
  voicemail: 'voicemail',
};
/** Extensions are shorter. */
const NUMBER = /^\+?\d{7,}$/;

/** What an event of a moved leg says of that: it is bridged, or a queue or a mailbox has it. Null: nothing. */
export function joinOf(event: HeaderLookup): Join | null {
  if (event.get('Event-Name') === 'CHANNEL_BRIDGE') {
    if (event.get('Answer-State') !== 'answered') return null;
    const by = otherLegOf(event);
    return { by, kind: NUMBER.test(by) ? 'number' : 'person' };
  }
  const application = event.get('Application') ?? '';
  const kind = Object.hasOwn(PLACES, application) ? PLACES[application] : undefined;
  return kind === undefined ? null : { by: event.get('Caller-Destination-Number') ?? '', kind };
}
