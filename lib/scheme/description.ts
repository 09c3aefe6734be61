import type { Field } from '../webhook/field.ts';

/** The fields of a scheme in words; those of `webhook` are in its own wing. */
export const SCHEME_FIELDS = {
  $schema: {
    label: 'JSON Schema',
    doc: 'For your editor: the path or URL of scheme.schema.json, which it uses to complete and check. The router does not read it.',
    example: '../schema/scheme.schema.json',
  },
  name: {
    label: 'Name',
    doc: 'Lower-case letters, digits and "-"; unique among the schemes.',
    example: 'sales',
  },
  title: { label: 'Title', doc: 'Free text for people.', example: 'Sales line, asks the CRM for the owner' },
  mode: {
    label: 'Mode',
    doc: '"shadow": the CRM is asked for each call that this scheme would have, the record says what would have happened, and the call goes its way as if this scheme were not there. See docs/shadow.md.',
    example: 'shadow',
  },
  shadow: {
    label: 'Shadow',
    doc: 'Name of a scheme that is asked alongside this one for each call, and decides nothing: where the two differ is recorded.',
    example: 'sales-new',
  },
  canary: {
    label: 'Canary',
    doc: 'Sends a share of the callers by another scheme.',
    example: { scheme: 'sales-new', percent: 5 },
  },
  match: {
    label: 'Match',
    doc: 'Which calls this scheme is for, when neither the channel variable esl_router_scheme nor the path of the socket address names one. All parts must match.',
    example: { did: '1500555*' },
  },
  webhook: { label: 'Webhook', doc: 'Which CRM is asked, how, and how its reply is read.' },
  forwardingTimeoutSeconds: {
    label: 'Timeout of the call to the forwarding number',
    doc: 'How long a destination rings; becomes originate_timeout.',
    unit: 'seconds',
    example: 25,
  },
  maxDurationSeconds: {
    label: 'Longest duration',
    doc: 'The call is hung up this long after the answer. No limit when left out.',
    unit: 'seconds',
    example: 3600,
  },
  limits: {
    label: 'Limits',
    doc: 'How many calls this scheme may have; a call over the limit goes to onError without asking the CRM.',
    example: { calls: 20 },
  },
  numbers: {
    label: 'Numbers that may be dialled',
    doc: 'Narrows what the configuration allows, never widens it. Of allow and deny the longest prefix wins.',
    example: { deny: ['900'] },
  },
  gateway: {
    label: 'Gateway',
    doc: 'Gateway of FreeSWITCH for phone numbers, or a list tried in order. From the configuration when left out.',
    example: ['trunk-a', 'trunk-b'],
  },
  domain: {
    label: 'Domain',
    doc: 'SIP domain of logins and extensions: fixed, or var:domain_name, which is checked against the configured list. From the configuration when left out.',
    example: 'pbx.example.com',
  },
  extensions: {
    label: 'Extensions',
    doc: '"user" dials the SIP user; "dialplan" transfers to the extension, so that follow-me and voicemail work.',
    example: 'dialplan',
  },
  targets: {
    label: 'Named targets',
    doc: "Words that the CRM may say -> a transfer in the dialplan. The CRM's text is only the key.",
    example: { support: { transfer: { extension: '900', context: 'default' } } },
  },
  numbering: { label: 'Numbering', doc: 'How digits are read as numbers, and how numbers are dialled.' },
  bridge: { label: 'Bridge', doc: 'What the callee gets, and a caller who was already answered.' },
  waiting: { label: 'While the CRM is asked', doc: 'What the caller hears meanwhile.' },
  fallback: {
    label: 'Fallback',
    doc: 'Steps for a call that the CRM could not route, or that nobody answered. When a list is used up, the call is given back to the dialplan.',
    example: { onNoRoute: [{ dial: '200' }] },
  },
  events: {
    label: 'Events',
    doc: 'Where events of the calls are sent while they happen: see docs/events.md. Needs a store.',
    example: [{ on: ['ringing', 'ended'], webhook: { url: 'https://crm.example.com/calls' } }],
  },
} as const satisfies Record<string, Field>;

