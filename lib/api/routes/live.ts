import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { LiveCall } from '../../call/live.ts';
import type { ApiContext } from '../context.ts';
import { authenticate } from '../guard/auth.ts';
import { principalOf, type Role } from '../guard/role.ts';
import { textFor } from '../masked.ts';
import { ApiProblem } from '../problem.ts';
import { content } from '../shapes.ts';

/**
 * Calls in progress: as they are, and once a second as they change. A reader never delays a call: all changes of a second are
 * one event.
 */

const TICK_MS = 1_000;
/** How often a sign of life is sent. Access is checked again each second. */
const HEARTBEAT_TICKS = 15;
const MAX_READERS = 64;
const MAX_SHOWN = 500;
/** A client with this much unread is gone, or should be. */
const MAX_BEHIND_BYTES = 256 * 1024;

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

export function liveRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { clock, live: calls } = context;
  const shown = (role: Role): z.infer<typeof live> => {
    return {
      at: clock.date().toISOString(),
      counts: calls.counts,
      calls: calls.list(MAX_SHOWN).map((call) => shownCall(role, call)),
    };
  };
  let readers = 0;
  return (app) => {
    const open = new Set<ServerResponse>();
    app.addHook('preClose', (done) => {
      for (const response of open) response.destroy();
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
        const { role } = principalOf(request);
        if (readers >= MAX_READERS) {
          throw new ApiProblem(503, 'too many clients read this stream', {
            headers: { 'Retry-After': '10' },
          });
        }
        reply.hijack();
        const { raw: response } = reply;
        // The client has left during authentication.
        if (response.destroyed) return reply;
        readers++;
        open.add(response);
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) response.setHeader(name, value);
        }
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
        let version = -1;
        let ticks = 0;
        let cancel = (): void => undefined;
        const tick = (): void => {
          if (response.destroyed) return;
          if (response.writableLength > MAX_BEHIND_BYTES) {
            response.destroy();
            return;
          }
          const isBehind = response.writableNeedDrain;
          if (version !== calls.version && !isBehind) {
            version = calls.version;
            response.write(`event: live\ndata: ${JSON.stringify(shown(role))}\n\n`);
          } else if (ticks % HEARTBEAT_TICKS === 0) {
            response.write(': still here\n\n');
          }
          void stillMay(++ticks % HEARTBEAT_TICKS === 0);
          cancel = clock.after(TICK_MS, tick, { keepsAlive: false });
        };
        // A user who is disabled sees nothing more; a store that fails to answer once is no reason to cut everybody.
        const stillMay = async (isStrict: boolean): Promise<void> => {
          const principal = await authenticate(request, context).catch(() => (isStrict ? null : undefined));
          if (principal !== undefined && principal?.role !== role) response.destroy();
        };
        response.once('close', () => {
          readers--;
          open.delete(response);
          cancel();
        });
        response.on('error', () => undefined);
        tick();
        return reply;
      },
    );
    return Promise.resolve();
  };
}
