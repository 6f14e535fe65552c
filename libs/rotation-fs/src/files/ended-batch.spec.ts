import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApplyRequest } from '../rotate-request.js';
import { rotateStore } from '../rotate-store.js';

const [FILES, FILE_BYTES] = [120, 4_096];
const BOUNDS = { items: 1_000, bytes: 1e9, percent: 100, deadlineSeconds: 60 };
const NO_PACE = { itemsPerSecond: null, bytesPerSecond: null };
/** Far quicker than what is asked about it takes, so that nothing has to be waited for. */
const QUICK = { itemsPerSecond: null, bytesPerSecond: FILE_BYTES * 1_000 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/store/**'], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;

let root: string;
let store: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-ended-'));
  store = join(root, 'store');
  mkdirSync(store);
  for (let n = 0; n < FILES; n += 1) {
    writeFileSync(join(store, `f-${n}`), Buffer.alloc(FILE_BYTES, n));
    utimesSync(join(store, `f-${n}`), 1_700_000_000 + n, 1_700_000_000 + n);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const rotate = (part: Partial<ApplyRequest>, order = randomUUID()): Promise<Receipt> =>
  withHost(root, { databases: {} }, (host) =>
    rotateStore(
      { host, profile: { id: 'product', accounts: { service: 'root', others: [], groups: [] }, stores: [STORE] } as unknown as Profile, store: STORE, watermarks: [{ kind: 'records', limit: 1, target: 1 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: NO_PACE, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), ...part },
      { id: order, server: 'mx-1', profile: 'product', store: 'backup', bounds: part.bounds ?? BOUNDS, policy: { name: 'cap' } } as unknown as RotationOrder,
    ),
  );

/** Ends an order at a step, after so many further looks at the clock, of which there is one for each item. */
function endingAt(step: string, looks: number): Pick<ApplyRequest, 'stop' | 'now' | 'watch'> {
  const ending = new AbortController();
  let left = Infinity;
  const now = (): number => {
    if ((left -= 1) <= 0) ending.abort('a hold came');
    return Date.now();
  };
  return { stop: ending.signal, now, watch: (at) => { if (at === step) left = looks; } };
}

/** All that is there is there under its own name, with what it held. */
function whole(): number {
  const names = readdirSync(store);
  for (const name of names) expect(readFileSync(join(store, name))).toEqual(Buffer.alloc(FILE_BYTES, Number(name.slice('f-'.length))));
  return names.length;
}

describe('a batch that is on its way when the order is to end', () => {
  it.each([['taken', NO_PACE], ['moved', NO_PACE], ['taken', QUICK], ['moved', QUICK]] as const)('goes back where nothing of it was deleted yet (at "%s", %j)', async (step, pace) => {
    expect(await rotate({ pace, ...endingAt(step, 1) })).toMatchObject({ outcome: 'stopped', reason: 'a hold came', deleted: { items: 0, bytes: 0 } });
    expect(whole()).toBe(FILES);
  });

  it('goes back but for what was deleted already', async () => {
    const receipt = await rotate({ pace: QUICK, ...endingAt('unlink', 10) });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'a hold came' });
    expect(receipt.deleted.items).toBeGreaterThan(5);
    expect(receipt.deleted.items).toBeLessThan(12);
    expect(whole()).toBe(FILES - receipt.deleted.items);
  });

  it('goes back in the next run where the process ended while it went back', async () => {
    const order = randomUUID();
    const { watch, ...ending } = endingAt('unlink', 10);
    await expect(rotate({ pace: QUICK, ...ending, watch: (at) => { watch?.(at); if (at === 'returning') throw new Error('cut short'); } }, order)).rejects.toThrow('cut short');
    const receipt = await rotate({ pace: QUICK, holds: [{ id: 'h', store: null, from: null, until: null, reason: 'x' }] as unknown as ApplyRequest['holds'] }, order);
    expect(receipt.deleted.items).toBeLessThan(12);
    expect(whole()).toBe(FILES - receipt.deleted.items);
  });

  it('is no larger than a pace by bytes lets go in a second, so that the time of the order bounds it', async () => {
    const sinceMs = performance.now();
    const perSecond = 20;
    const receipt = await rotate({ pace: { itemsPerSecond: null, bytesPerSecond: perSecond * FILE_BYTES }, bounds: { ...BOUNDS, deadlineSeconds: 1 } });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('ran out') as string });
    expect(receipt.deleted.items).toBeLessThanOrEqual(2 * perSecond);
    expect(whole()).toBe(FILES - receipt.deleted.items);
    expect(performance.now() - sinceMs).toBeLessThan((FILES / perSecond) * 1_000);
  });
});
