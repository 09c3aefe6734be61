import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { PRESETS } from '../../presets/index.ts';
import { REASON_GROUPS } from '../../reasons/index.ts';
import { schemeJsonSchema } from '../../scheme/json-schema.ts';
import { MACRO_WORDS, OTHER_MACROS } from '../../webhook/macro-words.ts';
import type { ApiContext } from '../context.ts';
import { principalOf } from '../guard/role.ts';
import { recordFor } from '../masked.ts';
import { ApiProblem } from '../problem.ts';
import { recordedCall } from '../recorded.ts';

/** What whoever writes schemes looks up: presets, the fields of a scheme, macros, reasons. */

const preset = z.object({ name: z.string(), what: z.string() });
const summaryOfPreset = preset.extend({
  events: z.string().nullable().describe('What its entries for events send; null: it has none'),
});

export function referenceRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { trial } = context;
  const schema = { tags: ['reference'] };
  const schemeSchema = schemeJsonSchema();
  return (app) => {
    app.get(
      '/presets',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'Schemes for kinds of CRM',
          response: { 200: z.array(summaryOfPreset) },
        },
      },
      () =>
        Promise.resolve(
          Object.entries(PRESETS).map(([name, { what, events }]) => ({
            name,
            what,
            events: events?.what ?? null,
          })),
        ),
    );
    app.get(
      '/presets/:name',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'One of them as a scheme without a name, and what is left to do',
          params: z.strictObject({ name: z.string().max(64) }),
          response: {
            200: preset.extend({
              document: z.record(z.string(), z.unknown()),
              toDo: z.array(z.string()),
              limits: z.array(z.string()),
              events: z
                .object({
                  what: z.string(),
                  entries: z.array(z.record(z.string(), z.unknown())),
                  toDo: z.array(z.string()),
                  limits: z.array(z.string()),
                })
                .nullable()
                .describe('For `events` of the scheme'),
            }),
          },
        },
      },
      (request) => {
        const { name } = request.params;
        const found = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
        if (found === undefined) throw new ApiProblem(404, 'there is no such preset');
        const { what, scheme, toDo, limits, events } = found;
        const told =
          events === undefined
            ? null
            : {
                what: events.what,
                entries: events.entries.map((entry) => ({ ...entry })),
                ...{ toDo: [...events.toDo], limits: [...events.limits] },
              };
        const left = { toDo: [...toDo], limits: [...limits] };
        return Promise.resolve({ name, what, document: { ...scheme }, ...left, events: told });
      },
    );
    app.get(
      '/schema/scheme',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'JSON Schema of a scheme, with titles, descriptions, examples and defaults',
          response: { 200: z.record(z.string(), z.unknown()) },
        },
      },
      () => Promise.resolve({ ...schemeSchema }),
    );
    app.get(
      '/macros',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'The macros, what each is, and what it is for a recorded call',
          querystring: z.strictObject({
            call: z.string().min(1).max(64).describe('Its trace, or the uuid of its A leg').optional(),
          }),
          response: {
            200: z.array(
              z.object({
                name: z.string(),
                what: z.string(),
                value: z
                  .string()
                  .nullable()
                  .describe('Of the call; null: it has none before a question is sent'),
              }),
            ),
          },
        },
      },
      async (request) => {
        const who = principalOf(request);
        const { call } = request.query;
        const values = call === undefined ? {} : trial.macros(await recordedCall(context, who, call));
        const shown = recordFor<Readonly<Record<string, string>>>(who, values);
        return [...Object.entries(MACRO_WORDS), ...OTHER_MACROS].map(([name, what]) => ({
          ...{ name, what },
          value: Object.hasOwn(shown, name) ? (shown[name] ?? null) : null,
        }));
      },
    );
    app.get(
      '/reasons',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'Every reason: its code, its sentence, its cause and the cure',
          response: {
            200: z.array(
              z.object({
                group: z.string(),
                code: z.string(),
                sentence: z.string(),
                cause: z.string(),
                cure: z.string(),
              }),
            ),
          },
        },
      },
      () =>
        Promise.resolve(
          Object.entries(REASON_GROUPS).flatMap(([group, reasons]) =>
            Object.entries(reasons).map(([code, [sentence, cause, cure]]) => {
              return { group, code, sentence, cause, cure };
            }),
          ),
        ),
    );
    return Promise.resolve();
  };
}
