import type { Stats } from 'node:fs';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { Clock, SkipReason } from '@mailwarden/contracts';
import { compilePatterns, outermost, type BytePath } from '@mailwarden/inventory';
import { walk, type Host, type PassedOver, type Visitor } from '@mailwarden/inventory-fs';
import { openForWriting } from './open-for-writing.js';

const BLOCK_BYTES = 512;

/** One regular file of a store, with what it is known by: the plan deletes this file and no other that took its name. */
export interface FoundItem {
  /** The store's own folder, from which the way down is walked again. */
  readonly root: BytePath;
  /** Below the root; empty for the root itself. */
  readonly folder: BytePath;
  readonly name: BytePath;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** Units: allocated bytes, so that sparse files count what they free. */
  readonly bytes: number;
  /** By the order's clock; NaN where a file has no such moment. */
  readonly atMs: number;
  readonly blocked: SkipReason | null;
}

export interface FoundStore {
  readonly items: readonly FoundItem[];
  /** Entries that are no regular files, or could not be looked at. */
  readonly passedOver: ReadonlyMap<SkipReason, number>;
  /** Why a folder of the store could not be read at all; null when all could, or are not there. */
  readonly unreadable: string | null;
}

/**
 * How old a file is by the declared clock.
 * The kernel itself sets ctime at every change, so a file cannot have been written after it: a modification time beyond it is forged, and would make a file young for ever.
 */
export function momentOf(stat: Pick<Stats, 'mtimeMs' | 'ctimeMs' | 'birthtimeMs'>, clock: Clock): number {
  switch (clock) {
    case 'modified':
      return Math.min(stat.mtimeMs, stat.ctimeMs);
    case 'changed':
      return stat.ctimeMs;
    case 'born':
      return stat.birthtimeMs > 0 ? Math.min(stat.birthtimeMs, stat.ctimeMs) : Number.NaN;
    default:
      return Number.NaN;
  }
}

/** Stores that come before one in its profile own what they take in. */
const earlierStores = (profile: Profile, store: Store): readonly Store[] => profile.stores.slice(0, profile.stores.findIndex((candidate) => candidate.id === store.id));

/** All files of one store, each with the reason why it may not go, if there is one. */
export async function findItems(request: { readonly host: Host; readonly profile: Profile; readonly store: Store; readonly clock: Clock }, nowMs: number): Promise<FoundStore> {
  const { host, profile, store, clock } = request;
  const own = compilePatterns(store.files);
  const excluded = compilePatterns([...store.exclude, ...earlierStores(profile, store).flatMap((other) => other.files)]);
  const active = compilePatterns(store.active);
  const writing = openForWriting();
  const items: FoundItem[] = [];
  const passedOver = new Map<SkipReason, number>();
  let unreadable: string | null = null;
  const blockedBy = (path: BytePath, stat: Stats): SkipReason | null => {
    if (active.matches(path)) return 'active-log';
    if (stat.nlink > 1) return 'hard-linked';
    if (writing.has(`${stat.dev}:${stat.ino}`)) return 'open-for-writing';
    return nowMs - momentOf(stat, 'modified') < store.quietPeriodSeconds * 1000 ? 'in-quiet-period' : null;
  };
  for (const root of outermost(own.roots)) {
    let folder: BytePath = '';
    const visitor: Visitor = {
      file(path, name, stat) {
        if (!own.matches(path) || excluded.matches(path)) return;
        const { dev, ino, size, mtimeMs } = stat;
        const below = path.slice(root.length + 1, Math.max(root.length + 1, path.length - name.length - 1));
        if (below !== folder) folder = below; // One string for all files of a folder.
        items.push({ root, folder, name, dev, ino, size, mtimeMs, bytes: stat.blocks * BLOCK_BYTES, atMs: momentOf(stat, clock), blocked: blockedBy(path, stat) });
      },
      folder: () => undefined,
      passedOver(path, reason: PassedOver) {
        if (path === root) unreadable = `${store.id} cannot be read (${reason})`;
        if (own.matches(path) && !excluded.matches(path)) passedOver.set(reason, (passedOver.get(reason) ?? 0) + 1);
      },
    };
    const failed = await walk(host.root, root, visitor);
    if (failed !== null && failed !== 'absent') unreadable = `${store.id} cannot be read (${failed})`;
  }
  return { items, passedOver, unreadable };
}
