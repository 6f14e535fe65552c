import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stress, StressEnd, StressTerms, Suite } from './suite-runs.js';

const ROOT = join(import.meta.dirname, '../..');
/** The suites whose faults are chosen by their names, not by a seed. */
const SPECS = ['test/fault/rotation-faults.spec.ts', 'test/fault/rotation-crash.spec.ts'];
const OUTPUT_BYTES_MAX = 64 * 2 ** 20;

/** The fault suites again and again, since what a fault meets depends on the moment. */
export async function stressFault({ most, untilMs, root = ROOT }: StressTerms): Promise<StressEnd> {
  let count = 0;
  for (; count < most && (count === 0 || Date.now() < untilMs); count += 1) {
    const { status, stdout } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...SPECS, '--reporter=dot'], { cwd: root, encoding: 'utf8' });
    if (status !== 0) return { wrong: [stdout.slice(-4_000)], count, did: `${count} rounds` };
  }
  return { wrong: [], count, did: `${count} rounds of ${SPECS.length} suites` };
}

interface SpecResult {
  readonly numPassedTests: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[] }[];
}

/** Errors: throws when the spec does not run at all. */
function resultOf(root: string, spec: string, tests: string): SpecResult {
  const dir = mkdtempSync(join(tmpdir(), 'mailwarden-spec-'));
  const told = join(dir, 'result.json');
  try {
    const { stdout, stderr } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', spec, '-t', tests, '--reporter=json', `--outputFile=${told}`], { cwd: root, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX });
    if (!existsSync(told)) throw new Error(`${spec} did not run: ${(stdout + stderr).slice(-4_000)}`);
    return JSON.parse(readFileSync(told, 'utf8')) as SpecResult;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The tests of a spec whose names match, each once. A count is one of tests that ran. */
const named = (spec: string, tests: string): Stress => ({ root = ROOT }) => {
  const { numPassedTests, testResults } = resultOf(root, spec, tests);
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === 'failed');
  const count = numPassedTests + failed.length;
  return Promise.resolve({ wrong: failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0] ?? ''}`), count, did: `${count} tests` });
};

export const specSuite = (name: string, spec: string, tests: string): Suite => ({ name, run: named(spec, tests), enough: 1 });
