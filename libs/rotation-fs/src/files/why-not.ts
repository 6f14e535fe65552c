import type { Profile, Store } from '@mailwarden/catalogue';
import type { SkipReason } from '@mailwarden/contracts';
import { compilePatterns, type BytePath, type PatternSet } from '@mailwarden/inventory';
import type { EntryFacts, FolderReader } from '@mailwarden/linux';
import type { RotateRequest } from '../rotate-request.js';
import { momentOf } from './moment.js';
import { openForWriting } from './open-for-writing.js';
import type { WalkedFolder } from './store-walk.js';

/** Why one regular file of a store may not go, whatever its age; null when it may. Its path is made only when it is asked for. */
export type WhyNot = (folder: WalkedFolder, reader: FolderReader, path: () => BytePath) => SkipReason | null;

/** What an item was, as a text that another item never has: a mark notes it, and it changes with the item. */
export const identityOf = ({ ino, size, mtimeMs }: Pick<EntryFacts, 'ino' | 'size' | 'mtimeMs'>): string => `${ino} ${size} ${mtimeMs}`;

/** Stores that come before one in its profile own what they take in. */
const earlierStores = (profile: Profile, store: Store): readonly Store[] => profile.stores.slice(0, profile.stores.findIndex((candidate) => candidate.id === store.id));

/** What the globs of a store take in and leave out. */
export const ownPatterns = ({ store }: Pick<RotateRequest, 'store'>): PatternSet => compilePatterns(store.files);
export const leftOutPatterns = ({ profile, store }: Pick<RotateRequest, 'profile' | 'store'>): PatternSet => compilePatterns([...store.exclude, ...earlierStores(profile, store).flatMap((other) => other.files)]);

/** Patterns that keep something, asked only for folders in which they could. */
function keeping(globs: readonly string[]): (folder: WalkedFolder, path: () => BytePath) => boolean {
  const patterns = compilePatterns(globs);
  let last: WalkedFolder | null = null;
  let mayHold = false;
  return (folder, path) => {
    if (folder !== last) [last, mayHold] = [folder, patterns.mayHold(folder.path)];
    return mayHold && patterns.matches(path());
  };
}

/** Everything that keeps a file of this store from this order, looked at in one place. */
export function whyNotFor(request: Pick<RotateRequest, 'store' | 'exclude' | 'marked'>, nowMs: number): WhyNot {
  const { store, exclude, marked } = request;
  const isActive = keeping(store.active);
  const isExcluded = keeping(exclude);
  // A tool that chooses by itself knows which files its own product still writes; we could not make it leave out another.
  const writing = store.tool?.by === 'rule' ? null : openForWriting();
  const quietAfterMs = nowMs - store.quietPeriodSeconds * 1000;
  return (folder, { facts }, path) => {
    if (isActive(folder, path)) return 'active-log';
    if (isExcluded(folder, path)) return 'excluded';
    if (facts.nlink > 1) return 'hard-linked';
    if (writing?.has(facts.dev, facts.ino) === true) return 'open-for-writing';
    if (momentOf(facts, 'modified') > quietAfterMs) return 'in-quiet-period';
    return marked === null || marked.has(path(), identityOf(facts)) ? null : 'in-grace';
  };
}
