import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, linkSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { RotationOrder } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { instantOf } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApplyRequest, StepWatch } from './rotate-request.js';
import { refuseOrder, rotateStore } from './rotate-store.js';
import { refusalOf } from './safe-root.js';

const isRoot = process.geteuid?.() === 0;
/** Said in the title of what an ordinary user cannot try. */
const ONLY_ROOT = isRoot ? '' : ' (skipped: only root may mount or change attributes)';

const FILE_BYTES = 8192;
/** More than one batch. */
const BATCHES_AND_MORE = 1_100;
const WIDE = { items: 100_000, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'backup', section: 'Backup', kind: 'files', statedDirectories: null, files: ['/var/opt/product/backup/**'], exclude: [], active: [], rotateActive: null, units: [], messages: false, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;
const PROFILE = { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [STORE] } as unknown as Profile;

let root: string;
let folder: string;

/** Files with hostile names, the first the oldest. */
function fill(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const name = Buffer.concat([Buffer.from(index % 3 === 0 ? 'li\nne ' : index % 3 === 1 ? '-rf =1 ' : ''), Buffer.from([0xff, 0x80 + (index % 64)]), Buffer.from(String(index))]);
    const path = Buffer.concat([Buffer.from(`${folder}/`), name]);
    writeFileSync(path, Buffer.alloc(FILE_BYTES, index));
    utimesSync(path, 1_000_000 + index, 1_000_000 + index);
    return name;
  });
}
const names = (): string[] => readdirSync(folder, { encoding: 'latin1' });

interface Part extends Partial<Omit<ApplyRequest, 'host'>> {
  readonly limit?: number;
  readonly target?: number;
}

const factsOf = (order: string, bounds = WIDE) => ({ id: order, server: 'mx-1', profile: 'product', store: 'backup', bounds, policy: { name: 'cap' } }) as unknown as RotationOrder;

