import { closeSync, constants, fsyncSync, lstatSync, openSync, readdirSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { deletedInAll } from '@mailwarden/contracts';
import type { JournalFolder } from './journal-folder.js';
import { lineOf } from './journal-lines.js';
import { readRecords, type JournalRecord } from './journal.js';

/** Receipts can be asked for again for so long. Units: milliseconds, 90 days. */
export const KEPT_MS = 90 * 86_400_000;
/** So many finished journals are kept at most, the newest. */
export const KEPT_MAX = 5_000;
/** What was deleted within it is never forgotten; a policy may ask for a longer rate. Units: milliseconds, a day. */
const RATE_MS_LEAST = 86_400_000;
const MS_PER_SECOND = 1_000;
const SUFFIX = '.journal';
const FILE_MODE = 0o600;

/** What a finished order leaves on the host: totals and its account. Nothing in it names an item. */
const KEPT_KINDS: ReadonlySet<JournalRecord['kind']> = new Set(['opened', 'begun', 'finished']);

/** Writes a file that is new. Errors: throws what the kernel says, and where there is one already. */
function writeNew(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, FILE_MODE);
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
 * `name` is that of the journal in its folder. Errors: none; where there is no room the journal stays as it was.
 */
export function forgetNames(folder: JournalFolder, name: string, records: readonly JournalRecord[]): void {
  if (records.every(({ kind }) => KEPT_KINDS.has(kind))) return;
  const fresh = folder.at(`${name}.new`);
  try {
    // What an earlier run was cut short at is in the way, and is not written into.
    rmSync(fresh, { force: true });
    writeNew(fresh, records.filter(({ kind }) => KEPT_KINDS.has(kind)).map(lineOf).join(''));
    renameSync(fresh, folder.at(name));
    folder.sync();
  } catch {
    rmSync(fresh, { force: true });
  }
}

/** What is kept of a journal for, beside its account. */
interface Use {
  /** Nobody can give its order again: it is finished, and it has expired by then, or it was given at this host and never leaves it. */
  readonly isOver: boolean;
  /** Nothing was deleted: no rate is reckoned from it. */
  readonly isIdle: boolean;
  /** A rate may be reckoned from it for so long. Units: milliseconds. */
  readonly rateMs: number;
}

/** What cannot be read is kept for whoever looks into it. */
const UNREADABLE: Use = { isOver: false, isIdle: false, rateMs: 0 };

function useOf(folder: JournalFolder, name: string, byMs: number): Use {
  try {
    const records = readRecords(folder.pathOf(name), folder.at(name));
    const opened = records.find((record) => record.kind === 'opened');
    const finished = records.find((record) => record.kind === 'finished');
    if (finished === undefined) return UNREADABLE;
    const deleted = deletedInAll(finished.receipt);
    return { isOver: opened?.expiresAt === undefined || Date.parse(opened.expiresAt) < byMs, isIdle: deleted.items === 0 && deleted.bytes === 0, rateMs: Math.max(RATE_MS_LEAST, (opened?.facts.bounds.perSeconds ?? 0) * MS_PER_SECOND) };
  } catch {
    return UNREADABLE;
  }
}

/**
 * Removes journals of orders that were finished long ago, and where there are too many those that deleted nothing, the oldest first, and then the oldest of all.
 * Safety: never one that is not finished, never one of an order that could still be given again, never one that is damaged, and never one that a rate may still be reckoned from: whoever may have tasks made, as the agent those of rules, could else have a rate forgotten.
 */
export function pruneJournals(folder: JournalFolder, nowMs: number, limits: { readonly keptMs: number; readonly keptMax: number } = { keptMs: KEPT_MS, keptMax: KEPT_MAX }): void {
  const files = readdirSync(folder.at(''))
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => ({ name, mtimeMs: lstatSync(folder.at(name)).mtimeMs }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs);
  const isOld = ({ mtimeMs }: { readonly mtimeMs: number }): boolean => mtimeMs < nowMs - limits.keptMs;
  const looked = (files.length > limits.keptMax ? files : files.filter(isOld)).map((file) => ({ ...file, ...useOf(folder, file.name, nowMs) }));
  const [idle, others] = [looked.filter(({ isIdle }) => isIdle), looked.filter(({ isIdle }) => !isIdle)];
  for (const [rank, file] of [...others, ...idle].entries()) {
    const isFree = file.isOver && (file.isIdle || file.mtimeMs < nowMs - file.rateMs);
    if (isFree && (isOld(file) || rank >= limits.keptMax)) unlinkSync(folder.at(file.name));
  }
}
