import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { audit } from '../audit.ts';
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
        config: { role: 'admin' },
        schema: { tags: ['users'], summary: 'All users', response: { 200: z.array(user) } },
      },
      async () => (await accounts.users()).map(shown),
    );
    app.post(
      '/users',
      {
        config: { role: 'admin' },
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
        const row = userRow({ ...body, hash: await passwords.hash(body.password), at: clock.date() });
        if (!(await accounts.addUser(row))) throw taken(body.name);
        await audit(context, request, 'user added', `user ${body.name}`, { change: { role: body.role } });
        return reply.code(201).send(shown(row));
      },
    );
    app.patch(
      '/users/:name',
      {
        config: { role: 'admin' },
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
        const found = await accounts.user(name);
        if (found === null) throw new ApiProblem(404, 'there is no such user');
        const loses = disabled === true || (role !== undefined && role !== 'admin');
        if (loses && found.role === 'admin' && found.disabled_at === null) {
          const admins = (await accounts.users()).filter(
            (one) => one.role === 'admin' && one.disabled_at === null,
          );
          if (admins.length < 2) throw new ApiProblem(409, 'this is the last admin');
        }
        const disabled_at = disabled ? (found.disabled_at ?? clock.date().toISOString()) : null;
        await accounts.changeUser(found.id, {
          ...(role === undefined ? {} : { role }),
          ...(password === undefined ? {} : { password_hash: await passwords.hash(password) }),
          ...(disabled === undefined ? {} : { disabled_at }),
        });
        await accounts.closeSessionsOf(found.id);
        const change = {
          ...(role === undefined ? {} : { role: [found.role, role] }),
          ...(password === undefined ? {} : { password: 'changed' }),
          ...(disabled === undefined ? {} : { disabled }),
        };
        await audit(context, request, 'user changed', `user ${name}`, { change });
        return shown((await accounts.user(name)) ?? found);
      },
    );
    app.put(
      '/session/password',
      {
        config: { role: 'viewer' },
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
        const found = await accounts.user(who);
        const wait = attempts.begin(who, request.ip);
        if (wait > 0) {
          throw new ApiProblem(429, `too many wrong passwords: wait ${wait} s`, {
            headers: { 'Retry-After': String(wait) },
          });
        }
        const { current, password } = request.body;
        if (found === null || !(await passwords.verify(current, found.password_hash))) {
          throw fieldProblem(422, '/current', 'wrong password');
        }
        attempts.succeed(who, request.ip);
        await accounts.changeUser(found.id, { password_hash: await passwords.hash(password) });
        await accounts.closeSessionsOf(found.id);
        await audit(context, request, 'password changed', `user ${who}`);
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
