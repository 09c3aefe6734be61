import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LiveCall } from '../../call/live.ts';
import type { ApiContext } from '../context.ts';
import { authenticate } from '../guard/auth.ts';
import { LiveStream } from '../live-stream.ts';
import { principalOf, type Role } from '../guard/role.ts';
import { textFor } from '../masked.ts';
import { ApiProblem } from '../problem.ts';
import { content } from '../shapes.ts';

/** Calls in progress: as they are, and once a second as they change. */

/** Of 512 connections, so that others may come too. */
const MAX_READERS = 256;
/** At most this many for one user, tokens included, so that he cannot shut out the others. */
const MAX_OF_ONE = 224;
const MAX_SHOWN = 500;

const live = z.object({
  at: z.string(),
  counts: z.object({ live: z.number(), ended: z.number(), byResult: z.record(z.string(), z.number()) }),
  calls: z.array(
    z.object({
      id: z.string(),
      startedAt: z.string(),
      state: z.enum(['deciding', 'asking', 'ringing', 'talking']),
      since: z.string(),
      caller: z.string(),
      callerName: z.string(),
      did: z.string(),
      scheme: z.string().nullable(),
      destination: z.string(),
    }),
  ),
});

const minute = z.object({
  at: z.string().describe('Its beginning'),
  byResult: z.record(z.string(), z.number()).describe('Calls that ended in it'),
  crm: z
    .object({
      answers: z.number(),
      p50: z.number().nullable(),
      p95: z.number().nullable(),
      p99: z.number().nullable(),
    })
    .describe('Milliseconds until CRMs had answered, within 6 %; null: none did'),
});

/** Fields that identify people: ids and times have digits too. */
function shownCall(role: Role, call: LiveCall): LiveCall {
  const { caller, callerName, did, destination } = call;
  return {
    ...call,
    caller: textFor({ role }, caller),
    callerName: textFor({ role }, callerName),
    did: textFor({ role }, did),
    destination: textFor({ role }, destination),
  };
}

const isMaskedFor = (role: Role): boolean => role === 'viewer';

export function liveRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { clock, live: calls } = context;
  const shown = (role: Role): z.infer<typeof live> => {
    return {
      at: clock.date().toISOString(),
      counts: calls.counts,
      calls: calls.list(MAX_SHOWN).map((call) => shownCall(role, call)),
    };
  };
  const stream = new LiveStream({
    version: () => calls.version,
    text: (isMasked) => JSON.stringify(shown(isMasked ? 'viewer' : 'operator')),
    clock,
  });
  return (app) => {
    app.addHook('preClose', (done) => {
      stream.close();
      done();
    });
    app.get(
      '/live',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['live'],
          summary: `Calls in progress, at most ${MAX_SHOWN}, and counters`,
          response: { 200: live },
        },
      },
      (request) => Promise.resolve(shown(principalOf(request).role)),
    );
    app.get(
      '/live/minutes',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['live'],
          summary: 'The last minutes of this router: calls by result, and how long CRMs took',
          querystring: z.strictObject({ count: z.coerce.number().int().min(1).max(120).default(60) }),
          response: { 200: z.array(minute) },
        },
      },
      (request) => Promise.resolve(calls.minutes.list(request.query.count)),
    );
    app.get(
      '/live/events',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['live'],
          summary: 'The same as server-sent events, once a second when something changed',
          response: { 200: content('text/event-stream', 'Events `live`, each with what /live answers') },
        },
      },
      (request, reply) => {
        const { role, owner, tenant } = principalOf(request);
        const reader = `${tenant} ${owner}`;
        if (stream.readersOf(reader) >= MAX_OF_ONE) {
          throw new ApiProblem(429, `you have ${MAX_OF_ONE} of these streams open already`, {
            headers: { 'Retry-After': '10' },
          });
        }
        if (stream.readers >= MAX_READERS) {
          throw new ApiProblem(503, 'too many clients read this stream', {
            headers: { 'Retry-After': '10' },
          });
        }
        reply.hijack();
        const { raw: response } = reply;
        // The client has left during authentication.
        if (response.destroyed) return reply;
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) response.setHeader(name, value);
        }
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
        // A user who is disabled sees nothing more; a store that fails to answer once is no reason to cut everybody.
        const check = async (isStrict: boolean): Promise<void> => {
          const principal = await authenticate(request, context).catch(() => (isStrict ? null : undefined));
          if (principal !== undefined && principal?.role !== role) response.destroy();
        };
        stream.add({
          ...{ response, who: reader, isMasked: isMaskedFor(role) },
          check: (isStrict) => void check(isStrict),
        });
        return reply;
      },
    );
    return Promise.resolve();
  };
}
