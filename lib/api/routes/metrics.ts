import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { ApiContext } from '../context.ts';
import { requireUser } from '../guard/auth.ts';

/** Numbers for Prometheus, at the path where it looks: not one of the API's own, and no part of its document. */
export function metricsRoute(context: ApiContext): FastifyPluginAsync {
  const { metrics, mayRead } = context;
  return (app) => {
    app.get('/metrics', { config: { role: 'anyone' }, schema: { hide: true } }, async (request, reply) => {
      if (!isNear(request, mayRead)) await requireUser(request, context);
      return reply.type(metrics.contentType).send(await metrics.text());
    });
    return Promise.resolve();
  };
}

/** What a proxy passes on is not from where the proxy is, whether its word is trusted (api.trustedProxy) or not. */
function isNear({ ip, socket, headers }: FastifyRequest, mayRead: ApiContext['mayRead']): boolean {
  const isPassedOn = headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined;
  return mayRead(ip) && !(isPassedOn && ip === socket.remoteAddress);
}
