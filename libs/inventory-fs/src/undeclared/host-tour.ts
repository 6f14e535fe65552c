import { setTimeout as delay } from 'node:timers/promises';
import type { Stats } from 'node:fs';
import { mayHoldUndeclared, type BytePath } from '@mailwarden/inventory';
import { closeDirectory, openChildDirectory, statEntry, type Directory } from '../directory-descriptor.js';
import { entryBatches } from '../entry-batches.js';
import type { Pace } from '../pace/pace.js';

/** Folders are open while one is in them: this bounds the descriptors. What lies deeper is not looked at. */
const DEPTH_MAX = 64;
/** Of one folder so many entries are looked at; more would keep a round from ever ending. */
const FOLDER_ENTRIES_MAX = 100_000;
/** Entries between two looks at the clock. */
const STRETCH_ENTRIES = 256;

/** How far one round may go. */
export interface TourBounds {
  readonly pace: Pace;
  /** Entries of one round. */
  readonly entriesMax: number;
}

/** What a tour meets. */
export interface TourGuest {
  /** Returns what it cost beyond the look itself, in entries. */
  file(path: BytePath, name: BytePath, stat: Stats, folder: Directory, isPublic: boolean): number;
  /** False where the folder is not to be entered. */
  enters(path: BytePath): boolean;
}

export interface TourEnd {
  /** The last folder that was looked at; null when the tour is over. The next round goes on behind it. */
  readonly after: BytePath | null;
  readonly entries: number;
  /** Folders that were not looked at, or not wholly: too many entries, too deep, not readable. */
  readonly partly: number;
}

interface Level {
  readonly directory: Directory;
  readonly path: BytePath;
  /** Folders in it that are still to be entered, the next one last. */
  readonly folders: BytePath[];
  /** Whether everybody can come in here. */
  readonly isPublic: boolean;
}

const OTHERS_ENTER = 0o001;
const ROOT = '';

/**
 * Goes through the folders of a host in the order of their names, so that a round can go on where the one before it ended, whatever came and went meanwhile.
 * It stays on the mounts it is given, follows no link, and acts through descriptors alone.
 */
export class HostTour {
  readonly #levels: Level[] = [];
  #entries = 0;
  #partly = 0;

  constructor(
    private readonly mounts: ReadonlySet<number>,
    private readonly guest: TourGuest,
    private readonly bounds: TourBounds,
  ) {}

  /** One round, from the root or behind a folder. */
  async round(root: Directory, after: BytePath | null): Promise<TourEnd> {
    const own = openChildDirectory(root, '.', true);
    if (!own.ok) return { after: null, entries: 0, partly: 1 };
    let last: BytePath = after ?? ROOT;
    try {
      await this.#enter(own.value, ROOT, true, after);
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        const name = level.folders.pop();
        if (name === undefined) {
          this.#leave();
          continue;
        }
        // Each round gets at least one folder further, whatever the way back to where it goes on did cost.
        if (last !== (after ?? ROOT) && this.#isOver()) return { after: last, entries: this.#entries, partly: this.#partly };
        const path = await this.#step(level, name, after);
        if (path !== undefined && (after === null || !isBeforeOrAt(path, after))) last = path;
      }
      return { after: null, entries: this.#entries, partly: this.#partly };
    } finally {
      while (this.#levels.length > 0) this.#leave();
    }
  }

  #isOver(): boolean {
    return this.bounds.pace.over || this.#entries >= this.bounds.entriesMax;
  }

  #leave(): void {
    const level = this.#levels.pop();
    if (level !== undefined) closeDirectory(level.directory);
  }

  /** Returns the folder's path once its own entries were looked at; undefined where it was not entered. */
  async #step(above: Level, name: BytePath, after: BytePath | null): Promise<BytePath | undefined> {
    const path = `${above.path}/${name}`;
    if (!mayHoldUndeclared(path) || !this.guest.enters(path)) return undefined;
    const child = this.#levels.length >= DEPTH_MAX ? null : openChildDirectory(above.directory, name, true);
    if (child === null || !child.ok) {
      if (child === null || child.error === 'io-error' || child.error === 'permission-denied') this.#partly += 1;
      return undefined;
    }
    const { mountId, mode } = child.value;
    if (mountId !== above.directory.mountId && !this.mounts.has(mountId)) {
      closeDirectory(child.value);
      return undefined;
    }
    await this.#enter(child.value, path, above.isPublic && (mode & OTHERS_ENTER) !== 0, after);
    return path;
  }

  /** Looks at a folder's own entries, and remembers its folders; where an earlier round did so, at its folders alone. */
  async #enter(directory: Directory, path: BytePath, isPublic: boolean, after: BytePath | null): Promise<void> {
    const folders: BytePath[] = [];
    this.#levels.push({ directory, path, folders, isPublic });
    const isDone = after !== null && isBeforeOrAt(path, after);
    let left = FOLDER_ENTRIES_MAX;
    try {
      for (const names of entryBatches(directory)) {
        for (let start = 0; start < names.length && left > 0; start += STRETCH_ENTRIES) {
          const stretch = names.slice(start, start + Math.min(STRETCH_ENTRIES, left));
          left -= stretch.length;
          const startedMs = performance.now();
          for (const name of stretch) if (this.#look(path, name, isPublic, isDone)) folders.push(name);
          const restMs = this.bounds.pace.restAfter(performance.now() - startedMs);
          await (restMs > 0 ? delay(restMs) : new Promise<void>((resolve) => void setImmediate(resolve)));
        }
        if (left <= 0) break;
      }
      if (left <= 0) this.#partly += 1;
    } catch {
      this.#partly += 1;
    }
    folders.sort((a, b) => (a < b ? 1 : -1));
    if (after !== null) dropDone(folders, path, after);
  }

  /** True for a folder. */
  #look(path: BytePath, name: BytePath, isPublic: boolean, isDone: boolean): boolean {
    const { directory } = this.#levels.at(-1) as Level;
    this.#entries += 1;
    try {
      const stat = statEntry(directory, name);
      if (stat.isFile() && !isDone) this.#entries += this.guest.file(`${path}/${name}`, name, stat, directory, isPublic);
      return stat.isDirectory();
    } catch {
      return false; // It is gone, or its disk does not answer: what cannot be looked at is not judged here.
    }
  }
}

const parts = (path: BytePath): BytePath[] => path.split('/').slice(1);

/** Whether a tour comes to the first path no later than to the second: a folder comes before what lies in it. */
function isBeforeOrAt(path: BytePath, other: BytePath): boolean {
  const [a, b] = [parts(path), parts(other)];
  const at = a.findIndex((part, index) => part !== b[index]);
  if (at === -1) return true;
  const there = b[at];
  return there !== undefined && (a[at] ?? '') < there;
}

/** Takes out the folders that an earlier round has wholly been through: those before the one that leads to where it ended. */
function dropDone(folders: BytePath[], path: BytePath, after: BytePath): void {
  if (after !== path && !after.startsWith(`${path}/`)) return;
  const next = parts(after)[path === ROOT ? 0 : parts(path).length];
  if (next === undefined) return;
  for (let name = folders.at(-1); name !== undefined && name < next; name = folders.at(-1)) folders.pop();
}
