import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseProfile } from '@mailwarden/catalogue';
import { observation as observationForm, type Observation, type StoreObservation } from '@mailwarden/contracts';
import { FULL_SPEED, measureHost } from '@mailwarden/inventory-fs';
import type { ServerName } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Scans that come so long after the tree was made find its files old. Units: milliseconds. */
const LATER_MS = 2 * DAY_MS;

let root: string;
let memory: string;
let nowMs: number;

const profileOf = (stores: Readonly<Record<string, { glob: string; kind?: string }>>) => {
  const lines = Object.entries(stores).map(([id, { glob, kind = 'files' }]) => `  - { id: ${id}, section: ${id}, kind: ${kind}, directories: null, files: [ "${glob}" ], data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: false }`);
  const profile = parseProfile(['schema: mailwarden/profile/v1', 'id: remembered', 'product: { name: Remembered, vendor: None, versions: "*" }', 'sources: { here: { title: This test, url: null, date: null, kind: general } }', 'accounts: { service: root, groups: [] }', 'services: []', 'stores:', ...lines, ''].join('\n'));
  if (!profile.ok) throw new Error(profile.error.map(({ message }) => message).join('\n'));
  return profile.value;
};
const STORES = { first: { glob: '/s/first/**' }, second: { glob: '/s/second/**' } } as const;

/** One scan, an hour after the one before. */
async function scan(more: Partial<Parameters<typeof measureHost>[0]> = {}, stores: Readonly<Record<string, { glob: string; kind?: string }>> = STORES): Promise<Observation> {
  nowMs += HOUR_MS;
  const measured = await measureHost({ root, profile: profileOf(stores), hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: () => nowMs, threads: 0, memory: { folder: memory, fullEveryHours: 24 }, ...more });
  return observationForm.parse(measured) as Observation;
}
const store = ({ stores }: Observation, id: string): StoreObservation => {
  const found = stores.find((item) => item.id === id);
  if (found === undefined) throw new Error(`there is no store ${id}`);
  return found;
};
const items = (measured: Observation, id: string): number | string => {
  const { items: counted } = store(measured, id);
  return counted.known ? counted.value : counted.reason;
};
const put = (path: string, bytes = 10): void => {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), 'x'.repeat(bytes));
};
const memoryFile = (): string => join(memory, readdirSync(memory)[0] ?? '');
const OVER = { ...FULL_SPEED, deadlineMs: 1 };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-remembered-'));
  memory = join(mkdtempSync(join(tmpdir(), 'mailwarden-memory-')), 'memory');
  nowMs = Date.now() + LATER_MS;
  put('etc/passwd');
  for (const folder of ['first/a', 'first/b', 'second/c']) for (const name of ['1', '2', '3', '4']) put(`s/${folder}/letter-${name}`);
});
afterEach(() => {
  for (const folder of [root, join(memory, '..')]) rmSync(folder, { recursive: true });
});

