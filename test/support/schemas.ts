import { answer } from '../../lib/dial/answer.ts';
import { schemaOf, schemeSchema, type JsonSchema } from '../../lib/scheme/json-schema.ts';
import { event } from '../../lib/webhook/event.ts';
import { profile } from '../../lib/webhook/profile.ts';
import { question } from '../../lib/webhook/question.ts';

/** conf/schema/: JSON Schemas by file. `npm run docs` writes them. */
export function schemas(): Record<string, JsonSchema> {
  return {
    'scheme.schema.json': schemeSchema(),
    'crm.schema.json': schemaOf(profile, 'A profile: what many schemes share of one CRM'),
    'question.schema.json': schemaOf(
      question,
      'What a CRM is asked, where a scheme sets neither parameters nor body',
    ),
    'event.schema.json': schemaOf(
      event,
      'What a CRM is told of a call, where an entry of events sets neither parameters nor body',
    ),
    'answer.schema.json': schemaOf(answer, 'What a CRM answers'),
  };
}
