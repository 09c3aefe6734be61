import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { PRESETS } from '../../presets/index.ts';
import { schemeSchema } from '../../scheme/json-schema.ts';

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
    return Promise.resolve();
  };
}
