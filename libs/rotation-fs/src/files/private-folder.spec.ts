import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withHost } from '@mailwarden/inventory-fs';
import { errorNumber, FolderHand } from '@mailwarden/linux';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PrivateFolder } from './private-folder.js';

let root: string;
let store: string;
let own: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-private-'));
  store = join(root, 'store');
  mkdirSync(store);
  own = join(store, '.mailwarden-order');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

/** A folder as root keeps its own: nobody else enters it, and who may write in the folder above can rename it. */
function fill(folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  for (const name of ['0', '1']) writeFileSync(join(folder, name), `root's ${name}`);
}

const open = (...isKnown: readonly [] | [() => boolean]): Promise<string> =>
  withHost(root, { databases: {} }, (host) => {
    const opened = PrivateFolder.open(host, '/store', 'order', ...isKnown);
    if (!opened.ok) return Promise.resolve(opened.error);
    opened.value.release();
    return Promise.resolve('opened');
  });

describe("the executor's own folder", () => {
  it("is not another's with the same owner and mode that lies in its place", async () => {
    fill(own);
    expect(await open()).toContain('holds what no order took in');
    expect(readdirSync(own)).toEqual(['0', '1']);
  });

  it('is not one that was put in its place between being made and being opened', async () => {
    fill(join(store, 'R'));
    const make = FolderHand.prototype.makeFolder;
    vi.spyOn(FolderHand.prototype, 'makeFolder').mockImplementation(function (this: FolderHand, ...terms) {
      const made = make.apply(this, terms);
      renameSync(own, join(store, 'aside'));
      renameSync(join(store, 'R'), own);
      return made;
    });
    expect(await open()).toContain('holds what no order took in');
    expect(readdirSync(own)).toEqual(['0', '1']);
  });

  it('is one that an earlier run of the order noted, whatever lies in it, and an empty one that it had no time to note', async () => {
    fill(own);
    expect(await open(() => true)).toBe('opened');
    for (const name of readdirSync(own)) rmSync(join(own, name));
    expect(await open()).toBe('opened');
  });

  it('loses nothing of what lies in it, where a file system cannot move without replacing', async () => {
    vi.spyOn(FolderHand.prototype, 'moveToFree').mockReturnValue(errorNumber('EINVAL'));
    for (const name of ['letter', 'other']) writeFileSync(join(store, name), name);
    await withHost(root, { databases: {} }, (host) => {
      const opened = PrivateFolder.open(host, '/store', 'order');
      if (!opened.ok) throw new Error(opened.error);
      const { dev, ino, size, mtimeMs } = statSync(join(store, 'letter'));
      expect(opened.value.take(opened.value.storeRoot, 'letter', 0, { dev, ino, size, mtimeMs })).toBe('moved');
      const other = statSync(join(store, 'other'));
      expect(() => opened.value.take(opened.value.storeRoot, 'other', 0, other)).toThrow('is taken already');
      opened.value.release();
      return Promise.resolve();
    });
    expect(readFileSync(join(own, '0'), 'utf8')).toBe('letter');
    expect(readFileSync(join(store, 'other'), 'utf8')).toBe('other');
  });
});
