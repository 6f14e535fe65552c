import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import { messageDigest, type Hold } from '@mailwarden/contracts';
import { withHost } from '@mailwarden/inventory-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderFacts } from '../outcome.js';
import type { ApplyRequest } from '../rotate-request.js';
import { rotateStore } from '../rotate-store.js';

const isRoot = process.geteuid?.() === 0;
const FOLDER = '/var/opt/product/letters';
const BOUNDS = { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 };
const STORE = {
  id: 'letters', section: 'Letters', kind: 'files', statedDirectories: null, files: [`${FOLDER}/**`], exclude: [], active: [], rotateActive: null, units: [], messages: true, rows: null, lineRecords: false, dataCategories: null,
  duration: { kind: 'not-stated' }, limits: [], configuredLimits: [], protection: { accounts: null, groups: [], source: null }, clock: 'modified', rotatable: true, quietPeriodSeconds: 10, notes: [],
} as unknown as Store;
const HOLD: Hold = { id: 'case', store: null, from: null, until: null, reason: 'a case' };

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailwarden-terms-'));
  folder = join(root, FOLDER);
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const left = (): string[] => readdirSync(folder).sort();
/** Writes a letter whose file was last written so many seconds after 1970. */
function letter(name: string, writtenAtS: number, text: string): void {
  writeFileSync(join(folder, name), text);
  utimesSync(join(folder, name), writtenAtS, writtenAtS);
}
function rotate(part: Partial<Omit<ApplyRequest, 'host'>> & { readonly storePart?: Partial<Store> } = {}) {
  const { storePart, ...rest } = part;
  const store = { ...STORE, ...storePart };
  const facts = { id: randomUUID(), server: 'mx-1', profile: 'product', store: 'letters', bounds: BOUNDS, policy: { name: 'cap' } } as unknown as OrderFacts;
  return withHost(root, { databases: {} }, (host) =>
    rotateStore({ host, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [store] } as unknown as Profile, store, watermarks: [{ kind: 'records', limit: 3, target: 2 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), ...rest }, facts),
  );
}

describe('a hold of single messages', () => {
  const fill = (): void => ['one', 'two', 'three', 'four', 'five'].forEach((name, index) => letter(name, 1_000 + index, `Subject: x\nMessage-ID: <${name}@host>\n\nbody\n`));

  it('keeps the letter that it names wherever it lies among the oldest, and the next ones go in its place', async () => {
    fill();
    const receipt = await rotate({ holds: [{ ...HOLD, messages: [messageDigest('two@host')] }] });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 3 }, skipped: [{ reason: 'held', items: 1 }] });
    expect(left()).toEqual(['five', 'two']);
  });
  it('keeps everything where files do not tell which letter they are', async () => {
    fill();
    const receipt = await rotate({ holds: [{ ...HOLD, messages: [messageDigest('two@host')] }], storePart: { messages: false } });
    expect(receipt).toMatchObject({ outcome: 'nothing-to-do', deleted: { items: 0 } });
    expect(left()).toHaveLength(5);
  });
  it('leaves no trace: what is read keeps its times', async () => {
    fill();
    await rotate({ holds: [{ ...HOLD, messages: [messageDigest('two@host')] }] });
    expect(left()).toContain('two');
    expect(Math.round(Number(execFileSync('/usr/bin/stat', ['-c', '%X', join(folder, 'two')], { encoding: 'utf8' })))).toBe(1_001);
  });
});

describe('the clock "received"', () => {
  it('goes by the topmost Received, and keeps what has none', async () => {
    const head = (day: number): string => `Received: from a by b; ${day} Jan 2020 10:00:00 +0000\nReceived: from x by a; 1 Jan 2000 10:00:00 +0000\n\nbody\n`;
    letter('newest-file-oldest-letter', 5_000, head(1));
    letter('second', 4_000, head(2));
    letter('third', 3_000, head(3));
    letter('fourth', 2_000, head(4));
    letter('no-letter', 1_000, 'nothing of the kind\n');
    const receipt = await rotate({ clock: 'received' });
    expect(receipt).toMatchObject({ deleted: { items: 3 }, planned: { oldestAt: '2020-01-01T10:00:00.000Z' } });
    expect(left()).toEqual(['fourth', 'no-letter']);
  });

  it('keeps the newest of those that have one, whatever has none', async () => {
    for (let day = 1; day <= 4; day += 1) letter(`day-${day}`, 1_000 + day, `Received: from a by b; ${day} Jan 2020 10:00:00 +0000\n\nbody\n`);
    for (const name of ['no-letter', 'none-either']) letter(name, 900, 'nothing of the kind\n');
    const receipt = await rotate({ clock: 'received', watermarks: [{ kind: 'records', limit: 1, target: 1 }], keep: { newest: 2, youngerThanSeconds: 0 } });
    expect(receipt).toMatchObject({ deleted: { items: 2 } });
    expect(left()).toEqual(['day-3', 'day-4', 'no-letter', 'none-either']);
  });
});

