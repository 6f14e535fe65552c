import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, ftruncateSync, linkSync, mkdirSync, mkdtempSync, openSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@mailwarden/catalogue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDirectory, openDirectoryBeneath, openHostRoot } from './directory-descriptor.js';
import { withHost, type Host } from './host.js';
import { walkStores, type WalkedStore } from './store-walk.js';
import { walk, type Visitor } from './walk.js';
import { withinDirectory } from './within-directory.js';

const STORE = '/srv/store';
let root: string;
let folder: string;

const storeOf = (id: string, files: readonly string[], more: Partial<Store> = {}): Store => ({ id, kind: 'files', files, exclude: [], units: [], clock: 'modified', lineRecords: false, ...more }) as unknown as Store;
const onHost = <T>(work: (host: Host) => Promise<T>): Promise<T> => withHost(root, { databases: {} }, work);

async function walked(...stores: Store[]): Promise<Record<string, WalkedStore>> {
  const found = await onHost((host) => walkStores(host, stores, null));
  return Object.fromEntries(found.stores.map((item) => [item.store.id, item]));
}

async function one(...globs: string[]): Promise<WalkedStore> {
  const { store } = await walked(storeOf('store', globs.length === 0 ? [`${STORE}/**`] : globs));
  if (store === undefined) throw new Error('the store was not walked');
  return store;
}

const counts = (map: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries(map);
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;
const under = (...parts: string[]): string => join(folder, ...parts);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-walk-'));
  folder = join(root, STORE);
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 2 }));

describe('names are bytes', () => {
  const NAMES = ['line\nfeed', '"quoted"', "it's", '=1+1', '-rf', '...', ' ', '\x80', '\x81', '\xff', 'ü'.repeat(100), 'n'.repeat(255), '\x01\x1b[31m'].map((name) => (name.startsWith('ü') ? Buffer.from(name, 'utf8') : Buffer.from(name, 'latin1')));

  it('so each of them is one file, also those that decode alike', async () => {
    for (const name of NAMES) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), 'x');
    const seen: string[] = [];
    const visitor: Visitor = { file: (_path, name) => void seen.push(name), folder: () => undefined, passedOver: (_path, reason) => void seen.push(reason) };
    await onHost((host) => walk(host.root, STORE, visitor));
    expect(seen.sort()).toEqual(NAMES.map((name) => name.toString('latin1')).sort());
    expect((await one()).tally).toMatchObject({ items: NAMES.length, bytesApparent: NAMES.length });
  });
});

describe('links', () => {
  it('to a folder outside, into a loop and into nothing are told and not followed', async () => {
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/secret'), 'x'.repeat(100));
    symlinkSync('../../outside', under('out'));
    symlinkSync('.', under('loop'));
    symlinkSync('absent', under('dangling'));
    writeFileSync(under('own'), 'x');
    const { tally, blind } = await one();
    expect(tally).toMatchObject({ items: 1, bytesApparent: 1 });
    expect(counts(tally.skipped)).toEqual({ 'not-a-regular-file': 3 });
    expect(counts(blind)).toEqual({});
  });

  it('in place of a store make it unknown, whether the walk begins there or above', async () => {
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/secret'), 'x');
    symlinkSync('../outside', join(root, 'srv/link'));
    const alone = await one('/srv/link/**');
    expect([alone.present, alone.tally.items, counts(alone.blind)]).toEqual([false, 0, { 'not-a-folder': 1 }]);
    const both = await walked(storeOf('deep', ['/srv/link/mail/**']), storeOf('all', ['/srv/**']));
    expect([both['deep']?.present, counts(both['deep']?.blind ?? new Map())]).toEqual([false, { 'not-a-folder': 1 }]);
    expect(both['all']?.tally.items).toBe(0);
  });

  it('that take the place of a folder while the walk is under way lead nowhere', async () => {
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside/secret'), 'x'.repeat(1000));
    for (const name of ['a', 'b']) {
      mkdirSync(under(name));
      writeFileSync(under(name, 'own'), 'x');
    }
    let bytes = 0;
    const reasons: string[] = [];
    const visitor: Visitor = {
      file: (_path, _name, stat) => void (bytes += stat.size),
      folder: (path) => {
        if (path !== STORE) return;
        for (const name of ['a', 'b']) renameSync(under(name), join(root, name)); // The folder is open, its entries not yet.
        for (const name of ['a', 'b']) symlinkSync('../../outside', under(name));
      },
      passedOver: (_path, reason) => void reasons.push(reason),
    };
    await onHost((host) => walk(host.root, STORE, visitor));
    expect([bytes, reasons]).toEqual([0, ['not-a-regular-file', 'not-a-regular-file']]);
  });
});

