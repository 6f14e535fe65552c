import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { Receipt } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderFacts } from '../outcome.js';
import type { StepWatch } from '../rotate-request.js';
import { rotateStore } from '../rotate-store.js';

const BOUNDS = { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'parts', section: 'Parts', kind: 'files', statedDirectories: null, files: ['/var/opt/product/parts/**'], exclude: [], active: [], rotateActive: null, units: ['/var/opt/product/parts/*'], tool: null, messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;

let [root, folder] = ['', ''];
let held: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-attacked-'));
  folder = join(root, 'var/opt/product/parts');
  for (const [index, name] of ['old', 'older-still', 'new'].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'email.txt'), 'x');
    utimesSync(join(folder, name, 'email.txt'), 1_000 + index, 1_000 + index);
  }
  held = openSync(join(folder, 'old'), 'r');
});
afterEach(() => {
  closeSync(held);
  rmSync(root, { recursive: true, force: true });
});

function rotate(watch: StepWatch): Promise<Receipt> {
  return withHost(root, { databases: {} }, (host) =>
    rotateStore({ host, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [STORE] } as unknown as Profile, store: STORE, watermarks: [{ kind: 'records', limit: 1, target: 1 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), watch }, { id: randomUUID(), server: 'mx-1', profile: 'product', store: 'parts', bounds: BOUNDS, policy: { name: 'cap' } } as unknown as OrderFacts),
  );
}

describe('a folder that is deleted as a whole', () => {
  it('cannot be made to keep its order open for ever, by who holds it open and lays in it what cannot be deleted', async () => {
    const receipt = await rotate((step) => {
      if (step !== 'unlink') return;
      // By its descriptor it is reached where no way leads any more; so deep, nothing of it was planned.
      const deep = `/proc/self/fd/${held}/${'d/'.repeat(20)}`;
      mkdirSync(deep, { recursive: true });
      writeFileSync(`${deep}/late`, 'laid there since');
    });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 2 }, notes: [expect.stringContaining('1 folders')] });
    const [returned = ''] = readdirSync(folder).filter((name) => name.startsWith('returned-'));
    expect(readdirSync(folder).sort()).toEqual(['new', returned].sort());
    expect(readdirSync(join(folder, returned))).toEqual(['d']);
    expect(readFileSync(join(folder, returned, 'd/'.repeat(20), 'late'), 'utf8')).toBe('laid there since');
  });
});
