import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StepWatch } from './carry-out-files.js';
import { refusalOf } from './safe-root.js';
import { rotateStore } from './rotate-store.js';

const FILE_BYTES = 8192;
const WIDE = { items: 100_000, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: [], active: [], rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;
const PROFILE = { id: 'product', stores: [STORE] } as unknown as Profile;

let root: string;
let folder: string;

/** Files with hostile names, the first the oldest. */
function fill(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const name = Buffer.concat([Buffer.from(index % 3 === 0 ? 'li\nne ' : index % 3 === 1 ? '-rf =1 ' : ''), Buffer.from([0xff, 0x80 + (index % 64)]), Buffer.from(String(index))]);
    const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
    writeFileSync(path, Buffer.alloc(FILE_BYTES, index));
    utimesSync(path, 1_000_000 + index, 1_000_000 + index);
    return name;
  });
}
const names = (): string[] => readdirSync(folder, { encoding: 'latin1' });

function rotate(order: string, part: { limit?: number; target?: number; watch?: StepWatch; bounds?: RotationOrder['bounds'] } = {}) {
  const { limit = 10 * FILE_BYTES, target = 5 * FILE_BYTES, watch, bounds = WIDE } = part;
  const facts = { id: order, server: 'mx-1', profile: 'product', store: 'backup', bounds, policy: { name: 'cap' } } as unknown as RotationOrder;
  return withHost(root, { databases: {} }, (host) =>
    rotateStore({ host, profile: PROFILE, store: STORE, watermarks: [{ kind: 'bytes', limit, target }], keep: { newest: 0, youngerThanSeconds: 0 }, bounds, holds: [], hashKey: Buffer.from('key'), now: Date.now, order, journalDir: join(root, 'journal'), ...(watch === undefined ? {} : { watch }) }, facts),
  );
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-rotate-'));
  folder = join(root, 'var/opt/product/backup');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('rotating a store of files', () => {
  it('deletes the oldest down to the low watermark, by names of any bytes, and once', async () => {
    const made = fill(20);
    const order = randomUUID();
    const receipt = await rotate(order);
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 20 }, deleted: { items: 15, bytes: 15 * FILE_BYTES }, after: { known: true, value: { items: 5 } }, resumed: false });
    expect(names().sort()).toEqual(made.slice(15).map((name) => name.toString('latin1')).sort());
    expect(await rotate(order)).toEqual(receipt);
    expect(names()).toHaveLength(5);
  });

  it('touches nothing above a bound', async () => {
    fill(20);
    expect(await rotate(randomUUID(), { bounds: { ...WIDE, items: 3 } })).toMatchObject({ outcome: 'stopped', deleted: { items: 0 } });
    expect(names()).toHaveLength(20);
  });

  it('leaves links, hard links and files that somebody writes, and follows nothing out of the store', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'x'.repeat(100_000));
    utimesSync(join(outside, 'precious'), 1, 1);
    symlinkSync(outside, join(folder, 'link'));
    symlinkSync(join(outside, 'precious'), join(folder, 'file-link'));
    const [first] = fill(20);
    linkSync(Buffer.concat([Buffer.from(`${folder}/`), first ?? Buffer.alloc(0)]), join(root, 'second-name'));
    const receipt = await rotate(randomUUID());
    expect(receipt.outcome).toBe('completed');
    expect(receipt.skipped).toEqual(expect.arrayContaining([{ reason: 'hard-linked', items: 1 }, { reason: 'not-a-regular-file', items: 2 }]));
    expect(readFileSync(join(outside, 'precious'))).toHaveLength(100_000);
    expect(names()).toEqual(expect.arrayContaining(['link', 'file-link', first?.toString('latin1')]));
  });

  it('puts back a file that took a planned name', async () => {
    const made = fill(20);
    const victim = Buffer.concat([Buffer.from(`${folder}/`), made[0] ?? Buffer.alloc(0)]);
    const receipt = await rotate(randomUUID(), {
      watch: (step) => {
        if (step === 'intent') {
          rmSync(victim);
          writeFileSync(victim, 'a new letter');
        }
      },
    });
    expect(receipt.skipped).toContainEqual({ reason: 'changed-since-plan', items: 1 });
    expect(readFileSync(victim, 'utf8')).toBe('a new letter');
  });

  it('accounts for exactly what it did after a crash at any step', async () => {
    for (const step of ['intent', 'moved', 'unlinked', 'deleted'] as const) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      const made = fill(600);
      const order = randomUUID();
      let seen = 0;
      const crash: StepWatch = (at) => {
        if (at === step && (seen += 1) === 2) throw new Error('crash');
      };
      const limits = { limit: 100 * FILE_BYTES, target: 50 * FILE_BYTES };
      await expect(rotate(order, { ...limits, watch: crash })).rejects.toThrow('crash');
      const receipt = await rotate(order, limits);
      expect(receipt, step).toMatchObject({ outcome: 'completed', resumed: true, before: { items: 600 }, deleted: { items: 550, bytes: 550 * FILE_BYTES } });
      expect(names().sort(), step).toEqual(made.slice(550).map((name) => name.toString('latin1')).sort());
    }
  });
});

describe('the last wall', () => {
  it.each(['/**', '/etc/**', '/home/*', '/home/someone/**', '/usr/lib/**', '/var/**', '/var/log/**'])('refuses %s', (glob) => {
    expect(refusalOf({ ...STORE, files: [glob] })).not.toBeNull();
  });
  it('lets the product\'s own folder pass', () => {
    expect(refusalOf(STORE)).toBeNull();
    expect(refusalOf({ ...STORE, rotatable: false })).toMatch(/keeps backup/);
  });
});
