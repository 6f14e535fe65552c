import { expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { runApart, seedOf } from './apart.js';
import type { RaceResult } from './race/run-race.js';

/** A try is one planned file that the executor went for while three processes worked against it. `bin/stress race` makes a million. */
const TRIES = 20_000;
const RACE_MS_MAX = 100_000;
const SUITE_MS = 120_000;

it.runIf(isRoot)(`deletes nothing outside and nothing unplanned in ${TRIES} tries, while folders, names and mounts are swapped under it${ONLY_ROOT}`, { timeout: SUITE_MS }, async () => {
  const result = await runApart<RaceResult>('test/fault/race/race-main.ts', [String(TRIES), String(seedOf('race')), String(Date.now() + RACE_MS_MAX)]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  expect(result.wrong).toEqual([]);
  expect(result.tries).toBeGreaterThanOrEqual(TRIES);
  // The race was on: each kind of attack was made, and many planned files had changed or vanished when the executor came to them.
  expect(Object.keys(result.acts)).toHaveLength(ATTACKS);
  expect(result.skipped['changed-since-plan'] ?? 0).toBeGreaterThan(100);
  expect(result.skipped['vanished'] ?? 0).toBeGreaterThan(100);
  expect(result.deleted).toBeGreaterThan(TRIES / 4);
});

/** Seven on folders, seven on names, two by mounts. */
const ATTACKS = 16;
