import { z } from 'zod';
import { described } from './field.ts';
import { EVENTS } from './macro.ts';

/** The question as the CRM gets it, where a scheme has neither `parameters` nor `body`: each field and what it is filled with. */
export const QUESTION = {
  event: '{{event}}',
  call_id: '{{call_id}}',
  uuid: '{{uuid}}',
  scheme: '{{scheme}}',
  caller: '{{caller}}',
  caller_name: '{{caller_name}}',
  did: '{{did}}',
  context: '{{context}}',
  source_ip: '{{source_ip}}',
  attempt: '{{attempt}}',
  timestamp: '{{timestamp}}',
} as const;

/** What is added to every question of a call but the first. */
export const WHY = {
  failed_reason: '{{failed.reason}}',
  failed_status: '{{failed.status}}',
  outcome: '{{outcome}}',
  tried: '{{tried}}',
} as const;

const fields = {
  event: z.enum(EVENTS),
  call_id: z.string(),
  uuid: z.string(),
  scheme: z.string(),
  caller: z.string(),
  caller_name: z.string(),
  did: z.string(),
  context: z.string(),
  source_ip: z.string(),
  attempt: z.int().min(1),
  timestamp: z.iso.datetime(),
  failed_reason: z.string().optional(),
  failed_status: z.string().optional(),
  outcome: z.enum(['', 'no_answer', 'busy', 'rejected', 'unreachable']).optional(),
  tried: z.string().optional(),
} satisfies Record<keyof typeof QUESTION | keyof typeof WHY, z.ZodType>;

/** Its document, with submission "json" and as the `params` of "json-rpc". More fields may come: a CRM ignores those it does not know. */
export const question = z.looseObject(
  described(fields, {
    event: {
      label: 'Event',
      doc: 'Which question it is: "route.request", the first of a scheme; "route.next", one of webhook.then; "route.no_route", "route.backup" and "route.no_answer", a webhook in onNoRoute, in onError, or after a destination that did not answer.',
      example: 'route.request',
    },
    call_id: {
      label: 'SIP Call-ID',
      doc: "SIP Call-ID of the caller's leg, as the carrier logs it.",
      example: '1-4711@192.0.2.7',
    },
    uuid: {
      label: 'UUID',
      doc: "Channel in FreeSWITCH: its records and the router's log lines name the call by it.",
      example: '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11',
    },
    scheme: { label: 'Scheme', doc: 'Name of the scheme that asks.', example: 'sales' },
    caller: {
      label: 'Caller',
      doc: 'Number of the caller without separators, as the carrier sent it; empty when withheld.',
      example: '+380501234567',
    },
    caller_name: { label: "Caller's name", doc: 'As the carrier sent it; often empty.', example: 'ACME Ltd' },
    did: { label: 'Called number', doc: 'Which of your numbers was dialled.', example: '15005550100' },
    context: { label: 'Dialplan context', doc: 'In FreeSWITCH.', example: 'public' },
    source_ip: { label: 'Source address', doc: 'Where the call came from.', example: '192.0.2.7' },
    attempt: {
      label: 'Attempt',
      doc: '1 for the first question of a call, then counts up. A retry repeats it.',
      example: 1,
    },
    timestamp: {
      label: 'Time',
      doc: 'When it was asked, ISO 8601 in UTC.',
      example: '2026-11-22T09:00:00.000Z',
    },
    failed_reason: {
      label: 'What failed',
      doc: 'Code of the reason why this question is asked. This field and those below are in every question of a call except the first.',
      example: 'webhook_timeout',
    },
    failed_status: {
      label: 'Status that failed',
      doc: 'HTTP status of the last reply; empty when there was none.',
      example: '503',
    },
    outcome: {
      label: 'Outcome',
      doc: 'How the last attempt to reach somebody ended; empty when nobody was rung.',
      example: 'busy',
    },
    tried: {
      label: 'Tried',
      doc: 'Whom the call has rung so far, in order, separated by commas.',
      example: '201,202',
    },
  }),
);
