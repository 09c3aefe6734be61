import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { openapiPage, PAGE_STYLE } from '../page.ts';
import { content } from '../shapes.ts';

/** The document that the routes' own schemas make, for programs and for people. */

const STYLE_HASH = createHash('sha256').update(PAGE_STYLE).digest('base64');
const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

export function openapiRoutes(): FastifyPluginAsyncZod {
  return (app) => {
    app.get(
      '/openapi.json',
      {
        config: { role: 'viewer', perTenant: true },
        schema: { tags: ['openapi'], summary: 'This document', response: { 200: z.looseObject({}) } },
      },
      () => Promise.resolve({ ...app.swagger() }),
    );
    app.get(
      '/docs',
      {
        config: { role: 'viewer', perTenant: true },
        schema: {
          tags: ['openapi'],
          summary: 'The same, as a web page',
          response: { 200: content('text/html', 'A page') },
        },
      },
      (_request, reply) =>
        reply
          .header('Content-Security-Policy', PAGE_POLICY)
          .type('text/html; charset=utf-8')
          .send(openapiPage(app.swagger())),
    );
    return Promise.resolve();
  };
}
