import { z } from 'zod';
import { HANGUP_CAUSES, type HangupCause } from '../call/cause.ts';
import { described } from '../webhook/field.ts';
import { repliesOf } from '../webhook/macro.ts';
import { webhookUrl } from '../webhook/webhook.ts';
import { LAST_AGENT_FIELDS, STEP_FIELDS, TRANSFER_FIELDS } from './description.ts';

/** Steps of a fallback, and the names that are in them. */

export const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
export const NAME_RULE = 'expected lower-case letters, digits and "-", at most 64';
/** Names that go into dial strings or arguments of FreeSWITCH applications. */
export const dialplanName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected letters, digits, ".", "_" or "-"');
const CAUSES = Object.keys(HANGUP_CAUSES) as HangupCause[];
const hangupCause = z.enum(CAUSES, { error: `expected one of ${CAUSES.join(', ')}` });

/** Feature codes too: `*98`. Only a scheme can name one, never a CRM. */
const dialplanExtension = z
  .string()
  .regex(
    /^[*#]{0,2}[A-Za-z0-9][A-Za-z0-9._*#-]{0,63}$/,
    'expected letters, digits, ".", "_", "-", or a feature code such as *98',
  );

const dialplanContext = z
  .string()
  .regex(
    /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|var:[A-Za-z0-9_]{1,64})$/,
    'expected letters, digits, ".", "_" or "-", or "var:" and the name of a channel variable',
  );

export const transfer = z.strictObject(
  described({ extension: dialplanExtension, context: dialplanContext.default('default') }, TRANSFER_FIELDS),
);

/** A number or login, or a list in order, or a list within it rung together; read by the grammar of replies. */
const dialValue = z.union([
  z.string().min(1),
  z.int().nonnegative(),
  z
    .array(
      z.union([
        z.string().min(1),
        z.int().nonnegative(),
        z
          .array(z.union([z.string().min(1), z.int().nonnegative()]))
          .min(1)
          .max(10),
      ]),
    )
    .min(1)
    .max(20),
]);

const parts = described(
  {
    dial: dialValue,
    timeout: z.int().min(2).max(300).optional(),
    webhook: webhookUrl.refine((url) => repliesOf(url).length === 0, {
      error: 'there is no {{reply.path}} here: this is the same question to another URL',
    }),
    scheme: z.string().regex(NAME),
    lastAgent: z.strictObject(
      described(
        {
          days: z.int().min(1).max(3_650).default(30),
          minTalkSeconds: z.int().min(0).max(86_400).default(20),
        },
        LAST_AGENT_FIELDS,
      ),
    ),
    transfer,
    hangup: hangupCause,
    dialplan: z.literal(true),
  },
  STEP_FIELDS,
);

const step = z.union(
  [
    z.strictObject({ dial: parts.dial, timeout: parts.timeout }),
    z.strictObject({ webhook: parts.webhook }),
    z.strictObject({ scheme: parts.scheme }),
    z.strictObject({ lastAgent: parts.lastAgent }),
    z.strictObject({ transfer: parts.transfer }),
    z.strictObject({ hangup: parts.hangup }),
    z.strictObject({ dialplan: parts.dialplan }),
  ],
  {
    error:
      'expected one of {"dial": ...}, {"webhook": URL}, {"scheme": name}, {"lastAgent": {"days", "minTalkSeconds"}}, {"transfer": {"extension", "context"}}, {"hangup": cause}, {"dialplan": true}',
  },
);

export type FallbackStep = z.output<typeof step>;

step.register(z.globalRegistry, { id: 'Step', description: 'One step of a fallback.' });

export const steps = z.array(step).max(20);
export const DIALPLAN: FallbackStep[] = [{ dialplan: true }];
