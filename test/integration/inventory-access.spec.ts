import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProfile } from '@mailwarden/catalogue';
import { measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountFiles, IDENTITIES, kernelAnswers, missingForIdentities } from './access-identities.js';
import { giveRights, makePlace, randomRights, saidOf, type Place } from './access-tree.js';
import { seededChoice, type Choose } from './seeded-choices.js';

/** The same tree again by MAILWARDEN_SEED. */
const SEED = Number(process.env['MAILWARDEN_SEED'] ?? randomInt(1, 2 ** 31));
const CASES = 150;
const MISSING = missingForIdentities();

let root: string;

interface Case {
  readonly id: string;
  readonly place: Place;
}

/** One store: a folder above it, the store's own folder, one in it, and one file, each with rights and lists of its own. */
function makeCase(index: number, choose: Choose): Case {
  const id = `case-${index}`;
  const folders = [`var/opt/matrix/${id}`, `var/opt/matrix/${id}/store`, `var/opt/matrix/${id}/store/inner`].map((path) => join(root, path));
  for (const path of folders) mkdirSync(path, { recursive: true });
  const place = makePlace({ path: join(folders.at(-1) ?? '', 'letter'), folder: false });
  giveRights(root, [...folders.map((path) => ({ path, rights: randomRights(choose, true) })), { path: place.path, rights: randomRights(choose, false) }]);
  return { id, place };
}

function profileText(cases: readonly Case[]): string {
  const stores = cases.map(({ id }) => `  - { id: ${id}, section: ${id}, kind: files, directories: null, files: [ "/var/opt/matrix/${id}/store/inner/lett*" ], data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: false }`);
  return ['schema: mailwarden/profile/v1', 'id: matrix', 'product: { name: Matrix, vendor: None, versions: "*" }', 'sources: { here: { title: This test, url: null, date: null, kind: general } }', 'accounts: { service: root, groups: [] }', 'services: []', 'stores:', ...stores, ''].join('\n');
}

const letters = ({ read, write }: { read: boolean; write: boolean }): string => `${read ? 'r' : '-'}${write ? 'w' : '-'}`;

/** What a whole scan says of each account, by store. */
async function measured(cases: readonly Case[]): Promise<Map<string, Map<string, string>>> {
  const profile = parseProfile(profileText(cases));
  if (!profile.ok) throw new Error(profile.error.map(({ message }) => message).join('\n'));
  const { stores } = await measureHost({ root, profile: profile.value, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: Date.now });
  return new Map(stores.map(({ id, access }) => [id as string, new Map(access.accounts.map((account) => [account.name, letters(account)]))]));
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-access-'));
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'etc'));
  for (const [name, text] of Object.entries(accountFiles())) writeFileSync(join(root, 'etc', name), text);
});
afterAll(() => rmSync(root, { recursive: true }));

describe('who gets in, by a whole scan', () => {
  it.runIf(MISSING === null)(`is what the kernel answers to open(2), in ${CASES} cases for each account (seed ${SEED})${MISSING === null ? '' : ` (skipped: ${MISSING})`}`, async () => {
    const choose = seededChoice(SEED);
    const cases = Array.from({ length: CASES }, (_, index) => makeCase(index, choose));
    const map = await measured(cases);
    const seen = new Set<string>();
    const differ = IDENTITIES.flatMap((identity) =>
      kernelAnswers(identity, cases.map(({ place }) => place)).flatMap((answer, index) => {
        const { id, place } = cases[index] as Case;
        const own = map.get(id)?.get(identity.name) ?? '--';
        seen.add(letters(answer));
        return own === letters(answer) ? [] : [`${identity.name} on ${saidOf(root, place)}: ${own}, the kernel says ${letters(answer)}`];
      }),
    );
    expect(differ).toEqual([]);
    expect([...seen].sort()).toEqual(['--', '-w', 'r-', 'rw']);
  }, 60_000);
});
