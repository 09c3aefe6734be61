import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DocumentFault, Listing, Saved, SchemeState } from '../../schemes/desk.ts';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { differences } from '../difference.ts';
import { keeping } from '../figures.ts';
import { principalOf, secretRuleOf, type Principal } from '../guard/role.ts';
import { documentFor, textFor } from '../masked.ts';
import { ApiProblem } from '../problem.ts';
import { schemeFigures } from '../shapes.ts';

/** Schemes: those from files can be read, those from the store also changed. */

const name = z.string().min(1).max(64).describe('Name of the scheme');
const params = z.strictObject({ name });
const document = z.record(z.string(), z.unknown()).describe('The scheme: see schema/scheme.json');
const message = z.string().max(500).describe('Why it was changed; listed with the revision').default('');
const state = z
  .enum(['live', 'shadow', 'draft', 'disabled'])
  .describe(
    'live: calls use it. shadow: it is asked alongside calls, and decides none (docs/shadow.md). draft and disabled: no call uses it; a draft may be wrong',
  );
const revision = z.coerce.number().int().min(1);
const headers = z.looseObject({
  'if-match': z.string().max(64).describe('ETag of the revision that is changed').optional(),
  'if-none-match': z.string().max(64).describe('`*`: a new scheme').optional(),
});

const revisionShown = z.object({
  revision: z.number(),
  createdAt: z.string(),
  author: z.string(),
  message: z.string(),
  state: z.enum(['live', 'shadow', 'draft', 'disabled', 'deleted']),
});
const use = z
  .looseObject({
    name: z.string(),
    revision: z.number(),
    use: z.enum(['live', 'shadow', 'hidden', 'left_out']),
  })
  .describe('hidden `by` a file; left_out with its `faults`');
const listing = revisionShown.extend({
  name: z.string(),
  use: use.nullable().describe('null: it is not live, or is not loaded yet'),
});
const saved = z.object({ revision: z.number() });

const DAY_SECONDS = 86_400;

