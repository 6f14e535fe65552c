import type { Profile } from '@mailwarden/catalogue';
import { compilePatterns, outermost, type BytePath } from '@mailwarden/inventory';
import type { IntendedChange } from './repair-journal.js';

/** The folders that a store of a profile lies in, below the host's root. */
export interface StoreRoots {
  readonly profile: string;
  readonly store: string;
  readonly roots: readonly BytePath[];
}

export const storeRoots = (profiles: readonly Profile[]): StoreRoots[] => profiles.flatMap(({ id, stores }) => stores.map((store) => ({ profile: id, store: store.id, roots: outermost(compilePatterns(store.files).roots) })));

const decoded = (text: string): BytePath => Buffer.from(text, 'base64').toString('latin1');
const CROOKED: ReadonlySet<string> = new Set(['.', '..']);

/** Whether a change is of an entry in a store as some profile knows it. Safety: a journal is believed where it tells of such places alone; it is never a way to another one. */
export function isInStore({ profile, store, root, path }: Pick<IntendedChange, 'profile' | 'store' | 'root' | 'path'>, known: readonly StoreRoots[]): boolean {
  const isRoot = known.some((one) => one.profile === profile && one.store === store && one.roots.includes(decoded(root)));
  return isRoot && !decoded(path).split('/').some((part) => CROOKED.has(part));
}