export const EVENTS_FIELDS = {
  on: {
    label: 'On',
    doc: 'Which events this entry sends: "ringing" for each phone that rings, "answered", "moved" when somebody takes the call elsewhere, "ended" once.',
    example: ['ringing', 'answered', 'ended'],
  },
  answered: {
    label: 'Answered calls',
    doc: 'For "ended": true for answered calls only, false for missed calls only. Both when left out.',
    example: false,
  },
  name: {
    label: 'Name',
    doc: 'Ties waiting events to this entry when the scheme changes; its place in the list (1, 2, 3) when left out.',
    example: 'crm',
  },
  webhook: {
    label: 'Webhook',
    doc: 'Where the event is sent and how, as for any webhook, with macros of the event beside those of the call. Without parameters and body the default event is sent (event.schema.json).',
    example: { url: 'https://crm.example.com/calls' },
  },
} as const satisfies Record<string, Field>;

export const CANARY_FIELDS = {
  scheme: { label: 'Canary: scheme', doc: 'Name of the scheme that has the share.', example: 'sales-new' },
  percent: {
    label: 'Canary: share',
    doc: 'Share of the callers. The number alone decides who is in it: a larger share keeps everyone who was in the smaller one. Callers without a number are never in it.',
    unit: '%',
    example: 5,
  },
} as const satisfies Record<string, Field>;

export const MATCH_FIELDS = {
  did: {
    label: 'Called number',
    doc: 'Globs with * and ?, compared as numbers in any notation.',
    example: '1500555*',
  },
  context: { label: 'Dialplan context', doc: 'Globs, compared as text.', example: 'public' },
  caller: { label: 'Caller', doc: 'Globs, compared as numbers.', example: ['+44*', '+1*'] },
} as const satisfies Record<string, Field>;

export const LIMITS_FIELDS = {
  calls: { label: 'Calls at a time', doc: 'Of this scheme, on this router.', unit: 'calls', example: 20 },
  callsPerMinute: {
    label: 'Calls a minute',
    doc: 'Of this scheme, on this router.',
    unit: 'calls a minute',
    example: 60,
  },
} as const satisfies Record<string, Field>;

export const NUMBERS_FIELDS = {
  allow: {
    label: 'Allowed prefixes',
    doc: 'Empty: all that is not denied.',
    example: ['380'],
  },
  deny: { label: 'Denied prefixes', doc: 'Numbers that are never dialled here.', example: ['380900'] },
  premium: {
    label: 'Premium-rate numbers',
    doc: 'false refuses them here; as configured when left out.',
    example: false,
  },
  satellite: {
    label: 'Satellite numbers',
    doc: 'false refuses them here; as configured when left out.',
    example: false,
  },
} as const satisfies Record<string, Field>;

export const NUMBERING_FIELDS = {
  country: {
    label: 'Country',
    doc: 'The country whose national numbers are understood, as in ISO 3166-1. Without it digits are E.164.',
    example: 'UA',
  },
  dialAs: {
    label: 'How a number is dialled',
    doc: '"digits" 380441234567, "plus" +380441234567, "national" 0441234567, "as-given" as the CRM wrote it.',
    example: 'plus',
  },
  bareDigits: {
    label: 'Digits without + or prefix',
    doc: 'How they are read when they could be a national number or a foreign one.',
    example: 'national',
  },
  accept: {
    label: 'Numbers that are accepted',
    doc: '"valid": in the numbering plan; "possible": of a length that the plan has; "any": for private plans.',
    example: 'valid',
  },
  extensionDigits: {
    label: 'Length of an extension',
    doc: 'Fewest and most digits of an extension; anything longer is a number.',
    unit: 'digits',
    example: [3, 4],
  },
  withExtension: {
    label: 'A number with an extension',
    doc: '"refuse" it with that reason, or "ignore" the extension and dial the number.',
    example: 'ignore',
  },
} as const satisfies Record<string, Field>;

