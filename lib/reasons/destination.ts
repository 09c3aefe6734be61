import { NOTHING, type About } from './about.ts';

/** The CRM answered, and the answer may not be dialled. */
export const REFUSED = {
  destination_invalid: [
    'the destination is neither a number nor a SIP login',
    'The CRM sends a name, an id or a text.',
    'The record says what was read. Use `webhook.map` for ids.',
  ],
  destination_denied: [
    'the destination is not allowed by configuration',
    'A prefix, a country or a host that the configuration or the scheme excludes.',
    'If it is right, allow it there.',
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
    "The customer's owner has the company's own number in the CRM: the call would go in a circle.",
    "Enter the owner's own number there.",
  ],
  call_limit: [
    'the scheme, or the prefix of the number, has as many calls as it may have',
    'Many calls at once, or fraud.',
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
    'the call is to be transferred to a context that is not among the configured domains',
    'The inbound route sets no such variable as `var:` names, or its domain is not on the list `domains`.',
    'Add it to `ESL_ROUTER_DOMAINS`, or set the variable in front of `socket`. The record says which context it was.',
  ],
} as const satisfies Record<string, About>;

/** What became of a bridge. */
export const BRIDGE = {
  answered: ['the destination answered', 'A call as it should be.', NOTHING],
  no_answer: [
    'the destination did not answer in time',
    'Nobody picked up within the forwarding timeout.',
    'Nothing, or set `forwardingTimeoutSeconds` and `onNoAnswer`.',
  ],
  busy: ['the destination is busy', 'He is on the telephone.', 'Nothing, or set `onBusy`.'],
  rejected: [
    'the destination rejected the call',
    'He pressed "decline", or his provider refuses.',
    'Nothing, or set `onRejected`.',
  ],
  unreachable: [
    'the destination could not be reached',
    'The telephone is not registered, the number does not exist, or the gateway is down or has another name.',
    'The hang-up cause says which: `INVALID_GATEWAY` is a gateway of no such name in FreeSWITCH (`sofia status gateway`), `USER_NOT_REGISTERED` a telephone.',
  ],
} as const satisfies Record<string, About>;
