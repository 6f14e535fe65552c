import type { FolderRights } from './access-rights.js';
import { aclOf, type Acl } from './acl.js';

/** The folders on the way to an entry that keep anyone out. Entries with the same ones share one way, whatever their paths are. */
export interface Way {
  readonly folders: readonly FolderRights[];
  readonly key: string;
}

/** A way that is open to everyone. */
export const OPEN_WAY: Way = { folders: [], key: '' };

const SEARCH = 1;
const SEARCH_BITS = 0o111;
const GROUP_BITS = 0o070;
/** The group bits of a folder whose list counts: any will do, and the same ones keep ways the same. */
const LIST_COUNTS = 0o040;

/** What of a list bears on getting through. */
const searchOf = ({ entries }: Acl): Acl => aclOf(entries.map((entry) => ({ ...entry, bits: entry.bits & SEARCH })));
const letsEveryoneThrough = ({ entries }: Acl): boolean => entries.every(({ bits }) => (bits & SEARCH) !== 0);

/** What of a folder's rights bears on getting through it; null where it keeps nobody out. */
function closureOf({ uid, gid, mode, acl }: FolderRights): FolderRights | null {
  if (acl == null || (mode & GROUP_BITS) === 0) return (mode & SEARCH_BITS) === SEARCH_BITS ? null : { uid, gid, mode: mode & SEARCH_BITS };
  return letsEveryoneThrough(acl) ? null : { uid, gid, mode: (mode & SEARCH_BITS) | LIST_COUNTS, acl: searchOf(acl) };
}

const keyOf = ({ uid, gid, mode, acl }: FolderRights): string => `${uid}:${gid}:${mode}${acl == null ? '' : `[${acl.key}]`}`;

/** Makes ways, the same one for the same folders. What lets everyone through is no part of a way, and neither is what was on it before. */
export class Ways {
  readonly #known = new Map<string, Way>();

  /** The way that leads on through one more folder. */
  through(way: Way, folder: FolderRights): Way {
    const closure = closureOf(folder);
    if (closure === null) return way;
    const own = keyOf(closure);
    if (way.folders.some((before) => keyOf(before) === own)) return way;
    const key = `${way.key} ${own}`;
    const known = this.#known.get(key) ?? { folders: [...way.folders, closure], key };
    this.#known.set(key, known);
    return known;
  }
}
