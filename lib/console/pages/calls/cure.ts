import type { Told } from './course.ts';

/** Where a reason has many causes and the call shows which of them it was: the key of the advice for that one in `calls.cures`. */
export function cureKey(reason: string, detail: string, told: Told | undefined) {
  if (reason === 'unreachable') return cureOfUnreached(detail, told);
  if (reason === 'webhook_timeout') return cureOfLate(detail);
  if (reason === 'destination_invalid')
    return detail.includes('" is written as a command of') ? 'command' : null;
  const reply = told?.requests.findLast((request) => request.reply !== null)?.reply ?? null;
  if (reply === null) return null;
  if (reason === 'missing_key') return detail.includes(' (did you mean ') ? 'spelling' : null;
  if (reason === 'body_not_json') {
    if (/<(?:html|form|!doctype)/i.test(reply.body)) return 'page';
    return detail.includes('ends before its JSON does') ? 'cut' : null;
  }
  if (reason !== 'http_status') return null;
  return detail.includes('the scheme has none') ? 'unauthenticated' : cureOfStatus(reply.status);
}

const UNREACHABLE = ['USER_NOT_REGISTERED', 'INVALID_GATEWAY'] as const;
/** What a cause says of a number that was dialled through a gateway. A telephone that is off is neither's fault. */
const BEHIND_A_GATEWAY: Readonly<Record<string, 'number' | 'carrier'>> = {
  UNALLOCATED_NUMBER: 'number',
  NUMBER_CHANGED: 'number',
  INVALID_NUMBER_FORMAT: 'number',
  GATEWAY_DOWN: 'carrier',
  NETWORK_OUT_OF_ORDER: 'carrier',
  NORMAL_TEMPORARY_FAILURE: 'carrier',
  NORMAL_CIRCUIT_CONGESTION: 'carrier',
  SWITCH_CONGESTION: 'carrier',
  SERVICE_UNAVAILABLE: 'carrier',
  PROGRESS_TIMEOUT: 'carrier',
};

function cureOfUnreached(detail: string, told: Told | undefined) {
  const known = UNREACHABLE.find((cause) => detail.includes(cause));
  if (known !== undefined) return known;
  // Of several bridges the one that the decision speaks of.
  const bridge = told?.bridges?.find(({ cause }) => cause !== null && detail.includes(cause));
  if (bridge?.dialString.includes('sofia/gateway/') !== true) return null;
  return BEHIND_A_GATEWAY[bridge.cause ?? ''] ?? null;
}

/** As the client says how far the question had come: a CRM that nobody reached is not slow. */
function cureOfLate(detail: string) {
  if (detail.includes(': no connection to ')) return 'unreached';
  return detail.includes(': DNS did not resolve ') ? 'unresolved' : null;
}

function cureOfStatus(status: number) {
  if (status === 401 || status === 403) return 'credentials';
  if (status === 404 || status === 410) return 'missing';
  if (status === 429) return 'often';
  if (status >= 500) return 'broken';
  return status >= 300 && status < 400 ? 'moved' : null;
}
