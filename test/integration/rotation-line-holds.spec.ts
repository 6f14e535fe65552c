import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Receipt, RotationOrder } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { refuseOrder, rotateStore, type StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LogHost, profileOf } from './log-host.js';
import { withRequest } from './log-rotation.js';
import { ONLY_ROOT, withFileSystem } from './other-file-system.js';

const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');

let host: LogHost;
afterEach(() => host.remove());

type Holds = RotationOrder['holds'];
/** Hours since the first line; null where the hold has no end. */
const hold = (from: number | null, until: number | null): Holds => [{ id: 'case', profile: null, store: null, from: from === null ? null : instantOf(START + from * HOUR_MS), until: until === null ? null : instantOf(START + until * HOUR_MS), reason: 'A case' }] as unknown as Holds;
const ALL = hold(null, null);
const records = (limit: number, target = limit, clock: 'recorded' | 'modified' = 'recorded') => ({ watermarks: [{ kind: 'records' as const, limit, target }], clock });
const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} x\n`;
const lines = (from: number, until: number): string => Array.from({ length: until - from }, (_, index) => line(from + index)).join('');
const UNDATED = 'no moment here\n'.repeat(50);

function put(name: string, text: string | Buffer, hours: number | null = null): void {
  writeFileSync(join(host.logs, name), text, 'latin1');
  const at = (hours === null ? Date.now() : START + hours * HOUR_MS) / 1000;
  utimesSync(join(host.logs, name), at, at);
}
const sorted = (): number[] => host.lines.toSorted((a, b) => a - b);
const range = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, index) => from + index);

describe('a generation in which lines are kept', () => {
  /** An old one, packed or not, before 50 lines that are being written. */
  async function rotated(old: string, packed: boolean, part: object, hours: number | null = 70): Promise<Receipt> {
    host = new LogHost(RECORDS);
    put(packed ? 'acme.log.2.gz' : 'acme.log.2', packed ? gzipSync(Buffer.from(old, 'latin1')) : old, hours);
    put('acme.log', lines(100, 150));
    return host.rotate(host.order({ ...records(60, 50), ...part }));
  }

  it.each([['packed', true, 50], ['plain', false, 100]] as const)('stays under a hold where no line tells when it was written (%s)', async (_what, packed, items) => {
    expect(await rotated(UNDATED, packed, { holds: ALL })).toMatchObject({ outcome: 'nothing-to-do', deleted: { items: 0 }, skipped: [{ reason: 'held', items }] });
    expect(host.names).toHaveLength(2);
  });

  it('stays, packed, where nobody can tell whether its lines are young', async () => {
    const young = { keep: { newest: 0, youngerThanSeconds: 86_400 } };
    expect(await rotated(UNDATED, true, young, null)).toMatchObject({ outcome: 'nothing-to-do', skipped: [{ reason: 'no-clock', items: 50 }] });
    expect(host.names).toEqual(['acme.log', 'acme.log.2.gz']);
  });

  it('leaves, packed and without a moment, where nothing keeps it, and its account can be written', async () => {
    expect(await rotated(UNDATED, true, {})).toMatchObject({ outcome: 'completed', planned: { oldestAt: null, newestAt: null }, deleted: { items: 50 } });
    expect(host.names).toEqual(['acme.log']);
  });

  it.each([
    ['by the moments of its lines, whatever the clock of the order', lines(0, 50), hold(0, 9), 'modified'],
    ['by each of its lines, also where they are out of order', lines(0, 24) + line(60) + lines(24, 50), hold(60, 61), 'recorded'],
    ['by a line before the first that tells a moment', `a rest of a record\n${lines(30, 50)}`, hold(0, 9), 'recorded'],
    ['by a last line that has no end', lines(0, 50) + line(60).trimEnd(), hold(60, 61), 'recorded'],
  ] as const)('stays, packed, %s', async (_what, old, holds, clock) => {
    const order = { ...records(60, 50, clock), holds };
    expect(await rotated(old, true, order)).toMatchObject({ deleted: { items: 0 }, skipped: [{ reason: 'held', items: expect.any(Number) }] });
    expect(host.names).toEqual(['acme.log', 'acme.log.2.gz']);
  });

  it('is not taken for one of its last change under a hold of an earlier time, by another clock', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', UNDATED + UNDATED);
    expect(await host.rotate(host.order({ ...records(60, 10, 'modified'), holds: hold(0, 24 * 365) }))).toMatchObject({ deleted: { items: 0 }, skipped: [{ reason: 'held', items: 100 }] });
    expect(readFileSync(host.log, 'latin1')).toBe(UNDATED + UNDATED);
  });
});

describe('lines that are kept because they are the newest', () => {
  it('are so many also beside a file that an order leaves alone', async () => {
    host = new LogHost(RECORDS);
    put('acme.log.2', lines(0, 50), 50);
    put('acme.log.1', lines(50, 100), 100);
    put('acme.log', lines(100, 200));
    const order = host.order({ ...records(150, 20), exclude: ['/var/log/acme/acme.log.*'], keep: { newest: 80, youngerThanSeconds: 0 } } as Partial<RotationOrder>);
    expect(await host.rotate(order)).toMatchObject({ deleted: { items: 20 }, skipped: expect.arrayContaining([{ reason: 'excluded', items: 100 }]) });
    expect(sorted()).toEqual([...range(0, 100), ...range(120, 200)]);
  });
});

describe('an order that goes on', () => {
  const crashAt = (step: string, times = 1): StepWatch => (at) => {
    if (at === step && (times -= 1) === 0) throw new Error(`crash at ${step}`);
  };
  const part = { ...records(60, 30), keep: { newest: 20, youngerThanSeconds: 0 } };

  async function cutShort(order: RotationOrder, step: string, times = 1): Promise<void> {
    await expect(host.rotate(order, crashAt(step, times))).rejects.toThrow('crash');
  }
  /** As the executor goes on with it, with the holds of today. */
  const goOn = (order: RotationOrder, holds: Holds, watch?: StepWatch): Promise<Receipt> => withRequest({ root: host.root, profile: profileOf(RECORDS), order }, watch, (request) => rotateStore({ ...request, holds }, order));
  const runOut = (order: RotationOrder, holds: Holds): Promise<Receipt> => withRequest({ root: host.root, profile: profileOf(RECORDS), order }, undefined, (request) => refuseOrder({ journalDir: request.journalDir, now: Date.now, request: { ...request, holds } }, order, 'the order ran out'));

  /** Two generations and what is being written: 120 of 150 lines are to leave. */
  function threeFiles(packed = false): RotationOrder {
    host = new LogHost(RECORDS);
    put(packed ? 'acme.log.2.gz' : 'acme.log.2', packed ? gzipSync(Buffer.from(lines(0, 50))) : lines(0, 50), 50);
    put('acme.log.1', lines(50, 100), 100);
    put('acme.log', lines(100, 150));
    return host.order(part);
  }

  it.each([
    ['lines-chosen', false, ALL, range(0, 150)],
    ['lines-chosen', false, hold(60, 61), [...range(50, 100), ...range(120, 150)]],
    ['lines-chosen', false, hold(110, 110), range(100, 150)],
    ['lines-done', false, ALL, range(50, 150)],
    // The generation lies in the executor's own folder, and goes back to its place.
    ['lines-swapped', false, ALL, range(0, 150)],
    ['lines-swapped', false, hold(0, 9), [...range(0, 50), ...range(120, 150)]],
  ] as const)('keeps what a newer hold means (cut short at "%s", packed: %s, %o)', async (step, packed, holds, left) => {
    const order = threeFiles(packed);
    await cutShort(order, step);
    const receipt = await goOn(order, holds);
    expect(sorted()).toEqual(left);
    expect(host.names.filter((name) => name.startsWith('.mailwarden'))).toEqual([]);
    const gone = 150 - left.length;
    expect(receipt).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: gone }, skipped: [{ reason: 'held', items: 120 - gone }], after: { value: { items: left.length } } });
    expect(await goOn(order, holds)).toEqual(receipt);
  });

  it.each(['lines-chosen', 'lines-swapped'])('keeps a packed generation that a newer hold means (cut short at "%s")', async (step) => {
    const order = threeFiles(true);
    await cutShort(order, step);
    expect(await goOn(order, hold(0, 9))).toMatchObject({ outcome: 'completed', deleted: { items: 70 }, skipped: [{ reason: 'held', items: 50 }] });
    expect([host.names, sorted()]).toEqual([['acme.log', 'acme.log.2.gz'], range(120, 150)]);
  });

  it.each(['lines-swapped'])('that ran out keeps it as well (cut short at "%s")', async (step) => {
    const order = threeFiles();
    await cutShort(order, step);
    expect(await runOut(order, ALL)).toMatchObject({ outcome: 'stopped', deleted: { items: 0 }, skipped: [{ reason: 'held', items: 50 }] });
    expect(sorted()).toEqual(range(0, 150));
  });

  it.each(['lines-returning', 'lines-returned'])('puts a held generation back once, and never tells it as deleted (cut short again at "%s")', async (step) => {
    const order = threeFiles();
    await cutShort(order, 'lines-swapped');
    await expect(goOn(order, ALL, crashAt(step))).rejects.toThrow('crash');
    // Also where the hold is gone by then: what was decided stands.
    expect(await goOn(order, [])).toMatchObject({ outcome: 'completed', deleted: { items: 70 }, skipped: [{ reason: 'held', items: 50 }] });
    expect(sorted()).toEqual([...range(0, 50), ...range(120, 150)]);
  });

  it('brings the cut to its end that was begun, and keeps what it had not begun', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', lines(0, 200));
    // Two stretches: before the held lines and behind them. The one behind is cut first.
    const order = host.order({ ...records(60, 50), holds: hold(50, 59) });
    await cutShort(order, 'lines-cut');
    const receipt = await goOn(order, ALL);
    expect(sorted()).toEqual([...range(0, 60), ...range(160, 200)]);
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 100 }, skipped: [{ reason: 'held', items: 50 }] });
  });

  it('never begins later what stayed beside a cut, for it has moved by then', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', lines(0, 200));
    const order = host.order({ ...records(60, 50), holds: hold(50, 59) });
    await cutShort(order, 'lines-chosen');
    await expect(goOn(order, hold(50, 60), crashAt('lines-cut'))).rejects.toThrow('crash');
    expect(await goOn(order, [])).toMatchObject({ outcome: 'completed', deleted: { items: 50 }, skipped: [{ reason: 'held', items: 100 }] });
    expect(sorted()).toEqual(range(50, 200));
  });

  /** What lies in the executor's own folder changes: whoever had it open may do that. */
  const touchOurs = (): void => utimesSync(join(host.logs, host.names.find((name) => name.startsWith('.mailwarden-')) ?? '', '0'), 1, 1);
  const ourFolders = (): string[] => host.names.filter((name) => name.startsWith('.mailwarden'));

  it.each([
    ['goes on', false, 'lines-swapped', goOn, 'completed'],
    ['goes on', true, 'lines-swapped', goOn, 'completed'],
    ['ran out', true, 'lines-swapped', runOut, 'stopped'],
    ['goes on after a second crash', true, 'lines-returned', goOn, 'completed'],
  ] as const)('gives a held generation a name beside its own where that was taken meanwhile, and says so (%s, packed: %s)', async (_what, packed, step, run, outcome) => {
    const order = threeFiles(packed);
    const name = packed ? 'acme.log.2.gz' : 'acme.log.2';
    await cutShort(order, 'lines-swapped');
    const other = packed ? gzipSync(Buffer.from(lines(200, 210))) : lines(200, 210);
    put(name, other);
    if (step !== 'lines-swapped') await expect(goOn(order, ALL, crashAt(step))).rejects.toThrow('crash');
    const receipt = await run(order, ALL);
    expect(receipt).toMatchObject({ outcome, deleted: { items: 0 }, notes: [expect.stringMatching(/its name was taken/)], after: { value: { items: 160 } } });
    expect(receipt.skipped).toContainEqual({ reason: 'held', items: outcome === 'stopped' ? 50 : 120 });
    expect(host.names).toEqual(['acme.log', 'acme.log.1', name, `${name}.returned-${order.id}-0`]);
    expect(readFileSync(join(host.logs, name))).toEqual(Buffer.from(other));
  });

  it.each(['lines-swapped', 'lines-returning'] as const)('gives a generation back that was changed in its own folder, and does not tell it as deleted (cut short at "%s")', async (step) => {
    const order = threeFiles();
    await cutShort(order, 'lines-swapped');
    if (step === 'lines-returning') await expect(goOn(order, ALL, crashAt(step))).rejects.toThrow('crash');
    touchOurs();
    const receipt = await goOn(order, step === 'lines-returning' ? ALL : hold(60, 120));
    expect(receipt.skipped).toContainEqual(step === 'lines-returning' ? { reason: 'held', items: 120 } : { reason: 'changed-since-plan', items: 50 });
    expect([receipt.deleted.items, ourFolders(), sorted()]).toEqual([0, [], range(0, 150)]);
  });

  it('gives a generation back that was changed after it was taken in, where a crash came before its announcement', async () => {
    const order = threeFiles();
    await cutShort(order, 'lines-chosen');
    const own = join(host.logs, `.mailwarden-${order.id}`);
    mkdirSync(own, { mode: 0o700 });
    renameSync(join(host.logs, 'acme.log.2'), join(own, '0'));
    touchOurs();
    await goOn(order, []);
    expect([ourFolders(), sorted()]).toEqual([[], [...range(0, 50), ...range(120, 150)]]);
  });

  it('leaves a packed generation alone that was damaged before anything of it was begun', async () => {
    const order = { ...threeFiles(true), keep: { newest: 0, youngerThanSeconds: 0 } };
    const generation = join(host.logs, 'acme.log.2.gz');
    await cutShort(order, 'lines-chosen');
    truncateSync(generation, statSync(generation).size - 20);
    const receipt = await goOn(order, hold(500, 600));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 70 }, notes: [expect.stringMatching(/replaced or rewritten by somebody else/)] });
    expect(readdirSync(host.logs).sort()).toEqual(['acme.log', 'acme.log.2.gz']);
  });

  it('leaves alone what it is told by now to leave alone', async () => {
    const order = threeFiles();
    await cutShort(order, 'lines-chosen');
    const receipt = await withRequest({ root: host.root, profile: profileOf(RECORDS), order }, undefined, (request) => rotateStore({ ...request, exclude: ['/var/log/acme/acme.log.*'] }, order));
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 20 }, skipped: [{ reason: 'excluded', items: 100 }] });
    expect(sorted()).toEqual([...range(0, 100), ...range(120, 150)]);
  });

  describe.runIf(ONLY_ROOT === '')(`on a file system that cannot take blocks out of files${ONLY_ROOT}`, () => {
    it.each([
      ['lines-chosen', range(0, 150), { deleted: { items: 0 }, skipped: [{ reason: 'held', items: 120 }] }],
      ['lines-written', range(0, 150), { deleted: { items: 0 }, skipped: [{ reason: 'held', items: 120 }] }],
      // The file has its new content by then.
      ['lines-swapped', range(120, 150), { deleted: { items: 120 }, skipped: [] }],
    ] as const)('keeps a file that a newer hold means until its new content takes its place (cut short at "%s")', async (step, left, told) => {
      host = new LogHost(RECORDS);
      await withFileSystem('tmpfs', host.logs, async () => {
        put('acme.log', lines(0, 150));
        const order = host.order(part);
        await cutShort(order, step);
        expect(await goOn(order, ALL)).toMatchObject({ outcome: 'completed', ...told });
        expect([host.names, sorted()]).toEqual([['acme.log'], left]);
      });
    });
  });

  it('goes on as it was meant where its own holds are all there are', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', lines(0, 200));
    const order = host.order({ ...records(60, 50), holds: hold(50, 59), keep: { newest: 40, youngerThanSeconds: 3600 } });
    await cutShort(order, 'lines-chosen');
    expect(await goOn(order, order.holds)).toMatchObject({ outcome: 'completed', deleted: { items: 150 }, skipped: [] });
    expect(sorted()).toEqual([...range(50, 60), ...range(160, 200)]);
  });

  it('keeps the newest lines of those that are left when somebody else took the newer ones meanwhile', async () => {
    const order = threeFiles();
    await cutShort(order, 'lines-chosen');
    truncateSync(host.log);
    expect(await goOn(order, [])).toMatchObject({ outcome: 'completed', deleted: { items: 50 }, skipped: [{ reason: 'kept-newest', items: 50 }] });
    expect(sorted()).toEqual(range(50, 100));
  });

  it('begins nothing where nobody can tell any more which lines are the newest', async () => {
    const order = threeFiles();
    await cutShort(order, 'lines-chosen');
    put('acme.log.0.xz', 'packed by somebody else', 120);
    expect(await goOn(order, [])).toMatchObject({ outcome: 'completed', deleted: { items: 0 }, skipped: [{ reason: 'kept-newest', items: 120 }] });
    expect(sorted()).toEqual(range(0, 150));
  });

  it('takes what it chose where newer lines came meanwhile', async () => {
    const order = threeFiles();
    await cutShort(order, 'lines-done');
    appendFileSync(host.log, lines(150, 160));
    expect(await goOn(order, hold(200, 300))).toMatchObject({ outcome: 'completed', deleted: { items: 120 }, skipped: [] });
    expect(sorted()).toEqual(range(120, 160));
  });
});
