import { NOTHING, type About } from './about.ts';

/** The router's own. */
export const OWN = {
  routed: ['the call was sent where the CRM said', 'A normal call.', NOTHING],
  stale: [
    'the CRM cannot answer: the call was sent where it said last time',
    'The CRM fails, and `webhook.lastGoodSeconds` allows its last good answer.',
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
    'no scheme matches the call',
    'No `match` applies, and there is no default scheme.',
    'Run `esl-router try` with the numbers of the call. Set `defaultScheme`, or correct `match`.',
  ],
  scheme_shadow: [
    'the scheme for the call is in shadow mode, and decides no calls',
    'The scheme says `mode` "shadow", or its state in the store is "shadow".',
    'Look at `esl-router shadow NAME`. Set `mode` (or its state in the store) to "live" when it should decide calls.',
  ],
  scheme_unknown: [
    'the scheme that the call was handed to does not exist',
    'The dialplan, or a reply of the CRM, names a scheme that is not loaded.',
    'Compare the name with `esl-router check`.',
  ],
  scheme_loop: [
    'schemes handed the call round in a loop',
    'Schemes hand calls to each other.',
    'Look at the `scheme` steps of the fallbacks and at what the CRM sends.',
  ],
  request_invalid: [
    'the request could not be built from this call',
    'A macro holds something that is not allowed there, such as `..` in a path.',
    'The record says which macro. Put it into the query or the body.',
  ],
  guard_too_short: [
    "the dialplan's guard leaves no time to ask the CRM",
    'The guard fires within 2 s, or fires before the decision can be made.',
    'Run `esl-router check --dialplan FILE`: it prints the lines to use.',
  ],
  router_stalled: [
    'the router itself stalled',
    'The machine is overloaded, was suspended, or its disk does not answer.',
    'Look at load, memory and steal time of the machine for this time.',
  ],
  emergency_called: [
    'the caller dialled an emergency number',
    'The number is one of `bypass.called`.',
    NOTHING,
  ],
  peer_not_allowed: [
    'the FreeSWITCH that connected is not on the allowlist',
    'A new FreeSWITCH, or a stranger.',
    'If it is yours, add its address to `listen.allow` (`ESL_ROUTER_ALLOW`).',
  ],
  hop_limit: [
    'the call has already been through too many routers',
    'Calls loop between switches.',
    'Look at what the gateways and the dialplans send to each other.',
  ],
  over_capacity: [
    'too many concurrent calls',
    '`listen.maxCalls` is reached.',
    'Raise it (`ESL_ROUTER_MAX_CALLS`), or run a second router.',
  ],
  overloaded: [
    'the router has more work than it can do',
    'More calls per second than the CPU can handle.',
    'Run a second router; find out what else uses the CPU.',
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
    'The dialplan sends calls that were given back to the router again.',
    'Let the dialplan serve calls after `socket`: `esl-router check --dialplan FILE`.',
  ],
  moved: [
    'the call was taken elsewhere: a transfer, a pickup, a park',
    'Somebody moved it on the switch.',
    NOTHING,
  ],
  transfer_failed: [
    'the call could not be transferred',
    'The extension does not exist in that context.',
    'Create it in the dialplan, or correct the target in the scheme.',
  ],
  caller_hung_up: [
    'the caller hung up',
    'The caller did not want to wait.',
    'Nothing. If it happens often, look at how long decisions and ringing take.',
  ],
  switch_hung_up: [
    'the call was hung up at the switch',
    'An operator, a time limit, or a shutdown of FreeSWITCH.',
    "Search FreeSWITCH's log for the uuid.",
  ],
  socket_application: [
    'the dialplan must call socket with "async full"',
    'One of the two words is missing after the address.',
    'Write `<action application="socket" data="HOST:PORT async full"/>`.',
  ],
  switch_lost: [
    'the connection to FreeSWITCH was lost',
    'FreeSWITCH ended, or the network between the two broke.',
    "Look at FreeSWITCH's log and at the network.",
  ],
  esl_protocol: [
    'the peer sent something that is not the event-socket protocol',
    'Something else has connected, such as a port scan.',
    'Make sure that only FreeSWITCH can reach the port.',
  ],
  esl_timeout: [
    'FreeSWITCH did not answer a command in time',
    'FreeSWITCH is overloaded, or hangs.',
    'Look at its load and its log.',
  ],
  esl_unsafe_value: [
    'a value may not be sent to FreeSWITCH',
    'It holds a line break, or something that FreeSWITCH would execute.',
    'The note in the record says which value. Find out where it comes from: this may be an attack.',
  ],
  config_invalid: [
    'the configuration is not valid',
    'A fault in a file or a variable.',
    'Run `esl-router check`: it lists every fault, with file and path.',
  ],
  internal: [
    'an internal error of the router',
    'A bug in the router.',
    'Report it with the record of the call (`log.level` debug, or SIGUSR2).',
  ],
} as const satisfies Record<string, About>;
