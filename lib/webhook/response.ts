import type { HttpResponse } from '../http/message.ts';
import type { Answer, Import, Question } from './formats/format.ts';
import { FORMATS } from './formats/index.ts';
import type { Webhook } from './webhook.ts';

/** What a person can do about a status; the reply itself stands in the record. */
const HINTS: Readonly<Record<number, string>> = {
  206: 'a part of a reply, and nobody asked for one',
  401: 'the CRM does not accept the credentials, see webhook.auth',
  403: 'the CRM does not accept the credentials, see webhook.auth',
  404: 'if this says that the contact is unknown, set webhook.noRouteStatuses to [404]',
  405: 'the CRM does not take this method, see webhook.method',
  429: 'the CRM limits the rate of requests',
};

/** Pure and total: what the CRM said, or why that can't be told. */
export function readResponse(response: HttpResponse, webhook: Webhook, question: Question): Answer {
  const { status, body } = response;
  if (webhook.noRouteStatuses.includes(status)) {
    return { kind: 'none', reason: 'no_route_status', detail: `HTTP ${status}` };
  }
  // A part of a reply may be a part of a number.
  if (status < 200 || status > 299 || status === 206) {
    return { kind: 'unavailable', reason: 'http_status', detail: describeStatus(response) };
  }
  if (status === 204) return { kind: 'none', reason: 'no_content', detail: 'HTTP 204' };
  if (body.trim() === '') {
    return { kind: 'none', reason: 'empty_body', detail: `HTTP ${status} with an empty body` };
  }
  const format: Import = FORMATS[webhook.import].import;
  return format.read(body, webhook, question);
}

function describeStatus({ status, headers }: HttpResponse): string {
  if (status >= 300 && status <= 399) {
    const location = headers['location']?.slice(0, 200);
    return `HTTP ${status}: redirects are not followed${location === undefined ? '' : `, Location ${location}`}`;
  }
  const hint = HINTS[status] ?? (status >= 500 ? 'the CRM failed' : undefined);
  return hint === undefined ? `HTTP ${status}` : `HTTP ${status}: ${hint}`;
}
