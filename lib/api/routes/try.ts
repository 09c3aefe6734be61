import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DocumentFault } from '../../schemes/desk.ts';
import type { StoredCall } from '../../store/calls.ts';
import { audit } from '../audit.ts';
import type { ApiContext, TryQuestion } from '../context.ts';
import { principalOf } from '../guard/role.ts';
import { ApiProblem, type FieldFault } from '../problem.ts';

/** A call tried before it comes: by the schemes as they are, or by one that is not saved. */

const name = z.string().min(1).max(64);
const document = z.record(z.string(), z.unknown()).describe('The scheme: see schema/scheme.json');

export function tryRoutes(context: ApiContext): FastifyPluginAsyncZod {
  return (app) => {
    app.post(
      '/try',
      {
        config: { role: 'editor' },
        schema: {
          tags: ['try'],
          summary: 'What a call would come to: the CRM is asked, marked as a dry run, and no call is placed',
          body: z.strictObject({
            scheme: name.describe('In place of the scheme that the call would choose').optional(),
            document: document.describe('A scheme that is not saved').optional(),
            call: z.strictObject({
              caller: z.string().max(64).default(''),
              did: z.string().min(1).max(64),
              callerName: z.string().max(128).optional(),
              context: z.string().max(64).optional(),
              path: z.string().max(64).optional(),
              withheld: z.boolean().optional(),
              variables: z.record(z.string().max(64), z.string().max(1024)).default({}),
            }),
            reply: z
              .strictObject({ status: z.int().min(200).max(599).default(200), body: z.string().max(65_536) })
              .describe('In place of the answer of the CRM, which is not asked then')
              .optional(),
          }),
        },
      },
      async (request) => {
        const { scheme = null, document, call, reply = null } = request.body;
        const { variables, ...rest } = call;
        await audit(context, request, 'try', scheme ?? '', { change: { live: reply === null } });
        return context.trial.tryCall({
          scheme,
          document: document === undefined ? null : JSON.stringify(document),
          call: {
            ...(JSON.parse(JSON.stringify(rest)) as TryQuestion['call']),
            var: Object.entries(variables).map((pair) => pair.join('=')),
          },
          reply,
        });
      },
    );
    app.post(
      '/check',
      {
        config: { role: 'editor' },
        schema: {
          tags: ['try'],
          summary: 'What would keep a document from being in use, were it live; nothing is saved',
          body: z.strictObject({ name, document }),
        },
      },
      async (request) => {
        const { name, document } = request.body;
        const faults = await context.desk.check(name, JSON.stringify(document));
        return { faults: faults.map(faultShown) };
      },
    );
    app.post(
      '/what-would-change',
      {
        config: { role: 'editor' },
        schema: {
          tags: ['try'],
          summary: 'The last calls decided again by a changed scheme, from their recorded replies',
          body: z.strictObject({ document, calls: z.int().min(1).max(500).default(100) }),
        },
      },
      (request) => {
        const { document, calls } = request.body;
        const { name } = document;
        if (typeof name !== 'string') {
          throw new ApiProblem(422, 'the scheme has no name', {
            errors: [{ pointer: '/document/name', detail: 'expected a name' }],
          });
        }
        return context.trial.changes(name, JSON.stringify(document), lastCalls(context, request, calls));
      },
    );
    return Promise.resolve();
  };
}

function faultShown({ pointer, message }: DocumentFault): FieldFault {
  return { detail: message, ...(pointer === null ? {} : { pointer }) };
}

async function* lastCalls(
  { store }: ApiContext,
  request: Parameters<typeof principalOf>[0],
  limit: number,
): AsyncGenerator<StoredCall> {
  const { tenant } = principalOf(request);
  const { calls } = await store.calls.page({ tenant }, { limit });
  for (const { id } of calls) {
    const found = await store.calls.find(id);
    if (found !== null) yield found;
  }
}
