import { answer } from '../../lib/dial/answer.ts';
import { jsonSchemaOf, schemeJsonSchema, type JsonSchema } from '../../lib/scheme/json-schema.ts';
import { event } from '../../lib/webhook/event.ts';
import { profile } from '../../lib/webhook/profile.ts';
import { question } from '../../lib/webhook/question.ts';

/** conf/schema/: JSON Schemas by file, of the very types that validate. `npm run docs` writes them. */
export function schemas(): Record<string, JsonSchema> {
  return {
    'scheme.schema.json': schemeJsonSchema(),
    'crm.schema.json': jsonSchemaOf(profile, 'A profile: what several schemes share for one CRM'),
    'question.schema.json': jsonSchemaOf(
      question,
      'The question that a CRM gets, if the scheme sets neither parameters nor body',
    ),
    'event.schema.json': jsonSchemaOf(
      event,
      'The event that a CRM gets, if the entry of events sets neither parameters nor body',
    ),
    'answer.schema.json': jsonSchemaOf(answer, 'What a CRM answers'),
  };
}
