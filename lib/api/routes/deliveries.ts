import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { principalOf } from '../guard/role.ts';
import { textFor } from '../masked.ts';

/** Events on their way to CRMs, and those that did not arrive. What a call gave is not shown: it stands in its record. */

const counts = z.array(
  z.object({
    state: z.enum(['waiting', 'delivered', 'parked']),
    count: z.number(),
    oldest: z.string().describe('When the oldest of them happened'),
  }),
);
const delivery = z.object({
  id: z.string(),
  call: z.string().describe('Its trace'),
  scheme: z.string(),
  webhook: z.string().describe('Name of the entry of the scheme’s events'),
  event: z.string(),
  seq: z.number(),
  attempts: z.number(),
  createdAt: z.string(),
  error: z.string().describe('Of the last try'),
});

export function deliveryRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { store, clock } = context;
  return (app) => {
    app.get(
      '/deliveries',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          tags: ['deliveries'],
          summary: 'Events to CRMs: how many of each state, and those that are parked',
          querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
          response: { 200: z.object({ counts, parked: z.array(delivery) }) },
        },
      },
      async (request) => {
        const who = principalOf(request);
        const { tenant } = who;
        const [counted, parked] = [
          await store.deliveries.counts(tenant),
          await store.deliveries.parked(request.query.limit, { tenant }),
        ];
        return {
          counts: counted.map(({ state, count, oldest }) => ({ state, count, oldest })),
          parked: parked.map((one) => ({
            ...{ id: one.id, call: one.call_id, scheme: one.scheme, webhook: one.webhook, event: one.event },
            ...{ seq: one.seq, attempts: one.attempts, createdAt: one.created_at },
            // A CRM says what it did not like.
            error: textFor(who, one.last_error),
          })),
        };
      },
    );
    app.post(
      '/deliveries/retry',
      {
        config: { role: 'operator', perTenant: true },
        schema: {
          tags: ['deliveries'],
          summary: 'Try parked events again for another day: all, or one',
          body: z.strictObject({ id: z.string().min(1).max(64).optional() }),
          response: { 200: z.object({ retried: z.number() }) },
        },
      },
      async (request) => {
        const { id } = request.body;
        const { tenant } = principalOf(request);
        const of = { tenant, ...(id === undefined ? {} : { id }) };
        const subject = id === undefined ? 'all parked events' : `event ${id}`;
        const retried = await store.together(async ({ deliveries, audit }) => {
          const retried = await deliveries.retry(clock.date(), of);
          await audit.add(auditLine(context, request, 'events retried', subject, { change: { retried } }));
          return retried;
        });
        return { retried };
      },
    );
    return Promise.resolve();
  };
}
