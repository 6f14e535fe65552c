import { closeSync, constants, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lineOf } from './journal-lines.js';
import { readRecords, type JournalRecord } from './journal.js';

/** Receipts can be asked for again for so long. Units: milliseconds, 90 days. */
export const KEPT_MS = 90 * 86_400_000;
/** So many finished journals are kept at most, the newest. */
export const KEPT_MAX = 5_000;
const SUFFIX = '.journal';
const FILE_MODE = 0o600;

/** What a finished order leaves on the host: totals and its account. Nothing in it names an item. */
const KEPT_KINDS: ReadonlySet<JournalRecord['kind']> = new Set(['opened', 'begun', 'finished']);

function syncFolder(dir: string): void {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeWhole(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, FILE_MODE);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Takes the names of items out of a finished journal: once its account is written nobody needs them, and they are personal data. The file is replaced in one step, so a crash leaves the one or the other.
 * Errors: none; where there is no room the journal stays as it was.
 */
export function forgetNames(path: string, records: readonly JournalRecord[]): void {
  if (records.every(({ kind }) => KEPT_KINDS.has(kind))) return;
  const fresh = `${path}.new`;
  try {
    writeWhole(fresh, records.filter(({ kind }) => KEPT_KINDS.has(kind)).map(lineOf).join(''));
    renameSync(fresh, path);
    syncFolder(dirname(path));
  } catch {
    rmSync(fresh, { force: true });
  }
}

/** An order that nobody can give again: it is finished, and it has expired by then, or it was given at this host and never leaves it. What cannot be read is kept for whoever looks into it. */
function isOver(path: string, byMs: number): boolean {
  try {
    const records = readRecords(path);
    const opened = records.find((record) => record.kind === 'opened');
    return records.some(({ kind }) => kind === 'finished') && (opened?.expiresAt === undefined || Date.parse(opened.expiresAt) < byMs);
  } catch {
    return false;
  }
}

/**
 * Removes journals of orders that were finished long ago, and the oldest where there are too many.
 * Safety: never one that is not finished, never one of an order that could still be given again, and never one that is damaged.
 */
export function pruneJournals(dir: string, nowMs: number, limits: { readonly keptMs: number; readonly keptMax: number } = { keptMs: KEPT_MS, keptMax: KEPT_MAX }): void {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => ({ path: join(dir, name), mtimeMs: statSync(join(dir, name)).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  for (const [rank, { path, mtimeMs }] of files.entries()) {
    const isOld = mtimeMs < nowMs - limits.keptMs;
    if ((isOld || rank >= limits.keptMax) && isOver(path, nowMs)) unlinkSync(path);
  }
}
