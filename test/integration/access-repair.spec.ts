import { randomInt } from 'node:crypto';
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProfile } from '@mailwarden/catalogue';
import { readAccounts, withHost } from '@mailwarden/inventory-fs';
import { applyRepairs, findRepairs, namedAccess, repairTerms, undoRepairs, type RepairWatch } from '@mailwarden/rotation-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessRepair, type AccessRepairOptions } from '../../apps/cli/src/commands/access-repair.js';
import { accessRepairDocument, type AccessRepairDocument } from '../../apps/cli/src/output/access-repair-json.js';
import { PLAIN } from '../../apps/cli/src/output/terminal.js';
import { accountFiles, IDENTITIES, kernelAnswers, missingForIdentities, type Answer } from './access-identities.js';
import { giveRights, randomRights, rightsOnDisk, type Place, type Wanted } from './access-tree.js';
import { seededChoice } from './seeded-choices.js';

/** The same tree again by MAILWARDEN_SEED. */
const SEED = Number(process.env['MAILWARDEN_SEED'] ?? randomInt(1, 2 ** 31));
const CHAINS = 60;
const FILES_PER_CHAIN = 6;
const MISSING = missingForIdentities();
const WHY = MISSING === null ? '' : ` (skipped: ${MISSING})`;
const STORE = 'var/acme/mail';
const STRANGER_UID = 60_008;
const KEEPERS: ReadonlySet<string> = new Set(['root', 'owner', 'other-group', 'many-groups']);
const PROFILE = `schema: mailwarden/profile/v1
id: acme
product: { name: Acme, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: owner, groups: [] }
services: []
stores:
  - { id: mail, section: Mail, kind: files, directories: null, files: [ "/${STORE}/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root, owner ], groups: [ group-60005 ], source: here }, rotatable: true }
  - { id: news, section: News, kind: files, directories: null, files: [ "/var/acme/news/**" ], data-categories: null, duration: not-stated, protection: { accounts: null, groups: [], source: null }, rotatable: true }
`;
const POLICY = `schema: mailwarden/policy/v1\nkind: access\nname: helpdesk\nreason: A test\nmode: enforce\nstores: [ acme/mail ]\naccounts: [ stranger ]\n`;

