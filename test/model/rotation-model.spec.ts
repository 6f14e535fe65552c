import { expect, it } from 'vitest';
import { runApart, seedOf } from '../fault/apart.js';
import { isRoot } from '../integration/only-root.js';
import { runModel, type ModelResult } from './run-model.js';

/** `bin/stress model` goes on for as long as it is told. */
const CASES = 200;
const MODEL_MS_MAX = 120_000;
const SUITE_MS = 150_000;
const MAIN = 'test/model/model-main.ts';

it(`does with ${CASES} random stores, orders, holds and mishaps what the reference model says`, { timeout: SUITE_MS }, async () => {
  const [seed, untilMs] = [seedOf('model'), Date.now() + MODEL_MS_MAX];
  // The super-user can run it apart, where it is quicker.
  const { cases, outcomes, failure } = isRoot ? await runApart<ModelResult>(MAIN, [String(CASES), String(seed), String(untilMs)]) : await runModel({ cases: CASES, seed, untilMs });
  process.stdout.write(`${cases} cases: ${JSON.stringify(outcomes)}\n`);
  expect(failure).toBeNull();
  expect(cases).toBe(CASES);
  // They were not idle: many deleted something, some were stopped by a bound or a clock, some went on after a crash.
  for (const outcome of ['completed', 'stopped', 'nothing-to-do', 'resumed']) expect(outcomes[outcome] ?? 0, outcome).toBeGreaterThan(CASES / 50);
});
