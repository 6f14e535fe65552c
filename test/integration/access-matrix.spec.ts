import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessOf, accountsFrom, openParents, Ways, type Account, type EntryRights } from '@mailwarden/inventory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountFiles, IDENTITIES, kernelAnswers, missingForIdentities, type Answer, type Identity } from './access-identities.js';
import { entryRights, giveRights, makePlace, randomRights, saidOf, type Place, type Wanted } from './access-tree.js';
import { seededChoice, type Choose } from './seeded-choices.js';

/** The same tree again by MAILWARDEN_SEED. */
const SEED = Number(process.env['MAILWARDEN_SEED'] ?? randomInt(1, 2 ** 31));
const CHAINS = 150;
const FILES_PER_CHAIN = 12;
const FOLDERS_PER_CHAIN = 6;
const MISSING = missingForIdentities();
const WHY = MISSING === null ? '' : ` (skipped: ${MISSING})`;

const FILES = accountFiles();
const ACCOUNTS = accountsFrom(FILES.passwd, FILES.group);
const shownName = ({ name }: Account): string => name;

/** Rights that the kernel judges in a way of its own, each once: what it is, the folder above, and the rights themselves. */
const OPEN: Wanted = { uid: 0, gid: 0, mode: 0o755, entries: [] };
const by = (entries: string, uid = 0, gid = 60_001): Wanted => ({ uid, gid, mode: 0o777, entries: entries.split(' ') });
const CORNERS: readonly (readonly [what: string, above: Wanted, own: Wanted])[] = [
  ['an empty mask leaves the list out, and a named account is anyone else', OPEN, by('user::rw- user:60008:rwx group::r-- mask::--- other::r--')],
  ['the mask takes away from a named account', OPEN, by('user::rw- user:60008:rwx group::rwx mask::r-- other::---')],
  ['the mask takes away from a named group', OPEN, by('user::rw- group::--- group:60005:rw- mask::-w- other::r--')],
  ['the mask takes away from the owning group', OPEN, by('user::--- user:60008:r-- group::rw- mask::r-- other::rw-')],
  ['a named account gets less than others', OPEN, by('user::rw- user:60008:--- group::rw- mask::rw- other::rw-')],
  ['a member of a group that gives nothing gets less than others', OPEN, by('user::rw- group::--- group:60005:--- mask::rw- other::rw-')],
  ['of two groups one that gives is enough', OPEN, by('user::--- group::--- group:60005:r-- group:60007:-w- mask::rwx other::---')],
  ['the owner is judged by its own entry, also where it is named', OPEN, by('user::--- user:60001:rwx group::rwx mask::rwx other::rwx', 60_001)],
  ['to search and to write must come from one entry', OPEN, by('user::rwx group::--- group:60005:-w- group:60007:--x mask::rwx other::---')],
  ['an entry of the owning group by its number', OPEN, by('user::rwx group::--- group:60001:r-x mask::rwx other::---')],
  ['a mode of 0711 and one account that may list', { uid: 0, gid: 0, mode: 0o711, entries: ['user::rwx', 'user:60008:r-x', 'group::--x', 'mask::r-x', 'other::--x'] }, by('user::rw- group::rw- other::rw-')],
  ['a closed folder above, and one account that may search', by('user::rwx user:60008:--x group::--- mask::--x other::---', 0, 0), by('user::rw- group::rw- other::rw-')],
  ['a closed folder above, and a mask without search', by('user::rwx user:60008:--x group::--x mask::rw- other::--x', 0, 0), by('user::rw- group::rw- other::rw-')],
  ['an empty mask on the folder above', by('user::rwx user:60008:--- group::--- mask::--- other::--x', 0, 0), by('user::rw- group::rw- other::rw-')],
  ['a sticky folder', OPEN, { uid: 60_001, gid: 0, mode: 0o1777, entries: [] }],
  ['a list in a sticky folder', { uid: 60_008, gid: 0, mode: 0o1770, entries: ['user::rwx', 'user:60002:rwx', 'group::---', 'mask::rwx', 'other::---'] }, by('user::rwx user:60002:rwx group::rwx mask::rwx other::rwx')],
];

let root: string;
let places: Place[];
let rights: EntryRights[];
const answers = new Map<string, Answer[]>();

function chainAt(name: string): string {
  const inner = join(root, name, 'inner');
  mkdirSync(inner, { recursive: true });
  return inner;
}

/** Each corner as a file and as a folder. */
function makeCorners(): Place[] {
  return CORNERS.flatMap(([, above, own], index) => {
    const inner = chainAt(`corner-${index}`);
    giveRights(root, [{ path: inner, rights: above }]);
    const made = [makePlace({ path: join(inner, 'file'), folder: false }), makePlace({ path: join(inner, 'folder'), folder: true })];
    giveRights(root, made.map(({ path }) => ({ path, rights: own })));
    return made;
  });
}

