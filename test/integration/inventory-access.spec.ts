import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProfile } from '@mailwarden/catalogue';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Accounts of the tree, with the groups that their own files give them. */
const ACCOUNTS = [
  { name: 'owner', uid: 60_001, gid: 60_001, groups: [] },
  { name: 'member', uid: 60_002, gid: 60_002, groups: [60_001] },
  { name: 'primary', uid: 60_003, gid: 60_001, groups: [] },
  { name: 'stranger', uid: 60_004, gid: 60_004, groups: [60_005] },
] as const;
const GROUPS = 'owners:x:60001:member\nothers:x:60005:stranger\n';
/** Whom a file or a folder belongs to. */
const OWNERS = [
  [60_001, 60_001],
  [0, 60_001],
  [60_004, 60_001],
  [0, 0],
] as const;
const FOLDER_MODES = [0o700, 0o750, 0o710, 0o711, 0o755, 0o770, 0o777, 0o1777, 0o005, 0o010, 0o070];
const FILE_MODES = [0o600, 0o640, 0o660, 0o604, 0o066, 0o060, 0o006, 0o400, 0o020, 0o002, 0o777, 0o000];
const SEED = 20_261_124;
const CASES = 150;

/** Asks the kernel by open(2) for each file, as the account that it runs as. */
const ASK = `
const fs = require('node:fs');
const can = (path, flags) => { try { fs.closeSync(fs.openSync(path, flags)); return true; } catch { return false; } };
const answers = JSON.parse(fs.readFileSync(0, 'utf8')).map((path) => [can(path, fs.constants.O_RDONLY), can(path, fs.constants.O_WRONLY)]);
process.stdout.write(JSON.stringify(answers));
`;

let root: string;

/** Numbers from a seed, so that a failure can be seen again. Source: Marsaglia, Xorshift RNGs. */
function* numbers(seed: number): Generator<number, never, void> {
  for (let state = seed; ; ) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield Math.abs(state);
  }
}

interface Case {
  readonly id: string;
  readonly file: string;
  readonly said: string;
}

/** One store: a folder above it, the store's own folder, one in it, and one file. */
function makeCase(index: number, next: <T>(choices: readonly T[]) => T): Case {
  const id = `case-${index}`;
  const parts = [`var/opt/matrix/${id}`, 'store', 'inner'];
  const said: string[] = [];
  let path = root;
  const made: [string, number, number, number][] = [];
  for (const part of parts) {
    path = join(path, part);
    mkdirSync(path, { recursive: true });
    const [uid, gid] = next(OWNERS);
    made.push([path, uid, gid, next(FOLDER_MODES)]);
  }
  const file = join(path, 'letter');
  writeFileSync(file, 'x');
  const [uid, gid] = next(OWNERS);
  made.push([file, uid, gid, next(FILE_MODES)]);
  for (const [at, owner, group, mode] of made.toReversed()) {
    chownSync(at, owner, group);
    chmodSync(at, mode);
    said.unshift(`${owner}:${group} ${mode.toString(8)}`);
  }
  return { id, file, said: said.join(' / ') };
}

function profileText(cases: readonly Case[]): string {
  const stores = cases.map(({ id }) => `  - { id: ${id}, section: ${id}, kind: files, directories: null, files: [ "/var/opt/matrix/${id}/store/inner/lett*" ], data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: false }`);
  return ['schema: mailwarden/profile/v1', 'id: matrix', 'product: { name: Matrix, vendor: None, versions: "*" }', 'sources: { here: { title: This test, url: null, date: null, kind: general } }', 'accounts: { service: root, groups: [] }', 'services: []', 'stores:', ...stores, ''].join('\n');
}

async function computed(cases: readonly Case[]): Promise<Map<string, Map<string, string>>> {
  const profile = parseProfile(profileText(cases));
  if (!profile.ok) throw new Error(profile.error.map(({ message }) => message).join('\n'));
  const { stores } = await measureHost({ root, profile: profile.value, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
  return new Map(stores.map(({ id, access }) => [id as string, new Map(access.accounts.map(({ name, read, write }) => [name, `${read ? 'r' : '-'}${write ? 'w' : '-'}`]))]));
}

function kernelSays(account: (typeof ACCOUNTS)[number], files: readonly string[]): string[] {
  const groups = account.groups.length === 0 ? ['--clear-groups'] : [`--groups=${account.groups.join(',')}`];
  const answer = execFileSync('setpriv', [`--reuid=${account.uid}`, `--regid=${account.gid}`, ...groups, process.execPath, '-e', ASK], { input: JSON.stringify(files), encoding: 'utf8', env: {}, cwd: '/' });
  return (JSON.parse(answer) as [boolean, boolean][]).map(([read, write]) => `${read ? 'r' : '-'}${write ? 'w' : '-'}`);
}

const mayBeOthers = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv');

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-access-'));
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), ['root:x:0:0::/:', ...ACCOUNTS.map(({ name, uid, gid }) => `${name}:x:${uid}:${gid}::/:`), ''].join('\n'));
  writeFileSync(join(root, 'etc/group'), GROUPS);
});
afterAll(() => rmSync(root, { recursive: true }));

describe('who gets in', () => {
  it.runIf(mayBeOthers)(`is what the kernel answers to open(2), in ${CASES} cases for each account (seed ${SEED})${mayBeOthers ? '' : ' (skipped: becoming other accounts needs the super-user and setpriv)'}`, async () => {
    const random = numbers(SEED);
    const next = <T>(choices: readonly T[]): T => choices[random.next().value % choices.length] as T;
    const cases = Array.from({ length: CASES }, (_, index) => makeCase(index, next));
    const map = await computed(cases);
    const differ: string[] = [];
    const seen = new Set<string>();
    for (const account of ACCOUNTS) {
      kernelSays(account, cases.map(({ file }) => file)).forEach((kernel, index) => {
        const { id, said } = cases[index] as Case;
        const own = map.get(id)?.get(account.name) ?? '--';
        seen.add(kernel);
        if (own !== kernel) differ.push(`${account.name} on ${said}: ${own}, the kernel says ${kernel}`);
      });
    }
    expect(differ).toEqual([]);
    expect([...seen].sort()).toEqual(['--', '-w', 'r-', 'rw']);
  }, 60_000);
});
