/**
 * What went wrong, as a closed list. A code is stable: it stands in records, in the channel variable
 * `esl_router_reason` and in log lines, and telephone engineers write dialplan conditions on it.
 */
const REASONS = {
  // The CRM said that there is nobody.
  no_content: 'the CRM answered 204 No Content',
  empty_body: 'the CRM answered with an empty body',
  no_route_status: 'the CRM answered with a status that means "nobody" in this scheme',
  empty_value: 'the destination in the reply is empty or null',
  unmapped: 'the CRM named somebody whom webhook.map does not have',
  missing_key: 'the reply does not hold the destination under the expected name',
  nothing_to_ask: 'the call does not have what the scheme asks the CRM about',

  // The CRM could not be asked, or its reply could not be read.
  dns_failed: 'the host name of the webhook could not be resolved',
  address_denied: "the webhook's address may not be asked",
  connect_failed: 'no connection to the webhook',
  proxy_unreachable: 'no connection to the proxy',
  proxy_refused: 'the proxy did not let the question through',
  tls_failed: 'the TLS connection to the webhook failed',
  webhook_timeout: 'the CRM did not answer within the time for the decision',
  router_stalled: 'the router itself stood still',
  guard_too_short: "the dialplan's guard leaves no time to ask the CRM",
  connection_gone: 'the CRM closed a kept-alive connection as the question went out over it',
  connection_lost: 'the connection to the CRM ended before the reply was whole',
  http_malformed: 'the reply is not valid HTTP',
  reply_abusive: 'the reply takes more work than an answer needs and was cut off',
  token_refused: "the token endpoint refused the router's credentials",
  token_failed: 'the token endpoint gave no access token that can be used',
  token_unreachable: 'the token endpoint could not be reached, or did not answer in time',
  token_held: 'the token endpoint has failed, and is left alone for some seconds',
  redirect_refused: 'the CRM redirected the question to where it may not be sent',
  http_status: 'the CRM answered with a status outside 2xx',
  body_too_large: 'the reply is larger than allowed',
  body_not_json: 'the reply is not JSON',
  body_not_text: 'the reply is HTML or too long for a destination',
  crm_error: "the CRM's reply says that it failed",
  rpc_error: 'the JSON-RPC reply carries an error',
  rpc_invalid: 'the reply is not a JSON-RPC response to this question',
  reply_foreign: 'the reply does not repeat the id of this question',
  breaker_open: 'the webhook has failed again and again, and is left alone for some seconds',
  webhook_paused: 'the CRM has asked to be left alone for some seconds',
  bulkhead_full: 'too many requests of this scheme wait for the CRM already',
  request_invalid: 'the request could not be built from this call',
  scheme_unknown: 'the scheme that the call was handed to does not exist',
  scheme_loop: 'the call was handed in a circle between schemes',

  // The CRM answered, and the answer may not be dialled.
  destination_invalid: 'the destination is neither a number nor a SIP login',
  destination_denied: 'the destination is not allowed by configuration',
  number_premium: 'premium-rate numbers are not dialled here',
  number_satellite: 'numbers of satellite networks are not dialled here',
  emergency_number: 'emergency numbers are never dialled for a CRM',
  called_number: 'the destination is the called number itself',
  call_limit: 'the scheme, or the prefix of the number, has as many calls as it may have',
  no_gateway: 'a number is to be dialled and no gateway is configured',
  no_domain: 'a SIP login or extension is to be dialled and no domain is configured',

  // What became of a bridge.
  answered: 'the destination answered',
  no_answer: 'the destination did not answer in time',
  busy: 'the destination is busy',
  rejected: 'the destination rejected the call',
  unreachable: 'the destination could not be reached',

  // The router's own.
  routed: 'the call was sent where the CRM said',
  stale: 'the CRM can not answer: the call was sent where it said the last time',
  crm_hangup: 'the CRM asked for a hang-up',
  crm_dialplan: 'the CRM gave the call back to the dialplan',
  crm_transfer: 'the CRM sent the call to a dialplan extension',
  no_scheme: 'no scheme fits the call',
  emergency_called: 'the caller dialled an emergency number',
  peer_not_allowed: 'the FreeSWITCH that connected is not on the allow-list',
  hop_limit: 'the call has been through too many routers already',
  over_capacity: 'too many concurrent calls',
  overloaded: 'the router has more to do than it can',
  draining: 'the router is stopping',
  guard_fired: "the dialplan's guard took the call back before the decision",
  pass_limit: 'the call has come back to the router too often',
  moved: 'the call was taken elsewhere: a transfer, a pickup, a park',
  transfer_failed: 'the call could not be transferred where it was to go',
  caller_hung_up: 'the caller hung up',
  switch_hung_up: 'the call was hung up on the switch',
  socket_application: 'the dialplan must call socket with "async full"',
  switch_lost: 'the connection to FreeSWITCH was lost',
  esl_protocol: 'FreeSWITCH sent something that is not event-socket protocol',
  esl_timeout: 'FreeSWITCH did not answer a command in time',
  esl_unsafe_value: 'a value may not be sent to FreeSWITCH',
  config_invalid: 'the configuration is not valid',
  internal: 'a fault of the router itself',
} as const;

export type Reason = keyof typeof REASONS;

/** The one sentence that a person reads. */
export function sentenceOf(reason: Reason): string {
  return REASONS[reason];
}

/** A failure that nobody on the straight path can act on. Thrown with a stable code; shown without a stack. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly code: Reason;

  constructor(code: Reason, detail?: string, options?: ErrorOptions) {
    super(detail ?? REASONS[code], options);
    this.code = code;
  }
}

/** The text of anything that was thrown, for logs and records. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
