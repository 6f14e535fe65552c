import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { BY_SIGNAL, LogHost } from '../integration/log-host.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { noDisk, ScratchDisk, type DiskKind } from './disk/scratch-disk.js';
import { newOrder, PlainStore } from './plain-store.js';
import { QueueStore } from './queue-store.js';

const DISK_MIB = 64;
const SUITE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');
/** What a run says that cannot see the store that its order began with. */
const AWAY = /not the one that the order began with|is not there/;

const undone: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});
const later = <T>(made: T, undo: (made: T) => void | Promise<void>): T => {
  undone.push(() => undo(made));
  return made;
};

const crashAt = (step: string): StepWatch => (at) => {
  if (at === step) throw new Error(`crash at ${step}`);
};
const numbers = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, index) => from + index);
const scratch = (): string => later(mkdtempSync(join(tmpdir(), 'mailwarden-away-')), (dir) => rmSync(dir, { recursive: true, force: true }));
const diskAt = (kind: DiskKind, at?: string): ScratchDisk => later(ScratchDisk.make(kind, { MiB: DISK_MIB, ...(at === undefined ? {} : { at }) }), (disk) => disk.remove());
const isFinished = (journalDir: string): boolean => readdirSync(journalDir).some((name) => name.endsWith('.journal') && readFileSync(join(journalDir, name), 'latin1').includes('"kind":"finished"'));

/** What stands where the disk is mounted while it is away: nothing, or a folder of the same name, as a product makes it that was started all the same. */
const INSTEAD = ['nothing', 'an empty folder'] as const;

/** While the disk is away no account is given, and the journal says nothing new; once it is back the account is that of a run that nobody disturbed. */
async function awayAndBack(disk: ScratchDisk, journalDir: string, folder: string | null, run: () => Promise<Receipt>): Promise<Receipt> {
  disk.leave();
  if (folder !== null) mkdirSync(folder, { recursive: true });
  for (let tries = 0; tries < 2; tries += 1) await expect(run()).rejects.toThrow(AWAY);
  expect(isFinished(journalDir)).toBe(false);
  if (folder !== null) expect(readdirSync(folder)).toEqual([]);
  disk.return();
  return run();
}

const noDisks = !isRoot ? ONLY_ROOT : noDisk('ext4') === null ? '' : ` (skipped: ${noDisk('ext4') ?? ''})`;

describe.runIf(noDisks === '')(`a queue with a tool whose disk is away when its order goes on${noDisks}`, () => {
  const STEPS = [['item', 'taken'], ['item', 'moved'], ['item', 'deleted'], ['rule', 'taken'], ['rule', 'moved']] as const;

  it.each(STEPS.flatMap(([by, step]) => INSTEAD.map((instead) => [by, step, instead] as const)))('counts nothing as deleted that nobody can see (a tool by %s, at "%s", %s in its place)', { timeout: SUITE_MS }, async (by, step, instead) => {
    const disk = diskAt('ext4');
    const journalDir = join(scratch(), 'journal');
    const queue = new QueueStore(disk.at, journalDir);
    const made = queue.fill(20);
    const tool = by === 'item' ? queue.itemTool() : queue.ruleTool(made.slice(0, 15));
    const given = newOrder();
    await expect(queue.rotate(tool, given, crashAt(step))).rejects.toThrow('crash');
    const receipt = await awayAndBack(disk, journalDir, instead === 'nothing' ? null : queue.folder, () => queue.rotate(tool, given));
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, before: { items: 20 }, deleted: { items: 15, bytes: 15 * queue.itemBytes } });
    expect(queue.left()).toEqual(made.slice(15));
  });

  /** A run that had closed one run of the tool, of four items, and had a second one under way. */
  async function cutShort(): Promise<{ readonly disk: ScratchDisk; readonly queue: QueueStore; readonly given: string; readonly ranOut: (laterMs: number) => Promise<Receipt> }> {
    const disk = diskAt('ext4');
    const queue = new QueueStore(disk.at, join(scratch(), 'journal'));
    queue.fill(20);
    const given = newOrder();
    let runs = 0;
    const inTheSecond: StepWatch = (at) => {
      if (at === 'moved' && (runs += 1) === 2) throw new Error('crash in the second run');
    };
    await expect(queue.rotate(queue.itemTool(), given, inTheSecond)).rejects.toThrow('crash');
    return { disk, queue, given, ranOut: (laterMs) => queue.refuse(queue.itemTool(), given, 'the order ran out', () => Date.now() + laterMs) };
  }

  it('waits also when it ran out meanwhile, and is told exactly once the disk is back', { timeout: SUITE_MS }, async () => {
    const { disk, queue, ranOut } = await cutShort();
    disk.leave();
    await expect(ranOut(11 * HOUR_MS)).rejects.toThrow(AWAY);
    disk.return();
    expect(await ranOut(11 * HOUR_MS)).toMatchObject({ outcome: 'stopped', reason: 'the order ran out', deleted: { items: 8, bytes: 8 * queue.itemBytes }, after: { known: true, value: { items: 12 } } });
  });

  it('ends at last without its disk, claims what its journal had closed, and says what it cannot say', { timeout: SUITE_MS }, async () => {
    const { disk, queue, given, ranOut } = await cutShort();
    disk.leave();
    const told = await ranOut(13 * HOUR_MS);
    expect(told).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/^the order ran out; .* it may be deleted or not$/), before: { items: 20 }, deleted: { items: 4, bytes: 4 * queue.itemBytes }, after: { known: false }, resumed: true });
    disk.return();
    expect(await queue.rotate(queue.itemTool(), given)).toEqual(told);
  });
});

