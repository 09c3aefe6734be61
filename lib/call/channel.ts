import { CALLER_HEADERS, holdsNumber, namesCaller, numbersOf } from './identity.ts';

/**
 * The call as FreeSWITCH tells it in the reply to `connect`: only what the router needs, so that a call that
 * waits for its CRM holds a kilobyte and not the 6 to 15 KB that FreeSWITCH sent.
 */

/** Anything that headers can be looked up in by FreeSWITCH's own names. */
export interface HeaderLookup {
  get(name: string): string | undefined;
}

export interface Call {
  /** `Unique-ID` of the A leg. */
  readonly uuid: string;
  /** SIP Call-ID of the A leg, '' for a leg that is not a SIP leg. */
  readonly callId: string;
  /** Caller's number: separators removed, a leading `+` kept; '' when none was sent. */
  readonly caller: string;
  readonly callerRaw: string;
  readonly callerName: string;
  /** The caller asked to stay unknown, or sent no number. */
  readonly withheld: boolean;
  /** Of a caller who asked to stay unknown: every number by which the leg names him, digits alone. */
  readonly withheldNumbers: readonly string[];
  /** The called number, from the first of `didFrom` that is set. */
  readonly did: string;
  /** `Caller-Destination-Number`: what the dialplan matched. */
  readonly destinationNumber: string;
  readonly context: string;
  /** `domain_name` of the leg; '' when it has none. */
  readonly domain: string;
  readonly sourceIp: string;
  /** Name of the FreeSWITCH that holds the call. */
  readonly switch: string;
  readonly divertedFrom: string;
  /** How many routers have dialled this call before, by the header X-ESL-Router-Hops: the caller's word, 99 at most. */
  readonly hops: number;
  /** Path after the socket address, `sales` of `127.0.0.1:8084/sales`; '' when none. */
  readonly path: string;
  /** Channel variable `esl_router_scheme` as the dialplan set it; '' when none. */
  readonly schemeVariable: string;
  /** The A leg was answered before `socket`: an IVR is in front. */
  readonly answered: boolean;
  /** The argument of `socket`, as the dialplan has it: hosts, then modes. */
  readonly socketData: string;
  /** Another application than `socket` has the leg: the guard fired before the router took the connection. */
  readonly takenAway: boolean;
  /** The caller has hung up already. */
  readonly hungUp: boolean;
  /** Seconds of the dialplan's `sched_transfer`, told in `esl_router_guard`; null without a guard. */
  readonly guardSeconds: number | null;
  /** What is in `esl_router_guard`; '' when it is not set. */
  readonly guardTold: string;
  /** Task of that `sched_transfer`, told in `esl_router_guard_id`; null when the dialplan does not say. */
  readonly guardId: number | null;
  /** `last_sched_id`: the task that an application of the dialplan scheduled last; null when none did. */
  readonly lastTaskId: number | null;
  /** `Caller-Transfer-Source`: the transfer by which the leg came here; '' when it came by none. */
  readonly transferSource: string;
  /** The passes of this channel through routers before this one, and the trace of the last of them. */
  readonly passed: { readonly passes: number; readonly trace: string };
  /** FreeSWITCH's clock at the reply to `connect`, milliseconds since 1970; 0 when it does not say. */
  readonly switchMs: number;
  /** How long FreeSWITCH had the channel by the reply to `connect`, by its own clock; 0 when it does not say. */
  readonly ageMs: number;
  /** `Event-Sequence` of the reply to `connect`; an event with a lower one is older than this socket. */
  readonly eventSequence: number;
  /** What `socket` was called with; the router needs both. */
  readonly socketMode: { readonly async: boolean; readonly full: boolean };
  /** Channel variables that schemes and configuration name, without `variable_`. Unset ones are absent. */
  readonly variables: ReadonlyMap<string, string>;
}

