import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** Libraries that are functions and schemas alone: what the console does not use of them may fall away whole. */
const PURE_LIBRARIES = /\/libs\/(?:kernel|contracts)\/src\//;

/** Nothing in the console signs or hashes. What the libraries need of Node's crypto falls away in a build; until then a stand-in that fails when called keeps the imports whole. */
const nodeCrypto = fileURLToPath(new URL('dev/no-node-crypto.ts', import.meta.url));

/** One script: a console is opened from beside its service, and a second request would cost more than it saves. Units: kB before compression. */
const SCRIPT_KB = 800;

export default defineConfig(async ({ command }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // While developing, a stand-in answers the API with sample data. A build never loads it.
  plugins: [react(), ...(command === 'serve' ? [(await import('./dev/sample-api.js')).sampleApi()] : [])],
  resolve: {
    conditions: ['@mailwarden/source', ...defaultClientConditions],
    alias: { 'node:crypto': nodeCrypto },
  },
  server: { host: '127.0.0.1', port: 8461 },
  preview: { host: '127.0.0.1', port: 8461 },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: SCRIPT_KB,
    rolldownOptions: { treeshake: { moduleSideEffects: (id: string) => !PURE_LIBRARIES.test(id) } },
  },
}));
