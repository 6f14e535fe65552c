import type { SeenAmounts } from '@mailwarden/inventory';
import type { EntryFacts } from '@mailwarden/linux';
import type { MappedStore, StoreOutline } from './store-map.js';

/** Years that an instant can be written in. Units: milliseconds since 1970. */
const EARLIEST_MS = -62_167_219_200_000;
const LATEST_MS = 253_402_300_799_999;
export const withinYears = (atMs: number): number => Math.min(Math.max(atMs, EARLIEST_MS), LATEST_MS);

/**
 * How old an entry is by a store's clock. Units: milliseconds since 1970.
 * The kernel itself sets ctime at every change, so a file cannot have been written after it: a modification time beyond it is forged.
 */
export const momentOf = ({ mtimeMs, ctimeMs }: Pick<EntryFacts, 'mtimeMs' | 'ctimeMs'>, { clock }: Pick<StoreOutline, 'clock'>): number => (clock === 'changed' ? ctimeMs : Math.min(mtimeMs, ctimeMs));

/** What parts of a folder that is one item come to. Units: bytes; milliseconds since 1970, null where no part has a moment. */
export interface UnitShare {
  bytes: number;
  allocated: number;
  newestMs: number | null;
}

export const emptyShare = (): UnitShare => ({ bytes: 0, allocated: 0, newestMs: null });

export function addToShare(share: UnitShare, { bytes, allocated, newestMs }: Readonly<UnitShare>): void {
  share.bytes += bytes;
  share.allocated += allocated;
  if (newestMs !== null && (share.newestMs === null || newestMs > share.newestMs)) share.newestMs = newestMs;
}

/** What one entry is to the item: links and pipes are parts of it as files are, and a folder takes up room and has no moment. */
export const shareOf = (facts: EntryFacts, outline: StoreOutline): UnitShare => ({ bytes: facts.isFile ? facts.size : 0, allocated: facts.allocated, newestMs: facts.isFolder ? null : momentOf(facts, outline) });

/** A remembered folder as a part of the item that it lies in, or is. */
export interface RememberedInUnit {
  /** Of the folder itself. */
  readonly allocated: number;
  readonly atMs: number;
  /** Parts in it that are not looked at again while it is as it is, and those that were watched at the last look. */
  readonly settled: UnitShare;
  readonly lately: UnitShare;
}

/**
 * One folder that is an item of its store with all that lies in it, while it is walked: by one thread, from its first entry to its last.
 * It counts as rotation counts it: a file with other names counts here as well, and the folder itself takes up nothing.
 */
export class Unit {
  readonly share = emptyShare();
  #ownMs: number | null = null;

  constructor(readonly owner: MappedStore) {}

  /** Called for each folder of it when it is entered, the outermost first: an item without any file is as old as itself. */
  entered(atMs: number): void {
    this.#ownMs ??= atMs;
  }

  get amounts(): SeenAmounts {
    const { bytes, allocated, newestMs } = this.share;
    return { bytes, allocated, atMs: withinYears(newestMs ?? this.#ownMs ?? 0) };
  }
}
