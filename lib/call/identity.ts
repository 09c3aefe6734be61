import { layersOf } from '../redact/layers.ts';
import { asciiDigits, digitsIn } from '../redact/numbers.ts';

/** By what a leg tells who the caller is, when he asked that nobody be told. */

/** Headers of the reply to `connect` that hold his number, whatever `Caller-Caller-ID-Number` says. */
export const CALLER_HEADERS = [
  'Caller-Caller-ID-Number',
  'Caller-Orig-Caller-ID-Number',
  'Caller-ANI',
  'variable_sip_from_user',
  'variable_sip_P-Asserted-Identity',
  'variable_sip_P-Preferred-Identity',
  'variable_sip_Remote-Party-ID',
  'variable_sip_h_P-Asserted-Identity',
  'variable_sip_h_P-Preferred-Identity',
  'variable_sip_h_Remote-Party-ID',
  'variable_sip_h_P-Charge-Info',
  'variable_caller_id_number',
  'variable_effective_caller_id_number',
  'variable_presence_id',
];

/** Variables and SIP headers that name a caller by their nature, without what FreeSWITCH puts in front of a header's name. */
const NAMING = new RegExp(
  `^(${[
    // RFC 3261, 3325, 3515, 8224, and draft-ietf-sip-privacy, which everybody still sends.
    'from|full_from|contact|reply_to|call_info|identity|p_asserted_identity|p_preferred_identity|remote_party_id|referred_by',
    // RFC 5503, 5502, 7044, 5806: who pays, whom a server serves, who sent the call on. The caller may be any of them.
    'p_charge_info|p_dcs_billing_info|p_served_user|history_info|diversion',
    // FreeSWITCH's own.
    'cid|ani|aniii|caller_id|effective_caller_id|origination_caller_id|outbound_caller_id|presence_id|channel_presence_id',
    'verto_presence_id|verto_user|auth_username|user_name|username|mailbox|acl_authed_by|rpid|pid|pai|ppi',
  ].join('|')})(_|$)|caller_?id|calling_?(number|party)|^x_(caller|cli|ani|cid)(_|$)`,
);
const PREFIX = /^sip_(h_|i_|rh_|ph_|bye_h_)?/;

export function namesCaller(variable: string): boolean {
  const name = variable.toLowerCase().replaceAll('-', '_');
  return NAMING.test(name.replace(PREFIX, ''));
}

/** Digits by which every spelling of a number ends: prefixes of trunks and countries come and go in front. */
const ENDING = 7;
const CALLING_CODE = 3;
/** Of fewer digits there are too many others. */
const LEAST = 3;

/** Whether a text holds one of these numbers, in any spelling and in whatever way it is encoded. */
export function holdsNumber(text: string, numbers: readonly string[]): boolean {
  if (numbers.length === 0 || text === '') return false;
  const layers = layersOf(text);
  if (layers === null) return true;
  return layers.some((layer) => {
    const written = digitsIn(layer);
    const alone = layer.text.match(/\d+/g) ?? [];
    return numbers.some((number) => {
      // An extension; and some countries have numbers of four digits after their code.
      const ending = number.slice(-Math.min(ENDING, Math.max(LEAST, number.length - CALLING_CODE)));
      if (ending.length === ENDING && written.some((digits) => digits.includes(ending))) return true;
      return alone.some(
        (digits) => digits === number || (number.length >= ENDING && digits.endsWith(ending)),
      );
    });
  });
}

/** The numbers in what a header says, by their digits; the name of a SIP user has none. A `%2B` is a plus. */
export function numbersOf(texts: readonly string[]): string[] {
  const users = texts.flatMap((text) => layersOf(text) ?? []).flatMap(({ text }) => usersIn(text));
  const numbers = users.map((user) => (/\p{L}/u.test(user) ? '' : asciiDigits(user)));
  return [...new Set(numbers)].filter(({ length }) => length >= LEAST);
}

/**
 * `<sip:+380441112233;cpc=ordinary@10.0.0.1:5060>`: the user alone, who is in front of an @ or by himself. By splitting: an
 * expression that looks ahead for the @ takes seconds for 60 KB without one.
 */
function usersIn(text: string): string[] {
  if (!/[@<>:]/.test(text)) return text.split(';');
  const fronts = text.split(/[\s<>"]/).flatMap((part) => part.split('@').slice(0, -1));
  const numbers = [...text.matchAll(/tel:([^;>]+)/gi)].map(([, number = '']) => number);
  return [...fronts.flatMap((front) => front.split(/[:;]/)), ...numbers];
}
