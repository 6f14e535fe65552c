import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { compare, report, runProgram, type Side } from './compare.ts';

const CLI = join(import.meta.dirname, '../apps/cli/dist/main.js');
const ENGINE = join(import.meta.dirname, 'trim-process.ts');
const LINES = 1_100_000;
const KEPT = 1_000_000;
const ROUNDS = 5;
const LINES_A_WRITE = 10_000;
const STEP_MS = 100;
const FIRST_MS = Date.parse('2026-11-01T00:00:00Z');

const PROFILE = [
  'schema: mailwarden/profile/v1',
  'id: bench',
  'product: { name: Bench, vendor: None, versions: "*" }',
  'sources: { bench: { title: This bench, url: null, date: null, kind: general } }',
  'accounts: { service: root, groups: [] }',
  'services: []',
  'stores:',
  '  - { id: log, section: Log, kind: records, line-records: true, clock: recorded, directories: null, files: [ "/var/opt/bench/log/**" ], active: [ "/var/opt/bench/log/mail.log" ], data-categories: null, duration: not-stated, protection: { accounts: null, groups: [], source: null }, rotatable: true }',
  '',
].join('\n');
const POLICY = `schema: mailwarden/policy/v1\nkind: retention\nname: bench-newest\nreason: The newest lines stay\nstores: [ bench/log ]\nmode: enforce\nlimits: { records: ${KEPT} }\ntarget: 100 %\nkeep: { newest: 0, younger-than: 0 seconds }\nbounds: { items: 100000000, bytes: 1 TB, percent: 100 %, deadline: 1 hour }\n`;

/** Lines as a mail server writes them, ten a second. */
function writeLog(path: string): void {
  const fd = openSync(path, 'w');
  for (let from = 0; from < LINES; from += LINES_A_WRITE) {
    writeSync(fd, Array.from({ length: LINES_A_WRITE }, (_, index) => `${new Date(FIRST_MS + (from + index) * STEP_MS).toISOString()} mx postfix/qmgr[812]: ${(from + index).toString(16).toUpperCase().padStart(10, '0')}: from=<someone@example.org>, size=${(from + index) % 90_000}, nrcpt=1 (queue active)\n`).join(''));
  }
  closeSync(fd);
}

/** What is left, an empty line at the head aside, so that both sides can be seen to have kept the same. */
const left = (log: string): string => runProgram(['/bin/sh', '-c', 'tail -n "$1" "$0" | sha256sum; grep -c "[^ ]" "$0"', log, String(KEPT)]).stdout.replaceAll(/\s+/g, ' ');

/** The oldest lines leave a log in place, planned and journalled, beside what a script would do. */
export function benchTrimLog(dir: string): void {
  const root = join(dir, 'trim');
  const [whole, log] = [join(root, 'whole'), join(root, 'var/opt/bench/log/mail.log')];
  mkdirSync(join(root, 'var/opt/bench/log'), { recursive: true });
  mkdirSync(join(root, 'etc'));
  const [profile, policy] = [join(root, 'bench.yaml'), join(root, 'policy.yaml')];
  writeFileSync(profile, PROFILE);
  writeFileSync(policy, POLICY);
  writeLog(whole);
  const prepare = (): void => void runProgram(['/bin/sh', '-c', 'cp "$0" "$1" && sync && cat "$1" > /dev/null', whole, log]);
  const timed = (work: () => number | null): ReturnType<Side['run']> => {
    const startedAt = process.hrtime.bigint();
    const peakMiB = work();
    return { ms: Number(process.hrtime.bigint() - startedAt) / 1e6, work: left(log), peakMiB };
  };
  const engine = (): ReturnType<Side['run']> => {
    const { stdout, peakMiB } = runProgram([process.execPath, ENGINE, root, profile, String(KEPT), String(LINES - KEPT)]);
    return { ms: Number(stdout), work: left(log), peakMiB };
  };
  const sides: Side[] = [
    { name: 'tail -n +N && mv', prepare, run: () => timed(() => runProgram(['/bin/sh', '-c', 'tail -n +"$1" "$0" > "$0.new" && mv "$0.new" "$0"', log, String(LINES - KEPT + 1)]).peakMiB) },
    { name: 'the executor once started', prepare, run: engine },
    { name: 'mailwarden rotate --apply', prepare, run: () => timed(() => runProgram([process.execPath, CLI, 'rotate', '--policy', policy, '--profile', profile, '--root', root, '--apply', '--format', 'json']).peakMiB) },
  ];
  report('trim-log', `the newest ${KEPT} of ${LINES} lines kept; ours is planned, journalled and on the disk when it ends`, 'at most 1.2x of tail and mv', compare('trim-log', sides, ROUNDS));
  rmSync(root, { recursive: true, force: true });
}
