import { fsyncSync, rmdirSync, unlinkSync, type Stats } from 'node:fs';
import type { SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, entryNames, entryPath, openChildDirectory, statEntry, type Directory } from '@mailwarden/inventory-fs';

const BLOCK_BYTES = 512;
/** A letter that was taken apart has fewer parts, and fewer folders in each other. */
const ENTRIES_MAX = 10_000;
const DEPTH_MAX = 16;

/** One folder that is an item of its store as a whole. Units: bytes, milliseconds since 1970. */
export interface UnitSurvey {
  /** Allocated, of all that lies in it. */
  readonly bytes: number;
  readonly size: number;
  readonly entries: number;
  /** The moment at which anything in it was last written. */
  readonly newestMs: number;
  /** Why it may not go, or null: one part that may not keeps the whole. */
  readonly blocked: SkipReason | null;
}

interface Sum {
  bytes: number;
  size: number;
  entries: number;
  newestMs: number;
  blocked: SkipReason | null;
}

/** What one part says about the whole. Links are names alone: they go with the unit, and what they lead to is nothing to us. */
function partBlocked(stat: Stats, isWritten: (stat: Stats) => boolean): SkipReason | null {
  if (stat.isSymbolicLink() || stat.isDirectory()) return null;
  if (!stat.isFile()) return 'not-a-regular-file';
  if (stat.nlink > 1) return 'hard-linked';
  return isWritten(stat) ? 'open-for-writing' : null;
}

function surveyInto(sum: Sum, folder: Directory, depth: number, isWritten: (stat: Stats) => boolean): void {
  for (const name of entryNames(folder)) {
    if ((sum.entries += 1) > ENTRIES_MAX || depth > DEPTH_MAX) sum.blocked ??= 'too-deep';
    if (sum.blocked !== null) return;
    const stat = statEntry(folder, name);
    sum.bytes += stat.blocks * BLOCK_BYTES;
    sum.size += stat.isFile() ? stat.size : 0;
    sum.newestMs = Math.max(sum.newestMs, stat.isDirectory() ? -Infinity : Math.min(stat.mtimeMs, stat.ctimeMs));
    sum.blocked = partBlocked(stat, isWritten);
    if (stat.isDirectory() && sum.blocked === null) surveyChild(sum, folder, name, depth, isWritten);
  }
}

function surveyChild(sum: Sum, folder: Directory, name: BytePath, depth: number, isWritten: (stat: Stats) => boolean): void {
  const child = openChildDirectory(folder, name);
  if (!child.ok) {
    sum.blocked = child.error === 'other-file-system' ? 'other-file-system' : child.error === 'permission-denied' ? 'permission-denied' : 'changed-since-plan';
    return;
  }
  try {
    surveyInto(sum, child.value, depth + 1, isWritten);
  } finally {
    closeDirectory(child.value);
  }
}

/**
 * Looks at all that lies in one open folder, each part through the folder above it; no link is followed and no mount crossed.
 * A folder without any file is as old as itself. Errors: what cannot be looked at blocks the whole.
 */
export function surveyUnit(folder: Directory, own: Pick<Stats, 'mtimeMs' | 'ctimeMs'>, isWritten: (stat: Stats) => boolean): UnitSurvey {
  const sum: Sum = { bytes: 0, size: 0, entries: 0, newestMs: -Infinity, blocked: null };
  try {
    surveyInto(sum, folder, 1, isWritten);
  } catch (cause) {
    sum.blocked = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'changed-since-plan' : 'io-error';
  }
  return { ...sum, newestMs: sum.newestMs === -Infinity ? Math.min(own.mtimeMs, own.ctimeMs) : sum.newestMs };
}

/**
 * Deletes one folder with all that lies in it, bottom up, each part through the descriptor of the folder above it.
 * Safety: only for what lies in a folder of our own; no link is followed, no mount crossed, and what was mounted there since stays. Errors: throws what the kernel says; then part of it is still there, and a later call goes on.
 */
export function removeUnit(parent: Directory, name: BytePath, depth = 0): void {
  const opened = openChildDirectory(parent, name);
  if (!opened.ok) throw Object.assign(new Error(`a folder that is to be deleted cannot be entered (${opened.error})`), { code: opened.error });
  const folder = opened.value;
  try {
    let failed: unknown = null;
    // What cannot be deleted keeps nothing beside it from going.
    for (const part of entryNames(folder)) {
      try {
        if (statEntry(folder, part).isDirectory() && depth < DEPTH_MAX) removeUnit(folder, part, depth + 1);
        else unlinkSync(entryPath(folder, part));
      } catch (cause) {
        failed ??= cause;
      }
    }
    fsyncSync(folder.fd);
    if (failed !== null) throw failed;
  } finally {
    closeDirectory(folder);
  }
  rmdirSync(entryPath(parent, name));
}
