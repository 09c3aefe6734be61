/** The job of every controller here, in the daemon's own words: what it asks the CRM and what it tells FreeSWITCH. */
import { randomUUID } from 'node:crypto';

export const DESTINATION = '380441234567';
export const GATEWAY = 'crm';

/** What the question to the CRM needs of the `connect` reply. */
export interface Caller {
  readonly uuid: string;
  readonly callId: string;
  readonly number: string;
  readonly name: string;
  readonly did: string;
  readonly context: string;
  readonly sourceIp: string;
  /** The task of the dialplan's guard. */
  readonly guardId: string;
}

/** FreeSWITCH's names of the fields of a Caller. */
export const FIELDS: Readonly<Record<keyof Caller, string>> = {
  uuid: 'Unique-ID',
  callId: 'variable_sip_call_id',
  number: 'Caller-Caller-ID-Number',
  name: 'Caller-Caller-ID-Name',
  did: 'Caller-Destination-Number',
  context: 'Caller-Context',
  sourceIp: 'variable_sip_network_ip',
  guardId: 'variable_esl_router_guard_id',
};

export function questionAbout(caller: Caller): string {
  return JSON.stringify({
    event: 'route.request',
    call_id: caller.callId,
    uuid: caller.uuid,
    scheme: 'default',
    caller: caller.number,
    caller_name: caller.name,
    did: caller.did,
    context: caller.context,
    source_ip: caller.sourceIp,
    attempt: 1,
    timestamp: new Date().toISOString(),
  });
}

export function requestHeaders(body: string): Record<string, string> {
  return {
    'Accept-Encoding': 'gzip, deflate, br',
    Accept: 'application/json, text/plain, */*',
    'User-Agent': 'esl-router-bench',
    'webhook-id': `msg_${randomUUID()}`,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
  };
}

/** The arguments of sched_api: before the bridge comes a guard that outlasts it. Its reply has the new guard's id. */
export function guardPushedBack({ uuid, context }: Caller): string {
  return `+90 ${uuid} uuid_transfer ${uuid} esl_router_fallback XML ${context}`;
}

/** In the reply to sched_api, or in the event that modesl makes of it. */
export function guardIdIn(reply: string): string {
  return /^\+OK Added: (\d+)/m.exec(reply)?.[1] ?? '';
}

/** The argument of uuid_setvar_multi. */
export function assignments(uuid: string, destination: string, guardId: string): string {
  const trace = randomUUID();
  return (
    `${uuid} continue_on_fail=true;hangup_after_bridge=true;sip_copy_custom_headers=false;` +
    `esl_router_guard_id=${guardId};api_before_bridge_esl_router=sched_del ${guardId};` +
    `execute_on_blind_transfer_esl_router=sched_cancel ${guardId};` +
    'esl_router_result=routed;esl_router_reason=routed;esl_router_scheme=default;' +
    `esl_router_destination=${destination};esl_router_trace=${trace};esl_router_pass=1:${trace}`
  );
}

/** The argument of bridge. */
export function dialString({ number }: Caller, destination: string, guardId: string): string {
  return (
    '{originate_timeout=30,ignore_early_media=true,outbound_redirect_fatal=true,' +
    `api_before_bridge='sched_del ${guardId}',sip_h_X-ESL-Router-Hops=1}` +
    `[origination_caller_id_number=${number},origination_caller_id_name=_undef_,sip_cid_type=pid]` +
    `sofia/gateway/${GATEWAY}/${destination}`
  );
}

/** Only a number may enter a dial string. */
export function destinationIn(reply: string): string | null {
  const { destination } = JSON.parse(reply) as { destination?: unknown };
  return typeof destination === 'string' && /^\d{7,15}$/.test(destination) ? destination : null;
}
