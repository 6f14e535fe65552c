import { defineConfig } from 'vitest/config';

/** Handed to Node as well, so without `import`: a `require` inside a CommonJS package would then find an ES module. */
const CONDITIONS = ['@mailwarden/source', 'node', 'default'];

/** Suites run from source, so that a change is tested without a build. */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions: CONDITIONS },
  ssr: { resolve: { conditions: CONDITIONS, externalConditions: CONDITIONS } },
  test: {
    include: ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts', 'test/**/*.spec.ts'],
    server: { deps: { inline: [/@mailwarden\//] } },
    setupFiles: ['test/property-seed.ts'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
  },
});
