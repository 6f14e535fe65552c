import { readdirSync, readlinkSync } from 'node:fs';
import type { Store } from '@mailwarden/catalogue';
import { compilePatterns, formerPath, pathBelow, type BytePath } from '@mailwarden/inventory';
import { known, unknown, type Measured, type StoreId } from '@mailwarden/kernel';
import { EntryFacts, factsBehind } from '@mailwarden/linux';
import type { Host } from '../host.js';
import { KERNEL, type KernelFiles } from './kernel-files.js';

/** Descriptors that are looked at in one scan; a product with more is told as unknown. */
const DESCRIPTORS_MAX = 500_000;
/** Files of a store of these kinds are none of its own. */
const WITHOUT_FILES: readonly Store['kind'][] = ['table', 'memory'];

export interface HeldOpen {
  items: number;
  /** Units: allocated bytes. */
  bytes: number;
}

/** Deleted files that are still open, by the store that they belonged to. */
export type HeldByStore = Measured<ReadonlyMap<StoreId, HeldOpen>>;

interface DeletedFile {
  readonly key: string;
  readonly bytes: number;
}

const facts = new EntryFacts();

/** The file behind a descriptor, if it is a regular one without a name. A name that ends in the kernel's words for that does not make it one. */
function deletedFile(descriptor: string): DeletedFile | null {
  factsBehind(descriptor, facts);
  return facts.isFile && facts.nlink === 0 ? { key: `${facts.dev}:${facts.ino}`, bytes: facts.allocated } : null;
}

const isGone = (cause: unknown): boolean => ['ENOENT', 'ESRCH'].includes((cause as NodeJS.ErrnoException).code ?? '');

/**
 * Which store a file belonged to that is gone by name, from the path that it had: the first in the profile's order that takes it in, as in the walk.
 * Stores that have no files are left out.
 */
function ownerBy(stores: readonly Store[]): { stores: readonly Store[]; ownerOf(path: BytePath): StoreId | undefined } {
  const withFiles = stores.filter((store) => store.files.length > 0 && !WITHOUT_FILES.includes(store.kind));
  const compiled = withFiles.map((store) => ({ id: store.id, patterns: compilePatterns(store.files), excluded: compilePatterns(store.exclude) }));
  return { stores: withFiles, ownerOf: (path) => compiled.find(({ patterns, excluded }) => patterns.matches(path) && !excluded.matches(path))?.id };
}

/**
 * Counts, for each store, the deleted files that the given processes still hold open: once each, however many descriptors there are.
 * Unknown when the descriptors of one of them may not be read, since that one may hold anything.
 */
export function openDeleted(host: Host, stores: readonly Store[], pids: Iterable<number>, { proc }: KernelFiles = KERNEL): HeldByStore {
  const { stores: withFiles, ownerOf } = ownerBy(stores);
  const held = new Map<StoreId, HeldOpen>(withFiles.map(({ id }) => [id, { items: 0, bytes: 0 }]));
  const rootPath = Buffer.from(host.rootPath, 'utf8').toString('latin1');
  const seen = new Set<string>();
  let descriptors = 0;
  for (const pid of pids) {
    let names: string[];
    try {
      names = readdirSync(`${proc}/${pid}/fd`);
    } catch (cause) {
      if (isGone(cause)) continue;
      return unknown("the open files of the product's processes may not be read");
    }
    descriptors += names.length;
    if (descriptors > DESCRIPTORS_MAX) return unknown(`the product has more than ${DESCRIPTORS_MAX} open files`);
    for (const name of names) {
      const descriptor = `${proc}/${pid}/fd/${name}`;
      const former = tried(() => formerPath(readlinkSync(descriptor, { encoding: 'latin1' })));
      const path = former === null ? null : pathBelow(rootPath, former);
      const of = path === null ? undefined : held.get(ownerOf(path) ?? ('' as StoreId));
      const file = of === undefined ? null : tried(() => deletedFile(descriptor)); // What cannot be a store's is not even looked at.
      if (of === undefined || file === null || seen.has(file.key)) continue;
      seen.add(file.key);
      of.items += 1;
      of.bytes += file.bytes;
    }
  }
  return known(held, '/proc/PID/fd');
}

/** What was closed meanwhile is no open file. */
function tried<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
