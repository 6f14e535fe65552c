import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderFacts } from '../outcome.js';
import type { ApplyRequest } from '../rotate-request.js';
import { rotateStore } from '../rotate-store.js';
import { CountedOnce } from './counted-once.js';

const FILE_BYTES = 4_096;
const BOUNDS = { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-once-'));
  folder = join(root, 'var/opt/product/backup');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, atS: number): void {
  writeFileSync(join(folder, name), Buffer.alloc(FILE_BYTES, 'x'));
  utimesSync(join(folder, name), atS, atS);
}
/** Eleven files of one name each, and an older or younger one of many names. */
function fill(linkedAtS: number, names: number): void {
  for (let index = 0; index < 11; index += 1) put(`f${String(index).padStart(2, '0')}`, 1_000_000 + index);
  put('linked', linkedAtS);
  for (let index = 1; index < names; index += 1) linkSync(join(folder, 'linked'), join(folder, `linked-${index}`));
}
const rotate = (part: Partial<Omit<ApplyRequest, 'host'>>) =>
  withHost(root, { databases: {} }, (host) =>
    rotateStore({ host, profile: { id: 'product', stores: [STORE], accounts: { service: 'nobody', others: [], groups: [] } } as unknown as Profile, store: STORE, watermarks: [], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), ...part }, { id: randomUUID(), server: 'mx-1', profile: 'product', store: 'backup', bounds: part.bounds ?? BOUNDS, policy: { name: 'cap' } } as unknown as OrderFacts),
  );
const single = (): string[] => readdirSync(folder).filter((name) => name.startsWith('f'));

describe('a file under many names', () => {
  it.each([['bytes', FILE_BYTES], ['records', 1]] as const)('is in the store once, by %s: no other goes in place of its names', async (kind, unit) => {
    fill(900_000, 41);
    const receipt = await rotate({ watermarks: [{ kind, limit: 11 * unit, target: 9 * unit }], bounds: { ...BOUNDS, percent: 90 } });
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 12, bytes: 12 * FILE_BYTES }, planned: { items: 3 }, deleted: { items: 3 }, skipped: [{ reason: 'hard-linked', items: 1 }], after: { value: { items: 9, bytes: 9 * FILE_BYTES } } });
    expect(single()).toHaveLength(8);
  });

  it('does not make the share of a store that goes look small', async () => {
    fill(900_000, 41);
    const receipt = await rotate({ watermarks: [{ kind: 'bytes', limit: 11 * FILE_BYTES, target: 2 * FILE_BYTES }], bounds: { ...BOUNDS, percent: 50 } });
    expect(receipt).toMatchObject({ outcome: 'stopped', planned: { items: 10 }, deleted: { items: 0 } });
    expect(receipt.reason).toMatch(/^83\.3 % of the store would go/);
  });

  it('is one of the newest that are kept, and not several', async () => {
    fill(1_900_000, 41);
    const receipt = await rotate({ watermarks: [{ kind: 'records', limit: 1, target: 0 }], keep: { newest: 3, youngerThanSeconds: 0 }, itemsAtOnce: 4 });
    expect(receipt).toMatchObject({ before: { items: 12 }, deleted: { items: 9 } });
    expect(single()).toEqual(['f09', 'f10']);
  });
});

describe('what is known of files with several names', () => {
  const facts = (ino: number, nlink = 2) => ({ dev: 1, ino, inoLow: ino, nlink });
  it('tells a further name from the first, and asks nothing of files with one', () => {
    const once = new CountedOnce(2);
    expect([facts(1), facts(1), facts(2), facts(2), facts(7, 1), facts(7, 1)].map((file) => once.isAgain(file))).toEqual([false, true, false, true, false, false]);
  });
  it('takes no more memory than it may: what it cannot tell any more is taken for a further name, and told', () => {
    const once = new CountedOnce(2);
    expect([1, 2, 3, 3, 1, 4].map((ino) => once.isAgain(facts(ino)))).toEqual([false, false, true, true, true, true]);
    expect(once.untold).toBe(3);
  });
});
