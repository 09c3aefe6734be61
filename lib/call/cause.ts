/**
 * FreeSWITCH's hangup causes, as far as the router has something to say about them.
 * Source: `switch_types.h` for the names, docs of mod_sofia for the SIP codes, measured for the outcomes.
 */

/** What an unanswered bridge was; each has its own list of fallback steps. */
export type Outcome = 'no_answer' | 'busy' | 'rejected' | 'unreachable';

/** Cause of a bridge that was not answered -> its outcome. A cause that is not listed counts as `no_answer`. */
export const OUTCOMES: Readonly<Record<string, Outcome>> = {
  USER_BUSY: 'busy',
  NORMAL_CIRCUIT_CONGESTION: 'unreachable',
  SWITCH_CONGESTION: 'unreachable',
  CALL_REJECTED: 'rejected',
  USER_CHALLENGE: 'rejected',
  DECLINE: 'rejected',
  BLOCKED: 'rejected',
  BEARERCAPABILITY_NOTAUTH: 'rejected',
  OUTGOING_CALL_BARRED: 'rejected',
  INCOMING_CALL_BARRED: 'rejected',
  NO_ANSWER: 'no_answer',
  NO_USER_RESPONSE: 'no_answer',
  ALLOTTED_TIMEOUT: 'no_answer',
  ORIGINATOR_CANCEL: 'no_answer',
  PROGRESS_TIMEOUT: 'unreachable',
  USER_NOT_REGISTERED: 'unreachable',
  SUBSCRIBER_ABSENT: 'unreachable',
  UNALLOCATED_NUMBER: 'unreachable',
  NUMBER_CHANGED: 'unreachable',
  INVALID_NUMBER_FORMAT: 'unreachable',
  NO_ROUTE_DESTINATION: 'unreachable',
  NO_ROUTE_TRANSIT_NET: 'unreachable',
  GATEWAY_DOWN: 'unreachable',
  INVALID_GATEWAY: 'unreachable',
  INVALID_URL: 'unreachable',
  INVALID_PROFILE: 'unreachable',
  DESTINATION_OUT_OF_ORDER: 'unreachable',
  NETWORK_OUT_OF_ORDER: 'unreachable',
  NORMAL_TEMPORARY_FAILURE: 'unreachable',
  RECOVERY_ON_TIMER_EXPIRE: 'unreachable',
  INCOMPATIBLE_DESTINATION: 'unreachable',
  FACILITY_NOT_IMPLEMENTED: 'unreachable',
  SERVICE_UNAVAILABLE: 'unreachable',
  SERVICE_NOT_IMPLEMENTED: 'unreachable',
  CHAN_NOT_IMPLEMENTED: 'unreachable',
  MANDATORY_IE_MISSING: 'unreachable',
  EXCHANGE_ROUTING_ERROR: 'unreachable',
  // A callee's 302 while outbound_redirect_fatal is set: the router follows no redirection of a callee.
  REQUESTED_CHAN_UNAVAIL: 'unreachable',
  NORMAL_UNSPECIFIED: 'no_answer',
};

/** Causes that blame the gateway and not the callee: the next gateway may dial the same number. */
export const GATEWAY_FAILURES: ReadonlySet<string> = new Set([
  'GATEWAY_DOWN',
  'INVALID_GATEWAY',
  'PROGRESS_TIMEOUT',
  'NORMAL_TEMPORARY_FAILURE',
  'NETWORK_OUT_OF_ORDER',
]);

/** The causes that a scheme or a CRM may hang up with, and the SIP code that an unanswered caller gets. */
export const HANGUP_CAUSES = {
  NORMAL_CLEARING: 480,
  USER_BUSY: 486,
  NO_ANSWER: 480,
  NO_USER_RESPONSE: 408,
  SUBSCRIBER_ABSENT: 480,
  CALL_REJECTED: 603,
  UNALLOCATED_NUMBER: 404,
  NO_ROUTE_DESTINATION: 404,
  NUMBER_CHANGED: 410,
  INVALID_NUMBER_FORMAT: 484,
  DESTINATION_OUT_OF_ORDER: 502,
  NORMAL_CIRCUIT_CONGESTION: 503,
  NORMAL_TEMPORARY_FAILURE: 503,
  SWITCH_CONGESTION: 503,
  SERVICE_UNAVAILABLE: 503,
} as const;

export type HangupCause = keyof typeof HANGUP_CAUSES;

export function isHangupCause(text: string): text is HangupCause {
  return Object.hasOwn(HANGUP_CAUSES, text);
}

export function outcomeOf(cause: string): Outcome {
  return OUTCOMES[cause] ?? 'no_answer';
}