describe('entries that are no files', () => {
  it('are told and never opened', async () => {
    execFileSync('mkfifo', [under('fifo')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(under('socket'), resolve));
    try {
      const { configuration } = await walked(storeOf('configuration', [`${STORE}/**`], { kind: 'configuration' }));
      expect([configuration?.tally.items, counts(configuration?.tally.skipped ?? new Map())]).toEqual([0, { 'not-a-regular-file': 2 }]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('what a file takes', () => {
  it('is counted once for all its names, also when they lie in two stores', async () => {
    mkdirSync(join(root, 'srv/other'));
    writeFileSync(under('a'), 'x'.repeat(10_000));
    linkSync(under('a'), under('b'));
    linkSync(under('a'), join(root, 'srv/other/c'));
    linkSync(under('a'), join(root, 'srv/elsewhere'));
    const { first, second } = await walked(storeOf('first', [`${STORE}/**`]), storeOf('second', ['/srv/other/**']));
    const both = [first, second];
    expect(both.reduce((sum, item) => sum + (item?.tally.items ?? 0), 0)).toBe(1);
    expect(both.reduce((sum, item) => sum + (item?.tally.bytesApparent ?? 0), 0)).toBe(10_000);
    expect(both.reduce((sum, item) => sum + (item?.tally.skipped.get('hard-linked-again') ?? 0), 0)).toBe(2);
    expect(both.every((item) => item?.present === true)).toBe(true);
  });

  it('is its blocks, not its length', async () => {
    const fd = openSync(under('sparse'), 'w');
    ftruncateSync(fd, 1_000_000_000);
    writeSync(fd, 'x', 500_000_000);
    closeSync(fd);
    const { tally } = await one();
    expect(tally.bytesApparent).toBe(1_000_000_000);
    expect(tally.bytesAllocated).toBe(statSync(under('sparse')).blocks * 512);
    expect(tally.bytesAllocated).toBeLessThan(1_000_000);
  });

  it('is dated no later than the kernel last saw it change, whatever its name for that moment is', async () => {
    writeFileSync(under('forged'), 'x');
    utimesSync(under('forged'), 4_102_444_800, 4_102_444_800);
    const { tally } = await one();
    expect(tally.newestMs).toBe(statSync(under('forged')).ctimeMs);
    utimesSync(under('forged'), new Date(-1000), new Date(-1000));
    expect((await one()).tally.oldestMs).toBe(-1000);
  });
});

describe('entries that vanish or change under the walk', () => {
  it('are told, and the rest is measured', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(under(name), 'x');
    for (const name of ['d', 'e']) mkdirSync(under(name));
    const reasons: string[] = [];
    let files = 0;
    const visitor: Visitor = {
      file: () => {
        files += 1;
        if (files > 1) return;
        for (const name of ['b', 'c']) if (existsSync(under(name))) unlinkSync(under(name));
        rmSync(under('d'), { recursive: true });
        rmSync(under('e'), { recursive: true });
        writeFileSync(under('e'), 'now a file');
      },
      folder: () => undefined,
      passedOver: (_path, reason) => void reasons.push(reason),
    };
    await onHost((host) => walk(host.root, STORE, visitor));
    expect(files + reasons.length).toBe(5);
    expect(new Set(reasons)).toEqual(new Set(['vanished']));
  });

  it('and a file that is cut while it is read yields what was there', async () => {
    writeFileSync(under('log'), 'line\n'.repeat(10));
    const { log } = await walked(storeOf('log', [`${STORE}/**`], { lineRecords: true }));
    expect(log?.lines).toBe(10);
    truncateSync(under('log'), 0);
    expect((await walked(storeOf('log', [`${STORE}/**`], { lineRecords: true })))['log']?.lines).toBe(0);
  });
});

describe('the working folder', () => {
  const directory = (path: string) => {
    const opened = openHostRoot(path);
    if (!opened.ok) throw new Error(opened.error);
    return opened.value;
  };

  it('is the one it was, after a walk, after an error of a visitor, and after a nested use', async () => {
    const before = process.cwd();
    const descriptors = openDescriptors();
    writeFileSync(under('a'), 'x');
    await one();
    expect(process.cwd()).toBe(before);
    const failing: Visitor = {
      file: () => {
        throw new Error('the visitor failed');
      },
      folder: () => undefined,
      passedOver: () => undefined,
    };
    await expect(onHost((host) => walk(host.root, STORE, failing))).rejects.toThrow('the visitor failed');
    expect(process.cwd()).toBe(before);

    const [outer, inner] = [directory(root), directory(folder)];
    withinDirectory(outer, (statOuter) => {
      withinDirectory(inner, (stat) => expect(stat('a').size).toBe(1));
      expect(process.cwd()).toBe(realpathSync(root));
      expect(statOuter('srv').isDirectory()).toBe(true);
    });
    expect(process.cwd()).toBe(before);
    closeDirectory(outer);
    closeDirectory(inner);
    expect(openDescriptors()).toBe(descriptors);
  });

  it('is found again also when it was removed meanwhile', () => {
    const before = process.cwd();
    const place = under('place');
    mkdirSync(place);
    const opened = directory(root);
    process.chdir(place);
    rmSync(place, { recursive: true });
    try {
      withinDirectory(opened, (stat) => expect(stat('srv').isDirectory()).toBe(true));
      expect(existsSync('.')).toBe(true);
      expect(existsSync('srv')).toBe(false);
    } finally {
      process.chdir(before);
      closeDirectory(opened);
    }
  });
});

describe('descriptors', () => {
  it('of the root itself stay with their owner', async () => {
    writeFileSync(join(root, 'top'), 'x');
    await onHost(async (host) => {
      const files: string[] = [];
      await walk(host.root, '/', { file: (path) => void files.push(path), folder: () => undefined, passedOver: () => undefined });
      expect(files).toEqual(['/top']);
      const beneath = openDirectoryBeneath(host.root, '/');
      if (!beneath.ok) throw new Error(beneath.error);
      closeDirectory(beneath.value.directory);
      expect(fstatSync(host.root.fd).isDirectory()).toBe(true);
    });
  });
});

describe('which store a file belongs to', () => {
  const put = (path: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), 'x');
  };

  it('is the first of the profile that takes it in, among six in one folder', async () => {
    for (const path of ['/v/k/reports/r', '/v/k/backup/b', '/v/k/backup/deep/er/b', '/v/k/backup/own.conf', '/v/k/quarantine/q', '/v/k/other/o', '/v/k/x.conf', '/v/l/trace.log', '/v/l/old/trace.1']) put(path);
    const found = await walked(
      storeOf('reports', ['/v/k/reports/**']),
      storeOf('backup', ['/v/k/backup/**'], { exclude: ['/v/k/backup/*.conf'] }),
      storeOf('quarantine', ['/v/k/quarantine/**']),
      storeOf('active-log', ['/v/l/*.log']),
      storeOf('logs', ['/v/l/**']),
      storeOf('rest', ['/v/k/**']),
    );
    expect(Object.fromEntries(Object.entries(found).map(([id, item]) => [id, item.tally.items]))).toEqual({ reports: 1, backup: 2, quarantine: 1, 'active-log': 1, logs: 1, rest: 3 });
  });

  it('is the one whose item it is part of, deeper than the globs reach, and each item is counted once by however many threads', async () => {
    for (const path of ['/v/q/one/email', '/v/q/one/parts/deep/er/p1', '/v/q/loose', '/v/q/none.d/kept', '/v/q/none.d/x']) put(path);
    const large = 2_000;
    for (let index = 0; index < large; index += 1) put(`/v/q/large/${index}/p`);
    const stores = [storeOf('quarantine', ['/v/q/*', '/v/q/*/*'], { exclude: ['/v/q/*.d/kept'], units: ['/v/q', '/v/q/*', '/v/q/*/*'] })];
    for (const threads of [0, 2]) {
      const found = await onHost((host) => walkStores(host, stores, null, { threads }));
      const [{ tally }] = found.stores as [WalkedStore];
      // The folder that a store begins with is no item, and neither is one of which something is left out.
      expect([tally.items, tally.bytesApparent, counts(tally.skipped)]).toEqual([4, large + 4, {}]);
    }
  });

  it('is none in a shared folder that others use too, which is not looked into', async () => {
    for (const path of ['/crash/core.product.1', '/crash/core.other', '/crash/private/deep/x', '/abrt/product-1/dump', '/abrt/other-1/dump']) put(path);
    const { dumps } = await walked(storeOf('dumps', ['/crash/*product*', '/abrt/*product*/**']));
    expect([dumps?.tally.items, counts(dumps?.tally.skipped ?? new Map()), counts(dumps?.blind ?? new Map())]).toEqual([2, {}, {}]);
  });
});
