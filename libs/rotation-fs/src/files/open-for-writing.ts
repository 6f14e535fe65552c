import { readdirSync, readFileSync } from 'node:fs';
import { EntryFacts, factsBehind } from '@mailwarden/linux';

const WRITE_FLAGS = 0o3;
/** A descriptor's access mode stands in the last octal digits of its flags. Source: proc_pid_fdinfo(5). */
const FLAGS_LINE = /^flags:\s*([0-7]+)$/m;

/** Files by device and inode. */
export class FileSet {
  readonly #devsByIno = new Map<number, number[]>();

  add(dev: number, ino: number): void {
    this.#devsByIno.set(ino, [...(this.#devsByIno.get(ino) ?? []), dev]);
  }

  has(dev: number, ino: number): boolean {
    return this.#devsByIno.get(ino)?.includes(dev) === true;
  }
}

const facts = new EntryFacts();

/** Files that any process has open for writing. Processes that may not be looked into are passed over. */
export function openForWriting(): FileSet {
  const open = new FileSet();
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

function addIfWriting(open: FileSet, pid: string, fd: string): void {
  try {
    const flags = FLAGS_LINE.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1];
    if (flags === undefined || (Number.parseInt(flags, 8) & WRITE_FLAGS) === 0) return;
    // Any account may mount a file server of its own, and hold for ever whoever asks it about a file.
    factsBehind(`/proc/${pid}/fd/${fd}`, facts);
    if (facts.isFile) open.add(facts.dev, facts.ino);
  } catch {
    return; // Closed meanwhile, or not ours to look at.
  }
}
