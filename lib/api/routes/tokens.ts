import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Token } from '../../store/accounts.ts';
import { uuidv7 } from '../../uuid.ts';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { hashOf, newSecret } from '../guard/auth.ts';
import { principalOf, role, ROLES } from '../guard/role.ts';
import { ApiProblem } from '../problem.ts';

/** Tokens of programs: each has a role, an end, and a user who made it and answers for it. */

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

const token = z.object({
  id: z.string(),
  name: z.string(),
  role: role.nullable(),
  createdBy: z
    .string()
    .describe(
      'The user it belongs to: it stops working when that user is disabled, and never allows more than the user may',
    ),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  usedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});

export function tokenRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { store, clock } = context;
  return (app) => {
    app.get(
      '/tokens',
      {
        config: { role: 'admin', perTenant: true },
        schema: { tags: ['tokens'], summary: 'All tokens', response: { 200: z.array(token) } },
      },
      async (request) => (await store.accounts.tokens(principalOf(request).tenant)).map(shown),
    );
    app.post(
      '/tokens',
      {
        config: { role: 'admin', perTenant: true },
        schema: {
          tags: ['tokens'],
          summary:
            'Create a token; it is shown only once. A token created with another token expires no later than that one',
          body: z.strictObject({
            name: z
              .string()
              .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u, 'letters, digits, " ._@-", at most 64'),
            role,
            days: z.int().min(1).max(LONGEST_DAYS),
          }),
          response: { 201: token.extend({ token: z.string() }) },
        },
      },
      async (request, reply) => {
        const { name, role, days } = request.body;
        const { owner, tenant, by } = principalOf(request);
        const secret = `eslr_${newSecret()}`;
        const at = clock.date();
        const asked = new Date(at.getTime() + days * DAY_MS).toISOString();
        // Otherwise whoever finds a token could renew it for ever.
        const longest = by.kind === 'token' ? by.expiresAt : null;
        const row = {
          id: uuidv7(at),
          tenant,
          name,
          hash: hashOf(secret),
          scopes: role,
          created_by: owner,
          created_at: at.toISOString(),
          expires_at: longest === null || asked < longest ? asked : longest,
          used_at: null,
          revoked_at: null,
        };
        const line = auditLine(context, request, 'token made', `token ${row.id}`, {
          change: { name, role, days },
        });
        await store.together(async ({ accounts, audit }) => {
          await accounts.addToken(row);
          await audit.add(line);
        });
        return reply.code(201).send({ ...shown(row), token: secret });
      },
    );
    app.delete(
      '/tokens/:id',
      {
        config: { role: 'admin', perTenant: true },
        schema: {
          tags: ['tokens'],
          summary: 'Revoke a token',
          params: z.object({ id: z.uuid() }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { tenant } = principalOf(request);
        await store.together(async ({ accounts, audit }) => {
          if (!(await accounts.revokeToken(id, tenant, clock.date()))) {
            throw new ApiProblem(404, 'no such token, or it is already revoked');
          }
          await audit.add(auditLine(context, request, 'token revoked', `token ${id}`));
        });
        return reply.code(204).send(null);
      },
    );
    return Promise.resolve();
  };
}

function shown(row: Token): z.infer<typeof token> {
  return {
    id: row.id,
    name: row.name,
    role: ROLES.find((one) => one === row.scopes) ?? null,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    revokedAt: row.revoked_at,
  };
}
