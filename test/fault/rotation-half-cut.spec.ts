import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RotationOrder } from '@mailwarden/contracts';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { BY_COPY, LogHost } from '../integration/log-host.js';
import { isRoot, ONLY_ROOT } from '../integration/only-root.js';
import { noDisk, ScratchDisk, XFS_MIB_MIN, type DiskKind } from './disk/scratch-disk.js';

const SUITE_MS = 60_000;
const DISK_MIB = 64;
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');
const MADE = 4_000;
const KEPT = 1_500;
/** What comes into a log between its copy and its cut. */
const COMING = 1_500;
const BLOCK = 4_096;
const FALLOCATE = '/usr/bin/fallocate';

const undone: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const undo of undone.splice(0).reverse()) await undo();
});

const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} ${'x'.repeat(20 + ((number * 7_919) % 400))}\n`;
const numbers = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, index) => from + index);
const crashAt = (step: string): StepWatch => (at) => {
  if (at === step) throw new Error(`crash at ${step}`);
};

const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';

function hostOn(store: string, kind: DiskKind): { readonly host: LogHost; readonly disk: ScratchDisk } {
  const disk = ScratchDisk.make(kind, { MiB: kind === 'xfs' ? XFS_MIB_MIN : DISK_MIB });
  undone.push(() => disk.remove());
  const host = new LogHost(store, disk.at);
  writeFileSync(host.log, numbers(0, MADE).map(line).join(''));
  return { host, disk };
}

/** What the journal says of the cut that was about to be made. */
function cutOf(host: LogHost): { readonly start: number; readonly end: number } {
  const [name = ''] = readdirSync(join(host.root, 'journal')).filter((found) => found.endsWith('.journal'));
  const records = readFileSync(join(host.root, 'journal', name), 'latin1').trimEnd().split('\n').map((text) => JSON.parse(text.slice(9)) as { kind: string; cut?: { start: number; end: number } });
  const cut = records.findLast(({ kind }) => kind === 'lines-cutting' || kind === 'log-cutting')?.cut;
  if (cut === undefined) throw new Error('the journal tells of no cut');
  return cut;
}

/** As a power cut in the middle of a cut leaves a file in many pieces: what was taken out is a hole, and so much of what stands behind has moved up before it. */
function halfCut(host: LogHost, moved: number): void {
  const { start, end } = cutOf(host);
  execFileSync(FALLOCATE, ['--insert-range', '--offset', String(start + moved), '--length', String(end - start), host.log]);
}

/** As a power cut leaves it that came after all had moved up, and before the file was told its new length. */
function notShortened(host: LogHost): void {
  const { start, end } = cutOf(host);
  execFileSync('/usr/bin/truncate', ['-s', `+${end - start}`, host.log]);
}

const noDisks = !isRoot ? ONLY_ROOT : noDisk('ext4') !== null ? ` (skipped: ${noDisk('ext4') ?? ''})` : existsSync(FALLOCATE) ? '' : ' (skipped: fallocate is not installed)';
const STATES = [['that was taken out and nothing moved', (host: LogHost) => halfCut(host, 0)], ['with a little moved up', (host: LogHost) => halfCut(host, BLOCK)], ['with much moved up', (host: LogHost) => halfCut(host, 40 * BLOCK)], ['with all moved up, and the old length', notShortened]] as const;

describe.runIf(noDisks === '')(`lines whose cut in place the power cut short${noDisks}`, () => {
  const order = (host: LogHost): RotationOrder => host.order({ watermarks: [{ kind: 'records', limit: KEPT, target: KEPT }], clock: 'recorded' });
  const told = { outcome: 'completed', reason: '', deleted: { items: MADE - KEPT }, notes: [] };

  function expectWhole(host: LogHost, extra = 0): void {
    const text = readFileSync(host.log, 'latin1');
    expect(text.includes('\0')).toBe(false);
    // What fills no block is one line of spaces.
    expect(text.split('\n').filter((one) => one.trim() !== '').map((one) => `${one}\n`)).toEqual(numbers(MADE - KEPT, MADE + extra).map(line));
  }

  it.each((['ext4', 'xfs'] as const).flatMap((kind) => STATES.map(([what, make]) => [kind, what, make] as const)))('the cut is brought to its end, and no line is halved (%s, a file %s)', { timeout: SUITE_MS }, async (kind, _what, make) => {
    const { host } = hostOn(RECORDS, kind);
    const given = order(host);
    await expect(host.rotate(given, crashAt('lines-cut'))).rejects.toThrow('crash');
    make(host);
    expect(await host.rotate(given)).toMatchObject(told);
    expectWhole(host);
  });

  it.each([['ext4', 'lines-blanked'], ['ext4', 'lines-cut']] as const)('logrotate gave the file another name before the order went on (%s, at "%s")', { timeout: SUITE_MS }, async (kind, step) => {
    const { host } = hostOn(RECORDS, kind);
    const given = order(host);
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    renameSync(host.log, `${host.log}.1`);
    writeFileSync(host.log, line(MADE));
    expect(await host.rotate(given)).toMatchObject(told);
    expect(host.names).toEqual(['acme.log', 'acme.log.1']);
    expect(host.lines.toSorted((a, b) => a - b)).toEqual(numbers(MADE - KEPT, MADE + 1));
  });

  it('a file that left its folder before its new one took its name is not told as trimmed', { timeout: SUITE_MS }, async () => {
    const { host } = hostOn(RECORDS, 'ext3');
    const given = order(host);
    await expect(host.rotate(given, crashAt('lines-swapped'))).rejects.toThrow('crash');
    // As if the run had ended right after it said that the two were to change places.
    const [own, aside, elsewhere] = [join(host.logs, `.mailwarden-${given.id}`, '0'), join(host.root, 'aside'), join(host.root, 'elsewhere.log')];
    renameSync(host.log, aside);
    renameSync(own, elsewhere);
    renameSync(aside, own);
    writeFileSync(host.log, line(MADE));
    expect(await host.rotate(given)).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, notes: [expect.stringContaining('was left to them')] });
    expect(host.names).toEqual(['acme.log']);
    expect(readFileSync(elsewhere, 'latin1')).toBe(numbers(0, MADE).map(line).join(''));
  });

  it.each(['lines-blanked', 'lines-cut'])('no line is halved, and all that left is told, also when the order ran out meanwhile (at "%s")', { timeout: SUITE_MS }, async (step) => {
    const { host } = hostOn(RECORDS, 'ext4');
    const given = order(host);
    await expect(host.rotate(given, crashAt(step))).rejects.toThrow('crash');
    expect(await host.refuse(given, 'the order ran out')).toMatchObject({ outcome: 'stopped', reason: 'the order ran out', deleted: { items: MADE - KEPT }, notes: [] });
    expectWhole(host);
  });

  it.each(STATES)('the product went on writing before the order did (a file %s)', { timeout: SUITE_MS }, async (_what, make) => {
    const { host } = hostOn(RECORDS, 'ext4');
    const given = order(host);
    await expect(host.rotate(given, crashAt('lines-cut'))).rejects.toThrow('crash');
    make(host);
    appendFileSync(host.log, line(MADE));
    expect(await host.rotate(given)).toMatchObject(told);
    expectWhole(host, 1);
  });
});

describe.runIf(noDisks === '')(`a log that was copied, and whose cut in place the power cut short${noDisks}`, () => {
  it.each(STATES)('stands in the copy alone (a file %s)', { timeout: SUITE_MS }, async (_what, make) => {
    const { host } = hostOn(BY_COPY, 'ext4');
    const given = host.order({ watermarks: [{ kind: 'bytes', limit: 60_000, target: 40_000 }], keep: { newest: 100, youngerThanSeconds: 0 } });
    const comes = Array.from({ length: COMING }, (_, index) => line(MADE + index)).join('');
    await expect(host.rotate(given, (at) => {
      if (at === 'log-blanked') appendFileSync(host.log, comes);
      if (at === 'log-cut') throw new Error('crash');
    })).rejects.toThrow('crash');
    make(host);
    expect(await host.rotate(given)).toMatchObject({ outcome: 'completed' });
    expect(host.lines.toSorted((a, b) => a - b)).toEqual(numbers(0, MADE + COMING));
    for (const name of host.names) expect(readFileSync(join(host.logs, name), 'latin1').includes('\0')).toBe(false);
  });
});
