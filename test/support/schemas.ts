import { answer } from '../../lib/dial/answer.ts';
import { jsonSchemaOf, schemeJsonSchema, type JsonSchema } from '../../lib/scheme/json-schema.ts';
import { event } from '../../lib/webhook/event.ts';
import { profile } from '../../lib/webhook/profile.ts';
import { question } from '../../lib/webhook/question.ts';

/** conf/schema/: JSON Schemas by file, of the very types that validate. `npm run docs` writes them. */
export function schemas(): Record<string, JsonSchema> {
  return {
    'scheme.schema.json': schemeJsonSchema(),
    'crm.schema.json': jsonSchemaOf(profile, 'A profile: what many schemes share of one CRM'),
    'question.schema.json': jsonSchemaOf(
      question,
      'What a CRM is asked, where a scheme sets neither parameters nor body',
    ),
    'event.schema.json': jsonSchemaOf(
      event,
      'What a CRM is told of a call, where an entry of events sets neither parameters nor body',
    ),
    'answer.schema.json': jsonSchemaOf(answer, 'What a CRM answers'),
  };
}
