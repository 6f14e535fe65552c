import { fsyncSync, rmdirSync, unlinkSync } from 'node:fs';
import type { Clock, SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { closeDirectory, DEPTH_MAX as WALK_DEPTH_MAX, entryNames, entryPath, openChildDirectory, statEntry, type Directory } from '@mailwarden/inventory-fs';
import { errorName, type EntryFacts, type FolderReader } from '@mailwarden/linux';
import { HOST_ROOT, keptIn, NOBODY_ELSE, type KeptFolder } from '../folder-owners.js';
import { momentOf, type FileTimes } from './moment.js';
import { ANOTHER_MOUNT, codeOf, enterFolder } from './store-folder.js';

/** A letter that was taken apart has fewer parts, and fewer folders in each other. */
const ENTRIES_MAX = 10_000;
const DEPTH_MAX = 16;
/** What is looked at in one go, before others have a turn. */
const ENTRIES_PER_GO = 2_048;
/** Source: inode(7). */
const TYPE_MASK = 0o170000;
const LINK = 0o120000;

/** One folder that is an item of its store as a whole. Units: bytes, milliseconds since 1970. */
export interface UnitSurvey {
  /** Allocated, of all that lies in it; the folder itself takes up no room of the item's. */
  readonly bytes: number;
  readonly size: number;
  readonly entries: number;
  /** The moment at which anything in it was last written. */
  readonly newestMs: number;
  /** How young the youngest part is by the declared clock; NaN where that knows no moment of a part. */
  readonly atMs: number;
  /** Why it may not go, or null: one part that may not keeps the whole. */
  readonly blocked: SkipReason | null;
}

/** How a folder is looked through. */
export interface SurveyTerms {
  /** Reads one folder after the other; it is the survey's alone until that ends. */
  readonly reader: FolderReader;
  readonly clock: Clock;
  readonly isWritten: (facts: EntryFacts) => boolean;
  /** True where the sums are of no use once something keeps the whole: then nobody is kept waiting by who fills the folder. */
  readonly untilBlocked: boolean;
}

/** What one part says about the whole. Links are names alone: they go with the unit, and what they lead to is nothing to us. */
function partBlocked(facts: EntryFacts, { isWritten }: SurveyTerms): SkipReason | null {
  if ((facts.mode & TYPE_MASK) === LINK || facts.isFolder) return null;
  if (!facts.isFile) return 'not-a-regular-file';
  if (facts.nlink > 1) return 'hard-linked';
  return isWritten(facts) ? 'open-for-writing' : null;
}

const NOT_ENTERED: Readonly<Record<string, SkipReason>> = { [ANOTHER_MOUNT]: 'other-file-system', EACCES: 'permission-denied', EPERM: 'permission-denied' };
const notLookedAt = (code: string): SkipReason => (code === 'ENOENT' ? 'changed-since-plan' : 'io-error');

class Sum {
  bytes = 0;
  size = 0;
  entries = 0;
  newestMs = -Infinity;
  atMs = -Infinity;
  blocked: SkipReason | null = null;

  constructor(private readonly terms: SurveyTerms) {}

  get isOver(): boolean {
    return this.terms.untilBlocked && this.blocked !== null;
  }

  add(facts: EntryFacts): void {
    this.bytes += facts.allocated;
    this.size += facts.isFile ? facts.size : 0;
    this.blocked ??= partBlocked(facts, this.terms);
    if (facts.isFolder) return;
    this.newestMs = Math.max(this.newestMs, momentOf(facts, 'modified'));
    this.atMs = Math.max(this.atMs, momentOf(facts, this.terms.clock));
  }
}

/** A folder in its own place: it is a store's item, whoever it belongs to. */
const keptAlone = (folder: Directory): KeptFolder => keptIn(HOST_ROOT, folder, NOBODY_ELSE) ?? HOST_ROOT;

function* surveyInto(sum: Sum, folder: Directory, kept: KeptFolder, depth: number, terms: SurveyTerms): Generator<void, void, void> {
  const { reader } = terms;
  const folders: BytePath[] = [];
  reader.begin(folder.fd);
  try {
    while (!sum.isOver && reader.fetch() > 0) {
      while (!sum.isOver && reader.next()) {
        if ((sum.entries += 1) > ENTRIES_MAX || depth > DEPTH_MAX) sum.blocked ??= 'too-deep';
        const trouble = reader.look();
        if (trouble !== 0) sum.blocked ??= notLookedAt(errorName(trouble));
        else sum.add(reader.facts);
        if (trouble === 0 && reader.facts.isFolder) folders.push(reader.name);
        if (sum.entries % ENTRIES_PER_GO === 0) yield;
      }
    }
  } catch (cause) {
    sum.blocked ??= notLookedAt(codeOf(cause));
  }
  for (const name of folders) {
    if (sum.isOver) return;
    if (depth < WALK_DEPTH_MAX) yield* surveyChild(sum, { folder, kept }, name, depth, terms);
  }
}

function* surveyChild(sum: Sum, { folder, kept }: { readonly folder: Directory; readonly kept: KeptFolder }, name: BytePath, depth: number, terms: SurveyTerms): Generator<void, void, void> {
  const child = enterFolder(folder, name);
  if (!child.ok) {
    sum.blocked ??= NOT_ENTERED[child.error] ?? 'changed-since-plan';
    return;
  }
  try {
    const keptChild = keptIn(kept, child.value, NOBODY_ELSE);
    if (keptChild === null) sum.blocked ??= 'permission-denied';
    yield* surveyInto(sum, child.value, keptChild ?? kept, depth + 1, terms);
  } finally {
    closeDirectory(child.value);
  }
}

/**
 * Looks at all that lies in one open folder, each part through the folder above it; no link is followed and no mount crossed.
 * What may not go is summed up as well: it is part of what the store holds, and a scan counts it. A folder without any file is as old as itself.
 * Errors: what cannot be looked at blocks the whole, and so does a folder that belongs to somebody else than the one it lies in.
 */
export function* surveyUnit(folder: Directory, own: FileTimes, terms: SurveyTerms): Generator<void, UnitSurvey, void> {
  const sum = new Sum(terms);
  yield* surveyInto(sum, folder, keptAlone(folder), 1, terms);
  const isEmpty = sum.newestMs === -Infinity;
  const { bytes, size, entries, newestMs, atMs, blocked } = sum;
  return { bytes, size, entries, blocked, newestMs: isEmpty ? momentOf(own, 'modified') : newestMs, atMs: isEmpty ? momentOf(own, terms.clock) : atMs };
}

/**
 * Deletes one folder with all that lies in it, bottom up, each part through the descriptor of the folder above it.
 * Safety: only for what lies in a folder of our own; no link is followed, no mount crossed, and what was mounted there since stays. Errors: throws what the kernel says; then part of it is still there, and a later call goes on.
 */
export function removeUnit(parent: Directory, name: BytePath, above = HOST_ROOT, depth = 0): void {
  const opened = openChildDirectory(parent, name);
  if (!opened.ok) throw Object.assign(new Error(`a folder that is to be deleted cannot be entered (${opened.error})`), { code: opened.error });
  const folder = opened.value;
  try {
    const kept = keptIn(above, folder, NOBODY_ELSE);
    if (kept === null) throw Object.assign(new Error('a folder that is to be deleted got one of another account meanwhile'), { code: 'ENOTEMPTY' });
    let failed: unknown = null;
    // What cannot be deleted keeps nothing beside it from going.
    for (const part of entryNames(folder)) {
      try {
        if (statEntry(folder, part).isDirectory() && depth < DEPTH_MAX) removeUnit(folder, part, kept, depth + 1);
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
