import { z } from 'zod';
import { described } from './field.ts';

/** The question as the CRM gets it, where a scheme has neither `parameters` nor `body`: each field and what it is filled with. */
export const QUESTION = {
  event: 'route.request',
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

const fields = {
  event: z.literal(QUESTION.event),
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
} satisfies Record<keyof typeof QUESTION, z.ZodType>;

/** Its document, with submission "json" and as the `params` of "json-rpc". More fields may come: a CRM ignores those it does not know. */
export const question = z.looseObject(
  described(fields, {
    event: { label: 'Event', doc: 'What is asked: where a call goes.', example: QUESTION.event },
    call_id: {
      label: 'SIP Call-ID',
      doc: "Of the caller's leg, as the carrier logs it.",
      example: '1-4711@192.0.2.7',
    },
    uuid: {
      label: 'UUID',
      doc: "Of the channel in FreeSWITCH: what its own records and the router's log lines name the call by.",
      example: '5c9d1d7e-0b1c-4b52-9d6b-6d5f5f0c5a11',
    },
    scheme: { label: 'Scheme', doc: 'Name of the scheme that asks.', example: 'sales' },
    caller: {
      label: 'Caller',
      doc: 'Number of the caller without separators, as the carrier sent it; empty when he withholds it.',
      example: '+380501234567',
    },
    caller_name: { label: "Caller's name", doc: 'As the carrier sent it; often empty.', example: 'ACME Ltd' },
    did: { label: 'Called number', doc: 'Which of your numbers was dialled.', example: '15005550100' },
    context: { label: 'Dialplan context', doc: 'In FreeSWITCH.', example: 'public' },
    source_ip: { label: 'Source address', doc: 'Where the call came from.', example: '192.0.2.7' },
    attempt: {
      label: 'Attempt',
      doc: '1 for the first question of a call, one more for each further one. A retry repeats it.',
      example: 1,
    },
    timestamp: {
      label: 'Time',
      doc: 'When it was asked, ISO 8601 in UTC.',
      example: '2026-11-22T09:00:00.000Z',
    },
  }),
);
