import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { StressEnd, StressTerms } from './suite-runs.js';

const ROOT = join(import.meta.dirname, '../..');
/** The suites whose faults are chosen by their names, not by a seed. */
const SPECS = ['test/fault/rotation-faults.spec.ts', 'test/fault/rotation-crash.spec.ts'];

/** The fault suites again and again, since what a fault meets depends on the moment. */
export async function stressFault({ most, untilMs, root = ROOT }: StressTerms): Promise<StressEnd> {
  let count = 0;
  for (; count < most && (count === 0 || Date.now() < untilMs); count += 1) {
    const { status, stdout } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...SPECS, '--reporter=dot'], { cwd: root, encoding: 'utf8' });
    if (status !== 0) return { wrong: [stdout.slice(-4_000)], count, did: `${count} rounds` };
  }
  return { wrong: [], count, did: `${count} rounds of ${SPECS.length} suites` };
}
