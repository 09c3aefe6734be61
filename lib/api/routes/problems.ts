import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { sentenceOf, whatToDo, type Reason } from '../../errors.ts';
import { REFUSED } from '../../reasons/destination.ts';
import { REASONS } from '../../reasons/index.ts';
import { LOOKED_AT, offendingValues } from '../../store/offending.ts';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { principalOf } from '../guard/role.ts';
import { textFor } from '../masked.ts';
import { ApiProblem } from '../problem.ts';

/** Failures of calls, grouped: what is wrong now, since when, and the cure. */

const state = z.enum(['open', 'acknowledged', 'solved']);
const id = z.uuid();

const MOST_VALUES = 50;

export function problemRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { problems, calls } = context.store;
  return (app) => {
    app.get(
      '/problems',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          tags: ['problems'],
          summary: 'Failures, counted by kind; most recent first',
          querystring: z.strictObject({
            state: state.optional(),
            limit: z.coerce.number().int().min(1).max(500).default(100),
          }),
          response: {
            200: z.array(
              z.object({
                id: z.string(),
                state,
                reason: z.string(),
                sentence: z.string(),
                whatToDo: z.string().nullable(),
                scheme: z.string(),
                crm: z.string(),
                count: z.number(),
                firstAt: z.string(),
                lastAt: z.string(),
                lastCall: z.string(),
                changedBy: z.string(),
                hasValues: z.boolean(),
              }),
            ),
          },
        },
      },
      async (request) => {
        const { state, limit } = request.query;
        const states = state === undefined ? (['open', 'acknowledged'] as const) : [state];
        const found = await problems.list(principalOf(request).tenant, states, limit);
        return found.map((one) => ({
          id: one.id,
          state: one.state,
          reason: one.reason,
          sentence: isReason(one.reason) ? sentenceOf(one.reason) : one.reason,
          whatToDo: isReason(one.reason) ? whatToDo(one.reason) : null,
          scheme: one.scheme,
          crm: one.crm,
          count: one.count,
          firstAt: one.first_at,
          lastAt: one.last_at,
          lastCall: one.last_call,
          changedBy: one.changed_by,
          hasValues: isOfValues(one.reason),
        }));
      },
    );
    app.get(
      '/problems/:id/values',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          tags: ['problems'],
          summary: `The values that the CRM sent and that were not taken for this reason, in the last ${LOOKED_AT} calls of the problem; the most frequent first`,
          params: z.object({ id }),
          response: {
            200: z.array(z.object({ value: z.string(), calls: z.number(), lastCall: z.string() })),
          },
        },
      },
      async (request) => {
        const who = principalOf(request);
        const problem = await problems.find(request.params.id, who.tenant);
        if (problem === null) throw new ApiProblem(404, 'there is no such problem');
        if (!isOfValues(problem.reason)) return [];
        const values = new Map<string, { calls: number; readonly lastCall: string }>();
        for (const { value, call } of await offendingValues(calls, problem)) {
          const shown = textFor(who, value);
          const known = values.get(shown);
          if (known === undefined) values.set(shown, { calls: 1, lastCall: call });
          else known.calls++;
        }
        return [...values]
          .map(([value, { calls, lastCall }]) => ({ value, calls, lastCall }))
          .sort((one, other) => other.calls - one.calls)
          .slice(0, MOST_VALUES);
      },
    );
    app.patch(
      '/problems/:id',
      {
        config: { role: 'operator', perTenant: true },
        schema: {
          tags: ['problems'],
          summary: 'Acknowledge, solve or reopen a problem',
          params: z.object({ id }),
          body: z.strictObject({ state }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { state } = request.body;
        const { who, tenant } = principalOf(request);
        await context.store.together(async ({ problems, audit }) => {
          const found = await problems.find(id, tenant);
          if (found === null) throw new ApiProblem(404, 'there is no such problem');
          await problems.change(id, tenant, { state, by: who });
          const change = { reason: found.reason, state: [found.state, state] };
          await audit.add(auditLine(context, request, 'problem changed', `problem ${id}`, { change }));
        });
        return reply.code(204).send(null);
      },
    );
    return Promise.resolve();
  };
}

/** Of other reasons no value is to blame. */
function isOfValues(reason: string): boolean {
  return reason === 'unmapped' || Object.hasOwn(REFUSED, reason);
}

function isReason(word: string): word is Reason {
  return Object.hasOwn(REASONS, word);
}
