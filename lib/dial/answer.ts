import { z } from 'zod';
import { HANGUP_CAUSES, type HangupCause } from '../call/cause.ts';
import { described } from '../webhook/field.ts';

/**
 * What a CRM should answer: the contract of docs/crm.md, of which conf/schema/answer.schema.json is made. The reader
 * (route.ts) takes all of it, and more: numbers as text, keys that are empty.
 */

/** FreeSWITCH rings them all at once, each as a leg of its own. */
export const MAX_LEGS = 10;
/** A list longer than this is not a list of colleagues; the rest is not read. */
export const MAX_ELEMENTS = 20;
export const MIN_TIMEOUT = 2;
export const MAX_TIMEOUT = 300;
export const SCHEME_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;

const who = z.union([z.string().min(1).max(128), z.int().positive()]).register(z.globalRegistry, {
  id: 'Who',
  description:
    'A telephone number ("+380441234567"), an extension ("201"), a SIP login ("agent_007") or the name of a target of the scheme.',
  examples: ['+380441234567', '201', 'agent_007'],
});

const together = z.array(who).min(1).max(MAX_LEGS).register(z.globalRegistry, {
  id: 'Together',
  description: 'Rung at the same time; the first that answers gets the call.',
});

const beside = {
  timeout: z.int().min(MIN_TIMEOUT).max(MAX_TIMEOUT).optional(),
  callerName: z.string().max(64).optional(),
};
const BESIDE = {
  timeout: {
    label: 'Timeout',
    doc: "How long it rings, instead of the scheme's own time.",
    unit: 'seconds',
    example: 20,
  },
  callerName: { label: "Caller's name", doc: 'Shown on the display of the callee.', example: 'ACME Ltd' },
};

const causes = Object.keys(HANGUP_CAUSES) as HangupCause[];
const actions = [
  z.object(
    described(
      { hangup: z.enum(causes) },
      { hangup: { label: 'Hang up', doc: 'With this cause.', example: 'USER_BUSY' } },
    ),
  ),
  z.object(
    described(
      { dialplan: z.literal(true) },
      { dialplan: { label: 'Back to the dialplan', doc: 'As if nobody had been asked.', example: true } },
    ),
  ),
  z.object(
    described(
      { scheme: z.string().regex(SCHEME_NAME) },
      {
        scheme: {
          label: 'Another scheme',
          doc: 'Hands the call to it; it asks its own CRM.',
          example: 'night',
        },
      },
    ),
  ),
] as const;

const element = z.union([
  who,
  together,
  z.object(
    described(
      { destination: z.union([who, together]), ...beside },
      {
        destination: { label: 'Destination', doc: 'One, or several rung together.', example: '201' },
        ...BESIDE,
      },
    ),
  ),
  ...actions,
]);

const destination = z.union([z.null(), z.literal(''), who, z.array(element).max(MAX_ELEMENTS)]);

/** The document of a reply, with import "json" and the default responseName; the `result` of a JSON-RPC reply. */
export const answer = z.union([
  z.object(
    described(
      { destination, ...beside },
      {
        destination: {
          label: 'Destination',
          doc: 'Who gets the call; a list is tried in order, a list within it rings together. null, "" or []: nobody.',
          example: [['201', '202'], '+380441234567'],
        },
        ...BESIDE,
      },
    ),
  ),
  ...actions,
]);