export const BRIDGE_FIELDS = {
  ringback: {
    label: 'Ringback',
    doc: 'Tone for a caller whom an IVR has already answered: %(on,off,hertz,...), several separated by ";".',
    example: '%(400,200,400,450);%(400,2000,400,450)',
  },
  headers: {
    label: 'Headers for the callee',
    doc: "SIP headers X-... with macros, including {{reply.path}} of the CRM's reply.",
    example: { 'X-CRM-Card': '{{reply.url}}' },
  },
  progressTimeoutSeconds: {
    label: 'Silence of a gateway',
    doc: 'How long a gateway may be silent before the next one is tried. When left out: 6 at each gateway but the last.',
    unit: 'seconds',
    example: 6,
  },
} as const satisfies Record<string, Field>;

export const WAITING_FIELDS = {
  ringAfterMs: {
    label: 'Ring the caller after',
    doc: 'The caller hears ringing if the CRM has not answered by then; null: only when a destination rings.',
    unit: 'milliseconds',
    example: 700,
  },
} as const satisfies Record<string, Field>;

export const FALLBACK_FIELDS = {
  onNoRoute: {
    label: 'There is nobody',
    doc: 'The CRM answered, and knows nobody for this caller.',
    example: [{ dial: [['201', '202']] }],
  },
  onError: {
    label: 'The CRM failed',
    doc: 'The CRM gave no answer, one that cannot be read, or one that may not be dialled.',
    example: [{ webhook: 'https://backup.example.com/route' }],
  },
  onNoAnswer: {
    label: 'No answer',
    doc: 'The destination did not answer.',
    example: [{ transfer: { extension: 'voicemail', context: 'default' } }],
  },
  onBusy: {
    label: 'Busy',
    doc: 'The destination is busy. As “No answer” when left out.',
    example: [{ hangup: 'USER_BUSY' }],
  },
  onRejected: {
    label: 'Rejected',
    doc: 'The destination rejected the call. As “No answer” when left out.',
    example: [{ dial: '200' }],
  },
  onUnreachable: {
    label: 'Unreachable',
    doc: 'Not registered, a gateway that is down, a number that does not exist. As “No answer” when left out.',
    example: [{ dial: '380441234567' }],
  },
} as const satisfies Record<string, Field>;

export const TRANSFER_FIELDS = {
  extension: {
    label: 'Extension',
    doc: 'Extension of the dialplan, or a feature code (*98).',
    example: 'voicemail',
  },
  context: {
    label: 'Context',
    doc: 'Context of the dialplan: fixed, or var:domain_name, which is checked against the configured list of domains.',
    example: 'default',
  },
} as const satisfies Record<string, Field>;

export const STEP_FIELDS = {
  dial: {
    label: 'Dial',
    doc: 'A number or login, a list tried in order, a list within it rung together.',
    example: [['201', '202'], '380441234567'],
  },
  timeout: { label: 'Timeout', doc: 'How long it rings.', unit: 'seconds', example: 20 },
  webhook: {
    label: 'Another webhook',
    doc: 'The same question to another URL. Authentication and headers of the scheme are not sent.',
    example: 'https://backup.example.com/route',
  },
  scheme: { label: 'Another scheme', doc: 'Hands the call to it.', example: 'night' },
  lastAgent: {
    label: 'Last agent',
    doc: 'Whom this caller last talked to, according to the records in the store. If the store does not answer within 300 ms, the next step follows.',
    example: { days: 30, minTalkSeconds: 20 },
  },
  transfer: { label: 'Transfer', doc: 'To an extension of the dialplan.' },
  hangup: { label: 'Hang up', doc: 'With this cause.', example: 'USER_BUSY' },
  dialplan: { label: 'Back to the dialplan', doc: 'What follows "socket" runs.', example: true },
} as const satisfies Record<string, Field>;

export const LAST_AGENT_FIELDS = {
  days: { label: 'Days', doc: 'How far it looks back.', unit: 'days', example: 30 },
  minTalkSeconds: {
    label: 'Shortest talk',
    doc: 'Shorter ones do not count: a wrong number, a voicemail.',
    unit: 'seconds',
    example: 20,
  },
} as const satisfies Record<string, Field>;
