import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STEADY_NODE_OPTIONS } from '@mailwarden/config';
import { compare, report, runProgram, type Side } from './compare.ts';
import { makeStore, middleOf } from './mail-tree.ts';

const CLI = join(import.meta.dirname, '../apps/cli/dist/main.js');
const ROUNDS = 5;

function policyFor(files: number): string {
  return [
    'schema: mailwarden/policy/v1',
    'kind: retention',
    'name: bench-half',
    'reason: The oldest half goes',
    'stores: [ bench/store ]',
    'mode: enforce',
    `limits: { records: ${files / 2} }`,
    'target: 100 %',
    'bounds: { items: 100000000, bytes: 1 TB, percent: 100 %, deadline: 1 hour }',
    '',
  ].join('\n');
}

const PROFILE = [
  'schema: mailwarden/profile/v1',
  'id: bench',
  'product: { name: Bench, vendor: None, versions: "*" }',
  'sources: { bench: { title: This bench, url: null, date: null, kind: general } }',
  'accounts: { service: root, groups: [] }',
  'services: []',
  'stores:',
  '  - { id: store, section: Store, kind: files, directories: null, files: [ "/var/opt/bench/store/**" ], data-categories: null, duration: not-stated, protection: { accounts: null, groups: [], source: null }, rotatable: true }',
  '',
].join('\n');

/** Files that are left afterwards, so that both sides can be seen to have deleted the same. */
function left(store: string): string {
  return `${runProgram(['/bin/sh', '-c', 'find "$0" -type f | wc -l', store]).stdout.trim()} left, newest half: ${runProgram(['/bin/sh', '-c', 'find "$0" -type f -newermt "$1" | wc -l', store, '2000-01-01']).stdout.trim()}`;
}

function timed(work: () => number | null, store: string): ReturnType<Side['run']> {
  const startedAt = process.hrtime.bigint();
  const peakMiB = work();
  const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
  return { work: left(store), peakMiB, ms };
}

/** Deletes the oldest half of a store: planned, journalled, moved aside and checked, beside what a script would do. */
export function benchRotation(files: number, dir: string): void {
  const root = join(dir, 'root');
  const store = join(root, 'var/opt/bench/store');
  mkdirSync(join(root, 'etc'), { recursive: true });
  const profile = join(dir, 'bench.yaml');
  const policy = join(dir, 'policy.yaml');
  writeFileSync(profile, PROFILE);
  writeFileSync(policy, policyFor(files));
  const prepare = (): void => {
    makeStore(store, files);
    runProgram(['/bin/sync']);
  };
  const find: Side = { name: 'find -delete', prepare, run: () => timed(() => runProgram(['/usr/bin/find', store, '-type', 'f', '-not', '-newermt', middleOf(files), '-delete']).peakMiB, store) };
  const ours: Side = { name: 'mailwarden rotate --apply', prepare, run: () => timed(() => runProgram([process.execPath, ...STEADY_NODE_OPTIONS, CLI, 'rotate', '--policy', policy, '--profile', profile, '--root', root, '--apply', '--format', 'json']).peakMiB, store) };
  const figures = compare('rotation', [find, ours], ROUNDS);
  report('rotation', `the oldest half of ${files} files in 200 folders${existsSync('/usr/bin/systemd-tmpfiles') ? '' : '; systemd-tmpfiles is not on this machine'}`, 'at most 1.1x of find -delete on two cores, 1.5x on one', figures);
  rmSync(root, { recursive: true, force: true });
}
