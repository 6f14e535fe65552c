import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@mailwarden/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessRepair, type AccessRepairOptions } from '../../apps/cli/src/commands/access-repair.js';
import { accessRepairDocument, type AccessRepairDocument } from '../../apps/cli/src/output/access-repair-json.js';
import { PLAIN } from '../../apps/cli/src/output/terminal.js';
import { giveRights, rightsOnDisk } from '../integration/access-tree.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';

const CHILD = fileURLToPath(new URL('repair-child.ts', import.meta.url));
const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const LOADER = fileURLToPath(new URL('../../scripts/from-source.mjs', import.meta.url));
const [OWNER, STRANGER] = [60_001, 60_002];
const STORE = 'var/acme/mail';
const PROFILE = `schema: mailwarden/profile/v1
id: acme
product: { name: Acme, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: owner, groups: [] }
services: []
stores:
  - { id: mail, section: Mail, kind: files, directories: null, files: [ "/${STORE}/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root, owner ], groups: [], source: here }, rotatable: true }
`;
const ID = '44444444-4444-4444-8444-444444444444';
const SUITE_MS = 120_000;
const BEGUN_MS_MAX = 60_000;
/** More than is announced at once. */
const LETTERS = 1_200;

let root: string;
let store: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-repair-killed-'));
  chmodSync(root, 0o755);
  store = join(root, STORE);
  for (const folder of [store, join(root, 'etc')]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/root:/bin/sh\nowner:x:${OWNER}:${OWNER}::/:/bin/false\nstranger:x:${STRANGER}:${STRANGER}::/:/bin/false\n`);
  writeFileSync(join(root, 'etc/group'), `root:x:0:\nowner:x:${OWNER}:\nstranger:x:${STRANGER}:\n`);
  writeFileSync(join(root, 'acme.yaml'), PROFILE, { mode: 0o600 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Owner, group, mode and list are each one too many somewhere. */
function lay(letters: number): void {
  chownSync(store, OWNER, OWNER);
  for (let number = 0; number < letters; number += 1) {
    const path = join(store, `letter-${number}`);
    writeFileSync(path, 'x');
    chownSync(path, number % 3 === 0 ? STRANGER : OWNER, number % 2 === 0 ? STRANGER : OWNER);
    chmodSync(path, [0o644, 0o666, 0o604][number % 3] ?? 0o644);
    if (number % 5 === 0) giveRights(root, [{ path, rights: { uid: number % 3 === 0 ? STRANGER : OWNER, gid: OWNER, mode: 0o660, entries: ['user::rw-', `user:${STRANGER}:rw-`, 'group::rw-', 'mask::rw-', 'other::r--'] } }]);
  }
}
const snapshot = (): string[] =>
  [store, ...readdirSync(store).sort().map((name) => join(store, name))].map((path) => {
    const { uid, gid, mode, acl } = rightsOnDisk(path);
    return `${path.slice(root.length)} ${uid}:${gid} ${mode.toString(8)} ${acl?.key ?? ''}`;
  });

async function run(part: Partial<AccessRepairOptions>): Promise<{ exit: number; document: AccessRepairDocument }> {
  const lines: string[] = [];
  const exit = await accessRepair({ store: null, plan: false, apply: false, profile: [join(root, 'acme.yaml')], root, list: false, ...part }, { dataDir: root, format: 'json', style: PLAIN, print: (text) => lines.push(text) });
  return { exit, document: accessRepairDocument.parse(JSON.parse(lines.join('\n'))) };
}

/** Runs a repair, or takes it back, in a process of its own that SIGKILL ends at a step. */
async function killed(step: string, times: number, undo = false): Promise<void> {
  const task = { root, profile: PROFILE, journalDir: join(root, 'var/lib/mailwarden/repairs'), id: ID, undo, step, times };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', LOADER, CHILD, JSON.stringify(task)], { env: {}, stdio: ['ignore', 'ignore', 'inherit'] });
  expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
}
const undone = { exit: 0, document: { stores: [{ state: 'done' }] } };

/** A second run finds what the first had not come to; the later one is taken back first. */
async function finishedAndTakenBack(before: readonly string[]): Promise<void> {
  const again = await run({ apply: true });
  expect(again).toMatchObject({ exit: 0, document: { remarks: [expect.stringContaining(`--undo ${ID}`)] } });
  expect((await run({ plan: true })).document).toMatchObject({ remarks: [], stores: [{ state: 'in-order', planned: { entries: 0 } }] });
  const { id } = again.document;
  if (id !== null) expect(await run({ undo: id })).toMatchObject(undone);
  expect(await run({ undo: ID })).toMatchObject({ exit: 0 });
  expect(snapshot()).toEqual(before);
}

describe.runIf(isRoot)(`a repair of access killed with SIGKILL${ONLY_ROOT}`, () => {
  const MOMENTS = [['intent', 1], ['change', 1], ['half-changed', 1], ['half-changed', 2], ['change', 4], ['half-changed', 9], ['half-changed', 20], ['half-changed', 30], ['changed', 1]] as const;

  it.each(MOMENTS)('at the step "%s", time %i: it is taken back exactly', { timeout: SUITE_MS }, async (step, times) => {
    lay(30);
    const before = snapshot();
    await killed(step, times);
    expect((await run({ plan: true })).document.remarks).toEqual([expect.stringContaining(`--undo ${ID}`)]);
    expect(await run({ undo: ID })).toMatchObject({ exit: 0 });
    expect(snapshot()).toEqual(before);
    expect((await run({ plan: true })).document.remarks).toEqual([]);
  });

  it.each(MOMENTS)('at the step "%s", time %i: a second run finishes it, and both are taken back exactly', { timeout: SUITE_MS }, async (step, times) => {
    lay(30);
    const before = snapshot();
    await killed(step, times);
    await finishedAndTakenBack(before);
  });

  it.each([['change', 1], ['half-changed', 1], ['half-changed', 8], ['change', 20]] as const)('and killed again while it is taken back, at the step "%s", time %i: that is brought to its end', { timeout: SUITE_MS }, async (step, times) => {
    lay(30);
    const before = snapshot();
    await killed('half-changed', 30);
    await killed(step, times, true);
    expect((await run({ plan: true })).document.remarks).toEqual([expect.stringContaining('was being taken back')]);
    expect(await run({ undo: ID })).toMatchObject(undone);
    expect(snapshot()).toEqual(before);
  });

  it.each([1, 700])('as a command, when %i letters were changed: the name of what it did is found again, and nothing is lost', { timeout: SUITE_MS }, async (changed) => {
    lay(LETTERS);
    const before = snapshot();
    const modes = (): string[] => readdirSync(store).sort().map((name) => { const { uid, gid, mode } = statSync(join(store, name)); return `${uid}:${gid}:${mode}`; });
    const first = modes();
    const words = (...before: string[]): string[] => ['--disable-warning=ExperimentalWarning', '--import', LOADER, CLI, 'access', 'repair', ...before, '--profile', join(root, 'acme.yaml'), '--root', root];
    // Options of `access` have the same names: nothing is changed before it is certain which host is meant.
    const planned = JSON.parse(spawnSync(process.execPath, words('--format', 'json', '--plan'), { env: {}, encoding: 'utf8' }).stdout) as { root: string; stores: { id: string }[] };
    expect(planned).toMatchObject({ root, stores: [{ id: 'mail' }] });
    const child = spawn(process.execPath, words('--apply'), { env: {}, stdio: ['ignore', 'ignore', 'inherit'] });
    await eventually(`${changed} changes`, BEGUN_MS_MAX, () => Promise.resolve(modes().filter((mode, place) => mode !== first[place]).length >= changed ? true : undefined));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const again = await run({ apply: true });
    expect(again.exit).toBe(0);
    const cutShort = /--undo ([0-9a-f-]{36})/.exec(again.document.remarks[0] ?? '')?.[1];
    for (const id of [again.document.id, cutShort]) if (id !== null && id !== undefined) expect((await run({ undo: id })).exit).toBe(0);
    expect(cutShort).toBeDefined();
    expect(snapshot()).toEqual(before);
  });
});