describe.runIf(noDisks === '')(`files whose disk is away when their order goes on${noDisks}`, () => {
  const FILES = 40;
  const FILE_BYTES = 4_096;
  const KEPT = 10;

  it.each(['taken', 'moved', 'unlinked', 'deleted'])('stay in the order until they can be seen (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const host = later(PlainStore.make('away', tmpdir()), (made) => made.remove());
    const disk = diskAt('ext4', host.store);
    rmSync(join(host.store, 'lost+found'), { recursive: true });
    for (const number of numbers(0, FILES)) {
      writeFileSync(join(host.store, `letter-${number}`), Buffer.alloc(FILE_BYTES));
      utimesSync(join(host.store, `letter-${number}`), START / 1_000 + number, START / 1_000 + number);
    }
    const given = newOrder();
    const terms = { watermarks: [{ kind: 'records' as const, limit: KEPT, target: KEPT }] };
    await expect(host.rotate(given, { ...terms, watch: crashAt(step) })).rejects.toThrow('crash');
    const receipt = await awayAndBack(disk, host.journalDir, host.store, () => host.rotate(given, terms));
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, before: { items: FILES }, deleted: { items: FILES - KEPT, bytes: (FILES - KEPT) * FILE_BYTES }, after: { value: { items: KEPT } } });
    expect(readdirSync(host.store).toSorted()).toEqual(numbers(FILES - KEPT, FILES).map((number) => `letter-${number}`));
  });
});

const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} ${'x'.repeat(number % 7 === 0 ? 2_000 : 20)}\n`;
const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';

/** A host whose logs alone lie on the disk. */
function logHost(store: string, kind: DiskKind): { readonly host: LogHost; readonly disk: ScratchDisk; readonly journalDir: string } {
  const host = later(new LogHost(store), (made) => made.remove());
  const disk = diskAt(kind, host.logs);
  rmSync(join(host.logs, 'lost+found'), { recursive: true, force: true });
  writeFileSync(host.log, numbers(0, 1_000).map(line).join(''));
  return { host, disk, journalDir: join(host.root, 'journal') };
}

describe.runIf(noDisks === '')(`lines and logs whose disk is away when their order goes on${noDisks}`, () => {
  const lineOrder = (host: LogHost): RotationOrder => host.order({ watermarks: [{ kind: 'records', limit: 100, target: 100 }], clock: 'recorded' });

  it.each([['ext4', 'lines-chosen'], ['ext4', 'lines-blanked'], ['ext4', 'lines-cut'], ['ext3', 'lines-written'], ['ext3', 'lines-swapped'], ['ext3', 'lines-carried']] as const)('lines are counted when they can be seen (%s, at "%s")', { timeout: SUITE_MS }, async (kind, step) => {
    const { host, disk, journalDir } = logHost(RECORDS, kind);
    const given = lineOrder(host);
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    const receipt = await awayAndBack(disk, journalDir, host.logs, () => host.rotate(given));
    expect(receipt).toMatchObject({ outcome: 'completed', planned: { items: 900 }, deleted: { items: 900 } });
    expect(host.names).toEqual(['acme.log']);
    expect(host.lines).toEqual(numbers(900, 1_000));
  });

  it.each(['log-renamed', 'log-made'])('a log is set aside once (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const { host, disk, journalDir } = logHost(BY_SIGNAL, 'ext4');
    const given = host.order({ watermarks: [{ kind: 'bytes', limit: 60_000, target: 40_000 }], keep: { newest: 100, youngerThanSeconds: 0 } });
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    const receipt = await awayAndBack(disk, journalDir, host.logs, () => host.rotate(given));
    expect(receipt).toMatchObject({ outcome: 'completed', notes: expect.arrayContaining([expect.stringContaining('1 log that was being written was set aside')]) });
    expect(host.names).toHaveLength(2);
    expect(host.lines.toSorted((a, b) => a - b)).toEqual(numbers(0, 1_000));
  });
});
