import { closeSync, constants, lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorName } from './c-library.js';
import { FolderHand } from './folder-hand.js';
import { syncDescriptor, syncFileSystem } from './folder-sync.js';

const hand = new FolderHand();
/** Three different names that one text in UTF-8 cannot tell apart, and others that occur. */
const NAMES = ['\xff\xfe', '\xff\xfd', '\x80', 'line\nbreak', '-rf', '=1', 'n\xc3\xa4me', 'x'.repeat(255)];
const LONG = 'x'.repeat(256);

let folder: string;
let [from, to] = [-1, -1];
const inBytes = (sub: string, name: string): Buffer => Buffer.concat([Buffer.from(`${folder}/${sub}/`), Buffer.from(name, 'latin1')]);
const namesIn = (sub: string): string[] => readdirSync(join(folder, sub), { encoding: 'latin1' }).sort();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwarden-hand-'));
  for (const sub of ['from', 'to']) mkdirSync(join(folder, sub));
  [from = -1, to = -1] = ['from', 'to'].map((sub) => openSync(join(folder, sub), constants.O_RDONLY | constants.O_DIRECTORY));
});
afterEach(() => {
  closeSync(from);
  closeSync(to);
  rmSync(folder, { recursive: true });
});

describe('a hand in open folders', () => {
  it('moves, looks at and unlinks by bytes', () => {
    for (const name of NAMES) writeFileSync(inBytes('from', name), name, 'latin1');
    for (const [place, name] of NAMES.entries()) {
      expect(hand.moveToFree(from, name, to, String(place))).toBe(0);
      expect(hand.look(to, String(place))).toBe(0);
      const { ino, size } = lstatSync(join(folder, 'to', String(place)));
      expect({ ino: hand.facts.ino, size: hand.facts.size, isFile: hand.facts.isFile }).toEqual({ ino, size, isFile: true });
      expect(readFileSync(join(folder, 'to', String(place)), 'latin1')).toBe(name);
    }
    expect(namesIn('from')).toEqual([]);
    expect(hand.unlink(to, '3')).toBe(0);
    expect(namesIn('to')).not.toContain('3');
    expect(errorName(hand.unlink(to, '3'))).toBe('ENOENT');
  });

  it('keeps to the folder that was opened, wherever it is moved', () => {
    writeFileSync(join(folder, 'from/letter'), 'ours');
    rmSync(join(folder, 'to'), { recursive: true });
    symlinkSync(join(folder, 'from'), join(folder, 'to'));
    expect(errorName(hand.moveToFree(from, 'letter', to, '0'))).toBe('ENOENT'); // The folder that was opened is no more.
    expect(namesIn('from')).toEqual(['letter']);
  });

  it('overwrites nothing that it was not told to', () => {
    writeFileSync(join(folder, 'from/a'), 'a');
    writeFileSync(join(folder, 'to/b'), 'b');
    expect(errorName(hand.moveToFree(from, 'a', to, 'b'))).toBe('EEXIST');
    expect(errorName(hand.link(from, 'a', to, 'b'))).toBe('EEXIST');
    expect(readFileSync(join(folder, 'to/b'), 'utf8')).toBe('b');
    expect(hand.link(from, 'a', to, 'c')).toBe(0);
    expect(lstatSync(join(folder, 'from/a')).nlink).toBe(2);
    expect(hand.move(from, 'a', to, 'b')).toBe(0);
    expect(readFileSync(join(folder, 'to/b'), 'utf8')).toBe('a');
  });

  it('follows no link', () => {
    writeFileSync(join(folder, 'precious'), 'precious');
    symlinkSync(join(folder, 'precious'), join(folder, 'from/link'));
    expect(hand.look(from, 'link')).toBe(0);
    expect(hand.facts.isFile).toBe(false);
    expect(hand.moveToFree(from, 'link', to, '0')).toBe(0);
    expect(readlinkSync(join(folder, 'to/0'))).toBe(join(folder, 'precious'));
    expect(hand.unlink(to, '0')).toBe(0);
    expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('precious');
  });

  it.each(['', '.', '..', 'a/b', '/etc/passwd', 'a\0b'])('refuses %j, which is no name of an entry', (name) => {
    mkdirSync(join(folder, 'from/a'));
    writeFileSync(join(folder, 'from/a/b'), '');
    for (const error of [hand.look(from, name), hand.unlink(from, name), hand.removeFolder(from, name), hand.makeFolder(from, name, 0o700), hand.move(from, name, to, '0'), hand.move(from, 'a', to, name), hand.moveToFree(from, name, to, '0'), hand.link(from, name, to, '0')]) expect(errorName(error)).toBe('EINVAL');
    expect([namesIn('from'), namesIn('to')]).toEqual([['a'], []]);
  });

  it('says of a name that is too long what the kernel says, however long', () => {
    for (const name of [LONG, LONG.repeat(100)]) expect(errorName(hand.unlink(from, name))).toBe('ENAMETOOLONG');
  });

  it('makes and removes folders that are empty', () => {
    expect(hand.makeFolder(from, 'new', 0o700)).toBe(0);
    expect(lstatSync(join(folder, 'from/new')).mode & 0o777).toBe(0o700);
    expect(errorName(hand.makeFolder(from, 'new', 0o700))).toBe('EEXIST');
    writeFileSync(join(folder, 'from/new/x'), '');
    expect(errorName(hand.removeFolder(from, 'new'))).toBe('ENOTEMPTY');
    expect(errorName(hand.unlink(from, 'new'))).toBe('EISDIR');
    rmSync(join(folder, 'from/new/x'));
    expect(hand.removeFolder(from, 'new')).toBe(0);
  });

  it('syncs what is open, and says so when it is not', () => {
    for (const sync of [syncDescriptor, syncFileSystem]) {
      expect(() => sync(from)).not.toThrow();
      expect(() => sync(-1)).toThrow('EBADF');
    }
  });
});
