import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiContext, ApiOptions } from './context.ts';
import { serveConsole } from './console.ts';
import { describeRoutes } from './document.ts';
import { answerFaults, sendFault } from './faults.ts';
import { Attempts } from './guard/attempts.ts';
import { guardRoutes } from './guard/auth.ts';
import { guardInput } from './guard/input.ts';
import { Passwords } from './guard/password.ts';
import { guardSurface, networks } from './guard/surface.ts';
import { ApiProblem } from './problem.ts';
import { ROUTES } from './routes/index.ts';
import { metricsRoute } from './routes/metrics.ts';

/** The API without its port: a test hands requests in. */

/** A header without an end, or a body sent byte by byte, keeps its place for this long. */
const REQUEST_MS = 10_000;
/** A connection without a request. */
const KEEP_ALIVE_MS = 10_000;
/** An idle connection; an event stream sends something more often, unless the client does not read. */
const SILENT_MS = 20_000;
const MAX_HEADER_BYTES = 16_384;
/** The largest scheme has some hundred lines. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_PARAMETER = 256;
const REQUESTS_PER_MINUTE = 1_200;
/** How many addresses are counted at a time. */
const MAX_ADDRESSES = 10_000;

export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** The built console; null: there is none. */
export interface ConsoleFiles {
  readonly folder: string;
  readonly files: ReadonlySet<string>;
}

export async function buildApi(
  options: ApiOptions,
  tls: Tls | null = null,
  console: ConsoleFiles | null = null,
): Promise<FastifyInstance> {
  const { config, clock, log, version, requestsPerMinute = REQUESTS_PER_MINUTE } = options;
  const context: ApiContext = { ...options, passwords: new Passwords(), attempts: new Attempts(clock) };
  const app = Fastify({
    ...(tls === null ? {} : { https: { ...tls, minVersion: 'TLSv1.2' } }),
    trustProxy: networks(config.api.trustedProxy),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Whoever has asked gets the answer, and no request finds a fault because it comes while the port closes.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    exposeHeadRoutes: false,
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 2_000 },
    logger: false,
    // A URL that can't be decoded reaches no route, and no hook.
    frameworkErrors: (error: unknown, _request: FastifyRequest, reply: FastifyReply) =>
      sendFault(reply, error),
  } as object).withTypeProvider<ZodTypeProvider>();
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerFaults(app, log);
  guardSurface(app, config.api);
  await app.register(rateLimit, {
    global: false,
    max: requestsPerMinute,
    timeWindow: 60_000,
    cache: MAX_ADDRESSES,
    errorResponseBuilder: (_request, { ttl }) =>
      new ApiProblem(429, `too many requests: wait ${Math.ceil(ttl / 1000)} s`),
  });
  // Before authentication, so that token guessing is counted too.
  app.addHook('onRequest', app.rateLimit());
  await app.register(cookie);
  guardRoutes(app, context);
  guardInput(app);
  await describeRoutes(app, version);
  for (const routes of ROUTES) await app.register(routes(context), { prefix: '/api/v1' });
  app.get('/healthz', { config: { role: 'anyone' }, schema: { hide: true } }, () => ({ status: 'ok' }));
  await app.register(metricsRoute(context));
  if (console !== null) await serveConsole(app, console.folder, console.files);
  await app.ready();
  return app;
}
