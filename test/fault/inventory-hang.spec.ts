import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { byStore, items, unknown, type Stores } from '../integration/hostile-host.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { FailingFileSystem, type Fault } from './fuse/failing-file-system.js';
import { rootWithDisk, SOUND } from './fuse/root-with-disk.js';
import { scanInProcess, type ProcessScan } from './scan-process.js';

const HANGING = 'var/spool/hanging';
const STORES: Stores = { hanging: `/${HANGING}/**`, sound: `/${SOUND}/**` };
/** Storage that is silent for so long is given up. Units: milliseconds. */
const STALL_MS = 1_500;
/** Start of the program, several silences, and a machine that is busy with other suites. Units: milliseconds. */
const TOOK_MS_MAX = 40_000;
const SUITE_MS = 50_000;

let root: string;
let disk: FailingFileSystem | null;

beforeEach(() => {
  root = rootWithDisk(HANGING);
  disk = null;
});
afterEach(async () => {
  await disk?.end();
  rmSync(root, { recursive: true });
});

const never = (path: string, ...operations: string[]): Fault[] => operations.map((operation) => ({ operation, path, errno: 'never' }));

/** The store that hangs is told, and nothing else suffers. */
async function expectTold(): Promise<ProcessScan> {
  const scan = await scanInProcess({ root, stores: STORES, terms: { stallMs: STALL_MS, threads: 2 } });
  const { hanging, sound } = byStore(scan.observation);
  expect([items(sound), unknown(sound)]).toEqual([2, []]);
  expect(unknown(hanging).join()).toContain('did not answer');
  expect(scan.observation.effort?.complete).toBe(false);
  return scan;
}

describe(`a store on storage that never answers${ONLY_ROOT}`, () => {
  it.runIf(isRoot).each<[string, Fault[]]>([
    ['a look at a file', never('sub/three', 'lookup', 'getattr')],
    ['the opening of a folder', never('sub', 'opendir')],
    ['the listing of a folder', never('sub', 'readdir')],
    ['anything at all', never('', 'lookup', 'getattr', 'opendir', 'readdir')],
  ])('to %s: it is unknown and says why, and the other stores are exact', async (_what, faults) => {
    disk = await FailingFileSystem.mount({ at: join(root, HANGING), files: { 'one': 10, 'sub/three': 100, 'sub/four': 200 }, faults: [] });
    expect(disk, 'this place lets nobody mount a FUSE file system').not.toBeNull();
    await disk?.setFaults(faults);
    const { tookMs, ended } = await expectTold();
    expect(tookMs).toBeLessThan(TOOK_MS_MAX);
    // A request that its server took and keeps is waited for by the kernel itself: no process ends before it, not even by SIGKILL.
    await disk?.end();
    disk = null;
    expect(await ended).toBe(0);
  }, SUITE_MS);

  it.runIf(isRoot)('because who serves it hangs: the program ends by itself', async () => {
    disk = await FailingFileSystem.mount({ at: join(root, HANGING), files: { one: 10 }, faults: [] });
    expect(disk, 'this place lets nobody mount a FUSE file system').not.toBeNull();
    disk?.hang();
    const { tookMs, ended } = await expectTold();
    expect(await ended).toBe(0);
    expect(tookMs).toBeLessThan(TOOK_MS_MAX);
  }, SUITE_MS);

  it.runIf(isRoot)('for a while is measured as any other once it does', async () => {
    disk = await FailingFileSystem.mount({ at: join(root, HANGING), files: { one: 10 }, faults: [] });
    expect(disk, 'this place lets nobody mount a FUSE file system').not.toBeNull();
    const { observation } = await scanInProcess({ root, stores: STORES, terms: { stallMs: STALL_MS, threads: 2 } });
    expect([items(byStore(observation)['hanging']), observation.effort?.complete]).toEqual([1, true]);
  }, SUITE_MS);
});
