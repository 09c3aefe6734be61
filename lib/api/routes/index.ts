import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiContext } from '../context.ts';
import { callRoutes } from './calls.ts';
import { openapiRoutes } from './openapi.ts';
import { schemeRoutes } from './schemes.ts';
import { sessionRoutes } from './session.ts';
import { statusRoutes } from './status.ts';
import { tryRoutes } from './try.ts';

/** Everything that the API has: a new group is a file here and a line in this list. */
export const ROUTES: readonly ((context: ApiContext) => FastifyPluginAsyncZod)[] = [
  sessionRoutes,
  statusRoutes,
  callRoutes,
  schemeRoutes,
  tryRoutes,
  openapiRoutes,
];
