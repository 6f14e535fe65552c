import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cutShortRepairs } from '../access/cut-short.js';
import { RepairJournal, type IntendedChange } from '../access/repair-journal.js';
import { isInStore } from '../access/store-roots.js';
import type { OrderFacts } from '../outcome.js';
import { lineOf } from './journal-lines.js';
import { Journal, readRecords, unfinishedOrders } from './journal.js';

const isRoot = process.getuid?.() === 0;
const ONLY_ROOT = isRoot ? '' : ' (skipped: giving files away needs the super-user)';
const STRANGER = 54_321;
const ID = '11111111-1111-4111-8111-111111111111';
const OUTSIDE = '../outside';

let [root, dir] = ['', ''];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-journal-folder-'));
  dir = join(root, 'journals');
  mkdirSync(dir, { mode: 0o700 });
});
afterEach(() => rmSync(root, { recursive: true }));

const opened = (id: string): string => {
  const facts = { id } as OrderFacts;
  return lineOf({ kind: 'opened', content: sha256(canonicalJson(facts)), facts });
};
const put = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text, { mode: 0o600 });
  return join(dir, name);
};
/** Ways in which the folder could be another's. */
const FOREIGN: readonly [string, () => void][] = [
  ['belongs to another account', () => chownSync(dir, STRANGER, STRANGER)],
  ['can be written by its group', () => chmodSync(dir, 0o770)],
  ['can be written by everyone', () => chmodSync(dir, 0o1777)],
];

describe('the name of an order', () => {
  it.each([OUTSIDE, `../${ID}`, 'a/b', '', '.', 'A'.repeat(8) + ID.slice(8), `${ID}\n`])('is never the way to another file: %j', (id) => {
    for (const name of ['outside.lock', 'outside.repair', 'outside.journal']) writeFileSync(join(root, name), 'of root');
    expect(() => Journal.open(dir, id)).toThrow('is not the id of an order');
    expect(() => RepairJournal.open(dir, id, 'new')).toThrow('is not the name of a repair');
    expect(readdirSync(root).sort()).toEqual(['journals', 'outside.journal', 'outside.lock', 'outside.repair']);
    expect(['outside.lock', 'outside.journal'].map((name) => readFileSync(join(root, name), 'utf8'))).toEqual(['of root', 'of root']);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is that of its journal: what says otherwise is told, and not acted on', () => {
    put(`${ID}.journal`, opened(OUTSIDE));
    expect(() => unfinishedOrders(dir)).toThrow(`${ID}.journal tells of another order than its name`);
    put(`${ID}.journal`, opened(ID));
    put('a.journal', opened(OUTSIDE));
    expect(unfinishedOrders(dir).map(({ id }) => id)).toEqual([ID]);
  });
});

describe.runIf(isRoot).each(FOREIGN)(`a folder of journals that %s${ONLY_ROOT}`, (_how, give) => {
  it('is no word of ours: nothing in it is read, made, taken or emptied', () => {
    put(`${ID}.journal`, opened(ID));
    put(`${ID}.lock`, 'of somebody');
    put(`${ID}.repair`, lineOf({ kind: 'undoing' }));
    give();
    for (const act of [() => Journal.open(dir, ID), () => RepairJournal.open(dir, ID, 'known'), () => unfinishedOrders(dir)]) expect(act).toThrow(`${dir} is of the journals that are acted on`);
    expect(cutShortRepairs(dir)).toEqual([]);
    expect(readFileSync(join(dir, `${ID}.lock`), 'utf8')).toBe('of somebody');
    expect(readdirSync(dir).sort()).toEqual([`${ID}.journal`, `${ID}.lock`, `${ID}.repair`]);
  });
});

describe.runIf(isRoot)(`a journal${ONLY_ROOT}`, () => {
  it.each([
    ['belongs to another account', (path: string) => chownSync(path, STRANGER, STRANGER)],
    ['can be written by others', (path: string) => chmodSync(path, 0o620)],
  ])('that %s is not believed', (_how, give) => {
    const [journal, repair] = [put(`${ID}.journal`, opened(ID)), put(`${ID}.repair`, '')];
    give(journal);
    give(repair);
    for (const act of [() => Journal.open(dir, ID), () => readRecords(journal), () => unfinishedOrders(dir), () => RepairJournal.open(dir, ID, 'known')]) expect(act).toThrow('must belong to this program\'s account alone');
    expect(cutShortRepairs(dir)).toEqual([]);
    expect(readdirSync(dir).sort()).toEqual([`${ID}.journal`, `${ID}.repair`]);
  });

  it('lies in the folder that was looked at, whatever has its name since', () => {
    const order = randomUUID();
    const journal = Journal.open(dir, order);
    renameSync(dir, join(root, 'away'));
    mkdirSync(dir);
    chownSync(dir, STRANGER, STRANGER);
    writeFileSync(join(dir, `${order}.lock`), 'of a stranger');
    journal.write({ kind: 'returning' });
    journal.close();
    expect([existsSync(join(root, 'away', `${order}.lock`)), statSync(join(root, 'away', `${order}.journal`)).size > 0]).toEqual([false, true]);
    expect(readdirSync(dir)).toEqual([`${order}.lock`]);
  });
});

describe('a place that a repair is to be taken back at', () => {
  const change = (root_: string, path: string, store = 'mail'): Pick<IntendedChange, 'profile' | 'store' | 'root' | 'path'> => ({ profile: 'acme', store, root: Buffer.from(root_, 'latin1').toString('base64'), path: Buffer.from(path, 'latin1').toString('base64') });
  const known = [{ profile: 'acme', store: 'mail', roots: ['/var/acme/mail'] }];

  it.each([['/var/acme/mail', ''], ['/var/acme/mail', 'a/b'], ['/var/acme/mail', 'a..b/.c']])('lies in a store of a profile: %s %s', (at, path) => expect(isInStore(change(at, path), known)).toBe(true));
  it.each([['/etc', 'shadow'], ['/', 'etc/shadow'], ['/var/acme', 'mail/a'], ['/var/acme/mail', '../../../etc/shadow'], ['/var/acme/mail', '..'], ['/var/acme/mail', 'a/./b'], ['/var/acme/mail/../..', 'a']])('and else is none: %s %s', (at, path) => expect(isInStore(change(at, path), known)).toBe(false));
  it('is of that very store', () => expect(isInStore(change('/var/acme/mail', 'a', 'news'), known)).toBe(false));
});
