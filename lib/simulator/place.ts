import { pause, type Exchange, type Extension } from './exchange.ts';
import type { Leg } from './leg.ts';
import { header } from './message.ts';
import type { State } from './channel.ts';
import type { Partner, Stay } from './whereabouts.ts';

/**
 * Where a caller lives on who was taken from his router: an extension, a place to park, another call. Each is played
 * as recorded, until the call ends there or is moved once more.
 */

/** A channel that changes its state has run through the old one first: a frame of 20 ms. */
const FRAME_MS = 20;

const TONE = 'tone_stream://%(20000,0,440)';

/** Says the states one after the other. */
function states(leg: Leg, ...names: readonly State[]): void {
  const { channel } = leg;
  channel.nextState = null;
  for (const name of names) {
    channel.state = name;
    leg.emit('CHANNEL_STATE');
  }
}

/** The dialplan runs an extension: the profile names it already. */
export function route(leg: Leg): void {
  const { channel } = leg;
  leg.resume();
  const { callState } = channel;
  channel.callState = 'RINGING';
  states(leg, 'CS_ROUTING');
  channel.callState = callState;
  states(leg, 'CS_EXECUTE');
}

/** A plain extension answers and plays a tone, `actions` first; one that is not there ends the call. */
export async function inExtension(
  leg: Leg,
  to: Extension,
  stay: Stay,
  actions: readonly string[] = [],
): Promise<void> {
  if (!leg.exchange.knowsExtension(to.extension)) {
    leg.resume();
    states(leg, 'CS_ROUTING');
    leg.hangup('NO_ROUTE_DESTINATION', 'switch');
    return;
  }
  route(leg);
  leg.reached('moved');
  const timer = setTimeout(ending(leg, stay), stay.talkMs);
  for (const application of [...actions, 'answer', 'playback']) {
    const argument = application === 'playback' ? TONE : '';
    if (leg.interrupt === null)
      await leg.execute({ application, argument, uuid: null, locked: false }, leg.dialplan);
  }
  clearTimeout(timer);
}

export async function inPark(leg: Leg, stay: Stay): Promise<void> {
  leg.resume();
  states(leg, 'CS_PARK');
  leg.emit('CHANNEL_PARK');
  leg.reached('moved');
  const timer = setTimeout(ending(leg, stay), stay.talkMs);
  await leg.attend(taken(leg));
  clearTimeout(timer);
  leg.emit('CHANNEL_UNPARK');
}

/** Joined to another call; who was never answered is hung up instead. */
export async function inBridge(leg: Leg, partner: Partner, stay: Stay): Promise<void> {
  const { channel, exchange } = leg;
  const { uuid } = partner.profile;
  const isA = partner.role === 'originator';
  leg.resume();
  // From a conversation it is hibernating already when it comes here.
  if (leg.book.moves.at(-1)?.from !== 'talking') states(leg, 'CS_HIBERNATE');
  states(leg, 'CS_RESET', 'CS_SOFT_EXECUTE');
  await pause(FRAME_MS);
  if (leg.interrupt !== null) return;
  if (!channel.wasAnswered) {
    leg.hangup('DESTINATION_OUT_OF_ORDER', 'switch');
    return;
  }
  leg.emit('CHANNEL_EXECUTE', header('Application', 'uuid_bridge') + header('Application-Data', uuid));
  const pair = header('Bridge-A-Unique-ID', leg.uuid) + header('Bridge-B-Unique-ID', uuid);
  if (isA) leg.emit('CHANNEL_BRIDGE', '', pair);
  else states(leg, 'CS_CONSUME_MEDIA', 'CS_EXCHANGE_MEDIA');
  leg.reached('moved');
  const leaves = (cause: string): void => {
    if (leg.hungUp) return;
    channel.set('last_bridge_hangup_cause', cause);
    channel.set('last_bridge_proto_specific_hangup_cause', 'sip:200');
    channel.set('last_bridge_to', uuid);
    if (isA) leg.emit('CHANNEL_UNBRIDGE', '', pair);
    leg.hangup(cause, 'callee');
  };
  const forget = lendPartner(exchange, uuid, leaves);
  const timer = setTimeout(
    stay.hangup === 'other'
      ? () => {
          leaves('NORMAL_CLEARING');
        }
      : ending(leg, stay),
    stay.talkMs,
  );
  await leg.attend(taken(leg));
  clearTimeout(timer);
  forget();
  const partnerLeft = channel.get('last_bridge_to') === uuid;
  if (isA && !partnerLeft) leg.emit('CHANNEL_UNBRIDGE', '', pair);
}

/** The other call can be killed by its uuid as long as it talks to ours. */
function lendPartner(exchange: Exchange, uuid: string, kill: (cause: string) => void): () => void {
  if (exchange.legs.has(uuid)) return () => undefined; // it has a script of its own
  exchange.legs.set(uuid, { kill });
  return () => exchange.legs.delete(uuid);
}

function ending(leg: Leg, { hangup }: Stay): () => void {
  return () => {
    if (hangup === 'caller') leg.callerHangsUp();
    else if (hangup === 'other') leg.hangup('NORMAL_CLEARING', 'callee');
    else leg.hangup('MANAGER_REQUEST', 'switch');
  };
}

/** Until the leg is hung up, or moved once more. */
function taken(leg: Leg): Promise<void> {
  const { signal } = leg;
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}
