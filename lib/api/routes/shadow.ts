import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { principalOf } from '../guard/role.ts';
import { recordFor } from '../masked.ts';

/** What schemes would have done that are asked alongside calls. */

const query = z.strictObject({
  since: z.iso.datetime({ offset: true }).describe('Calls that began then or later').optional(),
  cursor: z.string().max(128).describe('`next` of the page before').optional(),
  limit: z.coerce.number().int().min(1).max(500).describe('Calls a page').default(50),
});

const outlook = z.object({
  scheme: z.string().nullable(),
  result: z.string(),
  reason: z.string(),
  steps: z.array(z.string()).readonly(),
});
const answer = z.object({
  counts: z.array(
    z.object({ result: z.string(), reason: z.string(), calls: z.number(), differing: z.number() }),
  ),
  canaries: z.array(
    z.object({
      scheme: z.string(),
      canary: z.string(),
      counts: z.array(
        z.object({
          side: z.enum(['canary', 'rest']),
          result: z.string(),
          calls: z.number(),
          answered: z.number(),
          decidedMs: z.number().nullable(),
        }),
      ),
    }),
  ),
  differing: z
    .array(
      z.object({
        id: z.string(),
        at: z.string(),
        trace: z.string(),
        caller: z.string().nullable(),
        did: z.string().nullable(),
        live: outlook,
        would: outlook,
      }),
    )
    .readonly(),
  next: z.string().nullable(),
});

export function shadowRoutes({ store }: ApiContext): FastifyPluginAsyncZod {
  return (app) => {
    app.get(
      '/schemes/:name/shadow',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['schemes'],
          summary:
            'What a scheme would have done beside calls, those that it would have sent elsewhere, and both sides of its canary',
          params: z.strictObject({ name: z.string().min(1).max(64).describe('Name of the scheme') }),
          querystring: query,
          response: { 200: answer },
        },
      },
      async (request) => {
        const who = principalOf(request);
        const { tenant } = who;
        const { since, cursor, limit } = request.query;
        const { name: shadow } = request.params;
        const filter = { tenant, shadow, ...(since === undefined ? {} : { since: new Date(since) }) };
        const counts = await store.shadows.counts(filter);
        const { calls: differing, next } = await store.shadows.differing(filter, {
          limit,
          ...(cursor === undefined ? {} : { cursor }),
        });
        const canaries = [];
        for (const of of await store.canaries.of(tenant, shadow))
          canaries.push({ ...of, counts: await store.canaries.counts({ ...filter, ...of }) });
        return {
          counts,
          canaries,
          differing: differing.map((one) => ({ ...recordFor(who, one), at: one.at })),
          next,
        };
      },
    );
    return Promise.resolve();
  };
}
