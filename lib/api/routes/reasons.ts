import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { NOTHING } from '../../reasons/about.ts';
import { isCrmFailure, REASON_GROUPS } from '../../reasons/index.ts';

/** The closed list of reasons: what each means, what mostly causes it, and the cure. */

const GROUPS = Object.entries(REASON_GROUPS).map(([title, reasons]) => ({
  title,
  reasons: Object.entries(reasons).map(([reason, [sentence, cause, whatToDo]]) => ({
    reason,
    sentence,
    cause,
    whatToDo: whatToDo === NOTHING ? null : whatToDo,
    ofCrm: isCrmFailure(reason),
  })),
}));

export function reasonRoutes(): FastifyPluginAsyncZod {
  return (app) => {
    app.get(
      '/reasons',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['calls'],
          summary: 'Every reason with its sentence, what mostly causes it and what to do',
          response: {
            200: z.array(
              z.object({
                title: z.string(),
                reasons: z.array(
                  z.object({
                    reason: z.string(),
                    sentence: z.string(),
                    cause: z.string(),
                    whatToDo: z.string().nullable(),
                    ofCrm: z.boolean(),
                  }),
                ),
              }),
            ),
          },
        },
      },
      () => Promise.resolve(GROUPS),
    );
    return Promise.resolve();
  };
}
