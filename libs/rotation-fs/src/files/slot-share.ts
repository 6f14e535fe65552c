import { errorName, type FolderHand } from '@mailwarden/linux';

/** Entries of one of our own folders that are to go, shared by those who remove them. Plain data, so that it can be posted to a thread. */
export interface SlotShare {
  /** The folder; descriptors are the whole process's. */
  readonly fd: number;
  readonly slots: Uint32Array;
  /** One number: the first slot that nobody has taken on. */
  readonly next: Int32Array;
}

/** So many are taken on at a time. */
const SLOTS_AT_ONCE = 32;

/**
 * Deletes slots until none is left to take on. The only place in the product where files of users are unlinked.
 * Returns the kernel's name of what it met; null when all went well. One that is gone already is well.
 */
export function removeShare(hand: FolderHand, { fd, slots, next }: SlotShare): string | null {
  for (let from = Atomics.add(next, 0, SLOTS_AT_ONCE); from < slots.length; from = Atomics.add(next, 0, SLOTS_AT_ONCE)) {
    for (const slot of slots.subarray(from, from + SLOTS_AT_ONCE)) {
      const error = hand.unlink(fd, String(slot));
      if (error !== 0 && errorName(error) !== 'ENOENT') return errorName(error);
    }
  }
  return null;
}