function withRequest<T>(part: Part, use: (request: ApplyRequest) => Promise<T>): Promise<T> {
  const { limit = 10 * FILE_BYTES, target = 5 * FILE_BYTES, ...rest } = part;
  return withHost(root, { databases: {} }, (host) =>
    use({ host, profile: PROFILE, store: STORE, watermarks: [{ kind: 'bytes', limit, target }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: WIDE, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), ...rest }),
  );
}
const rotate = (order: string, part: Part = {}) => withRequest(part, (request) => rotateStore(request, factsOf(order, part.bounds)));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-rotate-'));
  folder = join(root, 'var/opt/product/backup');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('rotating a store of files', () => {
  it('deletes the oldest down to the low watermark, by names of any bytes, and once', async () => {
    const made = fill(20);
    const order = randomUUID();
    const receipt = await rotate(order);
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 20 }, deleted: { items: 15, bytes: 15 * FILE_BYTES }, after: { known: true, value: { items: 5 } }, resumed: false });
    expect(names().sort()).toEqual(made.slice(15).map((name) => name.toString('latin1')).sort());
    expect(await rotate(order)).toEqual(receipt);
    expect(names()).toHaveLength(5);
  });

  it('touches nothing above a bound', async () => {
    fill(20);
    expect(await rotate(randomUUID(), { bounds: { ...WIDE, items: 3 } })).toMatchObject({ outcome: 'stopped', deleted: { items: 0 } });
    expect(names()).toHaveLength(20);
  });

  it('leaves links, hard links and files that somebody writes, and follows nothing out of the store', async () => {
    const outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious'), 'x'.repeat(100_000));
    utimesSync(join(outside, 'precious'), 1, 1);
    symlinkSync(outside, join(folder, 'link'));
    symlinkSync(join(outside, 'precious'), join(folder, 'file-link'));
    const [first] = fill(20);
    linkSync(Buffer.concat([Buffer.from(`${folder}/`), first ?? Buffer.alloc(0)]), join(root, 'second-name'));
    const receipt = await rotate(randomUUID());
    expect(receipt.outcome).toBe('completed');
    expect(receipt.skipped).toEqual(expect.arrayContaining([{ reason: 'hard-linked', items: 1 }, { reason: 'not-a-regular-file', items: 2 }]));
    expect(readFileSync(join(outside, 'precious'))).toHaveLength(100_000);
    expect(names()).toEqual(expect.arrayContaining(['link', 'file-link', first?.toString('latin1')]));
  });

  it('puts back a file that took a planned name', async () => {
    const made = fill(20);
    const victim = Buffer.concat([Buffer.from(`${folder}/`), made[0] ?? Buffer.alloc(0)]);
    const receipt = await rotate(randomUUID(), {
      watch: (step) => {
        if (step === 'intent') {
          rmSync(victim);
          writeFileSync(victim, 'a new letter');
        }
      },
    });
    expect(receipt.skipped).toContainEqual({ reason: 'changed-since-plan', items: 1 });
    expect(readFileSync(victim, 'utf8')).toBe('a new letter');
  });

  it.each(['folder', 'taken'] as const)('follows no folder that was swapped for a link after the plan (at "%s")', async (step) => {
    fill(20);
    const [outside, sub] = [join(root, 'outside'), join(folder, 'sub')];
    for (const place of [outside, sub]) {
      mkdirSync(place);
      writeFileSync(join(place, 'letter'), Buffer.alloc(FILE_BYTES));
      utimesSync(join(place, 'letter'), 1, 1);
    }
    const receipt = await rotate(randomUUID(), {
      watch: (at) => {
        if (at !== step) return;
        renameSync(sub, join(folder, 'aside'));
        symlinkSync(outside, sub);
      },
    });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 15 }, skipped: [{ reason: 'vanished', items: 1 }] });
    expect(readdirSync(outside)).toEqual(['letter']);
    expect(readdirSync(join(folder, 'aside'))).toEqual(['letter']);
  });

  it('accounts for exactly what it did after a crash at any step', { timeout: 90_000 }, async () => {
    for (const step of ['folder', 'intent', 'taken', 'moved', 'unlink', 'unlinked', 'deleted', 'finished'] as const) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      const made = fill(BATCHES_AND_MORE);
      const order = randomUUID();
      let seen = 0;
      const crash: StepWatch = (at) => {
        if (at === step && (seen += 1) === (['folder', 'finished'].includes(step) ? 1 : 2)) throw new Error('crash');
      };
      const limits = { limit: 100 * FILE_BYTES, target: 50 * FILE_BYTES };
      await expect(rotate(order, { ...limits, watch: crash })).rejects.toThrow('crash');
      const receipt = await rotate(order, limits);
      expect(receipt, step).toMatchObject({ outcome: 'completed', resumed: true, before: { items: BATCHES_AND_MORE }, planned: { items: BATCHES_AND_MORE - 50 }, deleted: { items: BATCHES_AND_MORE - 50, bytes: (BATCHES_AND_MORE - 50) * FILE_BYTES } });
      expect(names().sort(), step).toEqual(made.slice(-50).map((name) => name.toString('latin1')).sort());
    }
  });

  it('takes nothing more after a cut than it had planned, whatever came meanwhile', async () => {
    fill(20);
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at === 'unlink') throw new Error('crash');
    };
    await expect(rotate(order, { watch: crash })).rejects.toThrow('crash');
    for (let index = 0; index < 30; index += 1) writeFileSync(join(folder, `later-${index}`), Buffer.alloc(FILE_BYTES));
    const quiet = { ...STORE, quietPeriodSeconds: 0 } as Store;
    expect(await rotate(order, { store: quiet, profile: { ...PROFILE, stores: [quiet] } })).toMatchObject({ outcome: 'completed', deleted: { items: 15 } });
    expect(names().filter((name) => name.startsWith('later-'))).toHaveLength(30);
  });

  it('settles what a crash left half done when the order ran out meanwhile', async () => {
    const made = fill(20);
    for (const [step, deleted] of [['moved', 0], ['unlink', 15]] as const) {
      const order = randomUUID();
      const crash: StepWatch = (at) => {
        if (at === step) throw new Error('crash');
      };
      await expect(rotate(order, { watch: crash })).rejects.toThrow('crash');
      expect(names()).toHaveLength(20 - 15 + 1);
      const receipt = await withRequest({}, (request) => refuseOrder({ journalDir: request.journalDir, now: Date.now, request }, factsOf(order), 'the order ran out'));
      expect(receipt).toMatchObject({ outcome: 'stopped', reason: 'the order ran out', resumed: true, planned: { items: 15 }, deleted: { items: deleted, bytes: deleted * FILE_BYTES } });
      expect(names()).toHaveLength(20 - deleted);
      expect(await withRequest({}, (request) => refuseOrder({ journalDir: request.journalDir, now: Date.now, request }, factsOf(order), 'something else'))).toEqual(receipt);
    }
    expect(names().sort()).toEqual(made.slice(15).map((name) => name.toString('latin1')).sort());
  });

  it('says so when its own folder was carried off while it was dead, and counts nothing of it', async () => {
    fill(20);
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at === 'unlink') throw new Error('crash');
    };
    await expect(rotate(order, { watch: crash })).rejects.toThrow('crash');
    const own = join(folder, `.mailwarden-${order}`);
    renameSync(own, join(root, 'carried-off'));
    mkdirSync(own, { mode: 0o700 });
    expect(await rotate(order)).toMatchObject({ outcome: 'failed', deleted: { items: 0, bytes: 0 } });
    expect(readdirSync(join(root, 'carried-off'))).toHaveLength(15);
  });

  it('refuses an id that comes back with other content', async () => {
    fill(20);
    const order = randomUUID();
    await rotate(order, { bounds: { ...WIDE, items: 3 } });
    await expect(rotate(order)).rejects.toThrow(/other content/);
    expect(names()).toHaveLength(20);
  });

  it('is carried out by one process at a time', async () => {
    fill(20);
    const order = randomUUID();
    let second: Promise<unknown> | undefined;
    await rotate(order, {
      watch: (step) => {
        if (step === 'intent') second = rotate(order).catch((cause: unknown) => cause);
      },
    });
    expect(String(await second)).toMatch(/is carrying out this order/);
    // A lock of a process that died counts for nothing.
    const other = randomUUID();
    writeFileSync(join(root, 'journal', `${other}.lock`), '4194304 1');
    expect(await rotate(other)).toMatchObject({ outcome: 'nothing-to-do' });
  });
});

