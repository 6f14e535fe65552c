import { appendFileSync, chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseProfile } from '@mailwarden/catalogue';
import { readAccounts, withHost } from '@mailwarden/inventory-fs';
import { applyRepairs, findRepairs, namedAccess, repairTerms, storeRoots, undoRepairs, type StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { BY_COPY, BY_SIGNAL, LogHost } from '../integration/log-host.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { noDisk, ScratchDisk, type DiskKind } from './disk/scratch-disk.js';
import { newOrder } from './plain-store.js';
import { QueueStore } from './queue-store.js';

const DISK_MIB = 64;
const SUITE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');
const PRIVATE = '.mailwarden-';

const undone: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});
const later = <T>(made: T, undo: (made: T) => void | Promise<void>): T => {
  undone.push(() => undo(made));
  return made;
};

const diskOf = (kind: DiskKind): ScratchDisk => later(ScratchDisk.make(kind, { MiB: DISK_MIB }), (disk) => disk.remove());
/** Ends a run at a step as the end of its process would. */
const crashAt = (step: string, before: () => void = () => undefined): StepWatch => (at) => {
  if (at !== step) return;
  before();
  throw new Error(`crash at ${step}`);
};

const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} ${'x'.repeat(number % 7 === 0 ? 2_000 : 20)}\n`;
const lines = (from: number, until: number): string => Array.from({ length: until - from }, (_, index) => line(from + index)).join('');
const numbers = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, index) => from + index);
const sorted = (found: readonly number[]): number[] => found.toSorted((a, b) => a - b);

function logHost(store: string, disk: ScratchDisk): LogHost {
  const host = new LogHost(store, disk.at);
  writeFileSync(host.log, lines(0, 1_000));
  return host;
}

const noDisks = !isRoot ? ONLY_ROOT : noDisk('ext4') === null ? '' : ` (skipped: ${noDisk('ext4') ?? ''})`;

describe.runIf(noDisks === '')(`lines of a file whose disk has another number after a restart${noDisks}`, () => {
  const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';
  const order = (host: LogHost) => host.order({ watermarks: [{ kind: 'records', limit: 100, target: 100 }], clock: 'recorded' });

  it.each(['lines-chosen', 'lines-blanked', 'lines-cut', 'lines-done'])('leave in place, as if nothing had come between (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('ext4');
    const host = logHost(RECORDS, disk);
    const given = order(host);
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    disk.comeBack();
    expect(await host.rotate(given)).toMatchObject({ outcome: 'completed', reason: '', planned: { items: 900 }, deleted: { items: 900 }, notes: [] });
    expect(host.names).toEqual(['acme.log']);
    expect(host.lines).toEqual(numbers(900, 1_000));
  });

  it.each(['lines-written', 'lines-swapped', 'lines-carried', 'lines-done'])('leave anew, and what came meanwhile is carried over (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('ext3');
    const host = logHost(RECORDS, disk);
    const given = order(host);
    // What came into the old file after it was read.
    const comes = step === 'lines-swapped' ? () => appendFileSync(join(host.logs, PRIVATE + given.id, '0'), line(1_000)) : undefined;
    await expect(host.rotate(given, crashAt(step, comes))).rejects.toThrow('crash');
    disk.comeBack();
    expect(await host.rotate(given)).toMatchObject({ outcome: 'completed', reason: '', deleted: { items: 900 } });
    expect(host.names).toEqual(['acme.log']);
    expect(host.lines).toEqual(numbers(900, comes === undefined ? 1_000 : 1_001));
  });

  it.each(['lines-chosen', 'lines-swapped'])('leave with their whole generation, and nothing of it is left (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('ext4');
    const host = logHost(RECORDS, disk);
    writeFileSync(join(host.logs, 'acme.log.1.gz'), gzipSync(lines(0, 50)));
    utimesSync(join(host.logs, 'acme.log.1.gz'), START / 1000, START / 1000);
    const given = host.order({ watermarks: [{ kind: 'records', limit: 1_000, target: 1_000 }], clock: 'recorded' });
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    disk.comeBack();
    expect(await host.rotate(given)).toMatchObject({ outcome: 'completed', deleted: { items: 50 }, notes: [] });
    expect(host.names).toEqual(['acme.log']);
  });
});

describe.runIf(noDisks === '')(`a log whose disk has another number after a restart${noDisks}`, () => {
  const order = (host: LogHost) => host.order({ watermarks: [{ kind: 'bytes', limit: 60_000, target: 40_000 }], keep: { newest: 100, youngerThanSeconds: 0 } });
  const ASIDE = /^acme\.log-\d{8}T\d{6}(?:-\d)?$/;
  const SET_ASIDE = { outcome: 'completed', notes: expect.arrayContaining([expect.stringContaining('1 log that was being written was set aside')]) };

  it.each(['log-renaming', 'log-renamed', 'log-made'])('is set aside by its name, once (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('ext4');
    const host = logHost(BY_SIGNAL, disk);
    const given = order(host);
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    disk.comeBack();
    expect(await host.rotate(given)).toMatchObject(SET_ASIDE);
    expect(host.names).toEqual(['acme.log', expect.stringMatching(ASIDE)]);
    expect(statSync(host.log).size).toBe(0);
    expect(sorted(host.lines)).toEqual(numbers(0, 1_000));
  });

  it.each([['ext4', 'log-copying'], ['ext4', 'log-copied'], ['ext4', 'log-blanked'], ['ext4', 'log-cut'], ['ext3', 'log-copied']] as const)('is set aside by a copy, and no line is lost or doubled (%s, at "%s")', { timeout: SUITE_MS }, async (kind, step) => {
    const disk = diskOf(kind);
    const host = logHost(BY_COPY, disk);
    const given = order(host);
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    disk.comeBack();
    expect(await host.rotate(given)).toMatchObject(SET_ASIDE);
    expect(host.names).toEqual(['acme.log', expect.stringMatching(ASIDE)]);
    expect(sorted(host.lines)).toEqual(numbers(0, 1_000));
  });
});

describe.runIf(noDisks === '')(`a queue with a tool whose disk has another number after a restart${noDisks}`, () => {
  it.each([['item', 'taken'], ['item', 'moved'], ['rule', 'taken'], ['rule', 'moved']] as const)('is accounted for by what is gone (a tool by %s, at "%s")', { timeout: SUITE_MS }, async (by, step) => {
    const disk = diskOf('ext4');
    const queue = new QueueStore(disk.at);
    const made = queue.fill(20);
    const tool = by === 'item' ? queue.itemTool() : queue.ruleTool(made.slice(0, 15));
    const given = newOrder();
    await expect(queue.rotate(tool, given, crashAt(step))).rejects.toThrow('crash');
    disk.comeBack();
    expect(await queue.rotate(tool, given)).toMatchObject({ outcome: 'completed', resumed: true, before: { items: 20 }, deleted: { items: 15, bytes: 15 * queue.itemBytes } });
    expect(queue.left()).toEqual(made.slice(15));
  });

  it('has not deleted what the product carried to another folder', { timeout: SUITE_MS }, async () => {
    const disk = diskOf('ext4');
    const queue = new QueueStore(disk.at);
    const [first = '', second = ''] = queue.fill(20);
    mkdirSync(join(queue.folder, 'sub'));
    const given = newOrder();
    const carried = (): void => {
      for (const name of [first, second]) renameSync(join(queue.folder, name), join(queue.folder, 'sub', name));
    };
    await expect(queue.rotate(queue.itemTool(), given, crashAt('taken', carried))).rejects.toThrow('crash');
    disk.comeBack();
    const receipt = await queue.rotate(queue.itemTool(['/usr/bin/rm', '-f', '--']), given);
    expect(receipt.deleted.items).toBe(20 - queue.left().filter((name) => name !== 'sub').length - readdirSync(join(queue.folder, 'sub')).length);
    expect(readdirSync(join(queue.folder, 'sub'))).toEqual([first, second]);
  });
});

describe.runIf(noDisks === '')(`rights that were repaired before a restart${noDisks}`, () => {
  const STORE = 'var/acme/mail';
  const OWNER = 60_001;
  const PROFILE = `schema: mailwarden/profile/v1
