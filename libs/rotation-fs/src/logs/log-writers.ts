import { readdirSync, readFileSync } from 'node:fs';
import { EntryFacts, factsBehind } from '@mailwarden/linux';
import type { FileIdentity } from './store-file.js';

const WRITE_FLAGS = 0o3;
/** Both as in /proc: the access mode in the last digits of the flags. Source: proc_pid_fdinfo(5), O_APPEND of asm-generic/fcntl.h. */
const APPEND_FLAG = 0o2000;
const FLAGS_LINE = /^flags:\s*([0-7]+)$/m;
const PLACE_LINE = /^pos:\s*(\d+)$/m;

/** A descriptor by which a process writes to a file. */
export interface LogWriter {
  readonly pid: number;
  /** Where it wrote last. Units: bytes from the beginning of the file as it was then. */
  readonly place: number;
  /** Always writes at the end, wherever that is by then. */
  readonly appends: boolean;
}

/** By what a file is known among those that are open now. */
type OpenIdentity = Pick<FileIdentity, 'dev' | 'ino'>;

const facts = new EntryFacts();

function writerAt(pid: number, fd: string, { dev, ino }: OpenIdentity): LogWriter | null {
  try {
    factsBehind(`/proc/${pid}/fd/${fd}`, facts); // A file server of another account, which may never answer, is not asked.
    if (!facts.isFile || facts.dev !== dev || facts.ino !== ino) return null;
    const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1');
    const flags = Number.parseInt(FLAGS_LINE.exec(info)?.[1] ?? '0', 8);
    return (flags & WRITE_FLAGS) === 0 ? null : { pid, place: Number(PLACE_LINE.exec(info)?.[1] ?? 0), appends: (flags & APPEND_FLAG) !== 0 };
  } catch {
    return null; // Closed meanwhile.
  }
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return []; // It ended, or is not ours to look at.
  }
}

/** Who writes to a file: of some processes, or of all that may be looked into, this one left out. */
export function writersOf(file: OpenIdentity, pids: Iterable<number> = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)): LogWriter[] {
  const writers: LogWriter[] = [];
  for (const pid of pids) {
    if (pid === process.pid) continue;
    for (const fd of descriptorsOf(pid)) {
      const writer = writerAt(pid, fd, file);
      if (writer !== null) writers.push(writer);
    }
  }
  return writers;
}
