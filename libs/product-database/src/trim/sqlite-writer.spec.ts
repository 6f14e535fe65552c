import { spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, existsSync, linkSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Result } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteFile } from '../sqlite/sqlite-file.js';
import { openSqliteWriter, SqliteWriter } from './sqlite-writer.js';
import type { FileOwner } from './trim-terms.js';

const isRoot = process.geteuid?.() === 0;
const STRANGER = 54_321;
const [PRODUCT, SHARED] = [54_322, 54_323];
const OWNERS: readonly FileOwner[] = [{ uid: PRODUCT, gids: new Set([PRODUCT, SHARED]) }];
const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;
/** Source: signal(7); proc_net(5). */
const SIGUSR1 = 10;
const LISTENS = '0A';
const JOURNAL_MAGIC = Buffer.from('d9d505f920a163d7', 'hex');

let [dir, folder, database] = ['', '', ''];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-writer-'));
  [folder, database] = [join(dir, 'product'), join(dir, 'product/events.db')];
  mkdirSync(folder);
  const made = new DatabaseSync(database);
  made.exec(`PRAGMA page_size = ${PAGE_BYTES}; CREATE TABLE event (id INTEGER PRIMARY KEY); INSERT INTO event VALUES (1), (2)`);
  made.close();
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A journal of two pages that is to be played back, and names a file as the journal above it: older versions of SQLite then delete that file, wherever it lies. Source: SQLite, Database File Format, section 3. */
function hostileJournal(victim: string): void {
  const word = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer).swap32();
  const header = Buffer.concat([JOURNAL_MAGIC, word(0), word(1), word(2), word(SECTOR_BYTES), word(PAGE_BYTES)], SECTOR_BYTES);
  const name = Buffer.from(victim);
  const sum = name.reduce((total, byte) => total + byte, 0);
  writeFileSync(`${database}-journal`, Buffer.concat([header, word(0x4000_0000 / PAGE_BYTES + 1), name, word(name.length), word(sum), JOURNAL_MAGIC]));
}

async function opened(): Promise<Result<SqliteWriter, string>> {
  const fd = openSync(dir, 'r');
  const file = openSqliteFile({ fd }, { engine: 'sqlite', name: 'events', file: '/product/events.db' }, { databases: {} });
  closeSync(fd);
  if (!file.ok) throw new Error(file.error);
  try {
    return await openSqliteWriter(file.value, { overwrite: false, owners: OWNERS });
  } finally {
    closeSync(file.value.folderFd);
  }
}

describe.runIf(isRoot)(`a file of SQLite that is root's${isRoot ? '' : ' (skipped: giving a file away needs the super-user)'}`, () => {
  it.each([
    ['its folder belongs to another account', () => chownSync(folder, STRANGER, STRANGER)],
    ['a group may write in its folder', () => chmodSync(folder, 0o775)],
    ['all may write in its folder', () => chmodSync(folder, 0o1777)],
    ['a group may write it', () => chmodSync(database, 0o664)],
    ['a folder above it belongs to another account', () => chownSync(dir, STRANGER, STRANGER)],
    ['all may write in a folder above it', () => chmodSync(dir, 0o777)],
  ])('is not written to as root, nor what lies beside it played back, where %s', async (_how, open) => {
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'of nobody here');
    hostileJournal(victim);
    open();
    expect(await opened()).toEqual({ ok: false, error: expect.stringContaining('others could have us do as root') });
    expect([existsSync(victim), existsSync(`${database}-journal`)]).toEqual([true, true]);
  });

  it('is written to where nobody else can lay anything beside it, though all may lay something above', async () => {
    chmodSync(dir, 0o1777);
    const writer = await opened();
    if (!writer.ok) throw new Error(writer.error);
    expect(await writer.value.rows('SELECT count(*) FROM event')).toEqual([['i2']]);
    await writer.value.close();
  });
});

