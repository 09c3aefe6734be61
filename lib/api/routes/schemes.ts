import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../problem.ts';

/** The schemes in use. What a file holds is changed in the file. */

const summary = z.object({
  name: z.string(),
  title: z.string(),
  revision: z.string(),
  isDefault: z.boolean(),
  /** The file that it came from; null: the environment. */
  file: z.string().nullable(),
});

export function schemeRoutes({ schemes }: ApiContext): FastifyPluginAsyncZod {
  const shown = (name: string): z.infer<typeof summary> | null => {
    const { set, files } = schemes();
    const scheme = set.schemes.get(name);
    if (scheme === undefined) return null;
    const { title, revision } = scheme;
    return {
      name,
      title: title ?? '',
      revision,
      isDefault: set.default?.name === name,
      file: files.get(name) ?? null,
    };
  };
  return (app) => {
    app.get(
      '/schemes',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['schemes'],
          summary: 'The schemes in use, in their order',
          response: { 200: z.array(summary) },
        },
      },
      () => Promise.resolve([...schemes().set.schemes.keys()].flatMap((name) => shown(name) ?? [])),
    );
    app.get(
      '/schemes/:name',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['schemes'],
          summary: 'One scheme in use',
          params: z.object({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a name of a scheme') }),
          response: { 200: summary },
        },
      },
      (request) => {
        const found = shown(request.params.name);
        if (found === null) throw new ApiProblem(404, 'no scheme of this name is in use');
        return Promise.resolve(found);
      },
    );
    return Promise.resolve();
  };
}
