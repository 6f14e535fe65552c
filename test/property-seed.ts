/**
 * Runs before each file of the suites: properties draw the same cases in each run, so that a run goes red because of a change and not by chance. Other cases are for `bin/stress properties`.
 * `MAILWARDEN_TEST_SEED` chooses others, or repeats those that a failure came with.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { testSeed } from './test-seed.js';

const { testPath } = expect.getState();
// Only where properties are tried: to load the library for every file would cost minutes.
if (testPath !== undefined && readFileSync(testPath, 'utf8').includes("'fast-check'")) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: testSeed() });
}
