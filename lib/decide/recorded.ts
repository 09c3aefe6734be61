import { parseCall, type Call } from '../call/channel.ts';
import type { CallRecord } from '../call/record.ts';
import type { Config } from '../config/config.ts';
import { RouterError, type Reason } from '../errors.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { REASONS } from '../reasons/index.ts';
import type { SchemeSet } from '../schemes/schemes.ts';
import { CALL_MACROS, FIRST, plainValue, type PlainMacro } from '../webhook/macro.ts';

/** The call as FreeSWITCH told of it, as far as its record holds it; null: the record holds none. */
export function callFromRecord(
  { call, scheme }: Pick<CallRecord, 'call' | 'scheme'>,
  { config, schemes }: { readonly config: Pick<Config, 'didFrom'>; readonly schemes: SchemeSet },
): Call | null {
  if (call === null) return null;
  const named = scheme?.chosenBy === 'the variable esl_router_scheme' ? scheme.name : '';
  const path = scheme?.chosenBy === 'the path of the socket address' ? scheme.name : '';
  const headers = new Map([
    ['Unique-ID', call.uuid],
    ['Caller-Caller-ID-Number', call.caller],
    ['Caller-Caller-ID-Name', call.callerName],
    ['Caller-Destination-Number', call.did],
    ['Caller-Context', call.context],
    ['Caller-Privacy-Hide-Number', String(call.withheld)],
    ['FreeSWITCH-Switchname', call.switch],
    ['variable_sip_call_id', call.callId],
    ['variable_domain_name', call.domain],
    ['variable_sip_network_ip', call.sourceIp],
    ['variable_esl_router_scheme', named],
    ['variable_socket_path', path],
  ]);
  for (const source of config.didFrom) {
    if (source.startsWith('var:')) headers.set(`variable_${source.slice('var:'.length)}`, call.did);
  }
  const known = new Map([...headers].filter(([, value]) => value !== ''));
  return parseCall(known, { didFrom: config.didFrom, variables: schemes.variables });
}

/** What a record does not tell, and why. */
export class Untellable extends Error {}

/** What the HTTP client takes of a reply: one of this length may go on. */
const MAX_REPLY = 64 * 1024;

/** The reply to a recorded question, for one that is asked again. Throws Untellable, or as the question failed. */
export function recordedReply(
  { reply, answer, detail, webhookId }: CallRecord['requests'][number],
  sent: HttpRequest['headers'],
): HttpResponse {
  if (reply === null) {
    if (isReason(answer)) throw new RouterError(answer, detail ?? undefined);
    throw new Untellable('the question was given up before there was a reply');
  }
  const { status, headers, body } = reply;
  if (body.length >= MAX_REPLY) throw new Untellable('its reply is cut at 64 KiB');
  if (body.includes('***')) throw new Untellable('its reply has parts that are hidden as secrets');
  // A reply may name its question, which has another name now.
  const own = body.replaceAll(webhookId, sent['webhook-id'] ?? webhookId);
  return { status, headers, body: own, phases: { total: 0 }, canned: true };
}

function isReason(answer: string | null): answer is Reason {
  return answer !== null && Object.hasOwn(REASONS, answer);
}

/** What the macros of a call would be in its first question by the scheme that it had, or without one. */
export function macroValues(
  record: CallRecord,
  options: { readonly config: Pick<Config, 'didFrom'>; readonly schemes: SchemeSet },
): Partial<Record<PlainMacro, string>> {
  const call = callFromRecord(record, options);
  const name = record.scheme?.name ?? options.schemes.default?.name ?? '';
  const scheme = options.schemes.schemes.get(name);
  if (call === null || scheme === undefined) return {};
  const { numbering } = scheme;
  const context = {
    ...{ call, numbering, scheme: scheme.name, attempt: 1, timestamp: record.startedAt, occasion: FIRST },
    secret: () => '',
  };
  return Object.fromEntries(CALL_MACROS.map((macro) => [macro, plainValue(macro, context)]));
}