describe('memory of folders', () => {
  it('spares the look at their files while nothing shows a change', async () => {
    expect((await scan()).effort).toMatchObject({ mode: 'full', entries: 12, foldersRead: 5, foldersRemembered: 0, complete: true, notice: null });
    const again = await scan();
    expect(again.effort).toMatchObject({ mode: 'incremental', entries: 0, foldersRead: 0, foldersRemembered: 5 });
    expect([items(again, 'first'), items(again, 'second')]).toEqual([8, 4]);
  });

  it('finds the other name of an old file, which shows in the file alone', async () => {
    await scan();
    linkSync(join(root, 's/second/c/letter-1'), join(root, 's/first/a/again'));
    const linked = await scan();
    expect([items(linked, 'first'), items(linked, 'second')]).toEqual([9, 3]);
    expect(store(linked, 'second').skipped).toEqual([{ reason: 'hard-linked-again', items: 1 }]);
    const { effort } = await scan();
    expect(effort).toMatchObject({ entries: 2, foldersRead: 0 });
  });

  it('is proven by reading again, and says when it was wrong', async () => {
    await scan();
    appendFileSync(join(root, 's/first/a/letter-1'), 'x'.repeat(100_000));
    const grown = (measured: Observation): unknown => store(measured, 'first').bytesApparent;
    expect(grown(await scan())).toEqual({ known: true, value: 80 });
    nowMs += DAY_MS;
    const proven = await scan();
    expect(grown(proven)).toEqual({ known: true, value: 100_080 });
    expect(proven.effort).toMatchObject({ mode: 'full', notice: 'of 5 unchanged folders that were read again, 1 held other files than remembered' });
    nowMs += DAY_MS;
    expect((await scan()).effort?.notice).toBeNull();
  });

  it('holds no name of a file, and nobody else may read it', async () => {
    await scan();
    expect(readFileSync(memoryFile(), 'latin1')).not.toContain('letter');
    expect([lstatSync(memory).mode & 0o777, lstatSync(memoryFile()).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it.each<[string, string, () => void]>([
    ['that is cut', 'it was damaged', () => writeFileSync(memoryFile(), readFileSync(memoryFile()).subarray(0, -10))],
    ['that is empty', 'it was damaged', () => writeFileSync(memoryFile(), '')],
    ['that others could have written', 'others could have written it', () => chmodSync(memoryFile(), 0o660)],
    ['in place of which a link lies', 'it cannot be opened (ELOOP)', () => {
      const file = memoryFile();
      rmSync(file);
      symlinkSync('/etc/passwd', file);
    }],
    ['from the future', "the host's clock went back", () => void (nowMs -= 10 * HOUR_MS)],
  ])('%s is thrown away, with a notice', async (_what, why, spoil) => {
    await scan();
    spoil();
    const after = await scan();
    expect(after.effort).toMatchObject({ mode: 'full', notice: `the memory of earlier scans was thrown away: ${why}` });
    expect(items(after, 'first')).toBe(8);
  });

  it('that cannot be kept costs the scan nothing, and is told', async () => {
    const kept = await scan({ memory: { folder: join(root, 'etc/passwd'), fullEveryHours: 24 } });
    expect(items(kept, 'first')).toBe(8);
    expect(kept.effort?.notice).toMatch(/^the memory of /);
  });
});

const asRoot = process.getuid?.() === 0;

describe('a memory that changes its place or its subject', () => {
  it.skipIf(!asRoot)(`on a full disk is not kept, and leaves nothing on it${asRoot ? '' : ' (skipped: only root can mount a small disk)'}`, async () => {
    mkdirSync(memory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', memory]);
    try {
      writeFileSync(join(memory, 'other'), Buffer.alloc(64 * 1024));
      const kept = await scan();
      expect(items(kept, 'first')).toBe(8);
      expect(kept.effort?.notice).toBe('the memory of this scan could not be kept (ENOSPC)');
      expect(readdirSync(memory)).toEqual(['other']);
    } finally {
      execFileSync('umount', [memory]);
    }
  });

  it('is thrown away when the profile has other stores, and the new one takes its place', async () => {
    await scan();
    const other = await scan({}, { first: { glob: '/s/*/**' } });
    expect(other.effort).toMatchObject({ mode: 'full', notice: 'the memory of earlier scans was thrown away: it is about other stores' });
    expect(readdirSync(memory)).toHaveLength(1);
    expect((await scan({}, { first: { glob: '/s/*/**' } })).effort?.notice).toBeNull();
  });
});

describe('a scan whose window ends', () => {
  it('tells what is known from memory, says of the rest that it is unknown, and the next one goes on', async () => {
    const nothingYet = await scan({ pace: OVER });
    expect(nothingYet.effort?.complete).toBe(false);
    expect(items(nothingYet, 'first')).toBe("the scan's window ended before all of it was seen");
    const all = await scan();
    expect([all.effort?.complete, items(all, 'first')]).toEqual([true, 8]);
    const fromMemory = await scan({ pace: OVER });
    expect([fromMemory.effort?.complete, items(fromMemory, 'first'), items(fromMemory, 'second')]).toEqual([false, 8, 4]);
    expect([(await scan()).effort?.complete, items(await scan(), 'second')]).toEqual([true, 4]);
  });
});

describe('what only the scan before can tell', () => {
  it('is by how much a store grew', async () => {
    expect(store(await scan(), 'first').growth).toEqual({ known: false, reason: 'no earlier scan is remembered' });
    const since = new Date(nowMs).toISOString();
    put('s/first/a/new', 5_000);
    rmSync(join(root, 's/second/c/letter-1'));
    const grown = await scan();
    expect(store(grown, 'first').growth).toEqual({ known: true, value: { since, items: 1, bytes: lstatSync(join(root, 's/first/a/new')).blocks * 512 } });
    expect(store(grown, 'second').growth).toMatchObject({ known: true, value: { items: -1 } });
  });

  it('is when the contents of a configuration changed', async () => {
    const stores = { settings: { glob: '/s/first/**', kind: 'configuration' } };
    const changedAt = async (): Promise<unknown> => store(await scan({}, stores), 'settings').contentChangedAt;
    expect(await changedAt()).toEqual({ known: false, reason: 'no earlier scan is remembered' });
    expect(await changedAt()).toEqual({ known: false, reason: 'no scan that is remembered saw it change' });
    writeFileSync(join(root, 's/first/a/letter-1'), 'y'.repeat(10));
    const seen = await changedAt();
    expect(seen).toEqual({ known: true, value: new Date(nowMs).toISOString() });
    expect(await changedAt()).toEqual(seen);
  });
});

describe('ages and sizes', () => {
  it('of young files are told by their moments', async () => {
    nowMs = Date.now() - HOUR_MS;
    put('s/first/a/large', 70_000);
    const { ages, sizes } = store(await scan({ memory: null }), 'first');
    expect(ages?.items).toEqual([9, 0, 0, 0, 0, 0, 0]);
    expect(sizes?.items).toEqual([8, 0, 1, 0, 0, 0]);
    nowMs += HOUR_MS;
    expect(store(await scan({ memory: null }), 'first').ages?.items).toEqual([0, 9, 0, 0, 0, 0, 0]);
  });
});
