import type { PlainMacro } from './macro.ts';

/** What each macro is, in the words of a person who writes a scheme. */
export const MACRO_WORDS: Readonly<Record<PlainMacro, string>> = {
  caller: 'Number of the caller as the carrier sends it, without separators; empty when it is withheld',
  caller_e164: 'The same as +380441112233; empty when it cannot be read as a number',
  caller_national: 'The same in national format: 0441112233',
  caller_raw: 'The same with its separators',
  caller_name: 'Name of the caller as the carrier sends it',
  did: 'Number that was called',
  uuid: 'UUID of the A leg in FreeSWITCH',
  call_id: 'SIP Call-ID of the A leg',
  scheme: 'Name of the scheme',
  attempt: 'Which question of this call it is: 1, 2, 3',
  timestamp: 'When it is asked, ISO 8601 in UTC',
  source_ip: 'Address that the call came from',
  context: 'Context of the dialplan',
  switch: 'Name of the FreeSWITCH',
  diverted_from: 'Number that the call was diverted from',
  event: 'Why it is asked: route.request, route.backup, ...',
  'failed.reason': 'Code of what failed before',
  'failed.status': 'HTTP status of the last reply',
  outcome: 'What became of the last bridge: no_answer, busy, rejected, unreachable',
  tried: 'Whom the call has rung so far, separated by commas',
};

/** Those that a name follows, or that have no value before the question is sent. */
export const OTHER_MACROS: readonly (readonly [name: string, what: string])[] = [
  ['sip.X-Name', 'SIP header X-Name of the INVITE'],
  ['var.name', 'Channel variable'],
  ['secret.NAME', 'ESL_ROUTER_SECRET_NAME, or what its file holds; shown nowhere'],
  ['token', 'Access token of webhook.auth "oauth2"'],
  ['reply.path', 'Value of the reply, where one is at hand'],
];
