import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostSettings, Profile, Store } from '@mailwarden/catalogue';
import type { Hold, Receipt, RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { instantOf } from '@mailwarden/kernel';
import { HELD_MS_MAX, openTrimmer, type RecordTrimmer } from '@mailwarden/product-database';
import { previewStore, rotateStore, type ApplyRequest } from '@mailwarden/rotation-fs';
import { productAccounts } from '../../libs/rotation-fs/src/folder-owners.js';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { WaitingWriter } from './waiting-writer.js';

/** One engine with a product that writes to it. The record `n` was written `n` seconds after the beginning of 2026. */
export interface TrimmedProduct {
  readonly store: Pick<Store, 'rows' | 'lists'>;
  readonly root: string;
  readonly settings: HostSettings;
  /** Makes the store anew with these records. */
  fill(records: readonly number[]): Promise<void>;
  /** Which records there are, from the oldest on. */
  left(): Promise<number[]>;
  /** A program of Node that connects and yields a function `write(n)`, as the product writes, with the place of this workspace as its folder. */
  readonly writer: string;
}

/** What an engine with rows does beside. */
export interface TrimmedTable extends TrimmedProduct {
  /** Another session of the product holds this record until the function that comes back is called. */
  lock?(record: number): Promise<() => Promise<void>>;
  /** Another session keeps the whole store to itself. */
  lockAll(): Promise<() => Promise<void>>;
  /** Another table refers to this record. */
  refer(record: number): Promise<void>;
  /** The product writes a record under this key, of this moment. */
  write(record: number, seconds: number): Promise<void>;
  /** The record becomes as young as this one, and `null` makes it one without a moment. */
  touch(record: number, seconds: number | null): Promise<void>;
}

const BEGINNING_MS = Date.UTC(2026, 0, 1);
const at = (record: number): string => instantOf(BEGINNING_MS + record * 1_000);
const NOW_MS = Date.UTC(2026, 10, 25);
const WIDE = { items: 1_000_000, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const from1To = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
const SUITE_MS = 60_000;
/** How much later than it was begun an order may look at the clock. Units: seconds. */
const LATER_S = 0.3;

const storeOf = ({ store }: TrimmedProduct): Store =>
  ({ id: 'events', section: 'Events', kind: 'table', statedDirectories: null, files: [], exclude: [], active: [], rotateActive: null, units: [], messages: false, lineRecords: false, dataCategories: null, duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'recorded', rotatable: true, quietPeriodSeconds: 10, notes: [], ...store }) as unknown as Store;

export type Part = Partial<Omit<ApplyRequest, 'host' | 'profile' | 'store'>>;

const records = (limit: number, target = limit): ApplyRequest['watermarks'] => [{ kind: 'records', limit, target }];
const hold = (from: number | null, until: number | null): Hold => ({ id: 'case', store: null, from: from === null ? null : at(from), until: until === null ? null : at(until), reason: 'open' }) as Hold;

/** Carries out an order on the product's store, in this process. */
export class TableHost {
  readonly journalDir = mkdtempSync(join(tmpdir(), 'mailwarden-table-journal-'));

  constructor(private readonly product: () => TrimmedProduct) {}

  private with<T>(part: Part, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
    const { root, settings } = this.product();
    const store = storeOf(this.product());
    const startedMs = performance.now();
    return withHost(root, settings, (host) =>
      use({ host, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [store] } as unknown as Profile, store, watermarks: records(100), clock: 'recorded', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: NOW_MS, hashKey: Buffer.from('key'), now: () => NOW_MS + performance.now() - startedMs, journalDir: this.journalDir, ...part }),
    );
  }

  rotate(part: Part = {}, order = randomUUID()): Promise<Receipt> {
    return this.with(part, (request) => rotateStore(request, { id: order, server: 'mx-1', profile: 'product', store: 'events', bounds: part.bounds ?? WIDE, policy: { name: 'cap' } } as unknown as RotationOrder));
  }

  preview(part: Part = {}): ReturnType<typeof previewStore> {
    return this.with(part, previewStore);
  }

  trimmer<T>(use: (trimmer: RecordTrimmer) => Promise<T>, order = randomUUID()): Promise<T> {
    return this.with({}, async ({ store, host, profile }) => {
      const opened = await openTrimmer(store.rows === null ? { lists: store.lists ?? (null as never) } : { rows: store.rows }, host, { overwrite: false, owners: productAccounts(host, profile), order });
      if (!opened.ok) throw new Error(opened.error);
      try {
        return await use(opened.value);
      } finally {
        await opened.value.close();
      }
    });
  }

  remove(): void {
    rmSync(this.journalDir, { recursive: true, force: true });
  }
}

const skippedOf = ({ skipped }: Receipt): Record<string, number> => Object.fromEntries(skipped.map(({ reason, items }) => [reason, items]));

/** What every engine keeps, lists too. `product` is asked for once the suite runs. */
export function conformsToTrimmer(product: () => TrimmedProduct): void {
  const host = new TableHost(product);
  afterAll(() => host.remove());

  it('loses its oldest down to the low watermark, once, with an account', { timeout: SUITE_MS }, async () => {
    await product().fill(from1To(1_000));
    const order = randomUUID();
    const receipt = await host.rotate({ watermarks: records(600, 500) }, order);
    expect(receipt).toMatchObject({ outcome: 'completed', reason: '', before: { items: 1_000 }, planned: { items: 500, oldestAt: at(1), newestAt: at(500) }, deleted: { items: 500 }, after: { known: true, value: { items: 500 } }, skipped: [], facts: { fileSystems: [], tool: null } });
    expect(receipt.notes?.join()).toMatch(/500/);
    expect(await product().left()).toEqual(from1To(1_000).slice(500));
    expect(await host.rotate({ watermarks: records(600, 500) }, order)).toEqual(receipt);
    expect(await product().left()).toHaveLength(500);
    expect(await host.rotate({ watermarks: records(600, 500) })).toMatchObject({ outcome: 'nothing-to-do', planned: { items: 0 } });
  });

  it('loses what is too old, and nothing that is younger', async () => {
    await product().fill(from1To(100));
    const age = (record: number): number => (NOW_MS - BEGINNING_MS) / 1_000 - record;
    expect(await host.rotate({ watermarks: [{ kind: 'age', limit: age(20), target: age(40.5) + LATER_S }] })).toMatchObject({ outcome: 'completed', deleted: { items: 40 }, planned: { newestAt: at(40) } });
    expect(await product().left()).toEqual(from1To(100).slice(40));
  });

  it('is only looked at by a plan, and not touched above a bound, by a clock that is wrong, or where nothing was marked', async () => {
    await product().fill(from1To(200));
    expect(await host.preview()).toMatchObject({ before: { items: 200 }, planned: { items: 100 }, stopped: null, list: null });
    expect(await host.rotate({ bounds: { ...WIDE, items: 99 } })).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('100 items would go') });
    expect(await host.rotate({ watermarks: [{ kind: 'age', limit: 10, target: 5 }], issuedAtMs: NOW_MS + 3_600_000 })).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('behind') });
    expect(await host.rotate({ marked: { has: () => false, newestMs: null } })).toMatchObject({ outcome: 'nothing-to-do', skipped: [{ reason: 'in-grace', items: 100 }] });
    expect(await product().left()).toHaveLength(200);
    expect(await host.rotate({ marked: { has: () => false, newestMs: BEGINNING_MS + 30_000 } })).toMatchObject({ outcome: 'completed', deleted: { items: 30 }, skipped: [{ reason: 'in-grace', items: 70 }] });
    expect(await product().left()).toEqual(from1To(200).slice(30));
  });

  it('keeps its newest, the young, and what is held to the end', async () => {
    await product().fill(from1To(200));
    expect(await host.rotate({ watermarks: records(10), keep: { newest: 150, youngerThanSeconds: 0 } })).toMatchObject({ deleted: { items: 50 }, skipped: [{ reason: 'kept-newest', items: 140 }], reason: expect.stringContaining('did not suffice') });
    expect(await host.rotate({ watermarks: records(10), keep: { newest: 0, youngerThanSeconds: (NOW_MS - BEGINNING_MS) / 1_000 - 60.5 + LATER_S } })).toMatchObject({ deleted: { items: 10 }, skipped: [{ reason: 'in-quiet-period', items: 130 }] });
    expect(await host.rotate({ watermarks: records(10), holds: [hold(71, null)] })).toMatchObject({ deleted: { items: 10 }, skipped: [{ reason: 'held', items: 120 }] });
    expect(await host.rotate({ watermarks: records(10), holds: [hold(null, null)] })).toMatchObject({ outcome: 'nothing-to-do', skipped: [{ reason: 'held', items: 120 }] });
    expect(await product().left()).toEqual(from1To(200).slice(70));
  });

  it('goes at the pace of its order, and stops between two batches', async () => {
    await product().fill(from1To(200));
    const stop = new AbortController();
    const startedMs = performance.now();
    const receipt = await host.rotate({ pace: { itemsPerSecond: 100, bytesPerSecond: null }, stop: stop.signal, watermarks: records(10), watch: (step) => void (step === 'commit' && performance.now() - startedMs > 600 && stop.abort('a hold came')) });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'a hold came' });
    expect(receipt.deleted.items).toBeLessThan(190);
    expect(await product().left()).toHaveLength(200 - receipt.deleted.items);
  });

  it.each(['commit', 'deleted'] as const)('is begun on by no other order while one that was cut short at %s has no account, so that nothing counts twice or not at all', async (at) => {
    await product().fill(from1To(400));
    const [cut, next] = [randomUUID(), randomUUID()];
    const watch = (step: string): void => {
      if (step === at) throw new Error('cut short');
    };
    await expect(host.rotate({ watch }, cut)).rejects.toThrow();
    const left = await product().left();
    await expect(host.rotate({ watermarks: records(50) }, next)).rejects.toThrow(`the order ${cut} on this store was begun and has no account yet`);
    expect(await product().left()).toEqual(left);
    const [first, second] = [await host.rotate({}, cut), await host.rotate({ watermarks: records(50) }, next)];
    expect(await product().left()).toEqual(from1To(400).slice(350));
    expect([first.deleted.items, second.deleted.items]).toEqual([300, 50]);
  });

  it('says of a batch whether it took effect', async () => {
    await product().fill(from1To(50));
    const choice = { beforeMs: BEGINNING_MS + 20_500, held: [] };
    await host.trimmer(async (trimmer) => {
      const { keys } = await trimmer.choose(choice, 10, new Set());
      expect(keys).toHaveLength(10);
      expect(await trimmer.left(keys)).toBe(10);
      expect(await trimmer.remove(keys, choice)).toMatchObject({ removed: true });
      expect(await trimmer.left(keys)).toBe(0);
      expect(await trimmer.remove(keys, choice)).toMatchObject({ removed: false, why: 'changed' });
      await trimmer.forget();
    });
    expect(await product().left()).toEqual(from1To(50).slice(10));
  });

  /** Machines that others work on stand still for a moment now and then: three tries. */
  it(`never makes the product wait for ${HELD_MS_MAX} ms, and loses nothing that it writes meanwhile`, { timeout: SUITE_MS, retry: 2 }, async () => {
    const many = 20_000;
    await product().fill(from1To(many));
    const writer = await WaitingWriter.start(product().writer, many + 1);
    const receipt = await host.rotate({ watermarks: records(5_000) }).finally(() => writer.end());
    const { waitedMs, written } = await writer.said();
    if (process.env['MAILWARDEN_TEST_LOG'] !== undefined) console.log(`the product waited ${waitedMs.toFixed(1)} ms at most in ${written} writes`);
    expect(receipt.outcome).toBe('completed');
    const left = await product().left();
    expect(left.slice(-written)).toEqual(from1To(many + written).slice(many));
    expect(left).toHaveLength(many + written - receipt.deleted.items);
    expect(written).toBeGreaterThan(10);
    expect(waitedMs).toBeLessThan(HELD_MS_MAX);
  });
}

