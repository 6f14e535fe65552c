import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile } from '@mailwarden/catalogue';
import { closeDirectory, openHostRoot, type Directory } from '@mailwarden/inventory-fs';
import type { ProfileId } from '@mailwarden/kernel';
import { Inotify } from '@mailwarden/linux';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childFolders } from './child-folders.js';
import { WatchedFolders } from './watched-folders.js';

const READS = 1_000;
const profile = (id: string, ...files: string[]): Profile => ({ id, stores: [{ files }] }) as unknown as Profile;
const ONE = profile('one', '/var/one/**');
const SHARED = profile('shared', '/var/log/mail.log*', '/var/log/*/mail');

let path: string;
let root: Directory;
let inotify: Inotify;
let folders: WatchedFolders;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'mailwarden-watched-'));
  for (const folder of ['var/one/deep', 'var/log/a']) mkdirSync(join(path, folder), { recursive: true });
  const opened = openHostRoot(path);
  if (!opened.ok) throw new Error(opened.error);
  root = opened.value;
  inotify = Inotify.open();
  folders = new WatchedFolders(inotify, 100);
  await folders.arm(root, [ONE, SHARED]);
});
afterEach(() => {
  inotify.close();
  closeDirectory(root);
  rmSync(path, { recursive: true, force: true });
});
/** Watches that the kernel keeps for this process. Source: proc_pid_fdinfo(5). */
const watches = (): number => readdirSync('/proc/self/fdinfo').reduce((sum, fd) => {
  try {
    return sum + readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').split('\n').filter((line) => line.startsWith('inotify wd:')).length;
  } catch {
    return sum;
  }
}, 0);
async function changed(act: () => void): Promise<{ changed: ProfileId[]; moved: boolean }> {
  act();
  const changes = await folders.take(root, READS);
  return { changed: [...changes.changed].sort(), moved: changes.moved };
}
const write = (file: string) => () => writeFileSync(join(path, file), 'x');

describe('what is watched', () => {
  it('is looked for anew where folders come without end, and not followed one by one', async () => {
    const make = (prefix: string, end: number) => () => {
      for (let n = 0; n < end; n += 1) mkdirSync(join(path, `var/one/${prefix}${n}`));
    };
    expect(await changed(make('few', 10))).toEqual({ changed: ['one'], moved: false });
    expect(await changed(make('many', 1_001))).toMatchObject({ moved: true });
    expect(await childFolders({ fd: root.fd }, 1)).toEqual(['var']);
    expect(await childFolders({ fd: root.fd }, 0)).toEqual([]);
  });

  it('tells which profile changed, and nothing of files that are no store of it', async () => {
    expect(folders.partly.size).toBe(0);
    expect(await changed(() => undefined)).toEqual({ changed: [], moved: false });
    expect(await changed(write('var/one/deep/1'))).toEqual({ changed: ['one'], moved: false });
    expect(await changed(write('var/log/mail.log.1'))).toEqual({ changed: ['shared'], moved: false });
    expect(await changed(write('var/log/a/mail'))).toEqual({ changed: ['shared'], moved: false });
    expect(await changed(write('var/log/other.log'))).toEqual({ changed: [], moved: false });
    expect(await changed(write('var/other'))).toEqual({ changed: [], moved: false });
  });

  it('follows folders that come, and those that lead to a store', async () => {
    expect(await changed(() => mkdirSync(join(path, 'var/one/new/deep'), { recursive: true }))).toEqual({ changed: ['one'], moved: false });
    expect(await changed(write('var/one/new/deep/1'))).toEqual({ changed: ['one'], moved: false });
    expect(await changed(() => mkdirSync(join(path, 'var/log/b')))).toEqual({ changed: ['shared'], moved: false });
    expect(await changed(write('var/log/b/mail'))).toEqual({ changed: ['shared'], moved: false });
  });

  it('takes rights on the way to a store for a change, and not those of what lies beside it', async () => {
    expect((await changed(() => chmodSync(join(path, 'var'), 0o777))).changed).toEqual(['one', 'shared']);
    mkdirSync(join(path, 'var/beside'));
    await folders.take(root, READS);
    expect((await changed(() => chmodSync(join(path, 'var/beside'), 0o700))).changed).toEqual([]);
  });

  it('wants to be set anew when a folder moved, and when a store that was missing appears', async () => {
    expect((await changed(() => renameSync(join(path, 'var/one'), join(path, 'var/away')))).moved).toBe(true);
    await folders.arm(root, [ONE, SHARED]);
    expect(await changed(write('var/away/1'))).toEqual({ changed: [], moved: false });
    expect((await changed(() => mkdirSync(join(path, 'var/unlike')))).moved).toBe(false);
    expect((await changed(() => mkdirSync(join(path, 'var/one')))).moved).toBe(true);
    await folders.arm(root, [ONE, SHARED]);
    expect((await changed(write('var/one/1'))).changed).toEqual(['one']);
  });

  it('takes everything for changed when the kernel had to drop events', async () => {
    const queued = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'));
    const storm = () => {
      for (let index = 0; index <= queued / 3; index += 1) writeFileSync(join(path, `var/one/${index}`), 'x');
    };
    expect(await changed(storm)).toEqual({ changed: ['one', 'shared'], moved: true });
  });

  it('is let go when no profile names it any more', async () => {
    const before = watches();
    await folders.arm(root, [SHARED]);
    expect(before - watches()).toBe(2);
  });

  it('is no more than was allowed, and says of whom not everything is', async () => {
    const few = new WatchedFolders(inotify, 3);
    await few.arm(root, [ONE, SHARED]);
    expect(few.size).toBe(3);
    expect([...few.partly]).toContain('shared');
  });
});
