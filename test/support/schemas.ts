import { z } from 'zod';
import { answer } from '../../lib/dial/answer.ts';
import { document } from '../../lib/scheme/scheme.ts';
import { event } from '../../lib/webhook/event.ts';
import { profile } from '../../lib/webhook/profile.ts';
import { question } from '../../lib/webhook/question.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** conf/schema/: JSON Schemas by file, of the very types that validate. `npm run docs` writes them. */
export function schemas(): Record<string, JsonSchema> {
  return {
    'scheme.schema.json': schemaOf(document, 'A scheme: which CRM is asked where a call goes, and how'),
    'crm.schema.json': schemaOf(profile, 'A profile: what several schemes share for one CRM'),
    'question.schema.json': schemaOf(
      question,
      'The question that a CRM gets, if the scheme sets neither parameters nor body',
    ),
    'event.schema.json': schemaOf(
      event,
      'The event that a CRM gets, if the entry of events sets neither parameters nor body',
    ),
    'answer.schema.json': schemaOf(answer, 'What a CRM answers'),
  };
}

function schemaOf(type: z.ZodType, title: string): JsonSchema {
  // Editors know draft 7 best.
  const made = z.toJSONSchema(type, { io: 'input', target: 'draft-7', override: withWhatZodDrops });
  const { $schema, ...rest } = made;
  return { $schema, title, ...rest } as JsonSchema;
}

/** Where a text becomes something else zod leaves out examples and defaults, which are of the text. */
function withWhatZodDrops({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: JsonSchema;
}): void {
  const examples = z.globalRegistry.get(zodSchema)?.['examples'];
  if (examples !== undefined) jsonSchema['examples'] = examples as unknown[];
  const { def } = zodSchema._zod;
  if (def.type === 'default' && !(def.defaultValue instanceof Map)) jsonSchema['default'] = def.defaultValue;
}
