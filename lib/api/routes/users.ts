import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { MAX_PASSWORD, MIN_PASSWORD } from '../guard/password.ts';
import { principalOf, role } from '../guard/role.ts';
import { ApiProblem, fieldProblem } from '../problem.ts';
import { userRow, USER_NAME } from '../user.ts';

/** Who may log in. Users are never deleted: the audit log names them. */

const user = z.object({ name: z.string(), role, createdAt: z.string(), disabledAt: z.string().nullable() });
const name = z.string().regex(USER_NAME, 'letters, digits, ".", "_", "-" or "@", at most 64');
const password = z.string().min(MIN_PASSWORD).max(MAX_PASSWORD);

export function userRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { store, passwords, attempts, clock } = context;
  const { accounts } = store;
  return (app) => {
    app.get(
      '/users',
      {
        config: { role: 'admin', perTenant: true },
        schema: { tags: ['users'], summary: 'All users', response: { 200: z.array(user) } },
      },
      async (request) => (await accounts.users(principalOf(request).tenant)).map(shown),
    );
    app.post(
      '/users',
      {
        config: { role: 'admin', perTenant: true },
        schema: {
          tags: ['users'],
          summary: 'Add a user',
          body: z.strictObject({ name, role, password }),
          response: { 201: user },
        },
      },
      async (request, reply) => {
        const { body } = request;
        if ((await accounts.user(body.name)) !== null) throw taken(body.name);
        const { tenant } = principalOf(request);
        const row = userRow({ ...body, tenant, hash: await passwords.hash(body.password), at: clock.date() });
        const change = { role: body.role };
        await store.together(async ({ accounts, audit }) => {
          if (!(await accounts.addUser(row))) throw taken(body.name);
          await audit.add(auditLine(context, request, 'user added', `user ${body.name}`, { change }));
        });
        return reply.code(201).send(shown(row));
      },
    );
    app.patch(
      '/users/:name',
      {
        config: { role: 'admin', perTenant: true },
        schema: {
          tags: ['users'],
          summary:
            'Change the role or the password of a user, disable or enable the user; all sessions of the user end',
          params: z.object({ name }),
          body: z
            .strictObject({
              role: role.optional(),
              password: password.optional(),
              disabled: z.boolean().optional(),
            })
            .refine((change) => Object.keys(change).length > 0, 'nothing to change'),
          response: { 200: user },
        },
      },
      async (request) => {
        const { name } = request.params;
        const { role, password, disabled } = request.body;
        const { tenant } = principalOf(request);
        const userOf = async (of: Pick<typeof accounts, 'user'>) => {
          const found = await of.user(name);
          if (found?.tenant !== tenant) throw new ApiProblem(404, 'there is no such user');
          return found;
        };
        await userOf(accounts);
        // It takes a third of a second: not while the store is held.
        const password_hash = password === undefined ? null : await passwords.hash(password);
        return store.together(async ({ accounts, audit }) => {
          // Before the user is read: two admins who disable each other come one after the other.
          const admins = await accounts.holdAdmins(tenant);
          const found = await userOf(accounts);
          const loses = disabled === true || (role !== undefined && role !== 'admin');
          if (loses && found.role === 'admin' && found.disabled_at === null && admins < 2) {
            throw new ApiProblem(409, 'this is the last admin');
          }
          const disabled_at = disabled ? (found.disabled_at ?? clock.date().toISOString()) : null;
          await accounts.changeUser(found.id, {
            ...(role === undefined ? {} : { role }),
            ...(password_hash === null ? {} : { password_hash }),
            ...(disabled === undefined ? {} : { disabled_at }),
          });
          await accounts.closeSessionsOf(found.id);
          const change = {
            ...(role === undefined ? {} : { role: [found.role, role] }),
            ...(password_hash === null ? {} : { password: 'changed' }),
            ...(disabled === undefined ? {} : { disabled: [found.disabled_at !== null, disabled] }),
          };
          await audit.add(auditLine(context, request, 'user changed', `user ${name}`, { change }));
          return shown(await userOf(accounts));
        });
      },
    );
    app.put(
      '/session/password',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          tags: ['session'],
          summary: 'Change your own password; all your sessions end',
          body: z.strictObject({ current: z.string().min(1).max(MAX_PASSWORD), password }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { who, by } = principalOf(request);
        if (by.kind !== 'session') throw new ApiProblem(409, 'a token has no password');
        const { current, password } = request.body;
        const wrong = fieldProblem(422, '/current', 'wrong password');
        const found = await attempts.check({ account: who, address: request.ip }, async () => {
          const user = await accounts.user(who);
          return user !== null && (await passwords.verify(current, user.password_hash)) ? user : null;
        });
        if (found === null) throw wrong;
        const password_hash = await passwords.hash(password);
        await store.together(async ({ accounts, audit }) => {
          // An admin may have set another one meanwhile, and that one stays.
          if (!(await accounts.holdPassword(found))) throw wrong;
          await accounts.changeUser(found.id, { password_hash });
          await accounts.closeSessionsOf(found.id);
          await audit.add(auditLine(context, request, 'password changed', `user ${who}`));
        });
        return reply.code(204).send(null);
      },
    );
    return Promise.resolve();
  };
}

function taken(name: string): ApiProblem {
  return fieldProblem(409, '/name', `user ${name} already exists`);
}

function shown({
  name,
  role,
  created_at,
  disabled_at,
}: Omit<ReturnType<typeof userRow>, 'disabled_at'> & {
  disabled_at?: string | null;
}): z.infer<typeof user> {
  return { name, role, createdAt: created_at, disabledAt: disabled_at ?? null };
}
