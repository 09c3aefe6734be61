import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiContext } from '../context.ts';
import { callRoutes } from './calls.ts';
import { auditRoutes } from './audit.ts';
import { liveRoutes } from './live.ts';
import { openapiRoutes } from './openapi.ts';
import { problemRoutes } from './problems.ts';
import { schemeRoutes } from './schemes.ts';
import { shadowRoutes } from './shadow.ts';
import { sessionRoutes } from './session.ts';
import { settingRoutes } from './settings.ts';
import { statusRoutes } from './status.ts';
import { tryRoutes } from './try.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';

/** Everything that the API has: a new group is a file here and a line in this list. */
export const ROUTES: readonly ((context: ApiContext) => FastifyPluginAsyncZod)[] = [
  sessionRoutes,
  userRoutes,
  tokenRoutes,
  auditRoutes,
  statusRoutes,
  callRoutes,
  tryRoutes,
  liveRoutes,
  problemRoutes,
  schemeRoutes,
  shadowRoutes,
  settingRoutes,
  openapiRoutes,
];
