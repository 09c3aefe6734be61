import type { FastifyInstance } from 'fastify';

/** What the API says of itself. */

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly role: string;
  readonly body: unknown;
}

export function operationsOf(app: FastifyInstance): Operation[] {
  const { paths = {} } = app.swagger() as unknown as {
    paths?: Record<string, Record<string, { 'x-role': string; requestBody?: unknown }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-role': role, requestBody }]) => ({
      method: method.toUpperCase() as Operation['method'],
      path,
      role,
      body: requestBody ?? null,
    })),
  );
}
