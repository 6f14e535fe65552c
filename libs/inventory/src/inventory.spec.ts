import { describe, expect, it } from 'vitest';
import { accessOf } from './access.js';
import { openParents } from './access-parents.js';
import { accountsFrom } from './accounts.js';
import { compilePatterns } from './pattern.js';
import { StoreTally } from './store-tally.js';
import { OPEN_WAY, Ways } from './way.js';

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('patterns over bytes', () => {
  it.each([
    ['/a/**', '/a/b', true],
    ['/a/**', '/a/b/c\nd', true],
    ['/a/**', '/a', false],
    ['/a/**', '/ab', false],
    ['/a/*.log', '/a/x.log', true],
    ['/a/*.log', '/a/b/x.log', false],
    ['/a/**/*.log', '/a/x.log', true],
    ['/a/**/*.log', '/a/b/c/x.log', true],
    ['/a/(b)+', '/a/(b)+', true],
    ['/a/(b)+', '/a/bb', false],
    ['/ü/**', bytes('/ü/x'), true],
    ['/a/**', '/a/\xff\xfe', true],
  ])('%s and %j: %s', (glob, path, expected) => {
    expect(compilePatterns([glob]).matches(path)).toBe(expected);
  });
  it('walks each folder once', () => {
    expect(compilePatterns(['/a/**', '/a/b/*.log', '/c/d/e?']).roots).toEqual(['/a', '/c/d']);
  });

  it('tells folders of its own from folders that it shares', () => {
    const patterns = compilePatterns(['/var/opt/product/**', '/var/crash/*product*', '/var/spool/abrt/*product*/**']);
    expect(['/var/opt/product', '/var/opt/product/deep/er', '/var/spool/abrt/product-1'].filter((path) => !patterns.ownsFolder(path))).toEqual([]);
    expect(['/var/opt', '/var/crash', '/var/spool/abrt'].filter((path) => patterns.ownsFolder(path))).toEqual([]);
  });
});

describe('folders that may hold something', () => {
  it.each([
    ['/a/b/**', '/', true],
    ['/a/b/**', '/a', true],
    ['/a/b/**', '/a/b/c/d', true],
    ['/a/b/**', '/a/c', false],
    ['/a/*x*', '/a', true],
    ['/a/*x*', '/a/x', false],
    ['/a/*x*/**', '/a/x', true],
    ['/a/*x*/**', '/a/y', false],
    ['/a/**/*.log', '/a/b\nc/d', true],
    ['/a/*/c.log', '/a/b', true],
  ])('%s and %j: %s', (glob, path, expected) => {
    expect(compilePatterns([glob]).mayHold(path)).toBe(expected);
  });
});

describe('ways', () => {
  it('are the same through the same folders, and leave out what keeps nobody out', () => {
    const ways = new Ways();
    const closed = { uid: 5, gid: 5, mode: 0o40700 };
    const one = ways.through(ways.through(OPEN_WAY, { uid: 0, gid: 0, mode: 0o40755 }), closed);
    expect(ways.through(ways.through(OPEN_WAY, closed), closed)).toBe(one);
    expect(one.folders).toEqual([{ uid: 5, gid: 5, mode: 0o100 }]);
  });
});

