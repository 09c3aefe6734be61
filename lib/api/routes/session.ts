import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { dropCookie, openSession } from '../guard/auth.ts';
import { MAX_PASSWORD } from '../guard/password.ts';
import { principalOf, role } from '../guard/role.ts';
import { ApiProblem } from '../problem.ts';

/** Log in, log out, and who is logged in. */

const me = z.object({
  name: z.string(),
  role,
  /** For the header X-CSRF-Token; null with a token, which needs none. */
  csrfToken: z.string().nullable(),
});

export function sessionRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { store, passwords, attempts, log } = context;
  return (app) => {
    app.post(
      '/session',
      {
        config: { role: 'anyone' },
        schema: {
          tags: ['session'],
          summary: 'Log in: sets the cookie of a session',
          body: z.strictObject({
            name: z.string().min(1).max(64),
            password: z.string().min(1).max(MAX_PASSWORD),
          }),
          response: { 200: me },
        },
      },
      async (request, reply) => {
        const { name, password } = request.body;
        const opened = await attempts.check({ account: name, address: request.ip }, async () => {
          const user = await store.accounts.user(name);
          const hash = user === null || user.disabled_at !== null ? null : user.password_hash;
          if (!(await passwords.verify(password, hash)) || user === null) return null;
          const { role, tenant } = user;
          const line = auditLine(context, request, 'login', `user ${name}`, { who: name, tenant });
          const csrfToken = await openSession(request, reply, { user, line }, context);
          return csrfToken === null ? null : { name, role, csrfToken };
        });
        if (opened === null) {
          log.warn('api: a login failed', { address: request.ip });
          throw new ApiProblem(401, 'wrong user or password');
        }
        return opened;
      },
    );
    app.get(
      '/session',
      {
        config: { role: 'viewer', perTenant: true },
        schema: { tags: ['session'], summary: 'Who is logged in', response: { 200: me } },
      },
      (request) => {
        const { who, role, by } = principalOf(request);
        return Promise.resolve({ name: who, role, csrfToken: by.kind === 'session' ? by.csrf : null });
      },
    );
    app.delete(
      '/session',
      {
        config: { role: 'viewer', perTenant: true },
        schema: { tags: ['session'], summary: 'Log out', response: { 204: z.null() } },
      },
      async (request, reply) => {
        const { by, who } = principalOf(request);
        if (by.kind !== 'session') throw new ApiProblem(409, 'a token has no session: revoke it instead');
        await store.together(async ({ accounts, audit }) => {
          await accounts.closeSession(by.id);
          await audit.add(auditLine(context, request, 'logout', `user ${who}`));
        });
        dropCookie(request, reply);
        return reply.code(204).send(null);
      },
    );
    return Promise.resolve();
  };
}