describe('what stays, and why', () => {
  const reasons = async (part: Part = {}) => {
    const receipt = await rotate(randomUUID(), part);
    return Object.fromEntries(receipt.skipped.map(({ reason, items }) => [reason, items]));
  };

  it('tells entries that are no regular files, and folders that are too deep', async () => {
    fill(20);
    execFileSync('/usr/bin/mkfifo', [join(folder, 'pipe')]);
    symlinkSync('/etc', join(folder, 'link'));
    mkdirSync(join(folder, 'deep/'.repeat(140)), { recursive: true });
    expect(await reasons()).toMatchObject({ 'not-a-regular-file': 2, 'too-deep': 1 });
    expect(names()).toEqual(expect.arrayContaining(['pipe', 'link', 'deep']));
  });

  it.runIf(isRoot)(`leaves what others keep in a folder that was carried into the store, however full that is${isRoot ? '' : ' (skipped: giving folders away needs the super-user)'}`, async () => {
    const [product, anna] = [61_001, 61_002];
    fill(10);
    const laid = (path: string, uid: number): void => {
      mkdirSync(join(folder, path), { recursive: true });
      for (const name of ['a', 'b', 'c']) {
        writeFileSync(join(folder, path, name), Buffer.alloc(FILE_BYTES));
        utimesSync(join(folder, path, name), 1, 1);
      }
      chownSync(join(folder, path), uid, uid);
    };
    laid('own', product);
    laid('share/of-anna', anna);
    laid('share/of-root', 0);
    chmodSync(join(folder, 'share/of-anna'), 0o700);
    for (const path of ['share', '']) chownSync(join(folder, path), product, product);
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), `product:x:${product}:${product}::/:\n`);
    expect(await reasons({ limit: 1, target: 0 })).toEqual({ 'permission-denied': 2 });
    expect(['share/of-anna', 'share/of-root', 'own'].map((path) => readdirSync(join(folder, path)).length)).toEqual([3, 3, 0]);
    const alsoRoots = { ...STORE, protection: { ...STORE.protection, accounts: ['root', 'product'] } };
    expect(await reasons({ limit: 1, target: 0, store: alsoRoots, profile: { ...PROFILE, stores: [alsoRoots] } })).toEqual({ 'permission-denied': 1 });
    expect(['share/of-anna', 'share/of-root'].map((path) => readdirSync(join(folder, path)).length)).toEqual([3, 0]);
  });

  it('leaves the newest, the young, the held, the active and what is being written', async () => {
    const made = fill(20);
    const path = (index: number) => Buffer.concat([Buffer.from(`${folder}/`), made[index] ?? Buffer.alloc(0)]);
    expect(await reasons({ keep: { newest: 7, youngerThanSeconds: 0 } })).toEqual({ 'kept-newest': 7 });
    expect(names()).toHaveLength(7);
    const writing = openSync(path(13), 'a');
    const held = [{ id: 'case', store: null, from: null, until: instantOf(1_000_014_000), reason: 'open' }];
    expect(await reasons({ limit: 1, target: 0, keep: { newest: 2, youngerThanSeconds: 0 }, holds: held })).toEqual({ held: 2, 'kept-newest': 2 });
    expect(await reasons({ limit: 1, target: 0, keep: { newest: 2, youngerThanSeconds: 0 } })).toEqual({ 'open-for-writing': 1, 'kept-newest': 2 });
    closeSync(writing);
    const active = { ...STORE, active: ['/var/opt/product/backup/*18'] } as Store;
    expect(await reasons({ limit: 1, target: 0, store: active, profile: { ...PROFILE, stores: [active] } })).toEqual({ 'active-log': 1 });
    writeFileSync(join(folder, 'fresh'), Buffer.alloc(FILE_BYTES));
    expect(await reasons({ limit: 1, target: 0 })).toEqual({ 'in-quiet-period': 1 });
    expect(names()).toEqual(['fresh']);
  });

  it('lets no file hide behind the name of its own folder', async () => {
    fill(20);
    for (const name of ['.mailwarden-hidden', `.mailwarden-${randomUUID()}`]) {
      writeFileSync(join(folder, name), Buffer.alloc(FILE_BYTES));
      utimesSync(join(folder, name), 1, 1);
    }
    expect(await rotate(randomUUID())).toMatchObject({ before: { items: 22 }, deleted: { items: 17 } });
    expect(names().filter((name) => name.startsWith('.mailwarden-'))).toEqual([]);
  });

  it('does not let a modification time in the future keep a file, nor stop the others', async () => {
    fill(20);
    const forged = join(folder, 'forged');
    writeFileSync(forged, Buffer.alloc(FILE_BYTES));
    utimesSync(forged, 4_000_000_000, 4_000_000_000);
    const hasPassed = () => Date.now() + 3_600_000;
    const age = [{ kind: 'age' as const, limit: 100, target: 50 }];
    expect(await rotate(randomUUID(), { watermarks: age, now: hasPassed })).toMatchObject({ outcome: 'completed', deleted: { items: 21 } });
  });

  it.runIf(isRoot)(`tells immutable files${ONLY_ROOT}`, async () => {
    const [first] = fill(20);
    const path = Buffer.concat([Buffer.from(`${folder}/`), first ?? Buffer.alloc(0)]).toString('latin1');
    const plain = join(folder, 'plain');
    writeFileSync(plain, Buffer.alloc(FILE_BYTES));
    utimesSync(plain, 1, 1);
    expect(path).not.toBe(plain);
    execFileSync('/usr/bin/chattr', ['+i', plain]);
    try {
      expect(await reasons()).toEqual({ immutable: 1 });
    } finally {
      execFileSync('/usr/bin/chattr', ['-i', plain]);
    }
    expect(names()).toContain('plain');
  });

  it.runIf(isRoot)(`leaves another file system that lies in the store${ONLY_ROOT}`, async () => {
    fill(20);
    mkdirSync(join(folder, 'mounted'));
    execFileSync('/bin/mount', ['--bind', root, join(folder, 'mounted')]);
    try {
      expect(await reasons()).toEqual({ 'other-file-system': 1 });
    } finally {
      execFileSync('/bin/umount', [join(folder, 'mounted')]);
    }
  });
});

