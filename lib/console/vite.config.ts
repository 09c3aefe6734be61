import react from '@vitejs/plugin-react';
import { compression } from 'vite-plugin-compression2';
import { defineConfig } from 'vite';

/** Built beside the daemon, which serves it: no request goes to any other host. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [
    react(),
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
    // pages share comes in a few.
    rolldownOptions: {
      output: {
        // Shared chunks may name each other in a circle: without this a part of one is used before it is made.
        strictExecutionOrder: true,
        // The names of all that share it would be its name.
        chunkFileNames: ({ name }) => `assets/${name.replace(/~.*/, '')}-[hash].js`,
        codeSplitting: {
          groups: [
            { name: 'console', tags: ['$initial'] },
            { name: 'shared', minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 60_000 },
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
