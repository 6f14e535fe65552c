import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { startPostgres } from '@mailwarden/testing';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { CrashGround } from './crash/crash-ground.js';
import { WarmChild } from './crash/warm-child.js';
import { noDisk, POWER_CUT, ScratchDisk, type DiskKind } from './disk/scratch-disk.js';
import { EIO, FailingFileSystem, MODIFIED_S } from './fuse/failing-file-system.js';
import { newOrder, PlainStore, type Terms } from './plain-store.js';

/** More than one batch, in folders of which each is opened anew. */
const SIZE = { files: 1_300, folders: 5, kept: 50 };
const SMALL = { files: 120, folders: 5, kept: 20 };
const SUITE_MS = 60_000;
const STEPS = ['folder', 'intent', 'taken', 'moved', 'unlink', 'unlinked', 'deleted', 'finished'] as const;
const PAGE_BYTES = 4_096;

const undone: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});
const later = <T>(made: T, undo: (made: T) => void | Promise<void>): T => {
  undone.push(() => undo(made));
  return made;
};

const diskOf = (kind: DiskKind, MiB: number, options = ''): ScratchDisk => later(ScratchDisk.make(kind, { MiB, options }), (disk) => disk.remove());
/** Where the disk itself plays no part, in memory: many files are made. */
const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : undefined;
const hostOn = (place = IN_MEMORY): PlainStore => later(PlainStore.make('faults', place), (host) => (place === IN_MEMORY ? host.remove() : undefined));
const folderElsewhere = (): string => later(mkdtempSync(join(tmpdir(), 'mailwarden-journal-')), (dir) => rmSync(dir, { recursive: true }));

/** As many bytes as there is room for. */
function fillUp(folder: string, spareBytes = 0): string {
  const path = join(folder, 'filler');
  const chunk = Buffer.alloc(PAGE_BYTES, 'x');
  const written: Buffer[] = [];
  try {
    for (;;) {
      writeFileSync(path, chunk, { flag: 'a' });
      written.push(chunk);
    }
  } catch {
    writeFileSync(path, Buffer.concat(written.slice(0, Math.max(0, written.length - spareBytes / PAGE_BYTES))));
    return path;
  }
}

/** Calls once at a step. */
function at(step: string, act: () => void): StepWatch {
  let isDone = false;
  return (now) => {
    if (now !== step || isDone) return;
    isDone = true;
    act();
  };
}

/** What came of an order that met a fault: its account, or null where none could be given yet. */
const tried = (host: PlainStore, ground: CrashGround, terms: Terms = {}): Promise<Receipt | null> => host.rotate(ground.order, { ...ground.terms, ...terms }).catch(() => null);

/** After the fault is over: the same order where it is open, another one where it was given up, until the store is as it must be. All that left was told. */
async function mended(host: PlainStore, ground: CrashGround, first: Receipt | null): Promise<void> {
  expect(ground.wrongBetween()).toEqual([]);
  const receipt = first ?? (await host.rotate(ground.order, ground.terms));
  if (receipt.outcome === 'completed') return expect(await ground.wrongWith(receipt)).toEqual([]);
  expect(ground.wrongCount(receipt)).toEqual([]);
  const rest = await host.rotate(newOrder(), ground.terms);
  expect(await ground.wrongWith({ ...rest, before: { ...rest.before, items: rest.before.items + receipt.deleted.items }, planned: { ...rest.planned, items: rest.planned.items + receipt.deleted.items }, deleted: { items: rest.deleted.items + receipt.deleted.items, bytes: rest.deleted.bytes + receipt.deleted.bytes } })).toEqual([]);
}