export function schemeRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { desk, schemes, readSchemeFile, store, clock } = context;
  const figures = keeping(context, (tenant, seconds) =>
    store.figures.bySchemes(tenant, new Date(clock.date().getTime() - seconds * 1000)),
  );
  const schema = { tags: ['schemes'] };
  const stored = async (of: string) => {
    const found = await desk.read(of);
    if (found === null) throw new ApiProblem(404, 'the store has no scheme of this name');
    return found;
  };
  const change = async (
    request: Parameters<typeof auditLine>[1],
    given: { name: string; state: SchemeState; document: string; message: string; after: number },
    action: string,
  ): Promise<number> => {
    const file = schemes().files.get(given.name);
    if (file !== undefined && given.state !== 'deleted') {
      throw new ApiProblem(409, `the file ${file} has this scheme: change it there`);
    }
    const who = principalOf(request);
    const { after: from, state: to } = given;
    const line = auditLine(context, request, action, given.name, {
      change: { from, to: from + 1, state: to },
    });
    return savedOrThrow(await desk.save({ ...given, author: who.who, secrets: secretRuleOf(who) }, line));
  };
  return (app) => {
    app.get(
      '/schemes',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'All schemes, from files and from the store, with figures of the last 24 hours',
          response: {
            200: z.object({
              files: z.array(
                z.object({ name: z.string(), file: z.string().nullable(), revision: z.string() }),
              ),
              stored: z.array(listing),
              figures: z.record(z.string(), schemeFigures).describe('By name, for schemes that had a call'),
              default: z
                .string()
                .nullable()
                .describe('Scheme for calls that no other one takes; null: there is none'),
            }),
          },
        },
      },
      async (request) => {
        const { set, files } = schemes();
        const who = principalOf(request);
        const all = await Promise.all((await desk.list()).map((one) => shown(who, one)));
        const provisioned = [...set.schemes.values()].filter(
          ({ name, mode }) => !all.some((one) => one.name === name && one.use?.use === mode),
        );
        return {
          files: provisioned.map((scheme) => ({
            name: scheme.name,
            file: files.get(scheme.name) ?? null,
            revision: scheme.revision,
          })),
          stored: all,
          figures: Object.fromEntries(await figures(who.tenant, DAY_SECONDS)),
          default: set.default?.name ?? null,
        };
      },
    );
    app.get(
      '/schemes/:name',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'One scheme, with an ETag if it is in the store; a viewer sees no numbers in it',
          params,
          response: {
            200: z.union([
              listing.extend({ file: z.null(), document: z.unknown() }),
              z
                .object({
                  name: z.string(),
                  file: z.string(),
                  document: z.unknown(),
                  wordsLeftOut: z
                    .number()
                    .describe(
                      'Words of `webhook.map` that `document` leaves out: of more than 4,000 it has the first ones',
                    ),
                })
                .describe('Of a file: it is changed there'),
            ]),
          },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const who = principalOf(request);
        const file = schemes().files.get(name);
        if (file !== undefined) {
          const { document, wordsLeftOut } = await readSchemeFile(file);
          return reply.send({ name, file, document: await documentFor(who, document), wordsLeftOut });
        }
        const found = await stored(name);
        const document = await documentFor(who, JSON.parse(found.document) as unknown);
        return reply
          .header('ETag', etagOf(found.revision))
          .send({ ...(await shown(who, found)), file: null, document });
      },
    );
    app.put(
      '/schemes/:name',
      {
        config: { role: 'editor' },
        schema: {
          ...schema,
          summary: 'Create a scheme (If-None-Match: *) or change it (If-Match)',
          params,
          headers,
          body: z.strictObject({ document, state: state.default('live'), message }),
          response: { 200: saved, 201: saved },
        },
      },
      async (request, reply) => {
        const { body } = request;
        const after = afterOf(request.headers);
        const text = JSON.stringify(body.document, null, 2);
        const given = { name: request.params.name, state: body.state, message: body.message, document: text };
        const saved = await change(
          request,
          { ...given, after },
          after === 0 ? 'scheme made' : 'scheme changed',
        );
        return reply
          .code(after === 0 ? 201 : 200)
          .header('ETag', etagOf(saved))
          .send({ revision: saved });
      },
    );
    app.post(
      '/schemes/:name/state',
      {
        config: { role: 'editor' },
        schema: {
          ...schema,
          summary: 'Disable it, make it live or shadow',
          params,
          headers,
          body: z.strictObject({ state, message }),
          response: { 200: saved },
        },
      },
      async (request, reply) => {
        const { name, document } = await stored(request.params.name);
        const after = afterOf(request.headers);
        const saved = await change(request, { name, document, after, ...request.body }, 'scheme state');
        return reply.header('ETag', etagOf(saved)).send({ revision: saved });
      },
    );
    app.delete(
      '/schemes/:name',
      {
        config: { role: 'editor' },
        schema: {
          ...schema,
          summary: 'Delete it; its revisions stay',
          params,
          headers,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { name, document } = await stored(request.params.name);
        const given = {
          name,
          document,
          state: 'deleted',
          message: '',
          after: afterOf(request.headers),
        } as const;
        await change(request, given, 'scheme deleted');
        return reply.code(204).send(null);
      },
    );
    app.get(
      '/schemes/:name/revisions',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'Its revisions, newest first',
          params,
          querystring: z.strictObject({
            limit: z.coerce.number().int().min(1).max(500).default(100),
            before: revision.describe('The last one of the page before: those that are older').optional(),
          }),
          response: { 200: z.array(revisionShown) },
        },
      },
      async (request) => {
        const { limit, before } = request.query;
        const page = { limit, ...(before === undefined ? {} : { before }) };
        const all = await desk.revisions(request.params.name, page);
        if (all.length === 0 && before === undefined)
          throw new ApiProblem(404, 'the store has no scheme of this name');
        const who = principalOf(request);
        return all.map(({ revision, created_at, author, message, state }) => {
          return { revision, createdAt: created_at, author, message: textFor(who, message), state };
        });
      },
    );
    const documentOf = async (of: string, number: number): Promise<string> => {
      const found = await desk.document(of, number);
      if (found === null) throw new ApiProblem(404, `there is no revision ${number} of this scheme`);
      return found;
    };
    app.get(
      '/schemes/:name/diff',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'How two revisions differ, by JSON pointer',
          params,
          querystring: z.strictObject({ from: revision, to: revision }),
          response: {
            200: z.array(
              z.object({ pointer: z.string(), from: z.unknown().optional(), to: z.unknown().optional() }),
            ),
          },
        },
      },
      async (request) => {
        const { name } = request.params;
        const [from, to] = [
          await documentOf(name, request.query.from),
          await documentOf(name, request.query.to),
        ];
        const found = differences(JSON.parse(from), JSON.parse(to));
        return documentFor(principalOf(request), found);
      },
    );
    app.post(
      '/schemes/:name/restore',
      {
        config: { role: 'editor' },
        schema: {
          ...schema,
          summary: 'Restore an old revision: it becomes the newest, and live',
          params,
          headers,
          body: z.strictObject({ revision: z.int().min(1), message }),
          response: { 200: saved },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const document = await documentOf(name, request.body.revision);
        const after = afterOf(request.headers);
        const { message } = request.body;
        const saved = await change(
          request,
          { name, document, state: 'live', message, after },
          'scheme restored',
        );
        return reply.header('ETag', etagOf(saved)).send({ revision: saved });
      },
    );
    return Promise.resolve();
  };
}

/** Numbers stand in fallback steps, maps and messages, and in what is wrong with them. */
async function shown(
  who: Principal,
  { name, revision, created_at: createdAt, author, message, state, use: now }: Listing,
) {
  const use = now?.use === 'left_out' ? { ...now, faults: await documentFor(who, now.faults) } : now;
  return { name, revision, createdAt, author, message: textFor(who, message), state, use };
}

function etagOf(of: number): string {
  return `"${of}"`;
}

/** The revision that a change is made from. */
function afterOf({ 'if-match': match, 'if-none-match': none }: z.infer<typeof headers>): number {
  if (none === '*' && match === undefined) return 0;
  const [, number] = /^"(\d{1,9})"$/.exec(match ?? '') ?? [];
  if (number === undefined) {
    throw new ApiProblem(428, 'send If-Match with the ETag of the scheme, or If-None-Match: * for a new one');
  }
  return Number(number);
}

function savedOrThrow(saved: Saved): number {
  switch (saved.kind) {
    case 'saved':
      return saved.revision;
    case 'conflict': {
      const detail = saved.revision === 0 ? 'there is none yet' : `the newest revision is ${saved.revision}`;
      throw new ApiProblem(412, `somebody else has changed the scheme: ${detail}`, {
        headers: saved.revision === 0 ? {} : { ETag: etagOf(saved.revision) },
      });
    }
    case 'invalid':
      throw invalid(saved.faults);
  }
}

function invalid(faults: readonly DocumentFault[]): ApiProblem {
  const [first] = faults;
  const detail = [first?.path ?? '', first?.message ?? ''].filter((part) => part !== '').join(': ');
  const errors = faults.map(({ pointer, message }) => ({
    detail: message,
    ...(pointer === null ? {} : { pointer: `/document${pointer}` }),
  }));
  return new ApiProblem(422, detail, { errors });
}
