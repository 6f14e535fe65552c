import { expect, it } from 'vitest';
import { seedOf } from '../fault/apart.js';
import { runModel } from './run-model.js';

/** `bin/stress model` goes on for as long as it is told. */
const CASES = 250;
const MODEL_MS_MAX = 60_000;
const SUITE_MS = 90_000;

it(`does with ${CASES} random stores, orders, holds and mishaps what the reference model says`, { timeout: SUITE_MS }, async () => {
  const { cases, outcomes, failure } = await runModel({ cases: CASES, seed: seedOf('model'), untilMs: Date.now() + MODEL_MS_MAX });
  process.stdout.write(`${cases} cases: ${JSON.stringify(outcomes)}\n`);
  expect(failure).toBeNull();
  expect(cases).toBe(CASES);
  // They were not idle: many deleted something, some were stopped by a bound or a clock, some went on after a crash.
  for (const outcome of ['completed', 'stopped', 'nothing-to-do', 'resumed']) expect(outcomes[outcome] ?? 0, outcome).toBeGreaterThan(CASES / 50);
});