/** What engines with rows keep beside. */
export function conformsToTableTrimmer(product: () => TrimmedTable, isPerRow: boolean): void {
  const host = new TableHost(product);
  let unlock: (() => Promise<void>) | null = null;
  beforeEach(() => void (unlock = null));
  afterAll(async () => {
    await unlock?.();
    host.remove();
  });

  it('keeps what lies in a held time, and others go, the younger ones too', async () => {
    await product().fill(from1To(200));
    const receipt = await host.rotate({ holds: [hold(11, 30), hold(41, 50)] });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 100 }, skipped: [{ reason: 'held', items: 30 }], planned: { newestAt: at(130) } });
    expect(await product().left()).toEqual([...from1To(30).slice(10), ...from1To(50).slice(40), ...from1To(200).slice(130)]);
  });

  it('never loses a record without a moment, and does not count it among its newest', async () => {
    await product().fill(from1To(100));
    for (const record of [1, 2, 3]) await product().touch(record, null);
    expect(await host.rotate({ watermarks: records(10), keep: { newest: 20, youngerThanSeconds: 0 } })).toMatchObject({ deleted: { items: 77 } });
    expect((await product().left()).length).toBe(23);
    expect(await host.rotate({ watermarks: records(1), keep: { newest: 20, youngerThanSeconds: 0 } })).toMatchObject({ outcome: 'nothing-to-do' });
  });

  it('keeps a row that another table refers to, and says so', async () => {
    await product().fill(from1To(300));
    await product().refer(7);
    const receipt = await host.rotate();
    expect(receipt).toMatchObject({ outcome: 'completed', reason: expect.stringContaining('1 planned rows stayed'), deleted: { items: 199 } });
    expect(skippedOf(receipt)).toEqual({ referenced: 1 });
    expect(await product().left()).toEqual([7, ...from1To(300).slice(200)]);
  });

  it('keeps a row that became younger after it was chosen', async () => {
    await product().fill(from1To(50));
    const choice = { beforeMs: BEGINNING_MS + 10_500, held: [] };
    await host.trimmer(async (trimmer) => {
      const { keys } = await trimmer.choose(choice, 10, new Set());
      await product().touch(3, 1_000);
      const removal = await trimmer.remove(keys, choice);
      expect(removal).toMatchObject({ removed: false, why: 'changed', stays: [expect.stringContaining('3')] });
      expect(await product().left()).toHaveLength(50);
    });
  });

  it.runIf(isPerRow)('goes round a row that another session holds', async () => {
    await product().fill(from1To(300));
    unlock = (await product().lock?.(5)) ?? null;
    const receipt = await host.rotate();
    await unlock?.();
    unlock = null;
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 199 } });
    expect(skippedOf(receipt)).toEqual({ 'open-for-writing': 1 });
    expect(await product().left()).toEqual([5, ...from1To(300).slice(200)]);
  });

  it.each([
    ['is counted as deleted where one of its keys was written anew', 5_000, 1],
    ['is counted but for the row that has its old moment again', 7, 0],
  ])('had a batch deleted that was cut short, which %s', async (_what, seconds, again) => {
    await product().fill(from1To(200));
    const order = randomUUID();
    const watch = (step: string): void => {
      if (step === 'deleted') throw new Error('cut short');
    };
    await expect(host.rotate({ watch }, order)).rejects.toThrow();
    const gone = 200 - (await product().left()).length;
    expect(gone).toBeGreaterThan(7);
    await product().write(7, seconds);
    const receipt = await host.rotate({}, order);
    expect(receipt.notes?.join()).toContain(`of a batch of ${gone} rows that was cut short, 1 have their keys in the table`);
    expect(200 + again - (await product().left()).length).toBe(receipt.deleted.items);
  });

  it('waits for whoever keeps the whole store to himself, and goes on', async () => {
    await product().fill(from1To(300));
    let opened = false;
    const receipt = await host.rotate({
      watch: (step) => {
        if (step !== 'rows' || opened) return;
        opened = true;
        void product()
          .lockAll()
          .then((end) => setTimeout(() => void end(), 400));
      },
    });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 200 } });
    expect(await product().left()).toEqual(from1To(300).slice(200));
  });
}

