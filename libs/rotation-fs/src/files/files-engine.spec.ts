import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import * as fc from 'fast-check';
import type { Profile, Store } from '@mailwarden/catalogue';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderFacts } from '../outcome.js';
import type { ApplyRequest } from '../rotate-request.js';
import { rotateStore } from '../rotate-store.js';
import { filesEngine } from './files-engine.js';

const FILE_BYTES = 4096;
const BOUNDS = { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;
const PROFILE = { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [STORE] } as unknown as Profile;
const SUITE_MS = 60_000;

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-files-'));
  folder = join(root, 'var/opt/product/backup');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Files in some folders, the first the oldest where `ages` says nothing else. Returns their names, in the order made. */
function fill(count: number, { folders = 3, ages = (index: number) => index }: { folders?: number; ages?: (index: number) => number } = {}): string[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${index % folders}/letter-${index}`;
    mkdirSync(join(folder, String(index % folders)), { recursive: true });
    writeFileSync(join(folder, name), Buffer.alloc(FILE_BYTES, index));
    utimesSync(join(folder, name), 1_000_000 + ages(index), 1_000_000 + ages(index));
    return name;
  });
}
const left = (): string[] => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();

type Part = Partial<Omit<ApplyRequest, 'host'>>;
function withRequest<T>(part: Part, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
  return withHost(root, { databases: {} }, (host) =>
    use({ host, profile: PROFILE, store: STORE, watermarks: [{ kind: 'records', limit: 10, target: 5 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), ...part }),
  );
}
const rotate = (part: Part = {}, id = randomUUID()) => withRequest(part, (request) => rotateStore(request, { id, server: 'mx-1', profile: 'product', store: 'backup', bounds: BOUNDS, policy: { name: 'cap' } } as unknown as OrderFacts));

const planOf = (part: Part) =>
  withRequest(part, async (request) => {
    const { list, ...rest } = await filesEngine.preview(request);
    return { ...rest, list: [...(list ?? [])] };
  });

describe('a store that does not fit into memory at once', () => {
  it('is planned as one that does, whatever its ages, and carried out as it was planned', { timeout: SUITE_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12), { minLength: 1, maxLength: 40 }), fc.nat(6), fc.integer({ min: 2, max: 9 }), fc.nat(10), async (ages, newest, itemsAtOnce, target) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        const made = fill(ages.length, { ages: (index) => ages[index] ?? 0 });
        chmodSync(folder, 0o755);
        const part: Part = { watermarks: [{ kind: 'records', limit: 10, target }], keep: { newest, youngerThanSeconds: 0 } };
        const whole = await planOf(part);
        expect(await planOf({ ...part, itemsAtOnce })).toEqual(whole);
        const receipt = await rotate({ ...part, itemsAtOnce });
        expect(receipt).toMatchObject({ planned: { items: whole.planned.items, digest: whole.planned.digest }, deleted: { items: whole.planned.items, bytes: whole.planned.bytes }, after: { value: { items: ages.length - whole.planned.items } } });
        const gone = new Set(whole.list.map(({ path }) => path.slice('/var/opt/product/backup/'.length)));
        expect(left()).toEqual(made.filter((name) => !gone.has(name)).sort());
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it('takes nothing in place of what could not be taken', async () => {
    const made = fill(40);
    let batches = 0;
    const receipt = await rotate({
      itemsAtOnce: 8,
      watermarks: [{ kind: 'records', limit: 30, target: 20 }],
      watch: (step) => {
        if (step !== 'intent' || (batches += 1) > 1) return;
        for (const name of made.slice(0, 3)) renameSync(join(folder, name), join(folder, `${name}-renamed`));
      },
    });
    expect(receipt).toMatchObject({ outcome: 'completed', reason: '3 planned files had changed or could not be taken', planned: { items: 20 }, deleted: { items: 17 }, skipped: [{ reason: 'vanished', items: 3 }] });
    expect(batches).toBeGreaterThan(2);
    expect(left()).toEqual([...made.slice(0, 3).map((name) => `${name}-renamed`), ...made.slice(20)].sort());
  });
});

describe('what an order says beside its limits', () => {
  it('keeps what it excludes, and what was not marked', async () => {
    const made = fill(20);
    const isMarked = new Set(made.slice(0, 9).map((name) => `/var/opt/product/backup/${name}`));
    const receipt = await rotate({ exclude: ['/var/opt/product/backup/1/**'], marked: { has: (path) => isMarked.has(path), newestMs: null } });
    expect(receipt).toMatchObject({ before: { items: 20 }, deleted: { items: 6 } });
    expect(Object.fromEntries(receipt.skipped.map(({ reason, items }) => [reason, items]))).toEqual({ excluded: 7, 'in-grace': 7 });
    expect(left()).toEqual(made.filter((name, index) => index >= 9 || name.startsWith('1/')).sort());
  });

  it('asks whether an item was marked by what it was then', async () => {
    const [oldest = ''] = fill(20);
    const planned = await planOf({});
    const marks = new Map(planned.list.map(({ path, identity }) => [path, identity]));
    writeFileSync(join(folder, oldest), 'somebody wrote it anew');
    utimesSync(join(folder, oldest), 1, 1);
    const receipt = await rotate({ marked: { has: (path, identity) => marks.get(path) === identity, newestMs: null } });
    expect(receipt).toMatchObject({ deleted: { items: 14 }, skipped: [{ reason: 'in-grace', items: 6 }] });
    expect(left()).toContain(oldest);
  });

  it('goes no faster than it may, evenly', async () => {
    fill(60);
    const moments: number[] = [];
    const startedMs = performance.now();
    const receipt = await rotate({ watermarks: [{ kind: 'records', limit: 30, target: 20 }], pace: { itemsPerSecond: 100, bytesPerSecond: null }, watch: (step) => void (step === 'deleted' && moments.push(performance.now())) });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 40 } });
    expect(performance.now() - startedMs).toBeGreaterThan(39 * 10);
    fill(60);
    const bytes = await rotate({ watermarks: [{ kind: 'records', limit: 30, target: 20 }], pace: { itemsPerSecond: null, bytesPerSecond: 400_000 } });
    expect(bytes.clock.monotonicMs).toBeGreaterThan((39 * FILE_BYTES * 1000) / 400_000);
  });
});

describe('an order that is to end', () => {
  it('stops between two items of a batch that is taken in, and gives it back', async () => {
    const made = fill(30, { folders: 1 });
    const stop = new AbortController();
    let asked = 0;
    const receipt = await rotate({
      stop: stop.signal,
      now: () => {
        if ((asked += 1) === 12) stop.abort('the executor was asked to end');
        return Date.now();
      },
    });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'the executor was asked to end', planned: { items: 25 } });
    expect(receipt.deleted).toEqual({ items: 0, bytes: 0 });
    expect(left()).toEqual(made.sort());
  });

  it('stops inside a batch that is taken in when its time runs out, and gives it back', async () => {
    const made = fill(30, { folders: 1 });
    const startedMs = performance.now();
    let taken = -1;
    const receipt = await rotate({
      bounds: { ...BOUNDS, deadlineSeconds: 1.5 },
      watch: (step) => {
        if (step === 'taken') taken = 0;
      },
      now: () => {
        if (taken >= 0 && (taken += 1) === 8) while (performance.now() - startedMs < 2_600);
        return Date.now();
      },
    });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'the time of 1.5 s ran out' });
    expect(receipt.deleted).toEqual({ items: 0, bytes: 0 });
    expect(left()).toEqual(made.sort());
  });

  it('is told with what it stood on', async () => {
    fill(20);
    expect((await rotate()).facts).toMatchObject({ kernel: expect.stringMatching(/^\d+\./), fileSystems: [expect.stringMatching(/^\w+$/)], tool: null });
  });
});

describe('a second thread', () => {
  it('deletes what is much, and nothing else', { timeout: SUITE_MS }, async () => {
    const made = fill(4_300, { folders: 20 });
    const receipt = await rotate({ watermarks: [{ kind: 'records', limit: 200, target: 100 }] });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 4_200, bytes: 4_200 * FILE_BYTES }, after: { value: { items: 100 } } });
    expect(left()).toEqual(made.slice(4_200).sort());
  });
});
