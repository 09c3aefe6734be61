import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { StoredCall } from '../../store/calls.ts';
import { audit } from '../audit.ts';
import type { ApiContext, DescribedCall } from '../context.ts';
import { principalOf, secretRuleOf } from '../guard/role.ts';
import { ApiProblem } from '../problem.ts';
import { recordedCall } from '../recorded.ts';
import { cannedReply, record, verdict } from '../shapes.ts';

/** A call tried before it comes: by the schemes as they are, or by one that is not saved. */

const name = z.string().min(1).max(64);
const recorded = z.string().min(1).max(64).describe('A recorded call: its trace, or the uuid of its A leg');
const described = z.strictObject({
  caller: z.string().max(64).default(''),
  did: z.string().min(1).max(64),
  callerName: z.string().max(128).optional(),
  context: z.string().max(64).optional(),
  path: z.string().max(64).optional(),
  withheld: z.boolean().optional(),
  variables: z.record(z.string().max(64), z.string().max(1024)).default({}),
});
const document = z.record(z.string(), z.unknown()).describe('The scheme: see schema/scheme.json');
const changedQuestion = z.strictObject({
  question: z.int().min(1).describe('Which one: its `attempt` in the record'),
  url: z
    .string()
    .max(8192)
    .describe(
      '`***` stands for the secret that belongs there; another host gets no secret, no authentication and no headers of the scheme',
    )
    .optional(),
  body: z.string().max(65_536).describe('`***` as in the URL').optional(),
  headers: z
    .record(z.string().max(64), z.string().max(4096))
    .describe('Instead of those of the same name, or beside them')
    .default({}),
});
const fault = z.object({
  detail: z.string(),
  pointer: z.string().describe('Into the document; absent: the fault is not in it').optional(),
});

export function tryRoutes(context: ApiContext): FastifyPluginAsyncZod {
  return (app) => {
    app.post(
      '/try',
      {
        config: { role: 'editor' },
        schema: {
          tags: ['try'],
          summary:
            'What would happen to a call: the CRM is asked, marked as a dry run, and no call is placed',
          body: z.strictObject({
            scheme: name.describe('Instead of the scheme that would be chosen for the call').optional(),
            document: document.describe('A scheme that is not saved').optional(),
            call: z.union([described, recorded]),
            reply: cannedReply.optional(),
          }),
          response: { 200: record },
        },
      },
      async (request) => {
        const { scheme = null, document, call, reply = null } = request.body;
        const asked =
          typeof call === 'string'
            ? { recorded: await recordedCall(context, principalOf(request), call) }
            : describedCall(call);
        const tried = await context.trial.tryCall({
          scheme,
          document: document === undefined ? null : JSON.stringify(document),
          // With a reply nobody is asked.
          secrets: reply === null ? secretRuleOf(principalOf(request)) : 'any',
          call: asked,
          reply: reply === null ? null : lowered(reply),
          before: (unsaved) =>
            audit(context, request, 'try', scheme ?? unsaved?.name ?? '', {
              change: {
                live: reply === null,
                ...(unsaved === null ? {} : { unsaved: unsaved.name, to: unsaved.to }),
              },
            }),
        });
        return recordOf(tried);
      },
    );
    app.post(
      '/check',
      {
        config: { role: 'editor' },
        schema: {
          tags: ['try'],
          summary: 'Every fault of a scheme, checked as if it were live; nothing is saved',
          body: z.strictObject({ name, document }),
          response: { 200: z.object({ faults: z.array(fault) }) },
        },
      },
      async (request) => {
        const { name, document } = request.body;
        const found = await context.desk.check(
          name,
          JSON.stringify(document),
          secretRuleOf(principalOf(request)),
        );
        return {
          faults: found.map(({ pointer, message }) => ({
            detail: message,
            ...(pointer === null ? {} : { pointer }),
          })),
        };
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
          response: { 200: z.object({ verdicts: z.array(verdict), unread: z.number() }) },
        },
      },
      async (request) => {
        const { document, calls } = request.body;
        const { name } = document;
        if (typeof name !== 'string') {
          throw new ApiProblem(422, 'the scheme has no name', {
            errors: [{ pointer: '/document/name', detail: 'expected a name' }],
          });
        }
        return (await context.trial.changes(
          name,
          JSON.stringify(document),
          lastCalls(context, request, calls),
        )) as Changes;
      },
    );
    app.post(
      '/calls/:id/try',
      {
        config: { role: 'operator' },
        schema: {
          tags: ['try'],
          summary:
            'A recorded call tried again with the schemes in use now: the CRM is asked again, or this reply is read',
          params: z.strictObject({ id: recorded }),
          body: z.strictObject({ reply: cannedReply.optional() }),
          response: { 200: record },
        },
      },
      async (request) => {
        const { reply = null } = request.body;
        const call = await recordedCall(context, principalOf(request), request.params.id);
        const tried = await context.trial.tryCall({
          ...{ scheme: null, document: null, secrets: 'known', call: { recorded: call } },
          reply: reply === null ? null : lowered(reply),
          before: () =>
            audit(context, request, 'try', `call ${call.record.id}`, { change: { live: reply === null } }),
        });
        return recordOf(tried);
      },
    );
    app.post(
      '/calls/:id/send-again',
      {
        config: { role: 'editor' },
        schema: {
          tags: ['try'],
          summary:
            'A question of a recorded call, changed and sent to the CRM, marked as a dry run; those before it have their recorded replies',
          params: z.strictObject({ id: recorded }),
          body: changedQuestion,
          response: { 200: record },
        },
      },
      async (request) => {
        const { question, url, body, headers } = request.body;
        const call = await recordedCall(context, principalOf(request), request.params.id);
        // Before it is sent: what is asked of a network leaves its line, whatever comes of it.
        await audit(context, request, 'send again', `call ${call.record.id}`, {
          change: {
            question,
            ...(url === undefined ? {} : { to: originOf(url) }),
            body: body !== undefined,
            headers: Object.keys(headers),
          },
        });
        return recordOf(
          await context.trial.sendAgain(call, {
            ...{ question, headers },
            ...(url === undefined ? {} : { url }),
            ...(body === undefined ? {} : { body }),
          }),
        );
      },
    );
    app.post(
      '/calls/:id/decide-again',
      {
        config: { role: 'operator' },
        schema: {
          tags: ['try'],
          summary:
            'A recorded call decided again with the schemes in use now, from the replies in its record; the CRM is not asked',
          params: z.strictObject({ id: recorded }),
          response: { 200: verdict },
        },
      },
      async (request) => {
        const call = await recordedCall(context, principalOf(request), request.params.id);
        const decided = await context.trial.again(call);
        await audit(context, request, 'decide again', `call ${call.record.id}`);
        return decided as z.infer<typeof verdict>;
      },
    );
    return Promise.resolve();
  };
}

interface Changes {
  verdicts: z.infer<typeof verdict>[];
  unread: number;
}

function recordOf(tried: object): z.infer<typeof record> {
  return tried as z.infer<typeof record>;
}

function describedCall({ variables, ...rest }: z.infer<typeof described>): DescribedCall {
  return {
    ...(JSON.parse(JSON.stringify(rest)) as DescribedCall),
    var: Object.entries(variables).map((pair) => pair.join('=')),
  };
}

/** For the audit log: a path may hold a secret. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'no URL';
}

/** As they come from a CRM. */
function lowered({ headers, ...reply }: z.infer<typeof cannedReply>) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { ...reply, headers: Object.fromEntries(lower) as Record<string, string> };
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