describe('who gets in', () => {
  const accounts = accountsFrom('root:x:0:0::/:\nkluser:x:999:999::/:\nbackup:x:34:34::/:\nhelp:x:1001:1001::/:\n', 'root:x:0:\nklusers:x:999:help\nbackup:x:34:\n');
  const judge = (mode: number, chainMode = 0o755, protection = { accounts: ['root', 'kluser'], groups: [] as string[] }) =>
    accessOf({
      entries: [{ uid: 999, gid: 999, mode, folder: false, items: 3, through: [{ uid: 0, gid: 0, mode: chainMode }] }],
      accounts,
      protection,
      shownName: (account) => account.name,
    });
  it('is as declared', () => {
    expect(judge(0o600)).toMatchObject({ breaches: [], accounts: [{ name: 'root' }, { name: 'kluser', read: true, write: true }] });
  });
  it('shows a group that lets another account in, unless the group is declared', () => {
    expect(judge(0o640).breaches).toMatchObject([{ kind: 'group', account: 'help', read: true, write: false, items: 3 }]);
    expect(judge(0o640, 0o755, { accounts: ['root', 'kluser'], groups: ['klusers'] }).breaches).toEqual([]);
  });
  it('shows an open mode once, for everyone', () => {
    expect(judge(0o666).breaches.filter((breach) => breach.kind === 'mode')).toMatchObject([{ account: 'everyone', write: true, items: 3, mode: '0666' }]);
  });
  it('adds up what one way lets in, and names the widest mode', () => {
    const { breaches } = accessOf({
      entries: [
        { uid: 999, gid: 999, mode: 0o755, folder: true, items: 2, through: [] },
        { uid: 999, gid: 999, mode: 0o646, folder: false, items: 12, through: [] },
      ],
      accounts,
      protection: { accounts: ['root', 'kluser'], groups: [] },
      shownName: (account) => account.name,
    });
    expect(breaches.filter((breach) => breach.kind === 'mode')).toMatchObject([{ account: 'everyone', read: true, write: true, items: 14, mode: '0646' }]);
  });
  it('lets nobody in through a folder that is closed', () => {
    expect(judge(0o666, 0o700).breaches).toEqual([]);
  });
  it('tells names that can be listed from letters that can be read', () => {
    const folder = { uid: 999, gid: 999, mode: 0o755, folder: true, items: 2, through: [] };
    const letter = { uid: 999, gid: 999, mode: 0o600, folder: false, items: 12, through: [] };
    const judged = (mode: number) => accessOf({ entries: [folder, { ...letter, mode }], accounts, protection: { accounts: ['root', 'kluser'], groups: [] }, shownName: (account) => account.name });
    const ofHelp = (mode: number) => judged(mode).accounts.find(({ name }) => name === 'help');
    expect([judged(0o600).breaches.find(({ account }) => account === 'everyone'), ofHelp(0o600)]).toMatchObject([{ namesOnly: true, items: 2 }, { namesOnly: true }]);
    expect(judged(0o644).breaches.find(({ account }) => account === 'everyone')).toMatchObject({ mode: '0644', items: 14 });
    expect([judged(0o644).breaches.some(({ namesOnly }) => namesOnly), ofHelp(0o644)?.namesOnly]).toEqual([false, undefined]);
  });
  it('knows that more accounts exist than the files name', () => {
    const nobodyElse = accountsFrom('root:x:0:0::/:\n', '');
    const rights = { uid: 999, gid: 999, mode: 0o604, folder: false, items: 1, through: [] };
    const judged = accessOf({ entries: [rights], accounts: nobodyElse, protection: { accounts: ['root'], groups: [] }, shownName: (account) => account.name });
    expect(judged.accounts.map(({ name }) => name)).toEqual(['root', 'uid 999']);
    expect(judged.breaches).toMatchObject([{ kind: 'owner', account: 'uid 999', read: true, write: true }, { kind: 'mode', account: 'everyone', read: true, write: false }]);
  });
  it('does not take a folder for writable that cannot be entered', () => {
    expect(openParents([{ uid: 0, gid: 0, mode: 0o772 }])).toEqual([]);
    expect(openParents([{ uid: 0, gid: 0, mode: 0o773 }])).toHaveLength(1);
  });
  it('reads large files of accounts in a moment', () => {
    const people = Array.from({ length: 20_000 }, (_, index) => `person${index}`);
    const startedMs = performance.now();
    const many = accountsFrom(people.map((name, index) => `${name}:x:${index + 1000}:100::/:`).join('\n'), people.map((name, index) => `group${index}:x:${index + 1000}:${name}`).join('\n'));
    expect([...(many.byName.get('person7')?.gids ?? [])]).toEqual([100, 1007]);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });
  it('counts the first line of a name, as the system does', () => {
    expect(accountsFrom('a:x:5:5::/:\na:x:0:0::/:\n', '').byName.get('a')?.uid).toBe(5);
  });
});

describe('a tally', () => {
  it('adds up and knows leftovers by the time of the service', () => {
    const tally = new StoreTally(100, 1_000);
    for (const atMs of [50, 150]) tally.add({ bytes: 10, allocated: 4096, atMs, uid: 1, gid: 1, mode: 0o100600, way: OPEN_WAY });
    expect(tally).toMatchObject({ items: 2, bytesApparent: 20, bytesAllocated: 8192, oldestMs: 50, newestMs: 150, leftovers: { items: 1, bytes: 4096, oldestMs: 50 } });
  });
});
