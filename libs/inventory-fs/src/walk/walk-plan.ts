import type { BytePath } from '@mailwarden/inventory';
import type { PaceSettings } from '../pace/pace.js';
import type { StoreOutline } from './store-map.js';

/** What every thread of a walk is told at its beginning: plain data. */
export interface WalkPlan {
  /** The folder that stands for the host's root; descriptors are the whole process's. */
  readonly rootFd: number;
  readonly rootMount: number;
  readonly stores: readonly StoreOutline[];
  /** Entries of temporary stores that are older than this are leftovers; null where that is not known. Units: milliseconds since 1970. */
  readonly serviceStartedMs: number | null;
  /** When the scan began, from which ages count. Units: milliseconds since 1970. */
  readonly nowMs: number;
  /** Whether lists of finer rights are read. */
  readonly readAcls: boolean;
  readonly pace: PaceSettings;
  readonly threads: number;
  readonly memory: RememberedFolders | null;
}

/** Memory of earlier scans, as threads share it. */
export interface RememberedFolders {
  /** Lines of the memory file; empty where there is none yet. */
  readonly lines: Uint8Array;
  /** Folders that are read whatever memory says. */
  readonly doubted: ReadonlySet<BytePath>;
  /** A folder that was last read before this is read again. Units: milliseconds since 1970. */
  readonly readAgainBeforeMs: number;
  /** Files that changed after this are looked at again in the next scan. Units: milliseconds since 1970. */
  readonly watchFromMs: number;
  /** A folder that changed so shortly before it was read may have changed again within the same tick of its clock. Units: milliseconds. */
  readonly settleMs: number;
  /** Whether the scan before did not see all: then what was looked at longest ago comes first. */
  readonly oldestFirst: boolean;
}

/** One piece of the walk. */
export interface Place {
  /** The folder that the way leads to, from the host's root. */
  readonly path: BytePath;
  /** Folders in it to walk; null for the folder itself. */
  readonly names: readonly BytePath[] | null;
  /** How many folders the walk is in already, from where it began. */
  readonly depth: number;
}
