import type { Call } from '../call/channel.ts';
import { hasActiveWord, percentEncode } from './dialstring.ts';

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
  const { withheld } = call;
  const caller = callerUser(call);
  const own = ownNumber(call, gateway);
  const number = (own ?? caller) || 'anonymous';
  // A name has to be set even where none is sent: FreeSWITCH would take the caller's own display name, unchecked.
  const name =
    gateway !== null && !gateway.sendName
      ? NO_NAME
      : withheld
        ? 'Anonymous'
        : ([callerName ?? '', call.callerName, own ?? call.callerRaw]
            .map(nameText)
            .find((text) => text !== '') ?? NO_NAME);
  const diversion = gateway?.diversion === true ? diversionText(call) : '';
  return {
    origination_caller_id_number: number,
    origination_caller_id_name: nameValue(name),
    ...(withheld ? { origination_privacy: HIDDEN } : {}),
    ...(gateway === null ? {} : { sip_cid_type: gateway.identity }),
    // Without an identity header mod_sofia writes no Privacy header either.
    ...(withheld && gateway?.identity === 'none' ? { sip_h_Privacy: 'id' } : {}),
    ...(diversion === '' ? {} : { sip_h_Diversion: diversion }),
  };
}

/** What a callee or a gateway is shown otherwise than one would expect, and why; null when nothing is. */
export function callerIdNote(
  call: Call,
  gateway: GatewaySettings | null,
  extensionDigits: readonly [number, number],
): string | null {
  if (gateway?.callerId === 'did') {
    const did = JSON.stringify(call.did);
    if (!isDialled(call.did))
      return `caller ID "did": the called number ${did} is not a number: the caller's is shown`;
    const [least, most] = extensionDigits;
    const isExtension = /^\d+$/.test(call.did) && call.did.length >= least && call.did.length <= most;
    return isExtension ? `caller ID "did": the called number ${did} is an extension, see didFrom` : null;
  }
  if (call.withheld || callerUser(call) !== '' || ownNumber(call, gateway) !== null) return null;
  return `the caller's number ${JSON.stringify(call.callerRaw.slice(0, MAX_NAME))} can't be used in a SIP address: anonymous is shown`;
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
 * `O'Brien (Sales)` -> `O%27Brien (Sales)`: no quote may be in a dial string, since a single one swallows the variables after
 * it and a pair vanishes. check_decode makes a quote of it again. Measured on 1.11.1, at users, gateways and addresses: From,
 * P-Asserted-Identity and Remote-Party-ID say `"O'Brien (Sales)"`. `%27` stays in FreeSWITCH's variables and so in its call
 * records and at telephones of mod_verto [source], and in P-Preferred-Identity, which goes out for a caller whose own
 * Remote-Party-ID said `screen=no`.
 */
function nameValue(name: string): string {
  return name.replaceAll("'", '%27');
}

/** The number of ours that the gateway wants to see; null when it takes the caller's. */
function ownNumber(call: Call, gateway: GatewaySettings | null): string | null {
  if (gateway === null || gateway.callerId === 'caller') return null;
  if (gateway.callerId !== 'did') return userText(gateway.callerId);
  // A trunk knows no `s` and no `sales`, which a dialplan may have in place of the called number.
  return isDialled(call.did) ? userText(call.did) : null;
}

/** '' for one who withheld it. A login is shown as it is written: `compact` takes dots and hyphens for separators. */
function callerUser({ withheld, caller, callerRaw }: Call): string {
  if (withheld) return '';
  return userText(isDialled(caller) ? caller : callerRaw);
}

function isDialled(text: string): boolean {
  return /^\+?[\d*#]+$/.test(text);
}

/**
 * Any caller as the user part of a SIP address: FreeSWITCH has decoded it, `sip:%D0%98@` comes as `И`. What RFC 3261 wants
 * escaped goes as percent-encoded UTF-8, so that he can be called back. Measured on 1.11.1 at users and gateways: From takes
 * the letters themselves too, but P-Asserted-Identity and Remote-Party-ID would hold them bare; a `"`, a `:` or a control
 * character cuts the address short, escaped or not, and `;` begins a parameter that a trunk may act on (`;cpc=`): these, and
 * all that a dial string must never hold, are left out.
 */
function userText(text: string): string {
  const kept = text.replace(/[^\p{L}\p{M}\p{Nd} +._*!#&'(),/=?@~-]/gu, '').trim();
  const user = Array.from(kept)
    .slice(0, MAX_NUMBER)
    .map((character) => (/[0-9A-Za-z+._*-]/.test(character) ? character : percentEncode(character)))
    .join('');
  return hasActiveWord(user) ? '' : user;
}

/**
 * `<sip:+380441234567@pbx>;reason=unconditional`. A sip: address, as Asterisk reads no other; its host is the
 * switch, which is who diverts.
 */
function diversionText(call: Call): string {
  const number = userText(call.did);
  const host = call.switch.replace(/[^0-9A-Za-z.-]/g, '').slice(0, MAX_NAME);
  return number === '' ? '' : `<sip:${number}@${host === '' ? 'localhost' : host}>;reason=unconditional`;
}
