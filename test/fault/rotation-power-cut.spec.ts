import { describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { runApart, seedOf } from './apart.js';
import type { CrashPlace } from './crash/crash-main.js';
import type { CrashResult } from './crash/run-crash.js';
import { noDisk, POWER_CUT } from './disk/scratch-disk.js';

/** Cases of each place; `bin/stress crash` and `bin/stress powercut` go on for as long as they are told. */
const CASES = 3;
const CRASH_MS_MAX = 100_000;
const SUITE_MS = 120_000;
const MAIN = 'test/fault/crash/crash-main.ts';

async function crashed(name: string, place: CrashPlace): Promise<void> {
  const result = await runApart<CrashResult>(MAIN, [String(CASES), String(seedOf(name)), String(Date.now() + CRASH_MS_MAX), JSON.stringify(place)]);
  process.stdout.write(`${name}: ${JSON.stringify(result)}\n`);
  expect(result.wrong).toEqual([]);
  expect(result.cases).toBe(CASES);
}

describe(`an executor killed at moments of a seed${ONLY_ROOT}`, () => {
  it.runIf(isRoot).each<[string, CrashPlace]>([
    ['files', { pairs: false, disk: null, journal: 'beside' }],
    ['pairs', { pairs: true, disk: null, journal: 'beside' }],
  ])('%s: each planned one is deleted and told, or there', { timeout: SUITE_MS }, (what, place) => crashed(`kill over ${what}`, place));
});

const noPower = !isRoot ? ' (skipped: disks need the super-user)' : POWER_CUT === null ? ' (skipped: xfsprogs is not installed)' : '';

describe(`a disk that loses its power under the executor${noPower}`, () => {
  it.runIf(noPower === '').each<[string, CrashPlace]>([
    ['files on ext4, the journal beside them', { pairs: false, disk: 'ext4', journal: 'beside' }],
    ['files on ext4, the journal on another disk', { pairs: false, disk: 'ext4', journal: 'elsewhere' }],
    ['files on XFS, the journal on another disk', { pairs: false, disk: 'xfs', journal: 'elsewhere' }],
    ['pairs on XFS, the journal beside them', { pairs: true, disk: 'xfs', journal: 'beside' }],
    ['lines of a file in many pieces on ext4, the journal on another disk', { pairs: false, lines: true, disk: 'ext4', journal: 'elsewhere' }],
    ['lines of a file in many pieces on XFS, the journal beside it', { pairs: false, lines: true, disk: 'xfs', journal: 'beside' }],
  ])('%s: each planned one is deleted and told, or there', { timeout: SUITE_MS }, async (what, place) => {
    expect(noDisk(place.disk ?? 'ext4')).toBeNull();
    await crashed(`power cut of ${what}`, place);
  });
});
