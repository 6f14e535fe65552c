// Runs the suites in the order in which their failures explain each other, and adds up what they say.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { prepareContainers } from '../scripts/containers/prepare-containers.ts';
import { partsOf } from '../scripts/suites/real-parts.ts';
import { runLimited } from '../scripts/suites/run-limited.ts';

/** A suite that takes longer hangs: it is ended and counts as failed. Units: milliseconds. */
const SUITE_MS_MAX = 60 * 60_000;
const RESULTS = 'test-results';
const FAILURE_CHARS_MAX = 500;
const node = (...args) => ({ command: process.execPath, args });
const vitest = (name, ...folders) => ({ name, folders, report: join(RESULTS, `${name}.json`) });
/** Files at once, for suites whose files know nothing of each other: on two cores vitest would leave one of them idle. */
const SIDE_BY_SIDE = { options: [`--maxWorkers=${availableParallelism()}`] };

/** Checks that pass or fail as a whole. */
const CHECKS = [
  { name: 'build', ...node('node_modules/@typescript/native/bin/tsc', '-b') },
  { name: 'types of the suites', ...node('node_modules/@typescript/native/bin/tsc', '-p', 'tsconfig.specs.json') },
  { name: 'lint', ...node('node_modules/oxlint/bin/oxlint', '--config', 'oxlint.json', '--deny-warnings', ...['apps', 'libs', 'test', 'scripts', 'bench'].filter((folder) => existsSync(folder))) },
  ...(existsSync('apps/console/package.json') ? [{ name: 'console build', command: 'npm', args: ['run', '--silent', 'build', '--workspace', '@mailwarden/console'] }] : []),
];
const SUITES = [
  { ...vitest('unit', 'libs', 'apps'), ...SIDE_BY_SIDE },
  { ...vitest('architecture', 'test/architecture'), ...SIDE_BY_SIDE },
  { ...vitest('contract', 'test/contract'), ...SIDE_BY_SIDE },
  vitest('suites', 'test/suites'),
  vitest('model', 'test/model'),
  // One file after the other: some measure how long somebody waits.
  vitest('integration', 'test/integration'),
  { ...vitest('containers', 'test/containers'), prepare: (run) => prepareContainers({ natsServer: process.env.MAILWARDEN_NATS_SERVER ?? 'nats-server', run }) },
  // Booting and waiting for mail takes hardly any processor time: two servers at once, even on two cores.
  { ...vitest('servers', 'test/servers'), options: ['--maxWorkers=2'] },
  vitest('e2e', 'test/e2e'),
  vitest('fault', 'test/fault'),
].filter((suite) => suite.folders.some((folder) => existsSync(folder)));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => ![...CHECKS, ...SUITES].some((known) => known.name === name));
const total = { passed: 0, failed: unknown.length, skipped: 0 };
const notes = [];
/** What failed, a line each, told again at the end: whoever sees only the last screen of a long run knows what to look at. */
const failures = [];
const stopped = new AbortController();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function whyFailed({ outOfTime, leftBehind }) {
  if (outOfTime) return `it was ended after ${SUITE_MS_MAX / 60_000} minutes`;
  return leftBehind.length === 0 ? undefined : `it left running, now ended: ${leftBehind.map(({ pid, command }) => `${pid} ${command.slice(0, 100)}`).join('; ')}`;
}

async function check({ name, command, args }) {
  const since = Date.now();
  const end = await runLimited({ command, args, limitMs: SUITE_MS_MAX, signal: stopped.signal });
  const why = whyFailed(end);
  const good = end.status === 0 && why === undefined;
  total[good ? 'passed' : 'failed'] += 1;
  if (!good) failures.push(name);
  console.log(`${good ? 'passed' : 'FAILED'}  ${name} (${seconds(since)})${why === undefined ? '' : `: ${why}`}`);
}

/** One failed test, or a file that broke before its first: where it stands, and what was said before the stack. */
function failuresOf(testResults) {
  const lineOf = (file, title, message) => `${relative(process.cwd(), file)}${title === '' ? '' : ` > ${title}`}: ${stripVTControlCharacters(message ?? '').split('\n    at ', 1)[0].replaceAll(/\s*\n\s*/g, ' | ').slice(0, FAILURE_CHARS_MAX)}`;
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed').map(({ ancestorTitles, title, failureMessages }) => lineOf(name, [...ancestorTitles, title].filter((text) => text !== '').join(' > '), failureMessages[0]));
    return failed.length === 0 && status === 'failed' ? [lineOf(name, '', message)] : failed;
  });
}

function countsOf(report, end, why) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0, skippedParts: [], failedParts: [], remark: why ?? `the suite ended with ${end.status} and no report` };
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const brokenFiles = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  const failed = Math.max(numFailedTests + brokenFiles, end.status === 0 ? 0 : 1, numFailedTestSuites > 0 ? 1 : 0) + (end.leftBehind.length > 0 ? 1 : 0);
  const pending = testResults.flatMap((file) => file.assertionResults).filter(({ status }) => status === 'pending' || status === 'skipped' || status === 'todo');
  // A title that says why speaks for itself; a whole group that is skipped is named once.
  const nameOf = ({ ancestorTitles, title }) => [title, ...ancestorTitles].find((text) => text.includes('(skipped:')) ?? [...ancestorTitles, title].filter((text) => text !== '').join(' > ');
  const skippedParts = [...new Set(pending.map(nameOf))];
  return { passed: numPassedTests, failed, skipped: numPendingTests, skippedParts, failedParts: failuresOf(testResults), remark: why };
}

async function suite({ name, folders, report, prepare, options }) {
  const since = Date.now();
  const prepared = await prepare?.(`${process.pid}-${since}`);
  if (prepared !== undefined) {
    notes.push(prepared.line);
    console.log(prepared.line);
  }
  try {
    const args = ['node_modules/vitest/vitest.mjs', 'run', ...folders.filter((folder) => existsSync(folder)), '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...(options ?? [])];
    const end = await runLimited({ command: process.execPath, args, env: prepared?.env ?? {}, limitMs: SUITE_MS_MAX, signal: stopped.signal });
    const { passed, failed, skipped, skippedParts, failedParts, remark } = countsOf(report, end, whyFailed(end));
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    if (failed > 0) failures.push(...failedParts.map((one) => `${name}: ${one}`), ...(failedParts.length < failed ? [`${name}: ${remark ?? 'an error outside of its tests'}`] : []));
    for (const part of skippedParts) console.log(`skipped ${name}: ${part}`);
    console.log(`${failed === 0 ? 'passed' : 'FAILED'}  ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds(since)})${remark === undefined ? '' : `: ${remark}`}`);
  } finally {
    await prepared?.end();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopped.abort());
for (const name of unknown) console.log(`FAILED  ${name}: there is no such suite; there are ${[...CHECKS, ...SUITES].map((known) => known.name).join(', ')}`);
rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
for (const [parts, run] of [[CHECKS, check], [SUITES, suite]]) {
  for (const part of parts) {
    if (stopped.signal.aborted) break;
    if (wanted.length > 0 && !wanted.includes(part.name)) continue;
    await run(part).catch((cause) => {
      total.failed += 1;
      failures.push(part.name);
      console.log(`FAILED  ${part.name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    });
  }
}
if (stopped.signal.aborted) {
  total.failed += 1;
  console.log('FAILED  stopped before the end');
}
for (const failure of failures) console.log(`FAILED  ${failure}`);
console.log(`Real parts: ${[...partsOf(process.env), ...notes].join('; ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed + total.skipped > 0 ? 0 : 1);