/** On each leg that a router dials: one more than on the leg that came in. */
export const HOPS_HEADER = 'X-ESL-Router-Hops';
const MAX_HOPS = 99;

/** Channel variable `N:TRACE`: how often routers have had this channel, and the record of the last time. */
export const PASS = 'esl_router_pass';

export interface CallOptions {
  /** `var:NAME` or `destination_number`, in order of preference. */
  readonly didFrom: readonly string[];
  /** Channel variables to keep. */
  readonly variables: Iterable<string>;
}

const SEPARATORS = /[\s().\-/\u00a0\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const NOBODY = new Set(['', 'anonymous', 'unknown', 'unavailable', 'restricted', 'private', 'withheld']);

export function parseCall(headers: HeaderLookup, options: CallOptions): Call {
  const variable = (name: string): string | undefined => headers.get(`variable_${name}`);
  const callerRaw = headers.get('Caller-Caller-ID-Number') ?? '';
  const destinationNumber = headers.get('Caller-Destination-Number') ?? '';
  const guard = variable('esl_router_guard') ?? '';
  const hops = variable(`sip_h_${HOPS_HEADER}`) ?? '';
  const variables = new Map<string, string>();
  for (const name of options.variables) {
    const value = variable(name);
    if (value !== undefined) variables.set(name, value);
  }
  const withheld =
    headers.get('Caller-Privacy-Hide-Number') === 'true' || NOBODY.has(callerRaw.trim().toLowerCase());
  return {
    uuid: headers.get('Unique-ID') ?? '',
    callId: variable('sip_call_id') ?? '',
    caller: compact(callerRaw),
    callerRaw,
    callerName: headers.get('Caller-Caller-ID-Name') ?? '',
    withheld,
    withheldNumbers: withheld ? numbersOf(CALLER_HEADERS.map((name) => headers.get(name) ?? '')) : [],
    did: compact(firstSet(options.didFrom, variable, destinationNumber)),
    destinationNumber,
    context: headers.get('Caller-Context') ?? '',
    domain: (variable('domain_name') ?? '').slice(0, 253).toLowerCase(),
    sourceIp: variable('sip_network_ip') ?? headers.get('Caller-Network-Addr') ?? '',
    switch: headers.get('FreeSWITCH-Switchname') ?? headers.get('FreeSWITCH-Hostname') ?? '',
    divertedFrom: divertedFrom(variable('sip_h_Diversion'), headers.get('Caller-RDNIS')),
    hops: /^\d{1,9}$/.test(hops) ? Math.min(Number(hops), MAX_HOPS) : 0,
    path: (variable('socket_path') ?? '').replace(/^\/+|\/+$/g, ''),
    schemeVariable: variable('esl_router_scheme') ?? '',
    answered: headers.get('Answer-State') === 'answered',
    socketData:
      variable('current_application') === 'socket' ? (variable('current_application_data') ?? '') : '',
    takenAway: !['socket', undefined].includes(variable('current_application')),
    hungUp:
      headers.get('Answer-State') === 'hangup' ||
      /^CS_(HANGUP|REPORTING|DESTROY)$/.test(headers.get('Channel-State') ?? ''),
    guardSeconds: /^[1-9]\d{0,4}$/.test(guard) ? Number(guard) : null,
    guardTold: guard,
    guardId: taskId(variable('esl_router_guard_id')),
    lastTaskId: taskId(variable('last_sched_id')),
    transferSource: headers.get('Caller-Transfer-Source') ?? '',
    passed: passed(variable(PASS)),
    switchMs: timeOf(headers),
    ageMs: ageMs(headers),
    eventSequence: Number(headers.get('Event-Sequence') ?? 0),
    socketMode: {
      // It stands at the end of the reply, which may have been cut off.
      async: (headers.get('Socket-Mode') ?? 'async') === 'async',
      full: headers.get('Control') === 'full',
    },
    variables,
  };
}

/**
 * The call as a CRM may see it when the caller withheld his number: `caller` is '', and empty is what names a caller by its
 * nature, and what holds his number in any spelling, or his name.
 */
export function concealCaller(call: Call): Call {
  const { uuid, callId, callerName, divertedFrom, variables } = call;
  const isNumber = holdsCaller(call);
  const name = callerName.trim().toLowerCase();
  const tells = (variable: string, value: string): boolean =>
    namesCaller(variable) ||
    isNumber(value) ||
    (name.length >= MIN_NAME && value.toLowerCase().includes(name));
  return {
    ...call,
    caller: '',
    callerRaw: '',
    callerName: '',
    withheldNumbers: [],
    // Some telephones make it of their own number, and `inbound-use-callid-as-uuid` names the channel by it.
    callId: isNumber(callId) ? '' : callId,
    uuid: uuid === callId && isNumber(callId) ? '' : uuid,
    divertedFrom: isNumber(divertedFrom) ? '' : divertedFrom,
    variables: new Map([...variables].map(([key, value]) => [key, tells(key, value) ? '' : value])),
  };
}

/** Whether a text holds the caller's number, in any spelling. */
export function holdsCaller({ caller, withheldNumbers }: Call): (text: string) => boolean {
  const numbers = [...withheldNumbers, ...numbersOf([caller])];
  return (text) => holdsNumber(text, numbers);
}

/** A shorter name is in texts that are not about him. */
const MIN_NAME = 4;

function firstSet(
  didFrom: readonly string[],
  variable: (name: string) => string | undefined,
  destinationNumber: string,
): string {
  for (const source of didFrom) {
    const value = source.startsWith('var:') ? variable(source.slice('var:'.length)) : destinationNumber;
    if (value !== undefined && value !== '') return value;
  }
  return '';
}

function taskId(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}

function passed(text = ''): Call['passed'] {
  const [, passes = '0', trace = ''] = /^(\d{1,3}):([\w-]{0,64})$/.exec(text) ?? [];
  return { passes: Number(passes), trace };
}

/** When FreeSWITCH made an event, by its own clock: milliseconds since 1970; 0 when it does not say. */
export function timeOf(headers: HeaderLookup): number {
  return Number(headers.get('Event-Date-Timestamp') ?? 0) / 1000 || 0;
}

function ageMs(headers: HeaderLookup): number {
  const created = Number(headers.get('Caller-Channel-Created-Time')) / 1000;
  const now = timeOf(headers);
  return now > created && created > 0 ? now - created : 0;
}

/** A number, or the name of a SIP user, without the separators that people write into numbers; a leading `+` stays. */
export function compact(number: string): string {
  return number.replace(SEPARATORS, '');
}

/**
 * The first party that redirected the call. RFC 5806: each one puts its entry on top, so the first is the last of the list,
 * `<sip:+380441112233@host>;reason=unconditional`. Of several header lines FreeSWITCH keeps the last, of one line with
 * commas the whole (measured on 1.11.1).
 */
function divertedFrom(diversion = '', rdnis = ''): string {
  const uri = diversion.slice(lastUri(diversion));
  return compact(/^\s*(?:sips?|tel):([^@;>]+)/i.exec(uri)?.[1] ?? rdnis);
}

/** Where the URI of the last entry begins. Names in quotes and URIs in `<>` may hold commas; the caller writes all of it. */
function lastUri(list: string): number {
  let at = 0;
  let bracketed = false;
  let quoted = false;
  let inside = false;
  for (let i = 0; i < list.length; i++) {
    const char = list[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (inside) {
      inside = char !== '>';
    } else if (char === '"') {
      quoted = true;
    } else if (char === '<') {
      inside = true;
      if (!bracketed) at = i + 1;
      bracketed = true;
    } else if (char === ',' && list.slice(i + 1, i + 200).trim() !== '') {
      at = i + 1;
      bracketed = false;
    }
  }
  return at;
}
