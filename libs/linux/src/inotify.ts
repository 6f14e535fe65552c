import { cBytes, cText } from './c-bytes.js';
import { C_LIBRARY, errorName, lastError } from './c-library.js';
import { closeDescriptor } from './folder-access.js';
import { kernelError } from './folder-reader.js';

const init = C_LIBRARY.func('int inotify_init1(int flags)') as (flags: number) => number;
const addWatch = C_LIBRARY.func('int inotify_add_watch(int fd, uintptr_t path, uint32_t mask)') as (fd: number, path: number, mask: number) => number;
const removeWatch = C_LIBRARY.func('int inotify_rm_watch(int fd, int watch)') as (fd: number, watch: number) => number;
const readEvents = C_LIBRARY.func('long read(int fd, uintptr_t events, size_t size)') as (fd: number, events: number, size: number) => number;

/** Not inherited by programs that are started, and never waiting. Source: inotify_init(2). */
const NON_BLOCKING = 0o4000;
const CLOSE_ON_EXEC = 0o2_000_000;
/** One read fetches this much: about two thousand events. Units: bytes. */
const EVENTS_BYTES = 65_536;
/** Offsets within an event. Source: struct inotify_event, inotify(7). */
const AT = { watch: 0, mask: 4, length: 12, name: 16 } as const;

/** What can happen to a folder and its entries. Source: inotify(7). */
export const FOLDER_EVENTS = {
  written: 0x2,
  rights: 0x4,
  closedAfterWriting: 0x8,
  movedOut: 0x40,
  movedIn: 0x80,
  created: 0x100,
  deleted: 0x200,
  selfDeleted: 0x400,
  selfMoved: 0x800,
  /** The file system was unmounted. */
  unmounted: 0x2000,
  /** The queue was full: anything may have happened. It belongs to no watch. */
  overflow: 0x4000,
  /** The watch is no more, because its folder is none any more or it was taken back. */
  ignored: 0x8000,
  /** The entry is a folder itself. */
  isFolder: 0x4000_0000,
} as const;

/** Only folders, and what was asked for before of the same folder counts on. Source: inotify(7). */
const ONLY_FOLDERS = 0x100_0000;
const IN_ADDITION = 0x2000_0000;

/** Takes one event. The watch is -1 for an overflow; the name is that of an entry of the folder, empty for the folder itself, and is made only when asked for. */
export type TakeEvent = (watch: number, mask: number, name: () => string) => void;

/**
 * Tells what happens to folders. Nothing wakes the process: whoever wants to know reads, as often as it pays, so that the cost does not grow with what happens.
 * The kernel keeps as many events as `fs.inotify.max_queued_events` says, and tells when it had to drop some.
 * Safety: the kernel writes into a buffer of this object, with its length.
 */
export class Inotify {
  readonly #buffer = cBytes(new Uint8Array(EVENTS_BYTES));
  readonly #view = new DataView(this.#buffer.bytes.buffer);
  readonly #text = Buffer.from(this.#buffer.bytes.buffer);

  private constructor(private readonly fd: number) {}

  /** Errors: throws with the kernel's name of the error as `code`, as `EMFILE` where the account has too many of them. */
  static open(): Inotify {
    const fd = init(NON_BLOCKING | CLOSE_ON_EXEC);
    if (fd < 0) throw kernelError('changes cannot be watched', lastError());
    return new Inotify(fd);
  }

  /** Watches an open folder for what the mask names; a folder that is watched already keeps its number. Returns the number, or the kernel's name of the error, as `ENOSPC` where the account's watches are used up. */
  watch(folder: number, mask: number): number | string {
    const path = cText(`/proc/self/fd/${folder}`);
    const watch = addWatch(this.fd, path.address, mask | ONLY_FOLDERS | IN_ADDITION);
    return watch < 0 ? errorName(lastError()) : watch;
  }

  /** Takes a watch back. One that is no more is none to take back. */
  unwatch(watch: number): void {
    removeWatch(this.fd, watch);
  }

  /** Hands over what happened since the last time, at most one buffer of it. Returns false when there is no more. Errors: throws with the kernel's name of the error as `code`. */
  read(take: TakeEvent): boolean {
    const bytes = readEvents(this.fd, this.#buffer.address, EVENTS_BYTES);
    if (bytes < 0) {
      const number = lastError();
      if (errorName(number) === 'EAGAIN' || errorName(number) === 'EINTR') return false;
      throw kernelError('changes cannot be read', number);
    }
    for (let at = 0; at < bytes; ) {
      const start = at + AT.name;
      const length = this.#view.getUint32(at + AT.length, true);
      const name = (): string => (length === 0 ? '' : this.#text.toString('latin1', start, this.#text.indexOf(0, start)));
      take(this.#view.getInt32(at + AT.watch, true), this.#view.getUint32(at + AT.mask, true), name);
      at = start + length;
    }
    return bytes > 0;
  }

  close(): void {
    closeDescriptor(this.fd);
  }
}