describe('a floor of free space', () => {
  it('asks for nothing while there is room, and for the oldest while there is not', async () => {
    for (let index = 0; index < 5; index += 1) letter(`letter-${index}`, 1_000 + index, 'x'.repeat(5_000));
    const { bavail, blocks } = statfsSync(folder);
    const free = (100 * bavail) / blocks;
    expect(await rotate({ watermarks: [{ kind: 'free-space', limit: free / 2, target: free / 2 }] })).toMatchObject({ outcome: 'nothing-to-do' });
    const receipt = await rotate({ watermarks: [{ kind: 'free-space', limit: Math.min(100, free + 1), target: Math.min(100, free + 1) }], keep: { newest: 2, youngerThanSeconds: 0 } });
    expect(receipt).toMatchObject({ outcome: 'completed', reason: 'what may go did not suffice to get under the limit', deleted: { items: 3 } });
    expect(left()).toEqual(['letter-3', 'letter-4']);
  });
});

describe('folders that are items', () => {
  const UNITS = { units: [`${FOLDER}/amavis-*`], messages: false };
  function unit(name: string, writtenAtS: number): void {
    mkdirSync(join(folder, name, 'parts'), { recursive: true });
    letter(`${name}/email.txt`, writtenAtS - 5, 'x'.repeat(3_000));
    letter(`${name}/parts/p001`, writtenAtS, 'y'.repeat(3_000));
  }
  const fill = (count: number): void => Array.from({ length: count }, (_, index) => index).forEach((index) => unit(`amavis-${index}`, 1_000 + index * 10));

  it('leave whole, the oldest first, by what was written in them last', async () => {
    fill(5);
    letter('loose', 1_005, 'a file beside them');
    const receipt = await rotate({ storePart: UNITS });
    expect(receipt).toMatchObject({ outcome: 'completed', before: { items: 6 }, planned: { items: 4 }, deleted: { items: 4 }, after: { value: { items: 2 } } });
    expect(left()).toEqual(['amavis-3', 'amavis-4']);
    expect(receipt.deleted.bytes).toBeGreaterThanOrEqual(3 * 8_192);
  });
  it('stay whole where one part may not go, and beside what is left out', async () => {
    fill(5);
    linkSync(join(folder, 'amavis-0/parts/p001'), join(root, 'second-name'));
    const receipt = await rotate({ storePart: UNITS, exclude: [`${FOLDER}/amavis-1/parts/**`] });
    expect(Object.fromEntries(receipt.skipped.map(({ reason, items }) => [reason, items]))).toEqual({ 'hard-linked': 1, excluded: 1 });
    expect(left()).toEqual(['amavis-0', 'amavis-1']);
    expect(existsSync(join(folder, 'amavis-0/email.txt'))).toBe(true);
  });
  it('go back whole where a part was added after the plan', async () => {
    fill(5);
    const receipt = await rotate({ storePart: UNITS, watch: (step) => void (step === 'taken' && letter('amavis-0/parts/p002', 1_500, 'new')) });
    expect(receipt).toMatchObject({ deleted: { items: 2 }, skipped: [{ reason: 'changed-since-plan', items: 1 }] });
    expect(readdirSync(join(folder, 'amavis-0/parts')).sort()).toEqual(['p001', 'p002']);
  });
  it('do not take along what a link in them leads to', async () => {
    writeFileSync(join(root, 'precious'), 'x');
    fill(5);
    symlinkSync(join(root, 'precious'), join(folder, 'amavis-0/link'));
    expect(await rotate({ storePart: UNITS })).toMatchObject({ deleted: { items: 3 } });
    expect(existsSync(join(root, 'precious'))).toBe(true);
  });
  it.runIf(isRoot)(`are finished by the next run where a kill cut their deletion short${isRoot ? '' : ' (skipped: only root may mount)'}`, async () => {
    fill(5);
    const facts = { id: randomUUID(), server: 'mx-1', profile: 'product', store: 'letters', bounds: BOUNDS, policy: { name: 'cap' } } as unknown as OrderFacts;
    const store = { ...STORE, ...UNITS };
    const run = (watch: (step: string) => void) =>
      withHost(root, { databases: {} }, (host) =>
        rotateStore({ host, profile: { id: 'product', accounts: { service: 'product', others: [], groups: [] }, stores: [store] } as unknown as Profile, store, watermarks: [{ kind: 'records', limit: 3, target: 2 }], clock: 'modified', keep: { newest: 0, youngerThanSeconds: 0 }, bounds: BOUNDS, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: 1, hashKey: Buffer.from('key'), now: Date.now, journalDir: join(root, 'journal'), watch }, facts),
      );
    // Cut short after the journal said that they are ours, with a part of one gone already.
    await expect(run((step) => {
      if (step !== 'unlink') return;
      rmSync(join(folder, `.mailwarden-${facts.id}/0/email.txt`));
      throw new Error('killed');
    })).rejects.toThrow('killed');
    expect(await run(() => undefined)).toMatchObject({ outcome: 'completed', resumed: true, deleted: { items: 3 }, after: { value: { items: 2 } } });
    expect(left()).toEqual(['amavis-3', 'amavis-4']);
  });
});

describe('writing over what goes', () => {
  it('is done or, where it would be vain, said to be vain', async () => {
    for (let index = 0; index < 5; index += 1) letter(`letter-${index}`, 1_000 + index, 'x'.repeat(5_000));
    const receipt = await rotate({ overwrite: true });
    expect(receipt).toMatchObject({ outcome: 'completed', deleted: { items: 3 } });
    expect(receipt.notes).toEqual([expect.stringMatching(/^3 files were written over once|^files were not written over, since/)]);
    expect((await rotate({ watermarks: [{ kind: 'records', limit: 1, target: 1 }] })).notes).toEqual([]);
  });
});
