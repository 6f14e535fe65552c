import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@mailwarden/contracts';
import { openHostRoot, type Directory } from '@mailwarden/inventory-fs';
import { FolderReader } from '@mailwarden/linux';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inOneGo } from './in-turns.js';
import { removeUnit, surveyUnit } from './unit-folder.js';

const isRoot = process.geteuid?.() === 0;
let dir: string;
let unit: string;
const opened: Directory[] = [];
function open(path: string): Directory {
  const folder = openHostRoot(path);
  if (!folder.ok) throw new Error(folder.error);
  opened.push(folder.value);
  return folder.value;
}
const survey = (isWritten = () => false, clock: Clock = 'modified', untilBlocked = false) => inOneGo(surveyUnit(open(unit), statSync(unit), { reader: new FolderReader(), clock, isWritten, untilBlocked }));

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-unit-'));
  unit = join(dir, 'amavis-1');
  mkdirSync(join(unit, 'parts'), { recursive: true });
  for (const [index, name] of ['email.txt', 'parts/p001', 'parts/p002'].entries()) {
    writeFileSync(join(unit, name), Buffer.alloc(5_000, index));
    utimesSync(join(unit, name), 1_000 + index, 1_000 + index);
  }
});
afterEach(() => {
  for (const { fd } of opened.splice(0)) closeSync(fd);
  rmSync(dir, { recursive: true, force: true });
});

describe('a folder that is one item', () => {
  it('is as old as what was written in it last, and as large as all of it', () => {
    expect(survey()).toMatchObject({ size: 15_000, entries: 4, newestMs: 1_002_000, blocked: null });
    expect(survey().bytes).toBeGreaterThanOrEqual(15_000);
  });
  it.each([
    ['a part has a second name', 'hard-linked', () => linkSync(join(unit, 'parts/p001'), join(dir, 'elsewhere'))],
    ['a part is a pipe', 'not-a-regular-file', () => void execFileSync('/usr/bin/mkfifo', [join(unit, 'parts/pipe')])],
    ['it goes down too far', 'too-deep', () => void mkdirSync(join(unit, 'd/'.repeat(20)), { recursive: true })],
  ])('stays whole where %s', (_what, reason, spoil) => {
    spoil();
    expect(survey().blocked).toBe(reason);
  });
  it('is counted with all that lies in it also where it may not go, unless nobody asks', () => {
    linkSync(join(unit, 'email.txt'), join(dir, 'elsewhere'));
    symlinkSync('/', join(unit, 'parts/link'));
    const parts = ['email.txt', 'parts', 'parts/p001', 'parts/p002', 'parts/link'].map((name) => lstatSync(join(unit, name)));
    const bytes = parts.reduce((sum, { blocks }) => sum + blocks * 512, 0);
    expect(survey()).toMatchObject({ bytes, size: 15_000, entries: 5, blocked: 'hard-linked' });
    expect(survey(() => false, 'modified', true).blocked).toBe('hard-linked');
  });
  it('is as young as its youngest part by the clock that counts, and as itself where it is empty', () => {
    const changed = Math.max(...['email.txt', 'parts/p001', 'parts/p002'].map((name) => lstatSync(join(unit, name)).ctimeMs));
    expect(survey(() => false, 'changed')).toMatchObject({ newestMs: 1_002_000, atMs: changed });
    expect(survey(() => false, 'received').atMs).toBeNaN();
    for (const name of ['email.txt', 'parts']) rmSync(join(unit, name), { recursive: true });
    utimesSync(unit, 5, 5);
    expect(survey()).toMatchObject({ bytes: 0, size: 0, newestMs: 5_000, atMs: 5_000 });
    expect(survey(() => false, 'changed').atMs).toBe(lstatSync(unit).ctimeMs);
  });
  it('stays whole while a part is being written', () => {
    expect(survey(() => true).blocked).toBe('open-for-writing');
  });
  it('leaves whole, with links in it and not what they lead to', () => {
    writeFileSync(join(dir, 'precious'), 'x');
    symlinkSync(join(dir, 'precious'), join(unit, 'parts/link'));
    symlinkSync(dir, join(unit, 'parts/folder-link'));
    removeUnit(open(dir), 'amavis-1');
    expect(readdirSync(dir)).toEqual(['precious']);
  });
  it('is not entered by a link in its place', () => {
    symlinkSync(unit, join(dir, 'link'));
    expect(() => removeUnit(open(dir), 'link')).toThrow('not-a-folder');
    expect(existsSync(join(unit, 'parts/p002'))).toBe(true);
  });
  it.runIf(isRoot)(`stays whole where a folder of another account was carried into it, and never loses that${isRoot ? '' : ' (skipped: giving a folder away needs the super-user)'}`, () => {
    const [product, stranger] = [61_001, 61_002];
    const carried = join(unit, 'parts/carried');
    mkdirSync(carried);
    writeFileSync(join(carried, 'precious'), 'x');
    chmodSync(carried, 0o700);
    for (const [path, uid] of [[unit, product], [join(unit, 'parts'), product], [carried, stranger]] as const) chownSync(path, uid, uid);
    expect(survey().blocked).toBe('permission-denied');
    expect(() => removeUnit(open(dir), 'amavis-1')).toThrow('another account');
    expect(readdirSync(unit, { recursive: true }).sort()).toEqual(['parts', 'parts/carried', 'parts/carried/precious']);
    chownSync(carried, product, product);
    expect(survey().blocked).toBeNull();
  });
  it.runIf(isRoot)(`never loses what is mounted in it${isRoot ? '' : ' (skipped: only root may mount)'}`, () => {
    const elsewhere = join(dir, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'precious'), 'x');
    const mounted = join(unit, 'parts/mounted');
    mkdirSync(mounted);
    execFileSync('mount', ['--bind', elsewhere, mounted]);
    try {
      expect(survey().blocked).toBe('other-file-system');
      expect(() => removeUnit(open(dir), 'amavis-1')).toThrow('other-file-system');
      expect(readdirSync(elsewhere)).toEqual(['precious']);
    } finally {
      execFileSync('umount', ['-l', mounted]);
    }
  });
});
