import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { audit } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../problem.ts';

/** How the router is: readiness, store, circuit breakers. */

const breaker = z.object({
  name: z.string(),
  state: z.enum(['closed', 'open', 'half-open', 'forced-open', 'forced-closed']),
});

export function statusRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { breakers, readiness, store, clock, version, live } = context;
  const startedAt = clock.date();
  const shown = (): z.infer<typeof breaker>[] =>
    breakers.breakers().map(({ name, state, holdsBack }) => ({
      name,
      state:
        state.kind === 'forced'
          ? state.open
            ? 'forced-open'
            : 'forced-closed'
          : // Its time is over: the next call tries the CRM.
            state.kind === 'open' && !holdsBack
            ? 'half-open'
            : state.kind,
    }));
  return (app) => {
    app.get(
      '/status',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['status'],
          summary: 'Version, uptime, readiness, store and circuit breakers',
          response: {
            200: z.object({
              version: z.string(),
              startedAt: z.string(),
              uptimeSeconds: z.number(),
              readiness: z.looseObject({ status: z.string() }),
              store: z.looseObject({}),
              counts: z.looseObject({}),
              breakers: z.array(breaker),
            }),
          },
        },
      },
      () => {
        const uptimeSeconds = Math.round((clock.date().getTime() - startedAt.getTime()) / 1000);
        return Promise.resolve({
          version,
          startedAt: startedAt.toISOString(),
          uptimeSeconds,
          readiness: { ...readiness() },
          store: { ...store.state },
          counts: { ...live.counts },
          breakers: shown(),
        });
      },
    );
    app.post(
      '/breakers',
      {
        config: { role: 'operator' },
        schema: {
          tags: ['status'],
          summary:
            'Hold the circuit breakers of a webhook or host open or closed, or return them to automatic',
          body: z.strictObject({
            name: z.string().min(1).max(2048),
            force: z.enum(['open', 'closed', 'none']),
          }),
          response: { 200: z.array(breaker) },
        },
      },
      async (request) => {
        const { name, force } = request.body;
        if (!shown().some((one) => one.name === name)) {
          throw new ApiProblem(404, 'no webhook or host of this name was asked recently', {
            errors: [{ pointer: '/name', detail: 'unknown' }],
          });
        }
        // Before it is done: what leaves no line does not happen.
        await audit(context, request, 'breaker', name, { change: { force } });
        breakers.force(name, force === 'none' ? null : force === 'open');
        return shown();
      },
    );
    return Promise.resolve();
  };
}
