import type { Told } from './course.ts';

/** Where a reason has many causes and the call shows which of them it was: the key of the advice for that one in `calls.cures`. */
export function cureKey(reason: string, detail: string, told: Told | undefined) {
  if (reason === 'unreachable') return UNREACHABLE.find((cause) => detail.includes(cause)) ?? null;
  if (reason === 'webhook_timeout') return cureOfLate(detail);
  const reply = told?.requests.findLast((request) => request.reply !== null)?.reply ?? null;
  if (reply === null) return null;
  if (reason === 'body_not_json') return /<(?:html|form|!doctype)/i.test(reply.body) ? 'page' : null;
  return reason === 'http_status' ? cureOfStatus(reply.status) : null;
}

const UNREACHABLE = ['USER_NOT_REGISTERED', 'INVALID_GATEWAY'] as const;

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
