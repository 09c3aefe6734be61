/** FreeSWITCH's hang-up causes: what they are called in Q.850, in SIP and in `DIALSTATUS`. */
interface Cause {
  readonly q850: number;
  /** What an unanswered caller is told. */
  readonly sip: number;
}

const CAUSES: Readonly<Record<string, Cause>> = {
  UNALLOCATED_NUMBER: { q850: 1, sip: 404 },
  NO_ROUTE_TRANSIT_NET: { q850: 2, sip: 404 },
  NO_ROUTE_DESTINATION: { q850: 3, sip: 404 },
  NORMAL_CLEARING: { q850: 16, sip: 480 },
  USER_BUSY: { q850: 17, sip: 486 },
  NO_USER_RESPONSE: { q850: 18, sip: 408 },
  NO_ANSWER: { q850: 19, sip: 480 },
  SUBSCRIBER_ABSENT: { q850: 20, sip: 480 },
  CALL_REJECTED: { q850: 21, sip: 603 },
  NUMBER_CHANGED: { q850: 22, sip: 410 },
  REDIRECTION_TO_NEW_DESTINATION: { q850: 23, sip: 410 },
  EXCHANGE_ROUTING_ERROR: { q850: 25, sip: 483 },
  DESTINATION_OUT_OF_ORDER: { q850: 27, sip: 502 },
  INVALID_NUMBER_FORMAT: { q850: 28, sip: 484 },
  FACILITY_REJECTED: { q850: 29, sip: 501 },
  NORMAL_UNSPECIFIED: { q850: 31, sip: 480 },
  NORMAL_CIRCUIT_CONGESTION: { q850: 34, sip: 503 },
  NETWORK_OUT_OF_ORDER: { q850: 38, sip: 503 },
  NORMAL_TEMPORARY_FAILURE: { q850: 41, sip: 503 },
  SWITCH_CONGESTION: { q850: 42, sip: 503 },
  REQUESTED_CHAN_UNAVAIL: { q850: 44, sip: 503 },
  OUTGOING_CALL_BARRED: { q850: 52, sip: 403 },
  INCOMING_CALL_BARRED: { q850: 54, sip: 403 },
  BEARERCAPABILITY_NOTAVAIL: { q850: 58, sip: 503 },
  CHAN_NOT_IMPLEMENTED: { q850: 66, sip: 480 },
  SERVICE_NOT_IMPLEMENTED: { q850: 79, sip: 480 },
  INCOMPATIBLE_DESTINATION: { q850: 88, sip: 488 },
  RECOVERY_ON_TIMER_EXPIRE: { q850: 102, sip: 504 },
  INTERWORKING: { q850: 127, sip: 480 },
  // FreeSWITCH's own, above 127: `hangup_cause_q850` says 16 for them (07).
  ORIGINATOR_CANCEL: { q850: 16, sip: 487 },
  LOSE_RACE: { q850: 16, sip: 480 },
  USER_NOT_REGISTERED: { q850: 16, sip: 480 },
  ALLOTTED_TIMEOUT: { q850: 16, sip: 480 },
  PROGRESS_TIMEOUT: { q850: 16, sip: 502 },
  INVALID_GATEWAY: { q850: 16, sip: 484 },
  GATEWAY_DOWN: { q850: 16, sip: 503 },
  MANAGER_REQUEST: { q850: 16, sip: 480 },
  PICKED_OFF: { q850: 16, sip: 480 },
  SYSTEM_SHUTDOWN: { q850: 16, sip: 480 },
};

/** An unknown word hangs up as NORMAL_CLEARING. */
export function causeNamed(word: string): string {
  const upper = word.trim().toUpperCase();
  return upper in CAUSES ? upper : 'NORMAL_CLEARING';
}

export function q850Of(cause: string): number {
  return CAUSES[cause]?.q850 ?? 16;
}

export function sipCodeOf(cause: string): number {
  return CAUSES[cause]?.sip ?? 480;
}

const BY_SIP_CODE: Readonly<Record<number, string>> = {
  404: 'UNALLOCATED_NUMBER',
  408: 'RECOVERY_ON_TIMER_EXPIRE',
  410: 'NUMBER_CHANGED',
  480: 'NO_USER_RESPONSE',
  482: 'EXCHANGE_ROUTING_ERROR',
  483: 'EXCHANGE_ROUTING_ERROR',
  484: 'INVALID_NUMBER_FORMAT',
  485: 'NO_ROUTE_DESTINATION',
  486: 'USER_BUSY',
  487: 'ORIGINATOR_CANCEL',
  488: 'INCOMPATIBLE_DESTINATION',
  500: 'NORMAL_TEMPORARY_FAILURE',
  501: 'SERVICE_NOT_IMPLEMENTED',
  502: 'NETWORK_OUT_OF_ORDER',
  503: 'NORMAL_TEMPORARY_FAILURE',
  504: 'RECOVERY_ON_TIMER_EXPIRE',
  600: 'USER_BUSY',
  604: 'NO_ROUTE_DESTINATION',
  606: 'INCOMPATIBLE_DESTINATION',
};

/** What a final SIP answer means: 05-*, 17b. */
export function causeOfSipCode(code: number): string {
  if ([401, 402, 403, 407, 603, 608].includes(code)) return 'CALL_REJECTED';
  return BY_SIP_CODE[code] ?? 'NORMAL_UNSPECIFIED';
}

/** The code with which a callee refuses, when the script names only the cause. */
const REFUSAL_CODE: Readonly<Record<string, number>> = {
  // FreeSWITCH itself would send 408 for NO_USER_RESPONSE; a callee who causes it has said 480 (05-unavail).
  NO_USER_RESPONSE: 480,
  NETWORK_OUT_OF_ORDER: 502,
};

export function refusalCode(cause: string): number {
  return REFUSAL_CODE[cause] ?? sipCodeOf(cause);
}

const PHRASES: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  410: 'Gone',
  480: 'Temporarily Unavailable',
  484: 'Address Incomplete',
  486: 'Busy Here',
  488: 'Not Acceptable Here',
  500: 'Server Internal Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  603: 'Decline',
};

export function phraseOf(code: number): string {
  return PHRASES[code] ?? 'Failure';
}

const DIALSTATUS: Readonly<Record<string, string>> = {
  NO_ANSWER: 'NOANSWER',
  USER_BUSY: 'BUSY',
  CALL_REJECTED: 'DONTCALL',
  ORIGINATOR_CANCEL: 'CANCEL',
};

/** `DIALSTATUS` beside `originate_disposition`: most causes are there under their own name (07, 38). */
export function dialStatusOf(disposition: string): string {
  return DIALSTATUS[disposition] ?? disposition;
}

/** Failures for which no B leg ever was: no INVITE, no `last_bridge_*` (07, 07b, 07c). */
const WITHOUT_A_LEG = new Set([
  'USER_NOT_REGISTERED',
  'SUBSCRIBER_ABSENT',
  'INVALID_GATEWAY',
  'GATEWAY_DOWN',
  'CHAN_NOT_IMPLEMENTED',
]);

export function failsBeforeInvite(cause: string): boolean {
  return WITHOUT_A_LEG.has(cause);
}
