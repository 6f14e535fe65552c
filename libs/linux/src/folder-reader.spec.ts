import { execFileSync } from 'node:child_process';
import { closeSync, constants, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntryFacts } from './entry-facts.js';
import { attributeOf, closeDescriptor, factsAt, factsBehind, factsOf, mountAt, openFolderAt } from './folder-access.js';
import { cText } from './c-bytes.js';
import { C_LIBRARY, NO_DATA } from './c-library.js';
import { ENTRY_TYPES, FolderReader } from './folder-reader.js';

let folder: string;
let fd: number;
const reader = new FolderReader();
const setAttribute = C_LIBRARY.func('int setxattr(const char *path, const char *name, const uint8_t *value, size_t size, int flags)') as (path: string, name: string, value: Uint8Array, size: number, flags: number) => number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwarden-reader-'));
  fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

/** All that the reader says, by name. */
function entries(): Map<string, { type: number; trouble: number; facts: Record<string, number> }> {
  const found = new Map<string, { type: number; trouble: number; facts: Record<string, number> }>();
  reader.begin(fd);
  while (reader.fetch() > 0) {
    while (reader.next()) {
      const trouble = reader.look();
      const { size, allocated, uid, gid, mode, nlink, ino, dev, mtimeMs, ctimeMs, birthtimeMs } = reader.facts;
      found.set(reader.name, { type: reader.type, trouble, facts: { size, blocks: allocated / 512, uid, gid, mode, nlink, ino, dev, mtimeMs, ctimeMs, birthtimeMs } });
    }
  }
  return found;
}

const asNodeSays = (path: string): Record<string, number> => {
  const { size, blocks, uid, gid, mode, nlink, ino, dev, mtimeMs, ctimeMs, birthtimeMs } = lstatSync(path);
  return { size, blocks, uid, gid, mode, nlink, ino, dev, mtimeMs, ctimeMs, birthtimeMs };
};

describe('a folder that is read', () => {
  it('has every entry with what Node says of it, to the last fraction', () => {
    writeFileSync(join(folder, 'plain'), 'x'.repeat(5_000));
    linkSync(join(folder, 'plain'), join(folder, 'again'));
    writeFileSync(join(folder, 'sparse'), '');
    truncateSync(join(folder, 'sparse'), 6_000_000_000_000);
    utimesSync(join(folder, 'sparse'), -1.5, -1.5);
    symlinkSync('absent', join(folder, 'link'));
    mkdirSync(join(folder, 'inner'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    const found = entries();
    expect([...found.keys()].sort()).toEqual(readdirSync(folder).sort());
    for (const [name, { trouble, facts }] of found) expect([name, trouble, facts]).toEqual([name, 0, asNodeSays(join(folder, name))]);
    expect([found.get('plain')?.type, found.get('inner')?.type]).toEqual([ENTRY_TYPES.file, ENTRY_TYPES.folder]);
  });

  it('has names as bytes, also those that decode alike', () => {
    const names = ['\x80', '\xff', 'line\nfeed', '-rf', '...', 'n'.repeat(255)];
    for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), '');
    expect([...entries().keys()].sort()).toEqual([...names].sort());
  });

  it('of many entries has each of them once', () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `entry-${index}-${'x'.repeat(index % 200)}`);
    for (const name of names) writeFileSync(join(folder, name), '');
    expect([...entries().keys()].sort()).toEqual(names.sort());
  });

  it('says of an entry that vanished that it is gone', () => {
    writeFileSync(join(folder, 'passing'), '');
    reader.begin(fd);
    reader.fetch();
    expect(reader.next()).toBe(true);
    rmSync(join(folder, 'passing'));
    expect(reader.look()).not.toBe(0);
  });

  it('that is closed cannot be read, and the error has its name', () => {
    reader.begin(9_999);
    expect(() => reader.fetch()).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });
});

describe('an entry of an open folder', () => {
  const facts = new EntryFacts();

  it('is opened as a folder, and nothing else is', () => {
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('inner', join(folder, 'link'));
    const inner = openFolderAt(fd, 'inner');
    factsOf(inner, facts);
    expect(facts.ino).toBe(lstatSync(join(folder, 'inner')).ino);
    closeDescriptor(inner);
    for (const name of ['file', 'link']) expect(() => openFolderAt(fd, name)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(() => openFolderAt(fd, 'absent')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('is looked at itself, not what it leads to, and lies in the mount of its folder', () => {
    symlinkSync('/', join(folder, 'link'));
    factsAt(fd, 'link', facts);
    expect([facts.isFolder, facts.isFile]).toEqual([false, false]);
    factsOf(fd, facts);
    const own = facts.mountId;
    expect(mountAt(fd, 'link', facts)).toBe(own);
  });

  it.each([1, 256, 257, 2_000])('has an attribute of %i bytes whole', (bytes) => {
    writeFileSync(join(folder, 'marked'), '');
    expect(setAttribute(join(folder, 'marked'), 'user.mark', Buffer.alloc(bytes, 'm'), bytes, 0)).toBe(0);
    const before = process.cwd();
    process.chdir(folder); // Attributes are asked for by bare names.
    try {
      reader.begin(fd);
      reader.fetch();
      expect(reader.next()).toBe(true);
      const found = reader.attribute(cText('user.mark').address);
      expect(typeof found === 'number' ? found : Buffer.from(found).toString()).toBe('m'.repeat(bytes));
    } finally {
      process.chdir(before);
    }
  });

  it('is what a descriptor in /proc leads to, also when its name is gone', () => {
    writeFileSync(join(folder, 'passing'), 'x'.repeat(5_000));
    const open = openSync(join(folder, 'passing'), constants.O_RDONLY);
    rmSync(join(folder, 'passing'));
    factsBehind(`/proc/self/fd/${open}`, facts);
    expect([facts.isFile, facts.nlink, facts.size]).toEqual([true, 0, 5_000]);
    closeSync(open);
    expect(() => factsBehind(`/proc/self/fd/${open}`, facts)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('without a list of finer rights has none', () => {
    expect(attributeOf(fd, 'system.posix_acl_access')).toBe(NO_DATA);
  });
});

describe('a working folder of a thread', () => {
  it('is nothing to the rest of the process', async () => {
    const library = new URL('./working-folder.ts', import.meta.url).href;
    const reads = new URL('../../../scripts/from-source.mjs', import.meta.url).href;
    writeFileSync(join(folder, 'here'), '');
    const before = process.cwd();
    writeFileSync(join(folder, 'stands.mjs'), `import { existsSync } from 'node:fs'; import { parentPort, workerData } from 'node:worker_threads'; import { haveOwnWorkingFolder, standIn } from '${library}'; const own = haveOwnWorkingFolder(); standIn(workerData); parentPort.postMessage([own, existsSync('here')]);`);
    const thread = new Worker(join(folder, 'stands.mjs'), { workerData: fd, execArgv: ['--import', reads] });
    const said = await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
    expect(said).toEqual([true, true]);
    expect(process.cwd()).toBe(before);
  });
});
