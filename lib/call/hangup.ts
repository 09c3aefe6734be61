import type { HeaderLookup } from './channel.ts';

/** Who ended the caller's leg, where FreeSWITCH shows it; `unknown` where it does not. */
export type HungUpBy = 'caller' | 'callee' | 'router' | 'switch' | 'unknown';

export interface Circumstances {
  /** Cause of the hang-up that the router has sent; null when it sent none. */
  readonly ordered: string | null;
  /** The router has had the switch end the conversation after its longest duration. */
  readonly limited: boolean;
  /** `standing`: FreeSWITCH has not said that the caller's bridge is over. */
  readonly conversation: 'none' | 'standing' | 'over';
}

/** Nobody but the switch itself, or whoever commands it, gives these (`hupall`, shutdown, dialplan, media). */
const SWITCH_CAUSES: ReadonlySet<string> = new Set([
  'MANAGER_REQUEST',
  'SYSTEM_SHUTDOWN',
  'NO_ROUTE_DESTINATION',
  'EXCHANGE_ROUTING_ERROR',
  'ALLOTTED_TIMEOUT',
  'MEDIA_TIMEOUT',
  'PICKED_OFF',
]);

const TIME_IS_UP = 'ALLOTTED_TIMEOUT';

/**
 * Reads CHANNEL_HANGUP or CHANNEL_HANGUP_COMPLETE of the A leg. All of it was measured on 1.11.1 for BYE, CANCEL and REFER
 * of either end, `uuid_kill` of either leg, `hupall` and our own hang-up (test/fixtures/esl-transcripts/m-*).
 */
export function whoHungUp(event: HeaderLookup, { ordered, limited, conversation }: Circumstances): HungUpBy {
  const variable = (name: string): string => event.get(`variable_${name}`) ?? '';
  // mod_sofia: recv_bye and recv_cancel came from the caller, send_bye and send_refuse from this side.
  const disposition = variable('sip_hangup_disposition');
  if (disposition.startsWith('recv_')) return 'caller';
  // His REFER ends his own leg with a BYE of ours.
  if (variable('transfer_disposition') === 'recv_replace') return 'caller';
  // CHANNEL_HANGUP comes before the disposition is set; what he sent is there already.
  if (/^sip:(200|487)$/.test(variable('proto_specific_hangup_cause'))) return 'caller';
  const cause = event.get('Hangup-Cause') ?? '';
  if (cause === ordered || (limited && cause === TIME_IS_UP)) return 'router';
  if (SWITCH_CAUSES.has(cause)) return 'switch';
  // A SIP callee's BYE leaves both; of one whose leg was ended on the switch (`uuid_kill`) there is only the cause.
  const calleeCause = variable('last_bridge_hangup_cause');
  if (conversation === 'over' && calleeCause !== '') {
    if (variable('last_bridge_proto_specific_hangup_cause') === 'sip:200') return 'callee';
    return variable('bridge_channel').startsWith('sofia/') ? 'switch' : 'unknown';
  }
  return disposition.startsWith('send_') ? 'switch' : 'unknown';
}
