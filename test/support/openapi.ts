import type { FastifyInstance } from 'fastify';

/** What the API says of itself. */

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly role: string;
  readonly body: unknown;
  /** Names of the query. */
  readonly parameters: readonly string[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Described {
  'x-role': string;
  requestBody?: unknown;
  parameters?: { in: string; name: string }[];
  responses?: Record<string, unknown>;
}

export function operationsOf(app: FastifyInstance): Operation[] {
  const { paths = {} } = app.swagger() as unknown as {
    paths?: Record<string, Record<string, Described>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { 'x-role': role, requestBody, parameters = [], responses = {} }]) => ({
        method: method.toUpperCase() as Operation['method'],
        path,
        role,
        body: requestBody ?? null,
        parameters: parameters.filter((one) => one.in === 'query').map((one) => one.name),
        responses,
      }),
    ),
  );
}
