import type { Host } from '@mailwarden/inventory-fs';
import type { FoundRepair, LeftReason } from './find-repairs.js';
import { HeldEntry, heldRights, listWithMode, type HeldRights } from './held-entry.js';
import { RepairJournal, type IntendedChange } from './repair-journal.js';
import { isInStore, type StoreRoots } from './store-roots.js';

/** Announced together: one sync for as many. */
const BATCH = 512;

/** What came of changes that were to be made or taken back. */
export interface Repaired {
  changed: number;
  readonly left: Map<LeftReason, number>;
}

/** Called before each step, for tests that end the process there. */
export type RepairWatch = (step: 'intent' | 'change' | 'half-changed' | 'changed') => void;

export interface RepairPlace {
  readonly host: Host;
  readonly journalDir: string;
  readonly watch?: RepairWatch;
}

const encoded = (path: string): string => Buffer.from(path, 'latin1').toString('base64');
const decoded = (text: string): string => Buffer.from(text, 'base64').toString('latin1');
const count = (left: Map<LeftReason, number>, reason: LeftReason): void => void left.set(reason, (left.get(reason) ?? 0) + 1);
const isSame = (one: HeldRights, other: HeldRights): boolean => one.uid === other.uid && one.gid === other.gid && one.mode === other.mode && one.acl === other.acl && one.defaultAcl === other.defaultAcl;

const changeOf = ({ root, path, ino, bornMs, entry, repair }: FoundRepair, of: { readonly profile: string; readonly store: string }): IntendedChange => ({
  profile: of.profile,
  store: of.store,
  root: encoded(root),
  path: encoded(path),
  ino,
  bornMs,
  before: heldRights(entry),
  after: heldRights(repair.rights),
});

/** Makes one change on the very entry that was judged. Returns why it stays; null when it is made. */
function changeEntry({ host, watch }: RepairPlace, change: IntendedChange, wantedOf: (now: HeldRights, isFolder: boolean) => HeldRights, isExpected: (now: HeldRights) => boolean): LeftReason | null {
  const held = HeldEntry.open(host, { root: decoded(change.root), path: decoded(change.path), ino: change.ino, bornMs: change.bornMs });
  if (held === null) return 'changed';
  try {
    const now = held.rights;
    const wanted = wantedOf(now, held.stat.isDirectory());
    if (isSame(now, wanted)) return null;
    if (!isExpected(now)) return 'changed';
    held.change(now, wanted, () => watch?.('half-changed'));
    return isSame(held.rights, wanted) ? null : 'failed';
  } catch {
    return 'failed';
  } finally {
    held.close();
  }
}

/**
 * Takes rights from whoever has one too many, as found; each change stands in the journal with what was before, on disk, before it is made.
 * Safety: by descriptor; no link is followed, no mount crossed, and an entry that is no longer as it was judged stays as it is. Errors: throws when the journal cannot be written.
 */
export function applyRepairs(place: RepairPlace, id: string, stores: readonly { readonly profile: string; readonly store: string; readonly repairs: readonly FoundRepair[] }[]): Map<string, Repaired> {
  const journal = RepairJournal.open(place.journalDir, id, 'new');
  const told = new Map<string, Repaired>();
  try {
    for (const of of stores) {
      const repaired: Repaired = { changed: 0, left: new Map() };
      told.set(`${of.profile}/${of.store}`, repaired);
      for (let at = 0; at < of.repairs.length; at += BATCH) {
        const changes = of.repairs.slice(at, at + BATCH).map((repair) => changeOf(repair, of));
        place.watch?.('intent');
        journal.announce(changes);
        for (const change of changes) {
          place.watch?.('change');
          const left = changeEntry(place, change, () => change.after, (now) => isSame(now, change.before));
          if (left === null) repaired.changed += 1;
          else count(repaired.left, left);
        }
        place.watch?.('changed');
      }
    }
    journal.end('done');
    return told;
  } finally {
    journal.close();
  }
}

const PERMISSION_BITS = 0o777;

/**
 * Each right is as the repair made it, or as it was before: nobody else changed it, though a crash may have come between two of them.
 * The kernel takes set-id bits away with the owner, so these alone may be gone in between.
 */
function isOurs(now: HeldRights, { before, after }: IntendedChange): boolean {
  const isEither = (right: 'uid' | 'gid' | 'defaultAcl'): boolean => now[right] === after[right] || now[right] === before[right];
  const lists = [before.acl, after.acl, listWithMode(before.acl, after.mode), listWithMode(after.acl, before.mode)];
  return [before.mode, after.mode].some((mode) => (mode & PERMISSION_BITS) === (now.mode & PERMISSION_BITS)) && isEither('uid') && isEither('gid') && lists.includes(now.acl) && isEither('defaultAcl');
}

const SET_IDS = 0o6000;

/**
 * What an undo gives back of one entry. What the repair never came to is as it was before, and stays so.
 * Safety: a file that had another owner since may hold another program by now, which must not run as whoever owned it before: its set-id bits do not come back with the owner.
 */
function givenBack({ before, after }: IntendedChange, now: HeldRights, isFolder: boolean): HeldRights {
  const hadAnother = before.uid !== after.uid || before.gid !== after.gid;
  return hadAnother && !isFolder && !isSame(now, before) ? { ...before, mode: before.mode & ~SET_IDS } : before;
}

/**
 * Gives back exactly what a repair took, but for set-id bits of a file that had another owner meanwhile, where nobody has changed it since; the rest is told and stays. The same again changes nothing.
 * `known` are the stores that may be changed, as the profiles of this host have them.
 * Errors: throws when no such repair is known, its journal is damaged, or it names a place outside these stores; then nothing is changed.
 */
export function undoRepairs(place: RepairPlace, id: string, known: readonly StoreRoots[]): Map<string, Repaired> {
  const journal = RepairJournal.open(place.journalDir, id, 'known');
  const told = new Map<string, Repaired>();
  try {
    const stranger = journal.changes.find((change) => !isInStore(change, known));
    if (stranger !== undefined) throw new Error(`it changed a place that is in no store ${stranger.profile}/${stranger.store} of the profiles known here; nothing was changed; name the profile that it was made by with --profile`);
    if (journal.ending !== 'undone') journal.end('undoing');
    // The last change first: a folder that was closed to somebody is opened again after what lies in it.
    for (const change of [...journal.changes].reverse()) {
      const key = `${change.profile}/${change.store}`;
      const repaired = told.get(key) ?? { changed: 0, left: new Map() };
      told.set(key, repaired);
      place.watch?.('change');
      const left = changeEntry(place, change, (now, isFolder) => givenBack(change, now, isFolder), (now) => isOurs(now, change));
      if (left === null) repaired.changed += 1;
      else count(repaired.left, left);
    }
    if (journal.ending !== 'undone') journal.end('undone');
    return told;
  } finally {
    journal.close();
  }
}
