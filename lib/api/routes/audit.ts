import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { principalOf } from '../guard/role.ts';

/** Who changed what, newest first. */
export function auditRoutes({ store }: ApiContext): FastifyPluginAsyncZod {
  return (app) => {
    app.get(
      '/audit',
      {
        config: { role: 'admin', perTenant: true },
        schema: {
          tags: ['audit'],
          summary: 'Who changed what and from where, newest first',
          querystring: z.strictObject({
            cursor: z.uuid().optional(),
            limit: z.coerce.number().int().min(1).max(500).default(50),
          }),
          response: {
            200: z.object({
              entries: z.array(
                z.object({
                  id: z.string(),
                  at: z.string(),
                  who: z.string(),
                  address: z.string(),
                  action: z.string(),
                  subject: z.string(),
                  change: z.unknown(),
                }),
              ),
              next: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const { cursor, limit } = request.query;
        const { tenant } = principalOf(request);
        const page = await store.audit.page({ ...(cursor === undefined ? {} : { cursor }), limit, tenant });
        const entries = page.map(({ id, at, who, address, action, subject, change }) => {
          return { id, at, who, address, action, subject, change: JSON.parse(change) as unknown };
        });
        return { entries, next: page.length < limit ? null : (page.at(-1)?.id ?? null) };
      },
    );
    return Promise.resolve();
  };
}
