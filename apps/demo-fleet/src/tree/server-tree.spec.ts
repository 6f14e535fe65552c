import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupFile, passwdFile } from './account-files.js';
import { takeFolder } from './own-folder.js';
import { ServerTree } from './server-tree.js';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'mailwarden-demo-tree-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe('the folder of the demo', () => {
  it('is taken when it is empty, and again later', () => {
    const dir = join(scratch, 'fleet');
    takeFolder(dir);
    writeFileSync(join(dir, 'something of the demo'), '');
    takeFolder(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('is refused when it holds what is not the demo\'s, and left as it is', () => {
    mkdirSync(join(scratch, 'mx-1'));
    expect(() => takeFolder(scratch)).toThrow('MAILWARDEN_DEMO_DIR');
    expect(readdirSync(scratch)).toEqual(['mx-1']);
  });
});

describe('a tree', () => {
  const tree = (): ServerTree => {
    const made = new ServerTree(join(scratch, 'mx-1'), join(scratch, '.staging'), { service: { uid: 1_000, gid: 1_000 }, give: null });
    made.clearStaging();
    made.folder('/store/inner', 0o750, 'service');
    return made;
  };

  it('gets its files whole: made outside, then moved in', () => {
    const one = tree();
    const made = one.make('letter', { mode: 0o640, owner: 'service', atMs: 1_000_000 });
    expect(readdirSync(join(one.root, 'store'))).toEqual(['inner']);
    one.place(made, '/store/letter');
    expect(readFileSync(join(one.root, 'store/letter'), 'utf8')).toBe('letter');
    expect(statSync(join(one.root, 'store/letter'))).toMatchObject({ mtimeMs: 1_000_000 });
    expect(statSync(join(one.root, 'store/letter')).mode & 0o777).toBe(0o640);
    one.make('half', { mode: 0o640, owner: 'service' });
    one.clearStaging();
    expect(readdirSync(join(scratch, '.staging'))).toEqual([]);
  });

  it('lists oldest first, and leaves out hidden folders and those that are named', () => {
    const one = tree();
    one.folder('/store/kept', 0o750, 'service');
    one.folder('/store/.mailwarden-order', 0o700, 'service');
    for (const [path, atMs] of [['inner/second', 2_000], ['first', 1_000], ['kept/third', 0], ['.mailwarden-order/1', 0]] as const) one.file(`/store/${path}`, 'x', { mode: 0o640, owner: 'service', atMs });
    expect(one.list('/store', ['kept']).map(({ path }) => path.toString())).toEqual(['first', 'inner/second']);
    expect(one.isBeingRotated('/store')).toBe(true);
    expect(one.isBeingRotated('/store/inner')).toBe(false);
  });

  it('does not mind a file that somebody else removed first', () => {
    const one = tree();
    one.file('/store/letter', 'x', { mode: 0o640, owner: 'service' });
    expect([one.remove('/store/letter'), one.remove('/store/letter')]).toEqual([true, false]);
    expect(existsSync(join(one.root, 'store/letter'))).toBe(false);
  });
});

describe('accounts of a tree', () => {
  it('name the running account as the service where files cannot be given away, and no second account by its number', () => {
    const owners = { service: { uid: 33, gid: 33 } };
    const numbers = passwdFile(owners).trim().split('\n').map((line) => line.split(':')[2]);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(passwdFile(owners)).toContain('kluser:x:33:33:');
    expect(passwdFile(owners)).not.toContain('www-data');
    expect(groupFile(owners)).toContain('klusers:x:33:kluser');
    expect(groupFile(owners)).not.toContain('www-data:x:33');
  });
});