describe(`a disk that is full${ONLY_ROOT}`, () => {
  it.runIf(isRoot).each<DiskKind>(['tmpfs', 'ext4'])('but for a page (%s) is rotated all the same: that is when it must be', { timeout: SUITE_MS }, async (kind) => {
    const disk = diskOf(kind, 24);
    const host = hostOn(disk.at);
    const ground = await CrashGround.make(host, SIZE, null, folderElsewhere());
    fillUp(disk.at, PAGE_BYTES); // The executor's own folder needs a block; on a real disk root has a reserve, which this one has not.
    const receipt = await tried(host, ground);
    expect(receipt?.deleted.items).toBeGreaterThan(0); // Where no block is left for names in the executor's own folder, the first order makes room for the next.
    await mended(host, ground, receipt);
  });

  it.runIf(isRoot)('of inodes lets the executor make no folder of its own: it says so and deletes nothing', async () => {
    const disk = diskOf('tmpfs', 24, `nr_inodes=${SMALL.files + 40}`);
    const host = hostOn(disk.at);
    const ground = await CrashGround.make(host, SMALL, null, folderElsewhere());
    const fillers = join(disk.at, 'fillers');
    mkdirSync(fillers);
    expect(() => {
      for (let count = 0; ; count += 1) writeFileSync(join(fillers, String(count)), '');
    }).toThrow('ENOSPC');
    const receipt = await tried(host, ground);
    expect(receipt).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('ENOSPC'), deleted: { items: 0 } });
    rmSync(fillers, { recursive: true });
    await mended(host, ground, receipt);
  });

  it.runIf(isRoot)('under the journal stops the order before anything goes untold', { timeout: SUITE_MS }, async () => {
    const disk = diskOf('tmpfs', 2);
    let untold = 0;
    for (const spareBytes of [0, PAGE_BYTES, 8 * PAGE_BYTES, 24 * PAGE_BYTES, 40 * PAGE_BYTES]) {
      const host = hostOn();
      const ground = await CrashGround.make(host, SIZE, null, join(disk.at, `journal-${spareBytes}`));
      mkdirSync(join(disk.at, `journal-${spareBytes}`), { mode: 0o700 });
      const filler = fillUp(disk.at, spareBytes);
      const receipt = await tried(host, ground);
      untold += receipt === null ? 1 : 0;
      rmSync(filler);
      await mended(host, ground, receipt);
    }
    expect(untold).toBeGreaterThan(2);
  });
});

describe(`a disk that nobody may write any more${ONLY_ROOT}`, () => {
  it.runIf(isRoot).each(STEPS)('from the step "%s" on: nothing goes untold, and the rest goes once it may', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('tmpfs', 24);
    const host = hostOn(disk.at);
    const ground = await CrashGround.make(host, SMALL, null, folderElsewhere());
    const receipt = await tried(host, ground, { watch: at(step, () => disk.readOnly(true)) });
    disk.readOnly(false);
    await mended(host, ground, receipt);
  });
});

const noPower = !isRoot ? ONLY_ROOT : POWER_CUT === null ? ' (skipped: xfsprogs is not installed)' : noDisk('ext4') === null ? '' : ` (skipped: ${noDisk('ext4') ?? ''})`;

describe(`a disk of which everything fails with EIO${noPower}`, () => {
  it.runIf(noPower === '').each(STEPS)('from the step "%s" on: nothing goes untold, and the rest goes once it answers', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('ext4', 64);
    const host = hostOn(disk.at);
    const ground = await CrashGround.make(host, SMALL, null, folderElsewhere());
    const receipt = await tried(host, ground, { watch: at(step, () => disk.cutPower()) });
    disk.comeBack();
    await mended(host, ground, receipt);
  });

  it.runIf(noPower === '').each(['intent', 'moved', 'deleted', 'finished'] as const)('under the journal, from the step "%s" on', { timeout: SUITE_MS }, async (step) => {
    const disk = diskOf('ext4', 64);
    const host = hostOn();
    const ground = await CrashGround.make(host, SMALL, null, join(disk.at, 'journal'));
    expect(await tried(host, ground, { watch: at(step, () => disk.cutPower()) })).toBeNull();
    disk.comeBack();
    rmSync(join(disk.at, 'journal', `${ground.order}.lock`), { force: true }); // Its process lives on here; an executor would have ended.
    await mended(host, ground, null);
  });
});

