import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RotationOrder } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { BY_COPY, LogHost } from '../integration/log-host.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { noDisk, ScratchDisk } from './disk/scratch-disk.js';

const SUITE_MS = 60_000;
const DISK_MIB = 64;
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');
const MADE = 3_000;
const FRESH = 6_000;
const GZIP = '/usr/bin/gzip';
const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';
const NOT_KNOWN = expect.stringContaining('it is not known whether the last of them left');
const LEFT = expect.stringContaining('was left to them');

const undone: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} ${'x'.repeat(20 + ((number * 7_919) % 400))}\n`;
const many = (from: number, until: number): string => Array.from({ length: until - from }, (_, index) => line(from + index)).join('');
const fresh = Array.from({ length: FRESH }, (_, index) => `${new Date(Date.now() - FRESH + index).toISOString()} acme[1]: fresh ${index} ${'y'.repeat(200)}\n`).join('');
const crashAt = (step: string, time = 1): StepWatch => {
  let left = time;
  return (at) => {
    if (at === step && (left -= 1) === 0) throw new Error(`crash at ${step}`);
  };
};

function hostOn(store: string, kind: 'ext3' | 'ext4', made = MADE): LogHost {
  const disk = ScratchDisk.make(kind, { MiB: DISK_MIB });
  undone.push(() => disk.remove());
  const host = new LogHost(store, disk.at);
  writeFileSync(host.log, many(0, made));
  return host;
}

/** As a program leaves it that empties its log and writes on, or logrotate's copytruncate. */
function refill(host: LogHost): void {
  truncateSync(host.log, 0);
  appendFileSync(host.log, fresh);
}

/** All lines leave. */
const AGED = { watermarks: [{ kind: 'age' as const, limit: 30 * 86_400, target: 30 * 86_400 }], clock: 'recorded' as const };
/** Lines on both sides of a hold leave. */
const AROUND = { watermarks: [{ kind: 'records' as const, limit: 500, target: 500 }], clock: 'recorded' as const, holds: [{ id: 'case', profile: null, store: null, from: instantOf(START + 1_000 * HOUR_MS), until: instantOf(START + 1_100 * HOUR_MS), reason: 'A case' }] as unknown as RotationOrder['holds'] };
const AROUND_GONE = MADE - 500;
const BEHIND_HOLD = AROUND_GONE - 1_000;

const noDisks = isRoot ? (noDisk('ext4') === null ? '' : ` (skipped: ${noDisk('ext4') ?? ''})`) : ONLY_ROOT;
describe.runIf(noDisks === '')(`a file that another program emptied and filled again${noDisks}`, { timeout: SUITE_MS }, () => {
  it.each([['ext4', 'all its lines', AGED], ['ext4', 'lines around a hold', AROUND], ['ext3', 'all its lines', AGED]] as const)('between plan and cut keeps the lines that were never planned (%s, %s)', async (kind, _what, part) => {
    const host = hostOn(RECORDS, kind);
    const receipt = await host.rotate(host.order(part), (at) => {
      if (at === 'lines-chosen') refill(host);
    });
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, notes: [LEFT] });
    expect(readFileSync(host.log, 'latin1')).toBe(fresh);
  });

  it.each([
    ['nothing was begun', AGED, 'lines-chosen', 0, LEFT],
    ['lines were being written over', AGED, 'lines-blanked', 0, NOT_KNOWN],
    ['the cut was made', AGED, 'lines-cut', 0, NOT_KNOWN],
    ['the last of several stretches was being written over', AROUND, 'lines-blanked', 0, NOT_KNOWN],
    ['the last of several stretches was cut', AROUND, 'lines-cut', 0, NOT_KNOWN],
  ] as const)('between a crash and the run that goes on keeps them too (%s)', async (_what, part, step, items, note) => {
    const host = hostOn(RECORDS, 'ext4');
    const order = host.order(part);
    await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    refill(host);
    const receipt = await host.rotate(order);
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items }, notes: [note] });
    expect(readFileSync(host.log, 'latin1')).toBe(fresh);
  });

  it('keeps them where one stretch was told as gone, and tells that one', async () => {
    const host = hostOn(RECORDS, 'ext4');
    const order = host.order(AROUND);
    // Between two stretches.
    await expect(host.rotate(order, crashAt('lines-blanked', 2))).rejects.toThrow('crash');
    refill(host);
    expect(await host.rotate(order)).toMatchObject({ outcome: 'failed', reason: `it is not known whether ${AROUND_GONE - BEHIND_HOLD} of the ${AROUND_GONE} planned records left`, deleted: { items: BEHIND_HOLD }, notes: [NOT_KNOWN] });
    expect(readFileSync(host.log, 'latin1')).toBe(fresh);
  });

  it.each([['ext4', 'log-copied'], ['ext3', 'log-copied'], ['ext3', 'log-emptying']] as const)('after it was copied is not emptied a second time (%s, at "%s")', async (kind, step) => {
    const host = hostOn(BY_COPY, kind);
    const terms = { watermarks: [{ kind: 'bytes' as const, limit: 20_000, target: 20_000 }], keep: { newest: 1, youngerThanSeconds: 0 } };
    const receipt = await host.rotate(host.order(terms), (at) => {
      if (at === step) refill(host);
    });
    expect(receipt.notes).toContainEqual(expect.stringContaining('another program emptied the log when it had been copied'));
    expect(readFileSync(host.log, 'latin1')).toBe(fresh);
  });
});

const noGzip = existsSync(GZIP) ? noDisks : ' (skipped: gzip is not installed)';
describe.runIf(noGzip === '')(`a file that is away when its order goes on${noGzip}`, { timeout: SUITE_MS }, () => {
  /** As logrotate does with `compress`: another name, and another file. */
  function pack(host: LogHost): number {
    renameSync(host.log, `${host.log}.1`);
    execFileSync(GZIP, [`${host.log}.1`]);
    writeFileSync(host.log, line(MADE));
    return gunzipSync(readFileSync(`${host.log}.1.gz`)).toString('latin1').split('\n').filter((text) => / line \d+ x*$/.test(text)).length;
  }

  it('is told with what left it before', async () => {
    const host = hostOn(RECORDS, 'ext4');
    const order = host.order(AROUND);
    await expect(host.rotate(order, crashAt('lines-blanked', 2))).rejects.toThrow('crash');
    const left = pack(host);
    const { deleted, notes } = await host.rotate(order);
    expect(notes).toEqual([NOT_KNOWN]);
    expect(deleted.items).toBe(BEHIND_HOLD);
    expect(MADE - left - deleted.items).toBeLessThanOrEqual(40); // What was written over in blocks of other lines.
  });

  it('is not told as left where its only cut was made and not closed', async () => {
    const host = hostOn(RECORDS, 'ext4');
    const order = host.order(AGED);
    await expect(host.rotate(order, crashAt('lines-cut'))).rejects.toThrow('crash');
    expect(pack(host)).toBe(0);
    expect(await host.rotate(order)).toMatchObject({ outcome: 'failed', reason: `it is not known whether ${MADE} of the ${MADE} planned records left`, notes: [NOT_KNOWN] });
  });

  it('is told with what left it where its folder is gone, too', async () => {
    const host = hostOn(`${RECORDS.replaceAll('acme/acme.log', 'acme/mx/acme.log')}`, 'ext4');
    execFileSync('/usr/bin/mkdir', [join(host.logs, 'mx')]);
    renameSync(host.log, join(host.logs, 'mx/acme.log'));
    const order = host.order(AROUND);
    await expect(host.rotate(order, crashAt('lines-blanked', 2))).rejects.toThrow('crash');
    renameSync(join(host.logs, 'mx'), join(host.root, 'mx'));
    expect(readdirSync(host.logs)).toEqual([]);
    expect(await host.rotate(order)).toMatchObject({ deleted: { items: BEHIND_HOLD }, notes: [NOT_KNOWN] });
  });
});
