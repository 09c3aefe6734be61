import react from '@vitejs/plugin-react';
import { compression } from 'vite-plugin-compression2';
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite';

const ROOT = import.meta.dirname;

/** The page itself names the console's script and style: the first script asks for them too, which is later. */
function namesTheConsole(): Plugin {
  return {
    name: 'names-the-console',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }): HtmlTagDescriptor[] =>
        Object.values(bundle).flatMap((one) => {
          if (one.type !== 'chunk' || one.name !== 'console') return [];
          const styles = [...(one.viteMetadata?.importedCss ?? [])];
          return [
            { tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${one.fileName}` } },
            ...styles.map((style) => ({
              tag: 'link',
              attrs: { rel: 'stylesheet', crossorigin: true, href: `/${style}` },
            })),
          ];
        }),
    },
  };
}

/** Built beside the daemon, which serves it: no request goes to any other host. */
export default defineConfig({
  root: ROOT,
  plugins: [
    react(),
    namesTheConsole(),
    // Compressed once, here: a router has better things to do.
    compression({ algorithms: ['gzip', 'brotliCompress'], threshold: 1024 }),
  ],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy allows no inline script, and no data: for code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
    // What every page needs is one file, not forty: on the wire of six connections they would come one after another. What some
    // pages share is another one (of two pages each has its own small one): several would import each other in a circle, and parts of one be used before they are made.
    rolldownOptions: {
      // The first script asks for the console beside a page: its own scripts are of the first ones too.
      input: { index: `${ROOT}/index.html`, console: `${ROOT}/app/console.tsx` },
      output: {
        codeSplitting: {
          groups: [
            // What the first script needs, to ask for a page and for all that follows.
            {
              name: 'ahead',
              test: /preload-helper|console\/(?:index\.html|main\.ts|app\/pages\.ts)/,
              priority: 1,
            },
            { name: 'console', tags: ['$initial'] },
            { name: 'shared', minShareCount: 3 },
          ],
        },
      },
    },
  },
  server: {
    // For work on the pages: `npx vite lib/console`, with a router on the API's own port.
    proxy: { '/api': { target: 'http://127.0.0.1:8085' } },
  },
});
