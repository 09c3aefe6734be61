import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { CallFilter, CallSummary } from '../../store/calls.ts';
import type { ApiContext } from '../context.ts';
import { principalOf, type Principal } from '../guard/role.ts';
import { keeping } from '../figures.ts';
import { recordFor } from '../masked.ts';
import { ApiProblem } from '../problem.ts';
import { recordedCall } from '../recorded.ts';
import { callSummary, content, record, summary } from '../shapes.ts';

/** Past calls: page by page, all of them as a stream, and one with its trace. */

const words = z
  .union([z.string().max(64), z.array(z.string().max(64)).max(20)])
  .transform((one) => [one].flat());

const filter = {
  since: z.iso.datetime({ offset: true }).describe('Calls that began then or later').optional(),
  until: z.iso.datetime({ offset: true }).describe('Calls that began before').optional(),
  caller: z.string().min(1).max(64).describe('Number of the caller, in any spelling').optional(),
  did: z.string().min(1).max(64).describe('Number that was called').optional(),
  destination: z.string().min(1).max(64).describe('Number or login that was dialled').optional(),
  number: z.string().min(1).max(64).describe('Any of the three').optional(),
  uuid: z.string().min(1).max(64).describe('Of the A leg').optional(),
  scheme: words.describe('One, or any of several').optional(),
  result: words.describe('routed, no_route, error, no_answer, refused, abandoned').optional(),
  reason: words.describe('A reason code').optional(),
  end: words.describe('How the call left the router').optional(),
  text: z.string().max(200).describe('Whole words of the texts of a call, in any order').optional(),
};
const query = z.strictObject({
  ...filter,
  cursor: z.string().max(32).describe('`next` of the previous page').optional(),
  limit: z.coerce.number().int().min(1).max(500).describe('Calls per page').default(50),
});
const exported = z.strictObject({ ...filter, format: z.enum(['csv', 'jsonl']).default('csv') });

const CSV = 'text/csv';
const LINES = 'application/x-ndjson';

type Given = Omit<z.infer<typeof query>, 'cursor' | 'limit'>;

/** Reads of one page while a stream is read. */
const EXPORT_PAGE = 500;
/** Of a page, made at once. */
const EXPORT_LINES = 50;
const COLUMNS = [
  'id',
  'startedAt',
  'caller',
  'callerName',
  'did',
  'scheme',
  'result',
  'reason',
  'destination',
  'answeredBy',
  'end',
  'decidedMs',
  'answeredMs',
  'endedMs',
] as const;

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

export function callRoutes(context: ApiContext): FastifyPluginAsyncZod {
  const { store, clock } = context;
  const schema = { tags: ['calls'] };
  const figures = keeping(context, async (tenant, seconds) => {
    const since = new Date(clock.date().getTime() - seconds * 1000);
    const found = await store.figures.summary(tenant, since);
    return { since: since.toISOString(), ...found, minutes: [...found.minutes] };
  });
  return (app) => {
    app.get(
      '/calls',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'Calls, newest first, page by page',
          querystring: query,
          response: { 200: z.object({ calls: z.array(callSummary), next: z.string().nullable() }) },
        },
      },
      async (request) => {
        const { cursor, limit, ...given } = request.query;
        const who = principalOf(request);
        const page = await store.calls.page(filterOf(given, who), {
          limit,
          ...(cursor === undefined ? {} : { cursor }),
        });
        return { calls: recordFor(who, [...page.calls]), next: page.next };
      },
    );
    app.get(
      '/calls/export',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'All matching calls, as CSV or one JSON object per line',
          querystring: exported,
          response: { 200: content([CSV, LINES], 'CSV, or with format=jsonl one JSON object per line') },
        },
      },
      (request, reply) => {
        const { format, ...given } = request.query;
        const who = principalOf(request);
        const lines = linesOf(store, filterOf(given, who), format, who);
        return reply
          .type(`${format === 'csv' ? CSV : LINES}; charset=utf-8`)
          .header('Content-Disposition', `attachment; filename="calls.${format}"`)
          .send(Readable.from(lines, { highWaterMark: 1 }));
      },
    );
    app.get(
      '/calls/summary',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary:
            'Calls of the last hour or day by minute and result, and how long their decisions took; at most ten seconds old',
          querystring: z.strictObject({ of: z.enum(['hour', 'day']).default('hour') }),
          response: { 200: summary },
        },
      },
      (request) =>
        figures(principalOf(request).tenant, request.query.of === 'hour' ? HOUR_SECONDS : DAY_SECONDS),
    );
    app.get(
      '/calls/:id',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          ...schema,
          summary: 'One call with its trace, and the calls of this caller before and after it',
          params: z.strictObject({
            id: z.string().min(1).max(64).describe('Its trace, or the uuid of its A leg'),
          }),
          response: {
            200: z.object({
              masked: z.boolean(),
              record,
              previous: z.string().nullable(),
              next: z.string().nullable(),
            }),
          },
        },
      },
      async (request) => {
        const who = principalOf(request);
        const { record, masked } = await recordedCall(context, who, request.params.id);
        const caller = masked ? '' : (record.call?.caller ?? '');
        const near = caller === '' ? NO_NEIGHBOURS : await neighbours(store, who, caller, record);
        return { masked, record: recordFor(who, { ...record }), ...near };
      },
    );
    return Promise.resolve();
  };
}

/** A user who sees no numbers may not search by number either: the answer would show whose call it was. */
function filterOf({ since, until, ...rest }: Given, { role, tenant }: Principal): CallFilter {
  for (const name of ['caller', 'did', 'destination', 'number', 'text'] as const) {
    if (role === 'viewer' && rest[name] !== undefined) {
      throw new ApiProblem(403, `a viewer sees numbers masked, and cannot filter by ${name}`, {
        errors: [{ parameter: name, detail: 'needs the role operator' }],
      });
    }
  }
  return {
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as CallFilter),
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    tenant,
  };
}

/** Reads the next page when the lines of the one before are taken. */
async function* linesOf(
  { calls }: Pick<ApiContext['store'], 'calls'>,
  filter: CallFilter,
  format: 'csv' | 'jsonl',
  who: Principal,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  let cursor: string | null = null;
  do {
    const page = await calls.page(filter, { limit: EXPORT_PAGE, ...(cursor === null ? {} : { cursor }) });
    for (let at = 0; at < page.calls.length; at += EXPORT_LINES) {
      const rows = page.calls.slice(at, at + EXPORT_LINES).map((call) => recordFor(who, call));
      yield rows.map((row) => lineOf(row, format)).join('');
      // Calls go first: to mask a page takes longer than one of them may wait.
      await new Promise(setImmediate);
    }
    cursor = page.next;
  } while (cursor !== null);
}

function lineOf(call: CallSummary, format: 'csv' | 'jsonl'): string {
  if (format === 'jsonl') return `${JSON.stringify(call)}\n`;
  return `${COLUMNS.map((name) => cellOf(call[name])).join(',')}\r\n`;
}

/** RFC 4180. A spreadsheet takes what begins with `=` or the like for a formula: a caller's name may. */
function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) && !/^\+\d+$/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

const NO_NEIGHBOURS = { previous: null, next: null };

async function neighbours(
  { calls }: Pick<ApiContext['store'], 'calls'>,
  { tenant }: Principal,
  caller: string,
  { id, startedAt }: { readonly id: string; readonly startedAt: string },
): Promise<{ previous: string | null; next: string | null }> {
  return calls.neighbours(id, { tenant, caller, at: new Date(startedAt) });
}
