import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { shownValue } from '../../config/shown.ts';
import type { ApiContext } from '../context.ts';

/** The settings, as `esl-router config` shows them: no secret. They are changed where they are kept. */
export function settingRoutes({ settings }: ApiContext): FastifyPluginAsyncZod {
  return (app) => {
    app.get(
      '/settings',
      {
        config: { role: 'operator' },
        schema: {
          tags: ['settings'],
          summary: 'Each setting, its value and where it came from; secrets hidden',
          response: {
            200: z.array(
              z.object({
                name: z.string(),
                value: z.unknown(),
                default: z.unknown(),
                env: z.string(),
                doc: z.string(),
                format: z.string(),
                origin: z.string(),
                source: z.string(),
              }),
            ),
          },
        },
      },
      () =>
        Promise.resolve(
          settings.map((setting) => {
            const { name, default: plain, env, doc, format, origin, source } = setting;
            return { name, value: shownValue(setting), default: plain, env, doc, format, origin, source };
          }),
        ),
    );
    return Promise.resolve();
  };
}