describe(`a disk that fails at one call${ONLY_ROOT}`, () => {
  const STORE = 'var/opt/product/backup';
  const FILES = Object.fromEntries(Array.from({ length: 40 }, (_, place) => [`${place % 4}/letter-${place}`, PAGE_BYTES]));
  it.runIf(isRoot).each([
    ['mkdir', 0],
    ['rename2', 0],
    ['rename2', 17],
    ['unlink', 0],
    ['unlink', 17],
    ['rmdir', 0],
    ['fsyncdir', 0],
    ['fsyncdir', 1],
  ] as const)('EIO of %s after %i that went well: what left was told, and all leaves once it goes well', { timeout: SUITE_MS }, async (operation, after) => {
    const host = hostOn();
    const disk = await FailingFileSystem.mount({ at: join(host.root, STORE), files: FILES, faults: [{ operation, path: '*', errno: EIO, after }, ...(operation === 'rename2' ? [{ operation: 'rename', path: '*', errno: EIO, after }] : [])] });
    expect(disk, 'this place lets nobody mount a FUSE file system').not.toBeNull();
    later(disk, (made) => made?.end());
    const terms: Terms = { watermarks: [{ kind: 'age', limit: 1_000, target: 1_000 }], issuedAtMs: Date.now() };
    const order = newOrder();
    const left = (): number => readdirSync(host.store, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).length;
    expect(MODIFIED_S).toBeLessThan(Date.now() / 1000 - 1_000);
    const first = await host.rotate(order, terms).catch(() => null);
    if (first !== null) expect(first.deleted.items).toBe(40 - left());
    // On the way to a file nothing is half done yet: the order ends there, and no file behind it is tried.
    if (operation === 'rename2') expect(first).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('(EIO)'), deleted: { items: after }, skipped: [] });
    await disk?.setFaults([]);
    const again = await host.rotate(order, terms);
    if (first !== null) expect(again).toEqual(first);
    const rest = left() === 0 ? null : await host.rotate(newOrder(), terms);
    expect(left()).toBe(0);
    expect(again.deleted.items + (rest?.deleted.items ?? 0)).toBe(40);
  });
});

describe('a process that may open few files', () => {
  it.each([26, 34])('%i of them: nothing goes untold, and all goes with more', { timeout: SUITE_MS }, async (most) => {
    const host = hostOn();
    const ground = await CrashGround.make(host, SMALL, null);
    const task = { root: host.root, order: ground.order, database: null, terms: ground.terms };
    await mended(host, ground, await new WarmChild().withDescriptors(task, most));
  });
});

describe('a database that vanishes in the middle of a pair', () => {
  it('leaves both halves or none, and the order goes on when it is back', { timeout: SUITE_MS }, async () => {
    const postgres = later(await startPostgres(), (running) => running.stop());
    const database = { port: postgres.port, user: postgres.superuser, passwordFile: postgres.passwordFile };
    const connected = async (): Promise<Client> => {
      const client = new Client({ host: '127.0.0.1', port: postgres.port, user: postgres.superuser, database: 'postgres', password: readFileSync(postgres.passwordFile, 'utf8').trim() });
      client.on('error', () => undefined);
      await client.connect();
      return later(client, (open) => open.end());
    };
    const host = later(PlainStore.make('faults', IN_MEMORY, database), (made) => made.remove());
    for (const times of [1, 2]) {
      const ground = await CrashGround.make(host, SIZE, await connected());
      let [seen, killed] = [0, Promise.resolve()];
      const watch: StepWatch = (step) => {
        if (step === 'rows' && (seen += 1) === times) killed = postgres.kill();
      };
      const first = await tried(host, ground, { watch });
      await killed;
      if (first === null) await postgres.start();
      else expect.fail('the order ended as if its database were there');
      expect(ground.wrongBetween()).toEqual([]);
      expect(await ground.withClient(await connected()).wrongWith(await host.rotate(ground.order, ground.terms))).toEqual([]);
    }
  });
});

describe('a clock that jumps', () => {
  it.each([['forward', 3 * 3_600_000], ['back', -3 * 3_600_000]] as const)('%s in the middle of an order by age ends it between two batches, with the account of what was done', { timeout: SUITE_MS }, async (_way, jumpMs) => {
    const host = hostOn();
    const ground = await CrashGround.make(host, SIZE, null);
    let apartMs = 0;
    const terms: Terms = { watermarks: [{ kind: 'age', limit: 1_000, target: 1_000 }], now: () => Date.now() + apartMs, watch: at('unlinked', () => (apartMs = jumpMs)) };
    const receipt = await host.rotate(ground.order, { ...ground.terms, ...terms });
    expect(receipt).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('clock') });
    expect(ground.wrongCount(receipt)).toEqual([]);
    expect(receipt.deleted.items).toBeGreaterThan(0);
    expect(receipt.deleted.items).toBeLessThan(SIZE.files);
    expect(Math.abs(receipt.clock.wallMs - receipt.clock.monotonicMs)).toBeGreaterThan(Math.abs(jumpMs) / 2);
  });

  it('means nothing to an order that does not ask for ages', async () => {
    const host = hostOn();
    const ground = await CrashGround.make(host, SMALL, null);
    let apartMs = 0;
    expect(await ground.wrongWith(await host.rotate(ground.order, { ...ground.terms, now: () => Date.now() + apartMs, watch: at('taken', () => (apartMs = 3_600_000)) }))).toEqual([]);
  });
});
