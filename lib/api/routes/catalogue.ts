import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { PRESETS } from '../../presets/index.ts';
import { schemeSchema } from '../../scheme/json-schema.ts';
import { ApiProblem } from '../problem.ts';

/** What a scheme can hold, and what it can begin as. */
export function catalogueRoutes(): FastifyPluginAsyncZod {
  const schema = { tags: ['schemes'] };
  // Made once: it takes some milliseconds, and never changes.
  let made: object | null = null;
  return (app) => {
    app.get(
      '/schema/scheme',
      {
        config: { role: 'viewer' },
        schema: { ...schema, summary: 'The JSON Schema of a scheme: fields, labels, bounds, defaults' },
      },
      () => Promise.resolve((made ??= schemeSchema())),
    );
    app.get(
      '/presets',
      {
        config: { role: 'viewer' },
        schema: { ...schema, summary: 'Schemes for kinds of CRM, ready to fill in' },
      },
      () =>
        Promise.resolve(
          Object.entries(PRESETS).map(([name, { what, scheme, toDo, limits }]) => ({
            ...{ name, what, scheme, toDo, limits },
          })),
        ),
    );
    app.get(
      '/presets/:name',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'One of them as a scheme without a name, and what is left to do',
          params: z.strictObject({ name: z.string().max(64) }),
        },
      },
      (request) => {
        const { name } = request.params;
        const found = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
        if (found === undefined) throw new ApiProblem(404, 'there is no such preset');
        const { what, scheme: document, toDo, limits } = found;
        return Promise.resolve({ name, what, document, toDo, limits });
      },
    );
    return Promise.resolve();
  };
}
