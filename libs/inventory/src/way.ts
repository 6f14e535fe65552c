import type { FolderRights } from './access.js';

/** The folders on the way to an entry that keep anyone out. Entries with the same ones share one way, whatever their paths are. */
export interface Way {
  readonly folders: readonly FolderRights[];
  readonly key: string;
}

/** A way that is open to everyone. */
export const OPEN_WAY: Way = { folders: [], key: '' };

const SEARCH_BITS = 0o111;

/** Makes ways, the same one for the same folders. What lets everyone through is no part of a way, and neither is what was on it before. */
export class Ways {
  readonly #known = new Map<string, Way>();

  /** The way that leads on through one more folder. */
  through(way: Way, { uid, gid, mode }: FolderRights): Way {
    const search = mode & SEARCH_BITS;
    if (search === SEARCH_BITS || way.folders.some((folder) => folder.uid === uid && folder.gid === gid && folder.mode === search)) return way;
    const key = `${way.key} ${uid}:${gid}:${search}`;
    const known = this.#known.get(key) ?? { folders: [...way.folders, { uid, gid, mode: search }], key };
    this.#known.set(key, known);
    return known;
  }
}
