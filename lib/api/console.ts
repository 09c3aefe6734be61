import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { fileURLToPath } from 'node:url';

/** The console's files, as the build left them. They hold nothing secret: what they show is asked of the API, by whoever logs in. */

const BUILT = !import.meta.url.endsWith('.ts');
export const CONSOLE_FOLDER = fileURLToPath(
  new URL(BUILT ? '../../console/' : '../../dist/console/', import.meta.url),
);

/** No script but its own files, and no other host. Mantine sets styles on elements. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Names with a hash of what is in them. */
const FOREVER = 'public, max-age=31536000, immutable';

/** @param files what is in the folder, by paths such as `assets/index-1a2b3c4d.js` */
export async function serveConsole(
  app: FastifyInstance,
  folder: string,
  files: ReadonlySet<string>,
): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    etag: true,
  });
  app.get('/*', { config: { role: 'anyone' }, schema: { hide: true } }, (request, reply) => {
    const path = (request.params as { readonly '*': string })['*'];
    if (path.startsWith('assets/') && files.has(path)) {
      return reply.header('Cache-Control', FOREVER).sendFile(path);
    }
    if (files.has(path) && path !== 'index.html') return reply.sendFile(path);
    // A page's address is the page's own matter.
    const isPage =
      request.headers.accept?.includes('text/html') === true && !/^(api|assets)(\/|$)/.test(path);
    if (!isPage) {
      reply.callNotFound();
      return reply;
    }
    return reply
      .header('Content-Security-Policy', POLICY)
      .header('Cache-Control', 'no-cache')
      .sendFile('index.html');
  });
}
