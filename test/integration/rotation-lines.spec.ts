import { appendFileSync, chownSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RotationOrder } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { StepWatch } from '@mailwarden/rotation-fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LogHost } from './log-host.js';
import { ONLY_ROOT, withFileSystem } from './other-file-system.js';

const RECORDS = 'kind: records, line-records: true, clock: recorded, active: [ "/var/log/acme/acme.log" ], rotate-active: { by: reopen-signal, signal: HUP, process: { pid-file: /run/acme.pid }, source: here }';
const WRITTEN_BYTES = 60_000;
const HOUR_MS = 3_600_000;
const START = Date.parse('2024-01-01T00:00:00Z');

let host: LogHost;
afterEach(() => host.remove());

const crashAt = (step: string): StepWatch => (at) => {
  if (at === step) throw new Error(`crash at ${step}`);
};
const records = (limit: number) => ({ watermarks: [{ kind: 'records' as const, limit, target: limit }], clock: 'recorded' as const });

/** One line an hour, each with its number; some long, some with NUL bytes, some that end as on Windows. */
const line = (number: number): string => `${new Date(START + number * HOUR_MS).toISOString()} acme[1]: line ${number} ${number % 7 === 0 ? 'x'.repeat(5000) : number % 3 === 0 ? '\0\xff\r' : 'short'}\n`;
const lines = (from: number, until: number): string => Array.from({ length: until - from }, (_, index) => line(from + index)).join('');

function put(name: string, text: string | Buffer, at = Date.now()): void {
  writeFileSync(join(host.logs, name), text, 'latin1');
  utimesSync(join(host.logs, name), at / 1000, at / 1000);
}
const content = (name: string): string => readFileSync(join(host.logs, name), 'latin1');
/** Without the empty line that a cut may leave at the head. */
const kept = (name: string): string => content(name).replace(/^ *\n/, '');

describe('lines of a file', () => {
  it('keeps exactly the newest, whatever stands in them, and what has no end yet', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', `${lines(0, 1000)}not yet a li`);
    const preview = await host.preview(records(100));
    expect(preview).toMatchObject({ before: { items: 1000 }, planned: { items: 900, oldestMs: START, newestMs: START + 899 * HOUR_MS }, stopped: null, staysOver: false });
    const order = host.order(records(100));
    const receipt = await host.rotate(order);
    expect(receipt).toMatchObject({ outcome: 'completed', reason: '', deleted: { items: 900 }, after: { known: true, value: { items: 100 } }, notes: [] });
    expect(kept('acme.log')).toBe(`${lines(900, 1000)}not yet a li`);
    expect(await host.rotate(order)).toEqual(receipt);
    expect(await host.rotate(host.order(records(100)))).toMatchObject({ outcome: 'nothing-to-do' });
    // What is blank goes with the lines behind it: it never grows.
    appendFileSync(host.log, `ne\n${lines(1000, 1010)}`);
    expect(await host.rotate(host.order(records(100)))).toMatchObject({ deleted: { items: 11 }, after: { value: { items: 100 } } });
    expect(kept('acme.log').startsWith(lines(911, 912))).toBe(true);
  });

  it('leaves by age and by bytes; a hold keeps its lines while older and younger ones leave', async () => {
    host = new LogHost(RECORDS);
    const aged = (hours: number) => ({ watermarks: [{ kind: 'age' as const, limit: hours * 3600, target: hours * 3600 }], clock: 'recorded' as const });
    put('acme.log', `${lines(0, 1000)}${new Date(Date.now() + 2 * HOUR_MS).toISOString()} acme[1]: to come\n`);
    expect((await host.preview(aged(1))).stopped).toMatch(/future/);
    put('acme.log', lines(0, 1000));
    const since500 = (Date.now() - START) / HOUR_MS - 499.5;
    expect(await host.rotate(host.order(aged(since500)))).toMatchObject({ outcome: 'completed', deleted: { items: 500 }, after: { value: { items: 500 } } });
    expect(kept('acme.log')).toBe(lines(500, 1000));

    put('acme.log', lines(0, 100));
    const holds = [{ id: 'case', store: null, from: instantOf(START + 10 * HOUR_MS), until: instantOf(START + 19 * HOUR_MS), reason: 'A case' }] as unknown as RotationOrder['holds'];
    const receipt = await host.rotate(host.order({ watermarks: [{ kind: 'bytes', limit: 1000, target: 1000 }], clock: 'recorded', holds, keep: { newest: 5, youngerThanSeconds: 0 } }));
    expect(receipt).toMatchObject({ outcome: 'completed', reason: 'what may go did not suffice to get under the limit', skipped: expect.arrayContaining([{ reason: 'held', items: 10 }]) });
    const left = [...content('acme.log').matchAll(/line (\d+) /g)].map((match) => Number(match[1]));
    expect(left).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 95, 96, 97, 98, 99]);
  });

  it('takes whole generations first, packed ones among them, and counts what lies in them', async () => {
    host = new LogHost(RECORDS);
    put('acme.log.2.gz', gzipSync(Buffer.from(lines(0, 50), 'latin1')), START + 50 * HOUR_MS);
    put('acme.log.1', lines(50, 100), START + 100 * HOUR_MS);
    put('acme.log', lines(100, 150));
    const receipt = await host.rotate(host.order(records(60)));
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 150 }, deleted: { items: 90 }, after: { value: { items: 60 } } });
    expect(host.names).toEqual(['acme.log', 'acme.log.1']);
    expect(kept('acme.log.1') + content('acme.log')).toBe(lines(90, 150));
    // A packed one leaves whole or stays.
    put('acme.log.2.gz', gzipSync(Buffer.from(lines(0, 50), 'latin1')), START + 50 * HOUR_MS);
    expect(await host.rotate(host.order(records(80)))).toMatchObject({ outcome: 'nothing-to-do' });
  });

  it('keeps what is young where no line says when it was written', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', 'no moment\n'.repeat(1000));
    expect(await host.rotate(host.order({ ...records(10), keep: { newest: 0, youngerThanSeconds: 3600 } }))).toMatchObject({ outcome: 'nothing-to-do', skipped: [{ reason: 'no-clock', items: 1 }] });
    expect(content('acme.log')).toBe('no moment\n'.repeat(1000));
  });
});

