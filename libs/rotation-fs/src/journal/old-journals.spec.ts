import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Receipt } from '@mailwarden/contracts';
import { sha256 } from '@mailwarden/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderFacts } from '../outcome.js';
import { JournalFolder } from './journal-folder.js';
import { Journal } from './journal.js';
import { forgetNames, pruneJournals } from './old-journals.js';

const NOW = Date.UTC(2026, 10, 25);
const DAY_MS = 86_400_000;
const LIMITS = { keptMs: 90 * DAY_MS, keptMax: 3 };
const receiptOf = (items: number): Receipt => ({ outcome: 'completed', deleted: { items, bytes: items * 4_096 } }) as Receipt;
const NAME = 'bGV0dGVyLW9mLXNvbWVib2R5';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mailwarden-journals-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A journal of so many days ago. Returns its order. */
function made(daysAgo: number, { isFinished = true, expiresDays = null as number | null, deleted = 7, perDays = null as number | null } = {}): string {
  const id = randomUUID();
  const journal = Journal.open(dir, id);
  journal.write({ kind: 'opened', content: sha256(id), facts: { id, bounds: perDays === null ? {} : { perSeconds: perDays * 86_400 } } as OrderFacts, ...(expiresDays === null ? {} : { expiresAt: new Date(NOW + expiresDays * DAY_MS).toISOString() }) });
  journal.write({ kind: 'intent', first: 0, count: 1, files: NAME });
  if (isFinished) journal.write({ kind: 'finished', receipt: receiptOf(deleted) });
  journal.close();
  const at = (NOW - daysAgo * DAY_MS) / 1000;
  utimesSync(join(dir, `${id}.journal`), at, at);
  return id;
}
function prune(limits: typeof LIMITS): void {
  const folder = JournalFolder.made(dir);
  pruneJournals(folder, NOW, limits);
  folder.close();
}
const left = (): string[] => readdirSync(dir).map((name) => name.replace('.journal', '')).sort();

describe('old journals', () => {
  it('go when they are finished, old, and their order can never come again', () => {
    made(91);
    made(91, { expiresDays: -90 });
    const kept = [made(91, { isFinished: false }), made(91, { expiresDays: 1 }), made(89)];
    prune( { ...LIMITS, keptMax: 100 });
    expect(left()).toEqual(kept.sort());
  });

  it('go when there are too many, the oldest first, and never one that could be given again or is not finished', () => {
    const newest = [1, 2, 3].map((days) => made(days, { expiresDays: -1 }));
    const [open, alive] = [made(5, { isFinished: false }), made(6, { expiresDays: 1 })];
    made(4, { expiresDays: -1 });
    made(7, { expiresDays: -1 });
    prune( LIMITS);
    expect(left()).toEqual([...newest, open, alive].sort());
  });

  it('go when there are too many, those first that deleted nothing, and never one that a rate is reckoned from', () => {
    const kept = [made(0.5), made(0.9), made(6, { perDays: 7 }), made(2)];
    made(8, { perDays: 7 });
    for (const days of [0, 0.1, 0.2, 0.3, 0.4, 3]) made(days, { deleted: 0 });
    prune( { ...LIMITS, keptMax: 4 });
    expect(left()).toEqual([...kept].sort());
    for (let tasks = 0; tasks < 10; tasks += 1) made(0, { deleted: 0 });
    prune( { ...LIMITS, keptMax: 1 });
    expect(left()).toEqual(kept.slice(0, 3).sort());
    const idle = made(3, { deleted: 0 });
    prune( { ...LIMITS, keptMax: 4 });
    expect(left()).toEqual([...kept.slice(0, 3), idle].sort());
  });

  it('stay when they are damaged', () => {
    const id = made(200);
    const path = join(dir, `${id}.journal`);
    writeFileSync(path, readFileSync(path, 'utf8').replace('completed', 'competled'));
    utimesSync(path, 1, 1);
    prune( LIMITS);
    expect(left()).toEqual([id]);
  });
});

describe('a finished journal', () => {
  it('names no item any more, and tells its account', () => {
    const id = made(0);
    const path = join(dir, `${id}.journal`);
    expect(readFileSync(path, 'utf8')).toContain(NAME);
    const journal = Journal.open(dir, id);
    forgetNames(journal.folder, journal.name, journal.records);
    journal.close();
    expect(readFileSync(path, 'utf8')).not.toContain(NAME);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = Journal.open(dir, id);
    expect(again.records.map(({ kind }) => kind)).toEqual(['opened', 'finished']);
    again.close();
    expect(left()).toEqual([id]);
  });
  it('forgets them in the folder that it lies in, whatever has the name of that folder meanwhile', () => {
    const id = made(0);
    const old = made(91);
    const moved = `${dir}-moved`;
    const journal = Journal.open(dir, id);
    renameSync(dir, moved);
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(dir, `${old}.journal`), readFileSync(join(moved, `${old}.journal`)));
    utimesSync(join(dir, `${old}.journal`), 1, 1);
    try {
      forgetNames(journal.folder, journal.name, journal.records);
      pruneJournals(journal.folder, NOW, LIMITS);
      expect(readFileSync(join(moved, `${id}.journal`), 'utf8')).not.toContain(NAME);
      expect(readdirSync(moved).filter((name) => name.endsWith('.journal'))).toEqual([`${id}.journal`]);
      expect(left()).toEqual([old]);
    } finally {
      journal.close();
      rmSync(moved, { recursive: true });
    }
  });

  it('is written anew in a file of its own, and never into one that lies there', () => {
    const id = made(0);
    const other = join(dir, 'other');
    writeFileSync(other, 'of somebody else', { mode: 0o644 });
    linkSync(other, join(dir, `${id}.journal.new`));
    const journal = Journal.open(dir, id);
    forgetNames(journal.folder, journal.name, journal.records);
    journal.close();
    expect(readFileSync(other, 'utf8')).toBe('of somebody else');
    expect(readFileSync(join(dir, `${id}.journal`), 'utf8')).not.toContain(NAME);
    expect(statSync(join(dir, `${id}.journal`)).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).not.toContain(`${id}.journal.new`);
  });
});
