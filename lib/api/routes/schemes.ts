import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DocumentFault, Listing, Saved, SchemeState } from '../../schemes/desk.ts';
import { audit } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { differences } from '../difference.ts';
import { ApiProblem } from '../problem.ts';

/** Schemes: those of files to be read, those of the store to be changed. */

const name = z.string().min(1).max(64).describe('Name of the scheme');
const params = z.strictObject({ name });
const document = z.record(z.string(), z.unknown()).describe('The scheme: see schema/scheme.json');
const message = z.string().max(500).describe('Why, for whoever reads the revisions').default('');
const state = z
  .enum(['live', 'shadow', 'draft', 'disabled'])
  .describe(
    'live: calls use it. shadow: it is asked beside calls, and none goes by it (docs/shadow.md). draft and disabled: no call uses it; a draft may be wrong',
  );
const revision = z.coerce.number().int().min(1);
const headers = z.looseObject({
  'if-match': z.string().max(64).describe('ETag of the revision that is changed').optional(),
  'if-none-match': z.string().max(64).describe('`*`: a new scheme').optional(),
});

export function schemeRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { desk, schemes } = context;
  const schema = { tags: ['schemes'] };
  const stored = async (of: string): Promise<Listing> => {
    const found = await desk.read(of);
    if (found === null) throw new ApiProblem(404, 'the store has no scheme of this name');
    return found;
  };
  const change = async (
    request: Parameters<typeof audit>[1],
    given: { name: string; state: SchemeState; document: string; message: string; after: number },
    action: string,
  ): Promise<number> => {
    const file = schemes().files.get(given.name);
    if (file !== undefined && given.state !== 'deleted') {
      throw new ApiProblem(409, `the file ${file} has this scheme: it is changed there`);
    }
    const author = request.principal?.who ?? '';
    const saved = savedOrThrow(await desk.save({ ...given, author }));
    const { after: from, state: to } = given;
    await audit(context, request, action, given.name, { change: { from, to: saved, state: to } });
    return saved;
  };
  return (app) => {
    app.get(
      '/schemes',
      {
        config: { role: 'viewer' },
        schema: { ...schema, summary: 'All schemes, of files and of the store' },
      },
      async () => {
        const { set, files } = schemes();
        const all = (await desk.list()).map((one) => shown(one));
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
        };
      },
    );
    app.get(
      '/schemes/:name',
      { config: { role: 'viewer' }, schema: { ...schema, summary: 'One scheme of the store', params } },
      async (request, reply) => {
        const found = await stored(request.params.name);
        return reply.header('ETag', etagOf(found.revision)).send(withDocument(found));
      },
    );
    app.put(
      '/schemes/:name',
      {
        config: { role: 'editor' },
        schema: {
          ...schema,
          summary: 'Make a scheme (If-None-Match: *) or change it (If-Match)',
          params,
          headers,
          body: z.strictObject({ document, state: state.default('live'), message }),
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
        schema: { ...schema, summary: 'Delete it; its revisions stay', params, headers },
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
        return reply.code(204).send();
      },
    );
    app.get(
      '/schemes/:name/revisions',
      {
        config: { role: 'viewer' },
        schema: { ...schema, summary: 'Its revisions, the newest first', params },
      },
      async (request) => {
        const all = await desk.revisions(request.params.name);
        if (all.length === 0) throw new ApiProblem(404, 'the store has no scheme of this name');
        return all.map(({ revision, created_at, author, message, state }) => ({
          ...{ revision, createdAt: created_at, author, message, state },
        }));
      },
    );
    const revisionOf = async (of: string, number: number) => {
      const found = (await desk.revisions(of)).find((one) => one.revision === number);
      if (found === undefined) throw new ApiProblem(404, `there is no revision ${number} of this scheme`);
      return found;
    };
    app.get(
      '/schemes/:name/diff',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'What two revisions have otherwise, by JSON pointer',
          params,
          querystring: z.strictObject({ from: revision, to: revision }),
        },
      },
      async (request) => {
        const { name } = request.params;
        const [from, to] = [
          await revisionOf(name, request.query.from),
          await revisionOf(name, request.query.to),
        ];
        return differences(JSON.parse(from.document), JSON.parse(to.document));
      },
    );
    app.post(
      '/schemes/:name/restore',
      {
        config: { role: 'editor' },
        schema: {
          ...schema,
          summary: 'Make an old revision the newest, live',
          params,
          headers,
          body: z.strictObject({ revision: z.int().min(1), message }),
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const { document } = await revisionOf(name, request.body.revision);
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

function shown({ name, revision, created_at, author, message, state, use }: Listing) {
  return { name, revision, createdAt: created_at, author, message, state, use };
}

function withDocument(listing: Listing) {
  return { ...shown(listing), document: JSON.parse(listing.document) as unknown };
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
