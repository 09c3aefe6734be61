import { z } from 'zod';

/** What several routes answer. */

const percentiles = z
  .object({ p50: z.number().nullable(), p95: z.number().nullable(), p99: z.number().nullable() })
  .describe('Milliseconds from the connect of a call to its decision; null: nothing was decided');
const byResult = z
  .record(z.string(), z.number())
  .describe('routed, no_route, error, no_answer, refused, abandoned');

export const summary = z.object({
  since: z.string(),
  calls: z.number(),
  byResult,
  decidedMs: percentiles,
  minutes: z
    .array(z.object({ at: z.string(), byResult }))
    .describe('Those in which there was a call, the oldest first'),
});

export const schemeFigures = z.object({
  calls: z.number(),
  byResult,
  decidedMs: percentiles,
  lastError: z.object({ at: z.string(), call: z.string(), reason: z.string() }).nullable(),
});

export const callSummary = z.object({
  id: z.string().describe('The trace'),
  tenant: z.string(),
  startedAt: z.string(),
  uuid: z.string().describe('Of the A leg'),
  switch: z.string(),
  caller: z.string(),
  callerName: z.string(),
  did: z.string(),
  scheme: z.string().nullable(),
  revision: z.string().nullable(),
  result: z.string(),
  reason: z.string(),
  destination: z.string(),
  answeredBy: z.string().nullable(),
  end: z.string().nullable(),
  via: z.string(),
  hangupCause: z.string().nullable(),
  decidedMs: z.number().nullable(),
  answeredMs: z.number().nullable(),
  endedMs: z.number().nullable(),
  talkedMs: z.number().nullable().describe('By the one who answered, until the call ended or was moved'),
  masked: z.boolean(),
});

export const record = z
  .looseObject({ id: z.string() })
  .describe('The record of a call, as `try --json` prints it');

const outlook = z.object({
  scheme: z.string().nullable(),
  result: z.string(),
  reason: z.string(),
  steps: z.array(z.string()),
});

export const verdict = z.discriminatedUnion('kind', [
  z.object({ id: z.string(), kind: z.literal('same') }),
  z.object({ id: z.string(), kind: z.literal('moved'), from: outlook, to: outlook }),
  z.object({ id: z.string(), kind: z.literal('unknown'), why: z.string() }),
]);

export const cannedReply = z
  .strictObject({
    status: z.int().min(200).max(599).default(200),
    headers: z
      .record(z.string().regex(/^[\w-]{1,64}$/), z.string().max(1024))
      .describe('content-type tells the charset')
      .default({}),
    body: z.string().max(65_536),
  })
  .describe('Read instead of the reply of the CRM, which is then not asked');

/** What is no JSON, or is sent piece by piece: for the document alone. */
export function content(types: string | readonly string[], description: string): z.ZodAny {
  const schemas = [types].flat().map((type) => [type, { schema: z.string() }] as const);
  return { description, content: Object.fromEntries(schemas) } as unknown as z.ZodAny;
}
