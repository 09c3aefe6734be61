import type { Call } from '../call/channel.ts';
import { hasActiveWord } from './dialstring.ts';

/** How one gateway wants to be told who calls. Trunks commonly refuse numbers that are not their customer's. */
export interface GatewaySettings {
  /** `caller`, `did`, or a number of one's own. */
  readonly callerId: string;
  /** Name the called number in a Diversion header (RFC 5806). */
  readonly diversion: boolean;
  /** P-Asserted-Identity, Remote-Party-ID, or neither. */
  readonly identity: 'pid' | 'rpid' | 'none';
  readonly sendName: boolean;
}

export const DEFAULT_GATEWAY: GatewaySettings = {
  callerId: 'caller',
  diversion: false,
  identity: 'pid',
  sendName: false,
};

const MAX_NAME = 64;
const MAX_NUMBER = 32;
/** mod_sofia sends a From, and an identity header, without any display name for this word (measured). */
const NO_NAME = '_undef_';
/**
 * switch_ivr_originate.c looks for these words anywhere in the value. `screen` has to be said again, as the
 * variable clears every flag first: without it mod_sofia sends P-Preferred-Identity, which trunks ignore.
 */
const HIDDEN = 'hide_name:hide_number:screen';

/**
 * Variables of a new leg that tell who calls. `gateway` is null for a leg to a user of this switch.
 *
 * Privacy flags alone leave the caller's number in the From header (measured: `Privacy: id` beside the real
 * number), so the number of a withheld caller is not handed to the leg at all.
 */
export function callerIdVariables(
  call: Call,
  gateway: GatewaySettings | null,
  callerName: string | null,
): Record<string, string> {
  const caller = call.withheld ? '' : numberText(call.caller);
  const hidden = caller === '';
  const shown = ownNumber(call, gateway) ?? caller;
  const number = shown === '' ? 'anonymous' : shown;
  // A name has to be set even where none is sent: FreeSWITCH would take the caller's own display name, unchecked.
  const name =
    gateway !== null && !gateway.sendName
      ? NO_NAME
      : hidden
        ? 'Anonymous'
        : ([callerName ?? '', call.callerName].map(nameText).find((text) => text !== '') ?? number);
  const diversion = gateway?.diversion === true ? diversionText(call) : '';
  return {
    origination_caller_id_number: number,
    origination_caller_id_name: nameValue(name),
    ...(hidden ? { origination_privacy: HIDDEN } : {}),
    ...(gateway === null ? {} : { sip_cid_type: gateway.identity }),
    // Without an identity header mod_sofia writes no Privacy header either.
    ...(hidden && gateway?.identity === 'none' ? { sip_h_Privacy: 'id' } : {}),
    ...(diversion === '' ? {} : { sip_h_Diversion: diversion }),
  };
}

/**
 * A display name: letters and digits of any script and ` .&+-'()`, 64 at most. Without `%` above all, since
 * mod_sofia's check_decode turns `%0d%0aX%3A y` in a name into a SIP header of its own (measured on 1.11.1).
 */
export function nameText(text: string): string {
  const allowed = text.normalize('NFC').replace(/[^\p{L}\p{M}\p{Nd} .&+'()-]/gu, '');
  return Array.from(allowed.trim()).slice(0, MAX_NAME).join('').trim();
}

/**
 * `O'Brien (Sales)` -> `O%27Brien (Sales)`: no quote may stand in a dial string, since a single one swallows the
 * variables behind it and a pair vanishes. check_decode makes a quote of it again. Measured on 1.11.1, at users, gateways
 * and addresses: From, P-Asserted-Identity and Remote-Party-ID say `"O'Brien (Sales)"`. `%27` stays in FreeSWITCH's
 * variables and so in its call records and at telephones of mod_verto [source], and in P-Preferred-Identity, which goes
 * out for a caller whose own Remote-Party-ID said `screen=no`.
 */
function nameValue(name: string): string {
  return name.replaceAll("'", '%27');
}

/** The number of ours that the gateway wants to see; null when it takes the caller's. */
function ownNumber(call: Call, gateway: GatewaySettings | null): string | null {
  if (gateway === null || gateway.callerId === 'caller') return null;
  return numberText(gateway.callerId === 'did' ? call.did : gateway.callerId);
}

/** Callers within the company may be SIP users and not numbers. */
function numberText(text: string): string {
  const number = text.replace(/[^0-9A-Za-z+._-]/g, '').slice(0, MAX_NUMBER);
  return hasActiveWord(number) ? '' : number;
}

/**
 * `<sip:+380441234567@pbx>;reason=unconditional`. A sip: address, as Asterisk reads no other; its host is the
 * switch, which is who diverts.
 */
function diversionText(call: Call): string {
  const number = numberText(call.did);
  const host = call.switch.replace(/[^0-9A-Za-z.-]/g, '').slice(0, MAX_NAME);
  return number === '' ? '' : `<sip:${number}@${host === '' ? 'localhost' : host}>;reason=unconditional`;
}