describe('the process that a file is opened by', () => {
  /** Processes of ours that were started for it, by what the kernel says of each. */
  const children = (): { readonly pid: number; readonly session: number; readonly caught: bigint }[] =>
    readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      try {
        const [stat, status] = [readFileSync(`/proc/${name}/stat`, 'latin1'), readFileSync(`/proc/${name}/status`, 'latin1')];
        const [, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
        const isWriter = parent === process.pid && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('sqlite-writer-child');
        return isWriter ? [{ pid: Number(name), session: session ?? 0, caught: BigInt(`0x${/^SigCgt:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`) }] : [];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
  const listening = (pid: number): string[] => {
    const inodes = new Set(readFileSync('/proc/net/tcp', 'latin1').split('\n').map((line) => line.trim().split(/\s+/)).filter((cells) => cells[3] === LISTENS).map((cells) => `socket:[${cells[9] ?? ''}]`));
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)).filter((target) => inodes.has(target));
  };

  it('has no terminal of ours, opens no debugger for who has its account, and ends with us', async () => {
    const writer = await opened();
    if (!writer.ok) throw new Error(writer.error);
    const [child] = children();
    if (child === undefined) throw new Error('there is no such process');
    expect(child.session).toBe(child.pid);
    expect(child.caught & (1n << BigInt(SIGUSR1 - 1))).toBe(0n);
    process.kill(child.pid, 'SIGUSR1');
    // It dies of it, or takes no notice.
    const answer = await writer.value.rows('SELECT count(*) FROM event').catch(() => null);
    if (answer !== null) expect(listening(child.pid)).toEqual([]);
    await writer.value.close();
    expect(children()).toEqual([]);
  });
});

describe.runIf(isRoot)(`a file of SQLite that is an account's${isRoot ? '' : ' (skipped: giving a file away needs the super-user)'}`, () => {
  const give = (uid: number, gid = uid): void => [folder, database].forEach((path) => chownSync(path, uid, gid));
  beforeEach(() => chmodSync(dir, 0o755));

  it.each([
    ['it has a second name', 'a second name', () => linkSync(database, join(dir, 'of-somebody-else.db'))],
    ['it is of no account of the product', 'no account of its product', () => give(STRANGER)],
    ['it is of a group that its account is not in', 'a group that its account is not in', () => give(PRODUCT, STRANGER)],
    ['its folder belongs to another account', 'others than its owner', () => chownSync(folder, STRANGER, STRANGER)],
    ['all may write in its folder', 'others than its owner', () => chmodSync(folder, 0o1777)],
    ['a folder above it belongs to another account', 'others than its owner', () => chownSync(dir, STRANGER, STRANGER)],
  ])('is not written to, nor what lies beside it played back, where %s', async (_how, why, spoil) => {
    give(PRODUCT);
    hostileJournal(join(dir, 'victim'));
    spoil();
    expect(await opened()).toEqual({ ok: false, error: expect.stringContaining(why) });
    expect(readdirSync(folder)).toEqual(['events.db', 'events.db-journal']);
  });

  it.each([['its own group', PRODUCT], ['another group that it is in', SHARED]])('is written to as that account, with %s', async (_which, gid) => {
    give(PRODUCT, gid);
    const writer = await opened();
    if (!writer.ok) throw new Error(writer.error);
    expect(await writer.value.rows('SELECT count(*) FROM event')).toEqual([['i2']]);
    await writer.value.close();
  });
});

describe('the process that writes to a file', () => {
  it('ends nothing but itself, whatever the account that it runs as has it say', async () => {
    const writer = new SqliteWriter(spawn('/bin/sh', ['-c', 'read line; echo nonsense; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] }), '/bin/sh');
    await expect(writer.rows('SELECT 1')).rejects.toThrow('said something else than a reply');
    await expect(writer.rows('SELECT 1')).rejects.toThrow('said something else than a reply');
    await writer.close();
  });
});
