import type { BytePath } from '@mailwarden/inventory';
import type { Journal } from '../journal/journal.js';
import type { IntendedMove } from '../journal/packed-moves.js';
import type { ReplicaWait } from '../replica-wait.js';
import type { StepWatch } from '../rotate-request.js';
import type { KeptSince } from './kept-since.js';
import type { HalfName, OtherHalf } from './other-half.js';
import type { Overwriter } from './overwriter.js';
import type { PrivateFolders } from './private-folders.js';
import type { SlotRemover } from './slot-remover.js';

/** What carrying out batches of files needs. */
export interface FileWork {
  readonly folders: PrivateFolders;
  readonly journal: Journal;
  /** Null for stores without rows. */
  readonly otherHalf: OtherHalf | null;
  /** Of the database that the rows are in; null for stores without rows. */
  readonly replicas: ReplicaWait | null;
  readonly overwriter: Overwriter;
  readonly remover: SlotRemover;
  /** What keeps items of a batch that an earlier run left open. */
  readonly kept: KeptSince;
  readonly watch: StepWatch;
}

/** How a row may know a file. */
export const halfNameOf = ({ root, folder, name }: { readonly root: BytePath; readonly folder: BytePath; readonly name: BytePath }): HalfName => ({ root, path: `${folder === '' ? '' : `${folder}/`}${name}` });

/** Sorted so that each folder is opened once. */
export const byFolder = (moves: readonly IntendedMove[]): IntendedMove[] => [...moves].sort((a, b) => a.root - b.root || (a.folder === b.folder ? a.n - b.n : a.folder < b.folder ? -1 : 1));