/** Every line that the program wrote after the first that is left is there, once and in its place. */
async function noLineIsLostOrDoubled(): Promise<number> {
  const written = await host.stopWriter();
  const left = host.lines;
  const first = Math.min(...left);
  expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: written - first }, (_, index) => first + index));
  return first;
}

const IN_PLACE = ['', 'lines-chosen', 'lines-blanked', 'lines-cut', 'lines-done', 'finished'];

describe('lines that leave at a pace', () => {
  const timed = async (part: object): Promise<{ seconds: number; receipt: Awaited<ReturnType<LogHost['rotate']>> }> => {
    const sinceMs = performance.now();
    const receipt = await host.rotate(host.order({ ...records(100), ...part }));
    return { receipt, seconds: (performance.now() - sinceMs) / 1_000 };
  };
  const threeFiles = (): void => {
    host = new LogHost(RECORDS);
    put('acme.log.2', lines(0, 300), START);
    put('acme.log.1', lines(300, 600), START + HOUR_MS);
    put('acme.log', lines(600, 800));
  };

  it('earn a rest after each file but the last', async () => {
    threeFiles();
    const { receipt, seconds } = await timed({ pace: { itemsPerSecond: 300, bytesPerSecond: null } });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 700 } });
    expect(seconds).toBeGreaterThan(1.9);
    expect(kept('acme.log')).toBe(lines(700, 800));
  });

  it('rest no longer than the order has time, and what is left is the next order\'s', async () => {
    threeFiles();
    const { receipt, seconds } = await timed({ pace: { itemsPerSecond: 10, bytesPerSecond: null }, bounds: { items: 1e9, bytes: 1e12, percent: 100, deadlineSeconds: 2 } });
    expect(receipt).toMatchObject({ outcome: 'stopped', deleted: { items: 300 }, reason: expect.stringContaining('ran out') });
    expect(seconds).toBeLessThan(10);
    expect((await timed({})).receipt).toMatchObject({ outcome: 'completed', deleted: { items: 400 } });
  });

  it.runIf(ONLY_ROOT === '')(`are spared the disk while the others are written anew${ONLY_ROOT}`, async () => {
    host = new LogHost(RECORDS);
    mkdirSync(host.logs, { recursive: true });
    await withFileSystem('tmpfs', host.logs, async () => {
      put('acme.log', lines(0, 8_000));
      const stays = 4_000;
      const { receipt, seconds } = await timed({ ...records(stays), pace: { itemsPerSecond: null, bytesPerSecond: 2_000_000 } });
      expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 4_000 } });
      expect(content('acme.log')).toBe(lines(stays, 8_000));
      expect(seconds).toBeGreaterThan(Buffer.byteLength(lines(stays, 8_000), 'latin1') / 2_000_000);
    });
  });
});

