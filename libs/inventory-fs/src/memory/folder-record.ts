import type { Acl, BytePath, FolderPart } from '@mailwarden/inventory';
import type { RememberedInUnit } from '../walk/unit.js';

/**
 * What one folder was when it was last read, and what it added to each store.
 * Privacy: names of folders alone, no name of a file; files are known by the numbers of their inodes.
 */
export interface FolderRecord {
  /** Device, inode, moments, mount, owner and mode: a folder with another one is another folder, or was changed. */
  readonly identity: string;
  readonly dev: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** Units: milliseconds since 1970. */
  readonly readMs: number;
  /** False for a folder that changed so shortly before it was read that a change after it might not show. */
  readonly settled: boolean;
  readonly entries: number;
  /** Names of the folders in it that lead on. */
  readonly folders: readonly BytePath[];
  /** Lists of finer rights: those of its files, and its own. */
  readonly lists: readonly Acl[];
  readonly ownList: number;
  readonly ownDefaultList: number;
  /** What files that are not watched add to each store. */
  readonly parts: readonly FolderPart[];
  /** What files that are watched added at the last look: for a scan that has no time for them. */
  readonly lately: readonly FolderPart[];
  /** Whether files of it have several names: what they add is not in here. */
  readonly linked: boolean;
  /** Inodes of files that changed lately or have several names: they are looked at each time. Null where that is as much work as reading the folder. */
  readonly watched: readonly number[] | null;
  /** Lowest and highest inode of its files, for finding the other name of a file that got one. */
  readonly inodes: readonly [lowest: number, highest: number] | null;
  /** Stores whose place is taken by something that is no folder. */
  readonly blind: readonly [store: number, reason: string, places: number][];
  /** What it is to the item that it is a part of; absent where it lies in none. */
  readonly unit?: RememberedInUnit;
}

/** The text of a record. Its parts are in a fixed order, so that two that say the same are the same text. */
export const recordText = (record: FolderRecord): string => JSON.stringify(record);

/** What the unwatched files of a folder add, as text that can be compared. */
export const partsText = ({ parts, lists, unit }: Pick<FolderRecord, 'parts' | 'lists'> & { readonly unit?: Pick<RememberedInUnit, 'settled'> | null }): string =>
  JSON.stringify([unit?.settled ?? null, ...[...parts].sort((a, b) => a.store - b.store).map((part) => ({ ...part, kinds: part.kinds.map(([uid, gid, mode, list, items]) => `${uid} ${gid} ${mode} ${lists[list]?.key ?? ''} ${items}`).sort(), skipped: [...part.skipped].sort() }))]);
