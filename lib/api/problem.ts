import type { FastifyReply } from 'fastify';
import { z } from 'zod';

/** A fault as RFC 9457 problem details: what is wrong, in words, and at which field. */

const fieldFault = z
  .object({
    detail: z.string(),
    pointer: z.string().describe('Into the body (RFC 6901)').optional(),
    parameter: z.string().describe('Its name').optional(),
  })
  .describe('A field of the request');
export type FieldFault = Readonly<z.infer<typeof fieldFault>>;

export const PROBLEM_TYPE = 'application/problem+json';
/** As it is sent. */
export const problem = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(fieldFault).optional(),
});

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly errors: readonly FieldFault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    detail: string,
    { errors = [], headers = {} }: { errors?: readonly FieldFault[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

/** One field of the body, as JSON Pointer. */
export function fieldProblem(status: number, pointer: string, detail: string): ApiProblem {
  return new ApiProblem(status, detail, { errors: [{ pointer, detail }] });
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not logged in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Changed in the meantime',
  413: 'Too large',
  415: 'Not JSON',
  421: 'Wrong host',
  422: 'Refused',
  428: 'If-Match is missing',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  503: 'Unavailable',
};

export function sendProblem(
  reply: FastifyReply,
  { status, message, errors, headers }: Pick<ApiProblem, 'status' | 'message' | 'errors' | 'headers'>,
): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .type(PROBLEM_TYPE)
    .serializer((body) => JSON.stringify(body))
    .send({
      type: 'about:blank',
      title: TITLES[status] ?? 'Request failed',
      status,
      detail: message,
      ...(errors.length === 0 ? {} : { errors: [...errors] }),
    } satisfies z.infer<typeof problem>);
}