let root: string;
let store: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-repair-'));
  chmodSync(root, 0o755);
  store = join(root, STORE);
  mkdirSync(store, { recursive: true });
  for (const folder of ['var', 'var/acme', STORE]) chmodSync(join(root, folder), 0o755);
  mkdirSync(join(root, 'etc'));
  const { passwd, group } = accountFiles();
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(join(root, 'etc/group'), group);
  writeFileSync(join(root, 'acme.yaml'), PROFILE, { mode: 0o600 });
  writeFileSync(join(root, 'policy.yaml'), POLICY, { mode: 0o600 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function run(part: Partial<AccessRepairOptions> = {}): Promise<{ exit: number; document: AccessRepairDocument }> {
  const lines: string[] = [];
  const exit = await accessRepair({ store: 'mail', plan: false, apply: false, profile: [join(root, 'acme.yaml')], root, list: false, ...part }, { dataDir: root, format: 'json', style: PLAIN, print: (line) => lines.push(line) });
  return { exit, document: accessRepairDocument.parse(JSON.parse(lines.join('\n'))) };
}

/** All of the store, its own folder among it. */
const placesOf = (): Place[] => [{ path: store, folder: true }, ...readdirSync(store, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() || entry.isDirectory() ? [{ path: join(entry.parentPath, entry.name), folder: entry.isDirectory() }] : []))];
const snapshot = (): string[] => placesOf().map(({ path }) => { const { uid, gid, mode, acl, defaultAcl } = rightsOnDisk(path); return `${path.slice(root.length)} ${uid}:${gid} ${mode.toString(8)} ${acl?.key ?? ''} ${defaultAcl?.key ?? ''}`; }).sort();
const asked = (places: readonly Place[]): Map<string, Answer[]> => new Map(IDENTITIES.map((identity) => [identity.name, kernelAnswers(identity, places)]));

function lay(path: string, rights: Partial<Wanted> = {}): string {
  const place = join(store, path);
  mkdirSync(join(place, '..'), { recursive: true });
  writeFileSync(place, 'x');
  giveRights(root, [{ path: place, rights: { uid: 60_001, gid: 60_001, mode: 0o600, entries: [], ...rights } }]);
  return place;
}

function layRandomTree(): void {
  const choose = seededChoice(SEED);
  const wanted: { path: string; rights: Wanted }[] = [];
  for (let chain = 0; chain < CHAINS; chain += 1) {
    const inner = join(store, `chain-${chain}`, 'inner');
    mkdirSync(inner, { recursive: true });
    for (const folder of [join(inner, '..'), inner]) wanted.push({ path: folder, rights: randomRights(choose, true) });
    for (let file = 0; file < FILES_PER_CHAIN; file += 1) {
      writeFileSync(join(inner, `file-${file}`), 'x');
      wanted.push({ path: join(inner, `file-${file}`), rights: randomRights(choose, false) });
    }
  }
  giveRights(root, wanted);
}

describe.runIf(MISSING === null)(`access that is mended${WHY}`, () => {
  it(`shuts out whoever is not named, as the kernel answers, takes nothing from those who are, and is taken back exactly (seed ${SEED})`, async () => {
    layRandomTree();
    const places = placesOf();
    const [before, asBefore] = [asked(places), snapshot()];
    const plan = await run({ plan: true, list: true });
    expect(plan.exit).toBe(1);
    expect(snapshot()).toEqual(asBefore);
    const applied = await run({ apply: true });
    expect(applied.document.stores[0]?.changed).toBe(plan.document.list?.length);
    const after = asked(places);
    const stillOpen = new Set<string>();
    places.forEach(({ path }, index) => {
      for (const { name } of IDENTITIES) {
        const [was, is] = [before.get(name)?.[index], after.get(name)?.[index]];
        if (KEEPERS.has(name)) expect({ path, name, ...is }, `seed ${SEED}: ${path} for ${name}`).toMatchObject({ ...(was?.read === true ? { read: true } : {}), ...(was?.write === true ? { write: true } : {}) });
        else if (is?.read === true || is?.write === true) stillOpen.add(path);
      }
    });
    // What still lets a stranger in is told, and is what somebody who may enter gets in by.
    const told = applied.document.stores[0]?.left.filter(({ reason }) => ['would-shut-out', 'anothers'].includes(reason)) ?? [];
    expect(told.reduce((sum, { entries }) => sum + entries, 0)).toBeGreaterThanOrEqual(stillOpen.size);
    expect(stillOpen.size).toBeLessThan(places.length / 4);
    const { exit } = await run({ undo: applied.document.id ?? '' });
    expect([exit, snapshot()]).toEqual([0, asBefore]);
    expect((await run({ undo: applied.document.id ?? '' })).exit).toBe(0);
    expect(snapshot()).toEqual(asBefore);
  }, 60_000);

  it.each([
    ['others read a file', { mode: 0o644, gid: 60_005 }, { mode: 0o640 }],
    ['others read a file, and so does a group that may', { mode: 0o644 }, { mode: 0o644 }],
    ['others write a file', { mode: 0o606, gid: 60_005 }, { mode: 0o600 }],
    ['a group that may and strangers are in', { mode: 0o640, gid: 60_001 }, { mode: 0o640, gid: 60_005 }], // many-groups may, and is in both.
    ['a group of strangers alone', { mode: 0o660, gid: 60_002 }, { mode: 0o600 }],
    ['a stranger owns it', { mode: 0o644, uid: STRANGER_UID, gid: 60_005 }, { mode: 0o640, uid: 60_001, gid: 60_005 }],
    ['a program of a stranger\'s', { mode: 0o4755, uid: STRANGER_UID, gid: 60_005 }, { mode: 0o751, uid: 60_001 }],
    ['a list names a stranger', { entries: ['user::rw-', 'user:60008:rw-', 'group::---', 'mask::rw-', 'other::---'] }, { acl: 'owner:6,owning-group:0,mask:6,other:0' }],
    ['a list lets everyone in', { entries: ['user::rw-', 'user:60004:r--', 'group::---', 'mask::r--', 'other::r--'] }, { acl: 'owner:6,user=60004:4,owning-group:0,mask:4,other:0' }],
  ])('with the least change: %s', async (_what, rights, expected) => {
    const file = lay('letter', rights);
    await run({ apply: true });
    const { acl, ...found } = rightsOnDisk(file);
    expect({ ...found, acl: acl?.key }).toMatchObject(expected);
  });

  it('gives the product nothing of what a stranger keeps to himself, nor of what was carried into the store with a folder of its own', async () => {
    const [note, key] = [lay('note', { mode: 0o600, uid: STRANGER_UID, gid: STRANGER_UID }), lay('share/of-a-stranger/key', { mode: 0o644, uid: STRANGER_UID, gid: 60_005 })];
    for (const [path, uid, mode] of [['share', 60_001, 0o755], ['share/of-a-stranger', STRANGER_UID, 0o700]] as const) giveRights(root, [{ path: join(store, path), rights: { uid, gid: uid, mode, entries: [] } }]);
    const { document } = await run({ apply: true });
    expect([note, key, join(store, 'share/of-a-stranger')].map((path) => statSync(path).uid)).toEqual([STRANGER_UID, STRANGER_UID, STRANGER_UID]);
    expect(rightsOnDisk(note)).toMatchObject({ gid: STRANGER_UID, mode: 0o600 });
    expect(document.stores[0]).toMatchObject({ state: 'stays-open', left: expect.arrayContaining([{ reason: 'anothers', entries: 3 }]) });
  });

  it.each([
    ['with strangers alone', 60_002, 0o600],
    ['with one that may enter', 60_007, 0o640],
  ])('gives the product nothing of what a stranger shares with a group that the product is not in: %s', async (_with, gid, mode) => {
    const shared = lay('shared', { mode: 0o640, uid: STRANGER_UID, gid });
    const { document } = await run({ apply: true });
    expect(rightsOnDisk(shared)).toMatchObject({ uid: STRANGER_UID, gid, mode });
    expect(document.stores[0]).toMatchObject({ state: 'stays-open', left: expect.arrayContaining([{ reason: 'anothers', entries: 1 }]) });
  });

  it('leaves links, hard links and what lies outside as they are', async () => {
    const outside = join(root, 'outside');
    writeFileSync(outside, 'x');
    chmodSync(outside, 0o666);
    linkSync(outside, join(store, 'hard'));
    symlinkSync(outside, join(store, 'soft'));
    const { document } = await run({ apply: true });
    expect(document.stores[0]?.left).toEqual(expect.arrayContaining([{ reason: 'hard-linked', entries: 1 }, { reason: 'not-a-file-or-folder', entries: 1 }]));
    expect(statSync(outside).mode & 0o777).toBe(0o666);
    expect(lstatSync(join(root, 'var/acme')).mode & 0o777).toBe(0o755);
  });

  it('lets in whom a policy of access names, and does nothing where that only watches or nobody says who may', async () => {
    const list = ['user::rw-', 'user:60008:rw-', 'group::---', 'mask::rw-', 'other::---'];
    const file = lay('letter', { entries: list });
    const before = rightsOnDisk(file);
    await run({ apply: true, policy: join(root, 'policy.yaml') });
    expect(rightsOnDisk(file)).toEqual(before);
    writeFileSync(join(root, 'policy.yaml'), POLICY.replace('enforce', 'observe').replace('stranger', 'member'));
    expect((await run({ apply: true, policy: join(root, 'policy.yaml') })).document.stores[0]).toMatchObject({ state: 'watched', reason: expect.stringContaining('mode: enforce') });
    expect(rightsOnDisk(file)).toEqual(before);
    mkdirSync(join(root, 'var/acme/news'));
    writeFileSync(join(root, 'var/acme/news/a'), '', { mode: 0o644 });
    expect((await run({ apply: true, store: 'news' })).document).toMatchObject({ id: null, stores: [{ state: 'nobody-named' }] });
  });

  it('gives no program back to run as its owner of before, whom the product could have written it for meanwhile', async () => {
    const file = lay('program', { mode: 0o4755, uid: STRANGER_UID, gid: 60_005 });
    const { document } = await run({ apply: true });
    expect(statSync(file)).toMatchObject({ uid: 60_001 });
    writeFileSync(file, 'a program of the account that owns it now');
    expect((await run({ undo: document.id ?? '' })).exit).toBe(0);
    expect(rightsOnDisk(file)).toMatchObject({ uid: STRANGER_UID, gid: 60_005, mode: 0o755 });
    expect((await run({ undo: document.id ?? '' })).exit).toBe(0);
    expect(rightsOnDisk(file)).toMatchObject({ uid: STRANGER_UID, mode: 0o755 });
  });

  it('gives back nothing that somebody changed since, and says so', async () => {
    const [first, second] = [lay('first', { mode: 0o644, gid: 60_005 }), lay('second', { mode: 0o644, gid: 60_005 })];
    const { document } = await run({ apply: true });
    chmodSync(first, 0o400);
    const undone = await run({ undo: document.id ?? '' });
    expect([undone.exit, undone.document.stores[0]]).toMatchObject([2, { state: 'failed', left: [{ reason: 'changed', entries: 1 }] }]);
    expect([first, second].map((path) => statSync(path).mode & 0o777)).toEqual([0o400, 0o644]);
    await expect(run({ undo: '00000000-0000-4000-8000-000000000000' })).rejects.toThrow('none of this name was made here');
  });
});

describe.runIf(MISSING === null)(`access that is mended while others act${WHY}`, () => {
  async function repair(id: string, watch: RepairWatch): Promise<void> {
    const profile = parseProfile(PROFILE);
    if (!profile.ok) throw new Error('the profile is wrong');
    const [mail] = profile.value.stores;
    if (mail === undefined) throw new Error('there is no store');
    await withHost(root, { databases: {} }, async (host) => {
      const accounts = readAccounts(host);
      const named = namedAccess(mail, []);
      if (!accounts.ok || named === null) throw new Error('nobody is named');
      const { repairs } = await findRepairs(host, profile.value, mail, repairTerms(profile.value, named, accounts.value));
      applyRepairs({ host, journalDir: join(root, 'journal'), watch }, id, [{ profile: 'acme', store: 'mail', repairs }]);
    });
  }
  const undo = (id: string): Promise<void> => withHost(root, { databases: {} }, (host) => Promise.resolve(void undoRepairs({ host, journalDir: join(root, 'journal') }, id, [{ profile: 'acme', store: 'mail', roots: [`/${STORE}`] }])));

  it('touches nothing that took the place of what was judged', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    for (const name of ['a', 'b', 'c']) {
      writeFileSync(join(outside, name), 'x');
      chmodSync(join(outside, name), 0o666);
    }
    chmodSync(outside, 0o777);
    for (const name of ['deep/a', 'b', 'c', 'd', 'e']) lay(name, { mode: 0o666, gid: 60_005 });
    const [alike, linked] = [join(outside, 'alike'), join(outside, 'linked')];
    writeFileSync(alike, 'x');
    giveRights(root, [{ path: alike, rights: { uid: 60_001, gid: 60_005, mode: 0o666, entries: [] } }]);
    chmodSync(store, 0o755);
    await repair('11111111-1111-4111-8111-111111111111', (step) => {
      if (step !== 'intent') return;
      renameSync(join(store, 'deep'), join(store, 'gone'));
      symlinkSync(outside, join(store, 'deep'));
      rmSync(join(store, 'b'));
      symlinkSync(join(outside, 'b'), join(store, 'b'));
      rmSync(join(store, 'c'));
      linkSync(join(outside, 'c'), join(store, 'c'));
      renameSync(alike, join(store, 'd')); // Another file, with the very rights of the one that was judged.
      linkSync(join(store, 'e'), linked); // The same file, which now lies outside as well.
    });
    expect([join(store, 'd'), linked].map((path) => statSync(path).mode & 0o777)).toEqual([0o666, 0o666]);
    expect(['', 'a', 'b', 'c'].map((name) => statSync(join(outside, name)).mode & 0o777)).toEqual([0o777, 0o666, 0o666, 0o666]);
  });

  it.each([1, 3, 6])('and is broken off at change %i is taken back all the same', async (times) => {
    for (let index = 0; index < 6; index += 1) lay(`letter-${index}`, { mode: 0o4646, gid: 60_005, uid: index % 2 === 0 ? 60_001 : STRANGER_UID });
    chownSync(store, 60_001, 60_001);
    const before = snapshot();
    let left = times;
    await expect(repair('22222222-2222-4222-8222-222222222222', (step) => {
      if (step === 'change' && (left -= 1) === 0) throw new Error('the power went');
    })).rejects.toThrow('the power went');
    await undo('22222222-2222-4222-8222-222222222222');
    // Set-id bits of what had another owner meanwhile do not come back.
    const apartFromThose = (lines: string[]): string[] => lines.map((line) => line.replace(`${STRANGER_UID}:60005 4646`, `${STRANGER_UID}:60005 646`));
    expect(apartFromThose(snapshot())).toEqual(apartFromThose(before));
  });
});
