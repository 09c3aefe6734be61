import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { auditLine } from '../audit.ts';
import type { ApiContext } from '../context.ts';
import { MAX_PASSWORD, MIN_PASSWORD } from '../guard/password.ts';
import { role } from '../guard/role.ts';
import { Setup, SETUP_MS } from '../guard/setup.ts';
import { ApiProblem, fieldProblem } from '../problem.ts';
import { userRow, USER_NAME } from '../user.ts';

/** The first user: by a link that the log holds, once, as long as there is no user at all. */

/** Wrong codes are counted as wrong passwords are, under a name that no user can have. */
const ACCOUNT = 'setup link';

export function setupRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { store, passwords, attempts, clock, log } = context;
  const setup = new Setup(clock);
  return (app) => {
    app.addHook('onListen', async () => {
      const users = await store.accounts.users().catch(() => null);
      if (users?.length !== 0) return;
      const { address, port } = app.server.address() as AddressInfo;
      const scheme = context.config.api.tls.cert === '' ? 'http' : 'https';
      const host = isIP(address) === 6 ? `[${address}]` : address;
      const minutes = SETUP_MS / 60_000;
      const or = 'or: esl-router user add NAME --role admin';
      log.info(
        `api: there is no user yet: open ${scheme}://${host}:${port}/setup?code=${setup.begin()} within ${minutes} minutes to create the first one; ${or}`,
      );
    });
    app.get(
      '/setup',
      {
        config: { role: 'anyone' },
        schema: {
          tags: ['setup'],
          summary: 'Whether the link in the log can still create the first user',
          response: { 200: z.object({ open: z.boolean() }) },
        },
      },
      async () => {
        // Somebody may have been added by the command line meanwhile.
        if (setup.isOpen && (await store.accounts.users()).length > 0) setup.end();
        return { open: setup.isOpen };
      },
    );
    app.post(
      '/setup',
      {
        config: { role: 'anyone' },
        schema: {
          tags: ['setup'],
          summary: 'Make the first user, an admin, with the code of the link',
          body: z.strictObject({
            code: z.string().min(1).max(64),
            name: z.string().regex(USER_NAME, 'letters, digits, ".", "_", "-" or "@", at most 64'),
            password: z.string().min(MIN_PASSWORD).max(MAX_PASSWORD),
          }),
          response: { 201: z.object({ name: z.string(), role }) },
        },
      },
      async (request, reply) => {
        const { code, name, password } = request.body;
        const guess = { account: ACCOUNT, address: request.ip, what: 'codes' };
        const right = await attempts.check(guess, () => Promise.resolve(setup.matches(code) ? setup : null));
        if (right === null) {
          log.warn('api: a wrong code for the first user', { address: request.ip });
          throw fieldProblem(403, '/code', 'the code is wrong, used or too old: see the log of the router');
        }
        const row = userRow({ name, role: 'admin', hash: await passwords.hash(password), at: clock.date() });
        const line = auditLine(context, request, 'user added', `user ${name}`, {
          who: ACCOUNT,
          change: { role: 'admin' },
        });
        const isFirst = await store.together(async ({ accounts, audit }) => {
          const added = await accounts.addFirstUser(row);
          if (added) await audit.add(line);
          return added;
        });
        setup.end();
        if (!isFirst) throw new ApiProblem(409, 'there is a user already: log in');
        return reply.code(201).send({ name, role: row.role });
      },
    );
    return Promise.resolve();
  };
}