describe.runIf(ONLY_ROOT === '')(`lines of a file in a folder of somebody else that was carried into the store${ONLY_ROOT}`, () => {
  it('stay, generations as well as the file that is being written, and the folder is told', async () => {
    host = new LogHost(RECORDS.replace('acme.log"', 'acme.log", "/var/log/acme/share/others/acme.log"'));
    mkdirSync(join(host.logs, 'share/others'), { recursive: true });
    put('share/others/acme.log.1', lines(0, 100), START);
    put('share/others/acme.log', lines(0, 100), START);
    put('acme.log', lines(100, 200));
    for (const [folder, uid] of [['', 60_001], ['share', 60_001], ['share/others', 60_008]] as const) chownSync(join(host.logs, folder), uid, uid);
    expect(await host.preview(records(50))).toMatchObject({ before: { items: 100 }, planned: { items: 50 } });
    const receipt = await host.rotate(host.order(records(50)));
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 100 }, deleted: { items: 50 }, skipped: [{ reason: 'permission-denied', items: 1 }] });
    expect(['share/others/acme.log.1', 'share/others/acme.log'].map(content)).toEqual([lines(0, 100), lines(0, 100)]);
    expect(await host.rotate(host.order(records(100)))).toMatchObject({ outcome: 'nothing-to-do', skipped: [] });
  });

  it('stay where the store itself lies in such a folder, and the order says that it could not be read', async () => {
    host = new LogHost(RECORDS);
    put('acme.log', lines(0, 100));
    chownSync(join(host.logs, '..'), 60_001, 60_001);
    chownSync(host.logs, 60_008, 60_008);
    await expect(host.rotate(host.order(records(50)))).rejects.toThrow('log cannot be read (permission-denied)');
    expect(content('acme.log')).toBe(lines(0, 100));
  });
});

describe('lines of a file that is being written', () => {
  it.each(IN_PLACE)('leave in place while the program goes on in the same file (cut short at "%s")', async (step) => {
    host = new LogHost(RECORDS);
    await host.startWriter('deaf', WRITTEN_BYTES);
    const inode = statSync(host.log).ino;
    // So many stay that a cut made twice would find lines to take.
    const order = host.order(records(400));
    if (step !== '') await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
    const receipt = await host.rotate(order);
    expect(receipt.outcome).toBe('completed');
    expect(statSync(host.log).ino).toBe(inode);
    expect(await noLineIsLostOrDoubled()).toBe(receipt.deleted.items);
    expect(receipt.deleted.items).toBe(receipt.planned.items);
  });

  it('stay with a program that writes at places of its own, and says so', async () => {
    host = new LogHost(RECORDS.replace(/, rotate-active.*/, ''));
    await host.startWriter('placed', WRITTEN_BYTES);
    const receipt = await host.rotate(host.order(records(100)));
    expect(receipt).toMatchObject({ outcome: 'failed', deleted: { items: 0 }, notes: [expect.stringContaining('stays as it is while it is written')] });
    expect(await noLineIsLostOrDoubled()).toBe(0);
  });
});

const ANEW = ['', 'lines-written', 'lines-swapped', 'lines-carried', 'lines-done'];

describe.runIf(ONLY_ROOT === '')(`on a file system that cannot take blocks out of files${ONLY_ROOT}`, () => {
  it.each(ANEW)('what stays is written anew, and what comes meanwhile is carried over (cut short at "%s")', async (step) => {
    host = new LogHost(RECORDS);
    mkdirSync(host.logs, { recursive: true });
    await withFileSystem('tmpfs', host.logs, async () => {
      await host.startWriter('signal', WRITTEN_BYTES);
      const inode = statSync(host.log).ino;
      const order = host.order(records(100));
      if (step !== '') await expect(host.rotate(order, crashAt(step))).rejects.toThrow('crash');
      const receipt = await host.rotate(order);
      expect(receipt).toMatchObject({ outcome: 'completed', reason: '' });
      expect(statSync(host.log).ino).not.toBe(inode);
      expect(host.names).toEqual(['acme.log']);
      expect(await noLineIsLostOrDoubled()).toBe(receipt.deleted.items);
    });
  });
});
