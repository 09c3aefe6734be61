import { z } from 'zod';
import { document } from './scheme.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A JSON Schema of the very type that validates, with titles, descriptions, examples and defaults. */
export function jsonSchemaOf(type: z.ZodType, title: string): JsonSchema {
  // Editors know draft 7 best.
  const made = z.toJSONSchema(type, { io: 'input', target: 'draft-7', override: withWhatZodDrops });
  const { $schema, ...rest } = made;
  return { $schema, title, ...rest } as JsonSchema;
}

export function schemeJsonSchema(): JsonSchema {
  return jsonSchemaOf(document, 'A scheme: which CRM is asked where a call goes, and how');
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
