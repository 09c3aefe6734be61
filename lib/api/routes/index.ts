import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiContext } from '../context.ts';
import { callRoutes } from './calls.ts';
import { auditRoutes } from './audit.ts';
import { deliveryRoutes } from './deliveries.ts';
import { handoverRoutes } from './handover.ts';
import { liveRoutes } from './live.ts';
import { openapiRoutes } from './openapi.ts';
import { problemRoutes } from './problems.ts';
import { schemeRoutes } from './schemes.ts';
import { shadowRoutes } from './shadow.ts';
import { referenceRoutes } from './reference.ts';
import { sessionRoutes } from './session.ts';
import { settingRoutes } from './settings.ts';
import { setupRoutes } from './setup.ts';
import { statusRoutes } from './status.ts';
import { tryRoutes } from './try.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './users.ts';

/** All routes of the API: a new group is a file here and a line in this list. */
export const ROUTES: readonly ((context: ApiContext) => FastifyPluginAsyncZod)[] = [
  sessionRoutes,
  setupRoutes,
  userRoutes,
  tokenRoutes,
  auditRoutes,
  statusRoutes,
  callRoutes,
  tryRoutes,
  liveRoutes,
  problemRoutes,
  deliveryRoutes,
  schemeRoutes,
  handoverRoutes,
  shadowRoutes,
  settingRoutes,
  referenceRoutes,
  openapiRoutes,
];