/** Two folders with rights and lists, then what is made in them: some keep what they inherit, others get rights of their own. */
function makeRandom(choose: Choose): Place[] {
  const chains = Array.from({ length: CHAINS }, (_, index) => chainAt(`chain-${index}`));
  giveRights(root, chains.flatMap((inner) => [{ path: join(inner, '..'), rights: randomRights(choose, true) }, { path: inner, rights: randomRights(choose, true) }]));
  const made = chains.flatMap((inner) => [
    ...Array.from({ length: FILES_PER_CHAIN }, (_, index) => makePlace({ path: join(inner, `file-${index}`), folder: false })),
    ...Array.from({ length: FOLDERS_PER_CHAIN }, (_, index) => makePlace({ path: join(inner, `folder-${index}`), folder: true })),
  ]);
  giveRights(root, made.filter(() => choose([true, true, false])).map(({ path, folder }) => ({ path, rights: randomRights(choose, folder) })));
  return made;
}

const letters = ({ read, write }: Pick<Answer, 'read' | 'write'>): string => `${read ? 'r' : '-'}${write ? 'w' : '-'}`;

/** What differs between the kernel and us, in words. */
function differing(told: (identity: Identity, entry: EntryRights, answer: Answer) => string | null): string[] {
  return IDENTITIES.flatMap((identity) =>
    places.flatMap((place, index) => {
      const difference = told(identity, rights[index] as EntryRights, answers.get(identity.name)?.[index] as Answer);
      return difference === null ? [] : [`${identity.name} on ${place.folder ? 'folder' : 'file'} ${saidOf(root, place)}: ${difference}`];
    }),
  );
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-matrix-'));
  if (MISSING !== null) return;
  chmodSync(root, 0o755);
  places = [...makeCorners(), ...makeRandom(seededChoice(SEED))];
  const ways = new Ways();
  rights = places.map((place) => entryRights(root, place, ways));
  for (const identity of IDENTITIES) answers.set(identity.name, kernelAnswers(identity, places));
}, 60_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('the effective access map', () => {
  it.runIf(MISSING === null)(`says what the kernel answers to open(2), for each of ${IDENTITIES.length} accounts and ${2 * CORNERS.length + CHAINS * (FILES_PER_CHAIN + FOLDERS_PER_CHAIN)} files and folders (seed ${SEED})${WHY}`, () => {
    const maps = new Map(rights.map((entry) => [entry, new Map(accessOf({ entries: [entry], accounts: ACCOUNTS, protection: { accounts: null, groups: [] }, shownName }).accounts.map((access) => [access.name, access]))]));
    const seen = new Set<string>();
    const differ = differing(({ name }, entry, answer) => {
      const own = letters(maps.get(entry)?.get(name) ?? { read: false, write: false });
      seen.add(`${entry.folder ? 'folder' : 'file'} ${letters(answer)}`);
      return own === letters(answer) ? null : `${own}, the kernel says ${letters(answer)}`;
    });
    expect(differ).toEqual([]);
    expect([...seen].sort()).toEqual(['--', '-w', 'r-', 'rw'].flatMap((may) => [`file ${may}`, `folder ${may}`]).sort());
  });

  it.runIf(MISSING === null)(`names who may take away what another put into a folder, as the kernel lets it, sticky folders included (seed ${SEED})${WHY}`, () => {
    const replacers = new Map(rights.filter(({ folder }) => folder).map((entry) => [entry, new Set(openParents([entry], { protection: { accounts: [], groups: [] }, naming: { accounts: ACCOUNTS, shownName } }).map(({ account }) => account))]));
    const seen = new Set<boolean>();
    const differ = differing(({ name, uid }, entry, { replace }) => {
      const named = replacers.get(entry);
      if (named === undefined || uid === 0) return null;
      seen.add(replace);
      // Whoever gets in as anyone else has no line of its own, and who belongs to a group that is kept out is kept out.
      if (replace) return named.has(name) || named.has('everyone') ? null : 'it may, and is not named';
      return named.has(name) ? 'it is named, and may not' : null;
    });
    expect(differ).toEqual([]);
    expect(seen.size).toBe(2);
  });

  it.runIf(MISSING === null)(`warns of accounts that default lists let into what is made later (seed ${SEED})${WHY}`, () => {
    const giving = rights.flatMap((entry, index) => (entry.defaultAcl == null ? [] : [{ entry, place: places[index] as Place }]));
    const made = giving.map(({ place }) => makePlace({ path: join(place.path, 'made-later'), folder: false }));
    for (const { path } of made) chmodSync(path, 0o666); // As wide as a program could make it.
    const later = new Map(IDENTITIES.map((identity) => [identity.name, kernelAnswers(identity, made)]));
    let warned = 0;
    const wrong = giving.flatMap(({ entry, place }, index) => {
      const { breaches } = accessOf({ entries: [entry], accounts: ACCOUNTS, protection: { accounts: [], groups: [] }, shownName });
      return breaches.filter((breach) => !breach.read && !breach.write && breach.account !== 'everyone').flatMap(({ account, because }) => {
        warned += 1;
        const answer = later.get(account)?.[index];
        return answer?.read === true || answer?.write === true ? [] : [`${account} on ${saidOf(root, place)}: ${because}`];
      });
    });
    expect(wrong).toEqual([]);
    expect(warned).toBeGreaterThan(0);
  });
});
