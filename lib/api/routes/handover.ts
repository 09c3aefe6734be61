import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CallRecord } from '../../call/record.ts';
import type { ApiContext } from '../context.ts';
import { principalOf } from '../guard/role.ts';

/** Between FreeSWITCH and the router: how a call gets here, and what became of those that were sent on. */

/** Calls that are looked through for what FreeSWITCH answered. */
const LOOKED_AT = 50;

const dialplan = z.object({
  address: z.string().describe('Of the socket application'),
  everywhere: z.boolean().describe('The router listens on all addresses: FreeSWITCH may need another one'),
  allow: z.array(z.string()).describe('From where it takes calls'),
  guardSeconds: z.number(),
  files: z.array(z.object({ path: z.string().describe('Below conf of FreeSWITCH'), text: z.string() })),
});

const way = z.object({
  kind: z.enum(['gateway', 'domain']),
  name: z.string(),
  dialled: z.number(),
  answered: z.number(),
  cause: z.string().nullable().describe('Of the last one that was not answered'),
  lastAt: z.string(),
});

type Way = z.infer<typeof way>;

export function handoverRoutes({ store, dialplan: desk }: ApiContext): FastifyPluginAsyncZod {
  const schema = { tags: ['freeswitch'] };
  return (app) => {
    app.get(
      '/dialplan',
      {
        config: { role: 'viewer' },
        schema: {
          ...schema,
          summary: 'Files of a dialplan that hands calls to this router, with its address and its guard',
          querystring: z.strictObject({
            host: z
              .string()
              .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'expected a name or an address')
              .describe('Where FreeSWITCH finds the router')
              .optional(),
            scheme: z
              .string()
              .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected the name of a scheme')
              .describe('Which the calls ask for')
              .optional(),
            did: z
              .string()
              .regex(/^\+?\d{1,32}$/, 'expected a number')
              .describe('Number that is called')
              .optional(),
          }),
          response: { 200: dialplan },
        },
      },
      async (request) => {
        const { host = null, scheme = null, did = null } = request.query;
        const { allow, files, ...rest } = await desk({ host, scheme, did });
        return { ...rest, allow: [...allow], files: [...files] };
      },
    );
    app.get(
      '/ways',
      {
        config: { role: 'operator' },
        schema: {
          ...schema,
          summary: `What FreeSWITCH answered in the last ${LOOKED_AT} calls, by gateway and domain`,
          response: {
            200: z.object({
              ways: z.array(way),
              domains: z.array(z.string()).describe('That calls came with, the newest first'),
            }),
          },
        },
      },
      async (request) => {
        const { tenant } = principalOf(request);
        const { calls } = await store.calls.page({ tenant }, { limit: LOOKED_AT });
        const found = await Promise.all(calls.map(({ id }) => store.calls.find(id)));
        const records = found.flatMap((one) => (one === null ? [] : [one.record]));
        return { ways: waysOf(records), domains: domainsOf(records) };
      },
    );
    return Promise.resolve();
  };
}

/** The newest first. */
export function waysOf(records: readonly CallRecord[]): Way[] {
  const ways = new Map<string, Way>();
  for (const { bridges, startedAt } of records) {
    for (const { dialString, outcome, cause } of [...bridges].reverse()) {
      for (const { kind, name } of legsOf(dialString)) {
        const key = `${kind} ${name}`;
        const before = ways.get(key) ?? {
          kind,
          name,
          dialled: 0,
          answered: 0,
          cause: null,
          lastAt: startedAt,
        };
        const hasFailed = outcome !== null && !UNTOLD.has(outcome);
        ways.set(key, {
          ...before,
          dialled: before.dialled + 1,
          answered: before.answered + (outcome === 'answered' ? 1 : 0),
          cause: before.cause ?? (hasFailed ? cause : null),
        });
      }
    }
  }
  return [...ways.values()];
}

/** Ends that say nothing against the way. */
const UNTOLD = new Set<string>(['answered', 'cancelled', 'moved', 'released']);

function legsOf(dialString: string): Pick<Way, 'kind' | 'name'>[] {
  const gateways = [...dialString.matchAll(/sofia\/gateway\/([^/,|]+)\//g)];
  const users = [...dialString.matchAll(/user\/[^@,|]+@([^,|\s]+)/g)];
  return [
    ...gateways.map(([, name = '']) => ({ kind: 'gateway' as const, name })),
    ...users.map(([, name = '']) => ({ kind: 'domain' as const, name })),
  ];
}

function domainsOf(records: readonly CallRecord[]): string[] {
  const said = records.map(({ call }) => call?.domain ?? '').filter((domain) => domain !== '');
  return [...new Set(said)].slice(0, 8);
}
