import { dirname } from 'node:path';
import { compilePatterns, type BytePath } from '@mailwarden/inventory';
import { closeDirectory, openDirectoryBeneath, type Host } from '@mailwarden/inventory-fs';
import { EntryFacts, factsOf } from '@mailwarden/linux';
import { unknown } from '@mailwarden/kernel';
import { fileSystemOf } from './files/file-system.js';
import { orphansBefore } from './files/orphans.js';
import { isSameFolderOfOurs, type FolderIdentity } from './files/own-folder.js';
import { decoded, encoded } from './files/private-folders.js';
import { deletedByOrder } from './journal/earlier-orders.js';
import type { Journal, JournalRecord } from './journal/journal.js';
import { NOTHING_DONE, type Outcome } from './outcome.js';
import type { ApplyRequest, RotateRequest } from './rotate-request.js';

/** So long an order that does not stand any more waits for its disk; after that its account says what it cannot say. The broker keeps orders for a day. Units: milliseconds. */
const WAITED_MS_MAX = 12 * 3_600_000;

export type StoreRoots = Extract<JournalRecord, { kind: 'store-roots' }>;

/** Thrown where a run goes on with an order and cannot see the store that it began with: then nobody can tell what is gone, and the order stays open. */
export class StoreAway extends Error {
  constructor(why: string) {
    super(`${why}: its disk may not be mounted. Nothing was touched and nothing is counted; the order stays open, and goes on when the store is back`);
    this.name = 'StoreAway';
  }
}

/** Folders that a store lies in. Servers of databases answer for themselves; a file of SQLite is known by its folder. */
function foldersOf({ host, store }: Pick<RotateRequest, 'host' | 'store'>): readonly BytePath[] {
  const database = store.rows?.database;
  if (database?.engine !== 'sqlite') return compilePatterns(store.files).roots;
  const file = host.settings.databaseFiles?.[database.name] ?? database.file;
  return [...compilePatterns(store.files).roots, Buffer.from(dirname(file)).toString('latin1')];
}

function identityNow(host: Pick<Host, 'root'>, folder: BytePath): FolderIdentity | null {
  const opened = openDirectoryBeneath(host.root, folder);
  if (!opened.ok) return null;
  const { directory } = opened.value;
  try {
    const facts = new EntryFacts();
    factsOf(directory.fd, facts);
    return { dev: facts.dev, ino: facts.ino, bornMs: facts.birthtimeMs, fileSystem: fileSystemOf(directory.mountId).type };
  } finally {
    closeDirectory(directory);
  }
}

/** By what an order knows its store again, as it is now. A folder that is not there holds nothing that could be missed. */
export function rootsNow(request: Pick<RotateRequest, 'host' | 'store' | 'now'>): StoreRoots {
  const roots = foldersOf(request).flatMap((root) => {
    const identity = identityNow(request.host, root);
    return identity === null ? [] : [{ root: encoded(root), ino: identity.ino, bornMs: identity.bornMs, fileSystem: identity.fileSystem }];
  });
  return { kind: 'store-roots', atMs: request.now(), roots };
}

/** Whether an order announced anything, so that something may lie half done. */
export const hasBegun = ({ records }: Pick<Journal, 'records'>): boolean => records.some(({ kind }) => kind !== 'opened');

const rootsOf = (journal: Journal): StoreRoots | undefined => journal.records.find((record) => record.kind === 'store-roots');

/** Why the store is not the one that the order began with, in words that name no place; null when it is, or the order has not begun. */
export function whyAway({ host }: Pick<RotateRequest, 'host'>, journal: Journal): string | null {
  for (const { root, ...known } of rootsOf(journal)?.roots ?? []) {
    const identity = identityNow(host, decoded(root));
    if (identity === null) return 'a folder of the store is not there';
    if (!isSameFolderOfOurs(identity, { dev: identity.dev, ...known })) return 'a folder of the store is not the one that the order began with';
  }
  return null;
}

/** Errors: throws `StoreAway`. */
export function assertStoreIsThere(request: Pick<RotateRequest, 'host'>, journal: Journal): void {
  const why = whyAway(request, journal);
  if (why !== null) throw new StoreAway(why);
}

/** Whoever begins something with the store announces with it which store that was, in one write. */
export async function announcingRoots(request: ApplyRequest, journal: Journal, work: () => Promise<Outcome>): Promise<Outcome> {
  if (!hasBegun(journal)) journal.precede(() => rootsNow(request));
  try {
    return await work();
  } finally {
    journal.precede(null);
  }
}

/**
 * The account of an order that does not stand any more and whose store stayed away for too long: what its journal closed was deleted; of what was under way nothing is claimed.
 * Errors: throws `StoreAway` while it is worth waiting.
 */
export function withoutStore({ now }: Pick<RotateRequest, 'now'>, journal: Journal, { why, reason }: { readonly why: string; readonly reason: string }): Outcome {
  const sinceMs = rootsOf(journal)?.atMs ?? 0;
  if (now() - sinceMs < WAITED_MS_MAX) throw new StoreAway(why);
  const first = journal.begun ?? NOTHING_DONE;
  const { records } = journal;
  const orphans = orphansBefore(records);
  const deleted = { ...deletedByOrder(orphans === null ? records : records.slice(0, records.findIndex(({ kind }) => kind === 'orphans-begun'))), skipped: new Map() };
  return { outcome: 'failed', reason: `${reason}; ${why}, so what an earlier run had under way there is not counted: it may be deleted or not`, before: first.before, planned: first.planned, deleted, resumed: true, ...(orphans === null ? {} : { orphans }), after: unknown('the store that the order began with is not there') };
}