id: acme
product: { name: Acme, vendor: None, versions: "*" }
sources: { here: { title: This test, url: null, date: null, kind: general } }
accounts: { service: owner, groups: [] }
services: []
stores:
  - { id: mail, section: Mail, kind: files, directories: null, files: [ "/${STORE}/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root, owner ], groups: [], source: here }, rotatable: true }
`;

  it('are given back, though the disk has another number; another file in the place of one stays as it is', { timeout: SUITE_MS }, async () => {
    const disk = diskOf('ext4');
    const root = join(disk.at, 'root');
    const store = join(root, STORE);
    const journalDir = later(mkdtempSync(join(tmpdir(), 'mailwarden-repairs-')), (dir) => rmSync(dir, { recursive: true }));
    for (const folder of [store, join(root, 'etc')]) mkdirSync(folder, { recursive: true, mode: 0o755 });
    writeFileSync(join(root, 'etc/passwd'), `root:x:0:0::/root:/bin/sh\nowner:x:${OWNER}:${OWNER}::/:/bin/false\nstranger:x:60002:60002::/:/bin/false\n`);
    writeFileSync(join(root, 'etc/group'), `root:x:0:\nowner:x:${OWNER}:\nstranger:x:60002:\n`);
    const letters = ['a', 'b', 'replaced'].map((name) => join(store, name));
    const lay = (letter: string, mode: number): void => {
      writeFileSync(letter, 'x');
      chownSync(letter, OWNER, OWNER);
      chmodSync(letter, mode);
    };
    for (const letter of letters) lay(letter, 0o666);
    const profile = parseProfile(PROFILE);
    const mail = profile.ok ? profile.value.stores[0] : undefined;
    if (!profile.ok || mail === undefined) throw new Error(JSON.stringify(profile));
    const id = '33333333-3333-4333-8333-333333333333';
    await withHost(root, { databases: {} }, async (host) => {
      const accounts = readAccounts(host);
      const named = namedAccess(mail, []);
      if (!accounts.ok || named === null) throw new Error('nobody is named');
      const { repairs } = await findRepairs(host, profile.value, mail, repairTerms(profile.value, named, accounts.value));
      applyRepairs({ host, journalDir }, id, [{ profile: 'acme', store: 'mail', repairs }]);
    });
    const modes = (): number[] => letters.map((letter) => statSync(letter).mode & 0o777);
    expect(modes()).toEqual([0o660, 0o660, 0o660]);
    // The same inode may come back at once, with another birth.
    rmSync(letters[2] ?? '');
    lay(letters[2] ?? '', 0o660);
    disk.comeBack();
    const told = await withHost(root, { databases: {} }, (host) => Promise.resolve(undoRepairs({ host, journalDir }, id, storeRoots([profile.value]))));
    expect(modes()).toEqual([0o666, 0o666, 0o660]);
    expect(told.get('acme/mail')?.left).toEqual(new Map([['changed', 1]]));
    expect(readFileSync(letters[0] ?? '', 'utf8')).toBe('x');
  });
});
