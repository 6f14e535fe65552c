// Runs the suites in the order in which their failures explain each other, and adds up what they say.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const RESULTS = 'test-results';
const node = (...args) => ({ command: process.execPath, args });
const vitest = (name, ...folders) => ({ name, folders, report: join(RESULTS, `${name}.json`) });

/** Checks that pass or fail as a whole. */
const CHECKS = [
  { name: 'build', ...node('node_modules/@typescript/native/bin/tsc', '-b') },
  { name: 'types of the suites', ...node('node_modules/@typescript/native/bin/tsc', '-p', 'tsconfig.specs.json') },
  { name: 'lint', ...node('node_modules/oxlint/bin/oxlint', '--config', 'oxlint.json', '--deny-warnings', 'apps', 'libs', 'test') },
  ...(existsSync('apps/console/package.json') ? [{ name: 'console build', command: 'npm', args: ['run', '--silent', 'build', '--workspace', '@mailwarden/console'] }] : []),
];
const SUITES = [
  vitest('unit', 'libs', 'apps'),
  vitest('architecture', 'test/architecture'),
  vitest('contract', 'test/contract'),
  vitest('integration', 'test/integration'),
  vitest('containers', 'test/containers'),
  vitest('e2e', 'test/e2e'),
  vitest('fault', 'test/fault'),
].filter((suite) => suite.folders.some((folder) => existsSync(folder)));

const wanted = new Set(process.argv.slice(2));
const runs = ({ name }) => wanted.size === 0 || wanted.has(name);
const total = { passed: 0, failed: 0, skipped: 0 };
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function check({ name, command, args }) {
  const since = Date.now();
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  total[status === 0 ? 'passed' : 'failed'] += 1;
  console.log(`${status === 0 ? 'passed' : 'FAILED'}  ${name} (${seconds(since)})`);
}

function suite({ name, folders, report }) {
  const since = Date.now();
  const present = folders.filter((folder) => existsSync(folder));
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...present, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (!existsSync(report)) {
    total.failed += 1;
    return console.log(`FAILED  ${name}: the suite ended with ${status} and no report`);
  }
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = Math.max(numFailedTests + brokenFiles, status === 0 ? 0 : 1, numFailedTestSuites > 0 ? 1 : 0);
  total.passed += numPassedTests;
  total.failed += failed;
  total.skipped += numPendingTests;
  console.log(`${failed === 0 ? 'passed' : 'FAILED'}  ${name}: ${numPassedTests} passed, ${failed} failed, ${numPendingTests} skipped (${seconds(since)})`);
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
CHECKS.filter(runs).forEach(check);
SUITES.filter(runs).forEach(suite);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
