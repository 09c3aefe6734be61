import { NOTHING, type About } from './about.ts';

/** The CRM answered, and the answer may not be dialled. */
export const REFUSED = {
  destination_invalid: [
    'the destination is neither a number nor a SIP login',
    'The CRM sends a name, an id or a text; or somebody has written a command of FreeSWITCH into a field of the CRM.',
    'The record says what was read and what it looks like. Use `webhook.map` for names and ids. Never dial a command: find out who wrote it.',
  ],
  destination_denied: [
    'the configuration does not allow the destination',
    'The configuration or the scheme excludes its prefix, country or host.',
    'If the call is legitimate, allow it there.',
  ],
  number_premium: [
    'premium-rate numbers are not dialled here',
    'The CRM holds a premium-rate number: a mistake, or fraud.',
    'Look at who entered it. `numbers.premium` allows them.',
  ],
  number_satellite: [
    'numbers of satellite networks are not dialled here',
    'The CRM holds a satellite number: a mistake, or fraud.',
    'Look at who entered it. `numbers.satellite` allows them.',
  ],
  emergency_number: [
    'emergency numbers are never dialled for a CRM',
    'The CRM sent 112, 911 or another number of `bypass.called`.',
    'Correct the entry in the CRM.',
  ],
  called_number: [
    'the destination is the called number itself',
    "The customer's owner has the company's own number in the CRM: the call would loop.",
    "Enter the owner's own number there.",
  ],
  call_limit: [
    'the scheme, or the prefix of the number, has reached its limit of calls',
    'Many calls at a time, or fraud.',
    'Look at the destinations of the last calls before you raise the limit.',
  ],
  no_gateway: [
    'a number is to be dialled and no gateway is configured',
    '`gateway` is missing in the configuration and in the scheme.',
    "Set `ESL_ROUTER_GATEWAY` or the scheme's `gateway`. `check` says so too.",
  ],
  no_domain: [
    'a SIP login or extension is to be dialled and no domain is configured',
    '`domain` is missing, or the domain of the call is not on the list `domains`.',
    'Set `ESL_ROUTER_DOMAIN` or `ESL_ROUTER_DOMAINS`. `check` says so too.',
  ],
  no_context: [
    'the context to transfer to is not one of the configured domains',
    'The inbound route does not set the variable that `var:` names, or its domain is not on the list `domains`.',
    'Add it to `ESL_ROUTER_DOMAINS`, or set the variable before `socket`. The record says which context it was.',
  ],
} as const satisfies Record<string, About>;

/** What became of a bridge. */
export const BRIDGE = {
  answered: ['the destination answered', 'A normal call.', NOTHING],
  no_answer: [
    'the destination did not answer',
    'Nobody picked up within the forwarding timeout, or the far end gave up before it: the record has both times.',
    'Nothing, or set `forwardingTimeoutSeconds` and `onNoAnswer`.',
  ],
  busy: ['the destination is busy', 'The callee is on another call.', 'Nothing, or set `onBusy`.'],
  rejected: [
    'the destination rejected the call',
    'The callee declined it, or the carrier refuses it.',
    'Nothing, or set `onRejected`.',
  ],
  unreachable: [
    'the destination could not be reached',
    'The phone is not registered, the number does not exist, or the gateway is down or has another name.',
    'The hangup cause says which: `INVALID_GATEWAY` means that FreeSWITCH has no gateway of that name (`sofia status gateway`), `USER_NOT_REGISTERED` that the phone is not registered.',
  ],
} as const satisfies Record<string, About>;
