import { readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import type { Store } from '@mailwarden/catalogue';
import type { SkipReason } from '@mailwarden/contracts';
import { compilePatterns, outermost, type BytePath } from '@mailwarden/inventory';
import { walk, type Host, type PassedOver, type Visitor } from '@mailwarden/inventory-fs';

const BLOCK_BYTES = 512;
const WRITE_FLAGS = 0o3;
/** A descriptor's access mode stands in the last octal digits of its flags. Source: proc_pid_fdinfo(5). */
const FLAGS_LINE = /^flags:\s*([0-7]+)$/m;

/** One regular file of a store, with what it is known by: the plan deletes this file and no other that took its name. */
export interface FoundItem {
  readonly folder: BytePath;
  readonly name: BytePath;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** Units: allocated bytes, so that sparse files count what they free. */
  readonly bytes: number;
  readonly atMs: number;
  readonly blocked: SkipReason | null;
}

export interface FoundStore {
  readonly items: readonly FoundItem[];
  /** Entries that are no regular files, or could not be looked at. */
  readonly passedOver: ReadonlyMap<SkipReason, number>;
}

/** Files that any process has open for writing, by device and inode. Processes that may not be looked into are passed over. */
export function openForWriting(): Set<string> {
  const open = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let descriptors: string[];
    try {
      descriptors = readdirSync(`/proc/${pid}/fd`);
    } catch {
      continue;
    }
    for (const fd of descriptors) addIfWriting(open, pid, fd);
  }
  return open;
}

function addIfWriting(open: Set<string>, pid: string, fd: string): void {
  try {
    const flags = FLAGS_LINE.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1];
    if (flags === undefined || (Number.parseInt(flags, 8) & WRITE_FLAGS) === 0) return;
    const stat = statSync(`/proc/${pid}/fd/${fd}`);
    if (stat.isFile()) open.add(`${stat.dev}:${stat.ino}`);
  } catch {
    return; // Closed meanwhile, or not ours to look at.
  }
}

const REASONS: Readonly<Record<PassedOver, SkipReason>> = { 'not-a-regular-file': 'not-a-regular-file', 'other-file-system': 'other-file-system', 'permission-denied': 'permission-denied', 'io-error': 'io-error', 'too-deep': 'too-deep', vanished: 'vanished' };

/** All files of one store, each with the reason why it may not go, if there is one. `others` are the stores that come before it in the profile and own what they take in. */
export async function findItems(host: Host, store: Store, others: readonly Store[], nowMs: number): Promise<FoundStore> {
  const own = compilePatterns(store.files);
  const excluded = compilePatterns([...store.exclude, ...others.flatMap((other) => other.files)]);
  const active = compilePatterns(store.active);
  const writing = openForWriting();
  const items: FoundItem[] = [];
  const passedOver = new Map<SkipReason, number>();
  const blockedBy = (path: BytePath, stat: Stats): SkipReason | null => {
    if (active.matches(path)) return 'active-log';
    if (stat.nlink > 1) return 'hard-linked';
    if (writing.has(`${stat.dev}:${stat.ino}`)) return 'open-for-writing';
    return nowMs - stat.mtimeMs < store.quietPeriodSeconds * 1000 ? 'in-quiet-period' : null;
  };
  const visitor: Visitor = {
    file(path, name, stat) {
      if (!own.matches(path) || excluded.matches(path)) return;
      const { dev, ino, size, mtimeMs } = stat;
      items.push({ folder: path.slice(0, path.length - name.length - 1), name, dev, ino, size, mtimeMs, bytes: stat.blocks * BLOCK_BYTES, atMs: store.clock === 'changed' ? stat.ctimeMs : mtimeMs, blocked: blockedBy(path, stat) });
    },
    folder: () => undefined,
    passedOver(path, reason) {
      if (own.matches(path)) passedOver.set(REASONS[reason], (passedOver.get(REASONS[reason]) ?? 0) + 1);
    },
  };
  for (const start of outermost(own.roots)) await walk(host.root, start, visitor);
  return { items, passedOver };
}
