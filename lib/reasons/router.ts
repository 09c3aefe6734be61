import { NOTHING, type About } from './about.ts';

/** The router's own. */
export const OWN = {
  routed: ['the call was sent where the CRM said', 'A call as it should be.', NOTHING],
  stale: [
    'the CRM cannot answer: the call was sent where it said the last time',
    'The CRM fails, and `webhook.lastGoodSeconds` allows its last answer.',
    'Look for the warning that says why it fails.',
  ],
  crm_hangup: ['the CRM asked for a hang-up', 'Its reply says `hangup`.', NOTHING],
  crm_dialplan: ['the CRM gave the call back to the dialplan', 'Its reply says `dialplan`.', NOTHING],
  crm_transfer: [
    'the CRM sent the call to a dialplan extension',
    'Its reply names one of `targets`.',
    NOTHING,
  ],
  no_scheme: [
    'no scheme fits the call',
    'No `match` fits, and there is no default scheme.',
    'Run `esl-router try` with the numbers of the call. Set `defaultScheme`, or correct `match`.',
  ],
  scheme_shadow: [
    'the scheme for the call is in shadow mode, and decides none',
    'The scheme says `mode` "shadow", or its state in the store is "shadow".',
    'Look at `esl-router shadow NAME`. Set `mode` "live" when calls are to go by it.',
  ],
  scheme_unknown: [
    'the scheme that the call was handed to does not exist',
    'The dialplan, or a reply of the CRM, names a scheme that is not loaded.',
    'Compare the name with `esl-router check`.',
  ],
  scheme_loop: [
    'the call was handed in a circle between schemes',
    'Schemes hand calls to one another.',
    'Look at the `scheme` steps of the fallbacks and at what the CRM sends.',
  ],
  request_invalid: [
    'the request could not be built from this call',
    'A macro holds something that may not stand in its place, such as `..` in a path.',
    'The record says which macro. Put it into the query or the body.',
  ],
  guard_too_short: [
    "the dialplan's guard leaves no time to ask the CRM",
    'The guard fires within 2 s, or fires before the decision can be made.',
    'Run `esl-router check --dialplan FILE`: it writes the lines that are right.',
  ],
  router_stalled: [
    'the router itself stood still',
    'The machine is overloaded, was suspended, or its disk does not answer.',
    'Look at load, memory and steal time of the machine for this time.',
  ],
  emergency_called: [
    'the caller dialled an emergency number',
    'The number is one of `bypass.called`.',
    NOTHING,
  ],
  peer_not_allowed: [
    'the FreeSWITCH that connected is not on the allow-list',
    'A new FreeSWITCH, or a stranger.',
    'If it is yours, add its address to `listen.allow` (`ESL_ROUTER_ALLOW`).',
  ],
  hop_limit: [
    'the call has been through too many routers already',
    'Calls go in a circle between switches.',
    'Look at what the gateways and the dialplans send to one another.',
  ],
  over_capacity: [
    'too many concurrent calls',
    '`listen.maxCalls` is reached.',
    'Raise it (`ESL_ROUTER_MAX_CALLS`), or run a second router.',
  ],
  overloaded: [
    'the router has more to do than it can',
    'More calls a second than the processor can take.',
    'Run a second router; look for what else uses the processor.',
  ],
  draining: [
    'the router is stopping',
    'A restart or an upgrade.',
    'Run two routers, so that the other one takes the calls.',
  ],
  guard_fired: [
    "the dialplan's guard took the call back before the decision",
    'The decision took longer than the guard allows.',
    'Look at the times in the record; run `esl-router check --dialplan FILE`.',
  ],
  pass_limit: [
    'the call has come back to the router too often',
    'The dialplan sends a call that was given back to the router again.',
    'Have the dialplan serve calls behind `socket`: `esl-router check --dialplan FILE`.',
  ],
  moved: [
    'the call was taken elsewhere: a transfer, a pickup, a park',
    'Somebody on the switch did it.',
    NOTHING,
  ],
  transfer_failed: [
    'the call could not be transferred where it was to go',
    'The extension does not exist in that context.',
    'Create it in the dialplan, or correct the target in the scheme.',
  ],
  caller_hung_up: [
    'the caller hung up',
    'He did not want to wait.',
    'Nothing. If it is frequent, look at how long decisions take.',
  ],
  switch_hung_up: [
    'the call was hung up on the switch',
    'An operator, a limit of time, or a shutdown of FreeSWITCH.',
    "Look at FreeSWITCH's log by the uuid.",
  ],
  socket_application: [
    'the dialplan must call socket with "async full"',
    'One of the two words is missing behind the address.',
    'Write `<action application="socket" data="HOST:PORT async full"/>`.',
  ],
  switch_lost: [
    'the connection to FreeSWITCH was lost',
    'FreeSWITCH ended, or the network between the two broke.',
    "Look at FreeSWITCH's log and at the network.",
  ],
  esl_protocol: [
    'FreeSWITCH sent something that is not event-socket protocol',
    'Something else has connected, such as a port scan.',
    'Let nobody but FreeSWITCH reach the port.',
  ],
  esl_timeout: [
    'FreeSWITCH did not answer a command in time',
    'FreeSWITCH is overloaded, or hangs.',
    'Look at its load and its log.',
  ],
  esl_unsafe_value: [
    'a value may not be sent to FreeSWITCH',
    'It holds a line break, or something that FreeSWITCH would carry out.',
    'The note in the record says which value. Look at where it comes from: this may be an attack.',
  ],
  config_invalid: [
    'the configuration is not valid',
    'A fault in a file or a variable.',
    'Run `esl-router check`: it says every fault, with file and path.',
  ],
  internal: [
    'a fault of the router itself',
    'A defect.',
    'Report it with the record of the call (`log.level` debug, or SIGUSR2).',
  ],
} as const satisfies Record<string, About>;