describe('trouble', () => {
  it('deletes nothing by a journal that was damaged, and says which line', async () => {
    fill(20);
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at === 'unlink') throw new Error('crash');
    };
    await expect(rotate(order, { watch: crash })).rejects.toThrow('crash');
    const path = join(root, 'journal', `${order}.journal`);
    const whole = readFileSync(path, 'latin1');
    const lines = whole.split('\n');
    for (const garbled of [[...lines.slice(0, 2), `${lines[2]?.slice(0, 40)}x${lines[2]?.slice(41)}`, ...lines.slice(3)].join('\n'), whole.replace('\n', '\n\n'), `${whole}0000\n`]) {
      writeFileSync(path, garbled, 'latin1');
      await expect(rotate(order)).rejects.toThrow(/\.journal:\d+ cannot be read: the journal is damaged/);
      expect(readFileSync(path, 'latin1')).toBe(garbled);
      expect(readdirSync(join(folder, `.mailwarden-${order}`))).toHaveLength(15);
    }
    // A last line that a power cut tore announced nothing.
    writeFileSync(path, `${whole}12345678 {"kind":"deleted","ite`, 'latin1');
    expect(await rotate(order)).toMatchObject({ outcome: 'completed', deleted: { items: 15 } });
  });

  it.each(['/dev/full', 'unwritable'])('touches nothing when the journal cannot be written (%s)', async (kind) => {
    fill(20);
    const order = randomUUID();
    const journalDir = join(root, 'journal');
    mkdirSync(journalDir, { mode: 0o700 });
    if (kind === '/dev/full') symlinkSync('/dev/full', join(journalDir, `${order}.journal`));
    else chmodSync(journalDir, 0o777);
    await expect(rotate(order)).rejects.toThrow(/ELOOP|chmod go-w/);
    expect(names()).toHaveLength(20);
  });

  it.runIf(isRoot)(`stops before the first deletion when the journal's disk is full${ONLY_ROOT}`, async () => {
    fill(100);
    const journalDir = join(root, 'journal');
    mkdirSync(journalDir, { mode: 0o700 });
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', journalDir]);
    try {
      writeFileSync(join(journalDir, 'ballast'), Buffer.alloc(56 * 1024));
      const order = randomUUID();
      await expect(rotate(order)).rejects.toThrow('ENOSPC');
      expect(names().filter((name) => !name.startsWith('.mailwarden-'))).toHaveLength(100);
      rmSync(join(journalDir, 'ballast'));
      expect(await rotate(order)).toMatchObject({ outcome: 'completed', deleted: { items: 95 } });
    } finally {
      execFileSync('/bin/umount', [journalDir]);
    }
  });

  it.runIf(isRoot)(`fails with an account on a store that is read-only${ONLY_ROOT}`, async () => {
    fill(20);
    execFileSync('/bin/mount', ['--bind', folder, folder]);
    execFileSync('/bin/mount', ['-o', 'remount,ro,bind', folder]);
    try {
      expect(await rotate(randomUUID())).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('EROFS'), deleted: { items: 0 } });
    } finally {
      execFileSync('/bin/umount', [folder]);
    }
  });

  it('stops between batches when its time ran out, or the clock jumps while age is what asks', async () => {
    fill(20);
    expect(await rotate(randomUUID(), { bounds: { ...WIDE, deadlineSeconds: 0 } })).toMatchObject({ outcome: 'stopped', reason: 'the time of 0 s ran out', deleted: { items: 0 } });
    let jumpMs = 0;
    const jump: Part = {
      now: () => Date.now() + jumpMs,
      watch: (step) => {
        if (step === 'folder') jumpMs = -3_600_000;
      },
    };
    expect(await rotate(randomUUID(), { ...jump, watermarks: [{ kind: 'age', limit: 100, target: 50 }] })).toMatchObject({ outcome: 'stopped', reason: expect.stringContaining('jumped'), deleted: { items: 0 } });
    expect(await rotate(randomUUID(), jump)).toMatchObject({ outcome: 'completed', deleted: { items: 15 } });
  });

  it('gives a file back to the store\'s own folder when its folder was removed', async () => {
    fill(20);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub/oldest'), Buffer.alloc(FILE_BYTES, 1));
    utimesSync(join(folder, 'sub/oldest'), 1, 1);
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at === 'moved') throw new Error('crash');
    };
    await expect(rotate(order, { watch: crash })).rejects.toThrow('crash');
    rmSync(join(folder, 'sub'), { recursive: true });
    await withRequest({}, (request) => refuseOrder({ journalDir: request.journalDir, now: Date.now, request }, factsOf(order), 'the order ran out'));
    const [back] = names().filter((name) => name.startsWith('returned-'));
    expect(readFileSync(join(folder, back ?? ''))).toEqual(Buffer.alloc(FILE_BYTES, 1));
    expect(names()).toHaveLength(22 - 1);
  });

  it('leaves no second name of a file when it is cut short while putting it back', async () => {
    const made = fill(20);
    const order = randomUUID();
    const crash: StepWatch = (at) => {
      if (at === 'moved') throw new Error('crash');
    };
    await expect(rotate(order, { watch: crash })).rejects.toThrow('crash');
    // As a kill between the two steps of putting back leaves it: under both names.
    linkSync(join(folder, `.mailwarden-${order}`, '0'), Buffer.concat([Buffer.from(`${folder}/`), made[0] ?? Buffer.alloc(0)]));
    expect(await rotate(order)).toMatchObject({ outcome: 'completed', deleted: { items: 15 } });
    expect(names()).toHaveLength(5);
  });
});

describe('the last wall', () => {
  it.each(['/**', '/etc/**', '/home/*', '/home/someone/**', '/usr/lib/**', '/var/**', '/var/log/**', '/var/opt/product/../**', '/var/lib/mailwarden/**', '/var/opt/${unset}/**', '/var/crash/*'])('refuses %s', (glob) => {
    expect(refusalOf({ ...STORE, files: [glob] })).not.toBeNull();
  });
  it('lets the product\'s own folder pass', () => {
    expect(refusalOf(STORE)).toBeNull();
    expect(refusalOf({ ...STORE, rotatable: false })).toMatch(/keeps backup/);
  });
});
