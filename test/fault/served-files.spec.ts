import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readGuardedBytes } from '@mailwarden/config';
import { untrustedPart, withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { isShutWay } from '../../libs/inventory-fs/src/probe/shut-way.js';
import { programProblem } from '../../libs/rotation-fs/src/tools/tool-program.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { EIO, FailingFileSystem } from './fuse/failing-file-system.js';

const STRANGER = 54_321;
const BYTES_MAX = 1_000;
/** Size of each file. Units: bytes. */
const SERVED = { 'etc/setting': 3 };

let [root, place, file] = ['', '', ''];
let disk: FailingFileSystem | null;
beforeEach(() => {
  if (!isRoot) return;
  // Every folder on the way to it is root's alone.
  root = mkdtempSync('/var/lib/mailwarden-served-');
  chmodSync(root, 0o755);
  place = join(root, 'product');
  mkdirSync(place);
  chownSync(place, STRANGER, STRANGER);
  file = join(place, 'etc/setting');
  disk = null;
});
afterEach(async () => {
  if (!isRoot) return;
  await disk?.end();
  rmSync(root, { recursive: true });
});

async function mounted(context: TestContext, by: number): Promise<void> {
  disk = await FailingFileSystem.mount({ at: place, files: SERVED, faults: [], by });
  if (disk === null) context.skip('this place lets nobody mount a FUSE file system');
  // All that it says of the file would do.
  expect(statSync(file)).toMatchObject({ uid: 0, mode: 0o100644 });
}

const isShut = (): Promise<boolean> => withHost(root, { databases: {} }, (host) => Promise.resolve(isShutWay(host.root, '/product/etc/setting')));

describe.runIf(isRoot)(`a file that a program of another account says is root's${ONLY_ROOT}`, () => {
  it('is not run, neither as a tool of the product nor for a setting', async (context) => {
    await mounted(context, STRANGER);
    expect(programProblem(file)).toBe(`${place} lies in a file system that a program of another account serves`);
    expect(untrustedPart(file)).toBe(`others than root may change ${place}`);
  });

  it('is no word of root', async (context) => {
    await mounted(context, STRANGER);
    expect(await isShut()).toBe(false);
  });

  it('is not read where only its owner may have written', async (context) => {
    await mounted(context, STRANGER);
    await expect(readGuardedBytes(file, BYTES_MAX)).rejects.toThrow(`${file} lies in a file system that a program of another account serves`);
  });

  it('is not asked for at all, so that a program that never answers holds nobody', async (context) => {
    await mounted(context, STRANGER);
    await disk?.setFaults(['getattr', 'lookup', 'opendir'].map((operation) => ({ operation, path: '*', errno: EIO })));
    expect(programProblem(file)).toBe(`${place} lies in a file system that a program of another account serves`);
    expect(untrustedPart(file)).toBe(`others than root may change ${place}`);
  });
});

describe.runIf(isRoot)(`a file of a file system that root mounted${ONLY_ROOT}`, () => {
  it('is what it says it is', async (context) => {
    await mounted(context, 0);
    expect([untrustedPart(file), programProblem(file), await isShut()]).toEqual([null, null, true]);
    expect(await readGuardedBytes(file, BYTES_MAX)).toHaveLength(SERVED['etc/setting']);
  });
});
