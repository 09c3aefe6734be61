import type { Call } from './channel.ts';

/** The call as its record shows it. */
export interface ShownCall {
  readonly uuid: string;
  readonly callId: string;
  readonly switch: string;
  readonly caller: string;
  readonly callerName: string;
  readonly withheld: boolean;
  readonly did: string;
  readonly context: string;
  readonly domain: string;
  readonly sourceIp: string;
}

export function shownCall(call: Call): ShownCall {
  const { uuid, callId, caller, callerName, withheld, did, context, domain, sourceIp } = call;
  return { uuid, callId, switch: call.switch, caller, callerName, withheld, did, context, domain, sourceIp };
}
