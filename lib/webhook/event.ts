import { z } from 'zod';
import { described } from './field.ts';

/** What a CRM is told of a call, as macros have it: `{{event}}`, `{{talk_seconds}}`. */

export const CALL_EVENTS = ['ringing', 'answered', 'moved', 'ended'] as const;
export type CallEventName = (typeof CALL_EVENTS)[number];

/** Numbers: alone in a string of a JSON body they go as JSON's own. */
const NUMBERS = ['seq', 'ring_seconds', 'talk_seconds', 'talk_ms', 'unix_time'] as const;
/** Those that an event may have nothing for: `require` of an entry of `events` may name them. */
export const MAY_BE_EMPTY = [
  'result',
  'reason',
  'end',
  'destination',
  'answered_by',
  'answered_kind',
  'hangup_cause',
  'hung_up_by',
  'recording',
] as const;
const TEXTS = ['event', 'event_id', ...MAY_BE_EMPTY, 'started_at'] as const;

export const EVENT_MACROS = [...TEXTS, ...NUMBERS] as const;
export type EventMacro = (typeof EVENT_MACROS)[number];

/** What each of them is for one event; '' and 0 where there is nothing to tell. */
export type EventValues = Readonly<Record<(typeof TEXTS)[number], string>> &
  Readonly<Record<(typeof NUMBERS)[number], number>>;

/** Of an event that tells nothing beside its name. */
export const NOTHING_YET = Object.fromEntries([
  ...TEXTS.map((name) => [name, '']),
  ...NUMBERS.map((name) => [name, 0]),
]) as EventValues;

export function isNumeric(name: EventMacro): name is (typeof NUMBERS)[number] {
  return (NUMBERS as readonly string[]).includes(name);
}

/** The event as the CRM gets it, where an entry has neither `parameters` nor `body`: each field and what it is filled with. */
export const EVENT = {
  event: '{{event}}',
  event_id: '{{event_id}}',
  seq: '{{seq}}',
  call_id: '{{call_id}}',
  uuid: '{{uuid}}',
  scheme: '{{scheme}}',
  caller: '{{caller}}',
  caller_name: '{{caller_name}}',
  did: '{{did}}',
  result: '{{result}}',
  reason: '{{reason}}',
  end: '{{end}}',
  destination: '{{destination}}',
  answered_by: '{{answered_by}}',
  answered_kind: '{{answered_kind}}',
  ring_seconds: '{{ring_seconds}}',
  talk_seconds: '{{talk_seconds}}',
  hangup_cause: '{{hangup_cause}}',
  hung_up_by: '{{hung_up_by}}',
  recording: '{{recording}}',
  started_at: '{{started_at}}',
  timestamp: '{{timestamp}}',
} as const;

const fields = {
  event: z.enum(CALL_EVENTS),
  event_id: z.string(),
  seq: z.int().min(1),
  call_id: z.string(),
  uuid: z.string(),
  scheme: z.string(),
  caller: z.string(),
  caller_name: z.string(),
  did: z.string(),
  result: z.enum(['', 'routed', 'no_route', 'error', 'no_answer', 'refused', 'abandoned', 'unknown']),
  reason: z.string(),
  end: z.string(),
  destination: z.string(),
  answered_by: z.string(),
  answered_kind: z.enum(['', 'person', 'number', 'queue', 'voicemail']),
  ring_seconds: z.number().min(0),
  talk_seconds: z.number().min(0),
  hangup_cause: z.string(),
  hung_up_by: z.enum(['', 'caller', 'callee', 'router', 'switch', 'unknown']),
  recording: z.string(),
  started_at: z.iso.datetime(),
  timestamp: z.iso.datetime(),
} satisfies Record<keyof typeof EVENT, z.ZodType>;

/** Its document, with submission "json" and as the `params` of "json-rpc". More fields may come: a CRM ignores those it does not know. */
export const event = z.looseObject(
  described(fields, {
    event: {
      label: 'Event',
      doc: '"ringing" for each phone that rings, "answered", "moved" when somebody takes the call elsewhere, "ended" once.',
      example: 'answered',
    },
    event_id: {
      label: 'Event id',
      doc: 'The same on every try, and in the header webhook-id: use it to recognise an event that comes twice.',
      example: '0190a5d2-7b3c-7e21-9f0a-3c5d7e9f1a2b',
    },
    seq: {
      label: 'Sequence',
      doc: '1, 2, 3 of this call and entry: the order in which they come.',
      example: 2,
    },
    call_id: {
      label: 'SIP Call-ID',
      doc: "SIP Call-ID of the caller's leg, as the carrier logs it.",
      example: '1-4711@192.0.2.7',
    },
    uuid: {
      label: 'UUID',
      doc: 'Channel in FreeSWITCH: the same as in the question, and through transfers.',
      example: '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11',
    },
    scheme: { label: 'Scheme', doc: 'Name of the scheme that the call began with.', example: 'sales' },
    caller: {
      label: 'Caller',
      doc: 'Number of the caller, as in the question; empty when withheld.',
      example: '+380501234567',
    },
    caller_name: { label: "Caller's name", doc: 'As the carrier sent it; often empty.', example: 'ACME Ltd' },
    did: { label: 'Called number', doc: 'Which of your numbers was dialled.', example: '15005550100' },
    result: {
      label: 'Result',
      doc: 'How the call stands; in "ended" how it went. "unknown": the router that had it died.',
      example: 'routed',
    },
    reason: { label: 'Reason', doc: 'Why, as a code of docs/reasons.md.', example: 'answered' },
    end: {
      label: 'End',
      doc: 'How the call left the router, in "ended": "bridged", "caller_hangup", "dialplan" (given back, it goes on there), ...',
      example: 'bridged',
    },
    destination: {
      label: 'Destination',
      doc: 'Who rings, who answered, or where the call was taken; in "ended" the last of these.',
      example: '201',
    },
    answered_by: {
      label: 'Answered by',
      doc: 'Number or login that answered last; empty until somebody has.',
      example: '201',
    },
    answered_kind: {
      label: 'Kind of answer',
      doc: 'What answered: a person (an extension or a login), a number, a queue, voicemail.',
      example: 'person',
    },
    ring_seconds: {
      label: 'Seconds of ringing',
      doc: 'From the first ringing to the answer, or to the end.',
      unit: 'seconds',
      example: 7,
    },
    talk_seconds: {
      label: 'Seconds of talk',
      doc: 'From the first answer to the end of the call; 0 when nobody answered, or when it is not known.',
      unit: 'seconds',
      example: 95,
    },
    hangup_cause: { label: 'Hangup cause', doc: 'FreeSWITCH\'s, in "ended".', example: 'NORMAL_CLEARING' },
    hung_up_by: { label: 'Hung up by', doc: 'Who ended the call, in "ended".', example: 'caller' },
    recording: {
      label: 'Recording',
      doc: 'Value of the channel variable that events.recording (ESL_ROUTER_EVENTS_RECORDING) names, in "ended".',
      example: '/recordings/2026/5c9d1d7e.wav',
    },
    started_at: {
      label: 'Beginning',
      doc: 'When the call came to the router, ISO 8601 in UTC.',
      example: '2026-11-22T09:00:00.000Z',
    },
    timestamp: {
      label: 'Time',
      doc: 'When it happened, ISO 8601 in UTC. A late try repeats it.',
      example: '2026-11-22T09:00:07.000Z',
    },
  }),
);
