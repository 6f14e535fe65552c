import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { byStore, items, observed, skipped, unknown, type Stores } from '../integration/hostile-host.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { EIO, FailingFileSystem, type Fault } from './fuse/failing-file-system.js';
import { rootWithDisk, SOUND } from './fuse/root-with-disk.js';

const FAILING = 'var/spool/failing';
const FILES = { 'one': 5_000, 'two': 10, 'sub/three': 100, 'sub/four': 200, 'other/five': 1 };
/** So many names do not come in one answer of the kernel. */
const MANY = 3_000;
const STORES: Stores = { failing: `/${FAILING}/**`, sound: `/${SOUND}/**` };

let root: string;
let disk: FailingFileSystem | null;

beforeEach(() => {
  root = rootWithDisk(FAILING);
  disk = null;
});
afterEach(async () => {
  await disk?.end();
  rmSync(root, { recursive: true });
});

async function mounted(context: TestContext, files: Readonly<Record<string, number>>): Promise<FailingFileSystem> {
  disk = await FailingFileSystem.mount({ at: join(root, FAILING), files, faults: [] });
  if (disk === null) context.skip('this place lets nobody mount a FUSE file system');
  return disk as FailingFileSystem;
}

/** A fault of the disk for every way to the entry. */
const noLook = (path: string): Fault[] => ['lookup', 'getattr'].map((operation) => ({ operation, path, errno: EIO }));

describe(`a disk that fails${ONLY_ROOT}`, () => {
  it.runIf(isRoot)('not at all is measured as any other', async (context) => {
    await mounted(context, FILES);
    const { failing } = byStore(await observed(root, STORES));
    expect([items(failing), failing?.bytesApparent, unknown(failing)]).toEqual([5, expect.objectContaining({ value: 5_311 }), []]);
  });

  it.runIf(isRoot).each<[string, Fault[], number, Record<string, number>]>([
    ['at one file', noLook('sub/three'), 4, { 'io-error': 1 }],
    ['at opening a folder', [{ operation: 'opendir', path: 'sub', errno: EIO }], 3, { 'io-error': 1 }],
    ['at listing a folder', [{ operation: 'readdir', path: 'sub', errno: EIO }], 3, { 'io-error': 1 }],
    ['at the folder itself', noLook('sub'), 3, { 'io-error': 1 }],
  ])('%s makes that store known in part, and says why; the other stores are exact', async (_where, faults, expected, reasons) => {
    const file = await FailingFileSystem.mount({ at: join(root, FAILING), files: FILES, faults });
    disk = file;
    expect(file, 'this place lets nobody mount a FUSE file system').not.toBeNull();
    const { failing, sound } = byStore(await observed(root, STORES));
    expect([items(failing), skipped(failing)]).toEqual([expected, reasons]);
    expect(unknown(failing)).toEqual(['part of the store: 1 places could not be read (io-error)']);
    expect([items(sound), unknown(sound)]).toEqual([2, []]);
  });

  it.runIf(isRoot)('in the middle of a long folder is told, and what was seen before counts', async (context) => {
    const file = await mounted(context, Object.fromEntries(Array.from({ length: MANY }, (_, at) => [`letter-${at}`, 1])));
    await file.setFaults([{ operation: 'readdir', path: '', errno: EIO, after: 2 }]);
    const { failing } = byStore(await observed(root, STORES));
    expect(unknown(failing)).toEqual(['part of the store: 1 places could not be read (io-error)']);
    expect(Number(items(failing))).toBeLessThan(MANY);
  });

  it.runIf(isRoot)('as a whole is unknown, not empty, and is measured again once it answers', async (context) => {
    const file = await mounted(context, FILES);
    await file.setFaults([...noLook(''), { operation: 'opendir', path: '', errno: EIO }]);
    const before = readdirSync('/proc/self/fd').length;
    const { failing, sound } = byStore(await observed(root, STORES));
    expect([failing?.present, items(failing)]).toEqual([false, 'none of it could be read (io-error)']);
    expect([items(sound), unknown(sound)]).toEqual([2, []]);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    await file.setFaults([]);
    expect(items(byStore(await observed(root, STORES))['failing'])).toBe(5);
  });

  it.runIf(isRoot)('while contents are read leaves these unknown, and the sizes known', async (context) => {
    const file = await mounted(context, FILES);
    await file.setFaults([{ operation: 'read', path: 'one', errno: EIO }]);
    const settings: Stores = { ...STORES, failing: { glob: `/${FAILING}/**`, kind: 'configuration' } };
    const { failing } = byStore(await observed(root, settings));
    expect([items(failing), failing?.contentDigest]).toEqual([5, { known: false, reason: 'some of it could not be read (content-not-readable)' }]);
    expect(unknown(failing).join()).toContain('content-not-readable');
    await file.setFaults([]);
    expect(byStore(await observed(root, settings))['failing']?.contentDigest).toMatchObject({ known: true });
  });

  it.runIf(isRoot)('under a settings file makes that value unknown, with the reason, and no other', async (context) => {
    const file = await mounted(context, FILES);
    await file.setFaults([{ operation: 'read', path: 'two', errno: EIO }]);
    const probe = (name: string, path: string): string => `  ${name}: { read: { from: [ { file-key: { file: ${path}, format: key-value, key: KEY } } ], source: here }, default: null, source: null }`;
    writeFileSync(join(root, 'etc/settings'), 'KEY=1\n');
    const { settings } = await observed(root, STORES, ['switches:', probe('on-failing', `/${FAILING}/two`), probe('on-sound', '/etc/settings')]);
    expect(settings['on-failing']).toMatchObject({ known: false, reason: `/${FAILING}/two: it cannot be read (EIO)` });
    expect(settings['on-sound']).toMatchObject({ known: true, value: '1' });
  });
});
